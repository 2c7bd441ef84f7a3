// Package pcd reads what hospital monitors and their gateways send by IHE PCD-01 (Devices Technical
// Framework, Communicate PCD Data): HL7 v2.6 messages ORU^R01 with one OBX segment for each value, placed
// in the device by its containment, MDS.VMD.channel.metric.
//
// The package knows bytes only: no socket, no framing, no clock and no patient. It is lenient where
// senders differ and a value keeps its meaning, and refuses a value whose meaning is not certain: one
// without a unit, a time or a device.
package pcd

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/vitals"
)

func init() {
	devices.Register("pcd/oru", func(f devices.Frame) (vitals.Batch, error) {
		m, err := Decode(f.Bytes)
		switch {
		case err != nil:
			return vitals.Batch{}, err
		case len(m.Batches) != 1:
			return vitals.Batch{}, malformed("values of %d devices, not of one", len(m.Batches))
		default:
			return m.Batches[0], nil
		}
	})
}

// Message is a message ORU^R01, taken apart.
type Message struct {
	Header
	Records []string // record numbers of the patient whom the sender names
	Batches []vitals.Batch
	Refused []Refusal // values that cannot be charted
	Ignored int       // values that have no place here: settings, status, waveforms

	rows map[vitals.DeviceID]map[vitals.List][]int
}

// OBX are the places of the device's values among the OBX segments, from 1.
func (m Message) OBX(d vitals.DeviceID, list vitals.List) []int { return m.rows[d][list] }

// Header is what an answer needs of a message.
type Header struct {
	Control     string // MSH-10, the sender's own number for the message
	Application string // MSH-3, as it came
	Facility    string // MSH-4, as it came
	Receiver    string // MSH-6, as it came
	Test        bool   // MSH-11: training or debugging
	zone        *time.Location
}

// Refusal says why a value was not charted.
type Refusal struct {
	OBX    int // its place among the OBX segments, from 1
	Reason string
}

// ReadHeader reads the first segment, also of a message that is refused for what stands behind it.
func ReadHeader(message []byte) (Header, error) {
	segments, err := split(message)
	if err != nil {
		return Header{}, err
	}
	return headerOf(segments[0])
}

func headerOf(msh segment) (Header, error) {
	h := Header{
		Control: msh.text(10), Application: msh.raw(3), Facility: msh.raw(4), Receiver: msh.raw(6),
		Test: slices.Contains([]string{"T", "D"}, at(msh.components(11), 1)),
	}
	kind := msh.components(9)
	switch {
	case h.Control == "":
		return h, malformed("MSH-10 is missing: the message has no number that an answer could name")
	case at(kind, 1) != "ORU" || at(kind, 2) != "R01":
		return h, &KindError{strings.Join(kind, "^")}
	case !strings.HasPrefix(at(msh.components(12), 1), "2."):
		return h, malformed("version %.20q is not HL7 2", at(msh.components(12), 1))
	}
	if sent, err := timeOf(msh.text(7), nil); err == nil {
		h.zone = sent.Location()
	}
	return h, nil
}

// KindError says that a message is not of the kind that is taken. It wraps devices.ErrMalformed.
type KindError struct{ Kind string }

// Error names the kind.
func (e *KindError) Error() string {
	return "a message " + strconv.Quote(e.Kind) + " is not taken; ORU^R01 is"
}

// Unwrap makes it a devices.ErrMalformed.
func (*KindError) Unwrap() error { return devices.ErrMalformed }

// Decode takes a message apart. Its error is about the message as a whole.
func Decode(message []byte) (Message, error) {
	segments, err := split(message)
	if err != nil {
		return Message{}, err
	}
	header, err := headerOf(segments[0])
	if err != nil {
		return Message{Header: header}, err
	}
	text, err := readable(message, at(segments[0].components(18), 1))
	if err != nil {
		return Message{Header: header}, err
	}
	if segments, err = split(text); err != nil {
		return Message{Header: header}, err
	}
	r := reader{Message: Message{Header: header}, owners: ownersOf(segments), batches: map[vitals.DeviceID]*vitals.Batch{}}
	r.rows = map[vitals.DeviceID]map[vitals.List][]int{}
	for _, s := range segments {
		r.take(s)
	}
	r.Batches = lo.Map(r.order, func(d vitals.DeviceID, _ int) vitals.Batch { return *r.batches[d] })
	return r.Message, nil
}

// reader goes through a message from top to bottom.
type reader struct {
	Message
	owners  owners
	request segment // the OBR segment above
	order   []vitals.DeviceID
	batches map[vitals.DeviceID]*vitals.Batch
}

func (r *reader) take(s segment) {
	switch s.name {
	case "PID":
		r.Records = recordsOf(s)
	case "OBR":
		r.request = s
	case "OBX":
		r.observe(s)
	}
}

// recordTypes are the types of an identifier that is the patient's record number here (HL7 table 0203):
// medical record number, patient internal identifier, or none. A visit's number is not the patient's.
var recordTypes = []string{"", "MR", "PI"}

func recordsOf(pid segment) []string {
	return lo.FilterMap(pid.repetitions(3), func(id []string, _ int) (string, bool) {
		return at(id, 1), at(id, 1) != "" && slices.Contains(recordTypes, at(id, 5))
	})
}

// owners are the devices of a message by their place: the number of the MDS, VMD or channel in OBX-4.
type owners map[string]vitals.DeviceID

// ownersOf reads the device identifiers of OBX-18, which stand at whatever level the sender knows them.
func ownersOf(segments []segment) owners {
	o := owners{}
	for _, s := range segments {
		if s.name != "OBX" {
			continue
		}
		if id, ok := equipment(s.repetitions(18)); ok {
			o[s.text(4)] = id
		}
	}
	return o
}

// addressTypes are the types of an identifier that is an address (HL7 table 0301, IHE Devices TF-2); a
// serial number may look like one.
var addressTypes = []string{"EUI-64", "EUI-48", "MAC"}

// equipment finds an address among entity identifiers: id^namespace^universal id^type.
func equipment(identifiers [][]string) (vitals.DeviceID, bool) {
	for _, e := range identifiers {
		if !slices.Contains(addressTypes, at(e, 4)) {
			continue
		}
		for _, candidate := range []string{at(e, 3), at(e, 1)} {
			if id, err := vitals.ParseDeviceID(candidate); err == nil {
				return id, true
			}
		}
	}
	return "", false
}

// deviceOf is the nearest device above a place such as 1.2.1.7, itself included: then 1.2.1.0, 1.2.0.0
// and 1.0.0.0. Else it is the one of the request (OBR-3), as some gateways write it.
func (r *reader) deviceOf(place string) (vitals.DeviceID, bool) {
	parts := strings.Split(place, ".")
	const levels = 4 // MDS, VMD, channel, metric; a facet belongs to its metric
	parts = parts[:min(len(parts), levels)]
	for level := len(parts); level > 0; level-- {
		above := append(slices.Clone(parts[:level]), slices.Repeat([]string{"0"}, len(parts)-level)...)
		if id, ok := r.owners[strings.Join(above, ".")]; ok {
			return id, true
		}
	}
	if id, ok := r.owners[place]; ok {
		return id, true
	}
	return equipment(r.request.repetitions(3))
}
