package gateway

import (
	"fmt"
	"strings"

	"vigil/devices"
	"vigil/vitals"
)

// Theengs Gateway and OpenMQTTGateway: relays of Bluetooth advertisements over MQTT, one JSON object for
// each (docs of theengs/gateway and theengs/decoder, read 2026-11; topic
// home/{gateway}/BTtoMQTT/{address}). Most are of rooms, whose temperature is nobody's: only what is known
// to be of a person is charted. Advertisements are neither encrypted nor confirmed, so what they say is
// questionable, but for a button.
func init() {
	register(Source{Name: "theengs", About: "Theengs Gateway or OpenMQTTGateway advertisement", decode: theengsBatch, relays: true})
}

type theengs struct {
	ID      string `json:"id"`
	Model   string `json:"model_id"`
	Battery *tried `json:"batt"`
	Pulse   *tried `json:"act_bpm"` // bands that tell the rate they measure
	Mode    string `json:"weighing_mode"`
	Weight  *tried `json:"weight"`
	Unit    string `json:"unit"`
	Button  *tried `json:"button"` // BTHome: 0 nothing, 1 press, 2 and 3 times, 4 long, 128 and more held
}

const (
	weighsPerson  = "person" // the other mode is of objects
	theengsButton = "SBBT"   // Shelly BLU Button, by the beginning of its model
)

func theengsBatch(frame devices.Frame) (vitals.Batch, error) {
	b := vitals.Batch{Device: frame.Device}
	var a theengs
	if err := object(frame.Bytes, &a); err != nil {
		return b, err
	}
	if id, err := vitals.ParseDeviceID(a.ID); err == nil { // else it is shortened, and the topic names it
		b.Device = id
	}
	var faults []devices.Fault
	unless := func(field string, err error) bool {
		if err != nil {
			faults = append(faults, devices.Fault{Err: fmt.Errorf("%s: %w", field, err)})
		}
		return err == nil
	}
	s := stamped{at: frame.Received, quality: vitals.Questionable}
	if a.Battery != nil && unless("batt", a.Battery.err) {
		charge, err := battery(s.at, a.Battery.Decimal)
		unless("batt", err)
		b.Events = append(b.Events, charge...)
	}
	if a.Button != nil && strings.HasPrefix(a.Model, theengsButton) && unless("button", a.Button.err) && a.Button.Mantissa > 0 {
		b.Events = append(b.Events, vitals.Event{Code: vitals.SOS, Time: s.at})
	}
	if a.Pulse != nil && unless("act_bpm", a.Pulse.err) {
		b.Readings = append(b.Readings, s.reading(vitals.HeartRate, a.Pulse.Decimal))
	}
	if a.Weight != nil && a.Mode == weighsPerson && unless("weight", a.Weight.err) {
		if weight, err := inUnit(vitals.Weight, a.Weight.Decimal, a.Unit); unless("weight", err) {
			b.Readings = append(b.Readings, s.reading(vitals.Weight, weight))
		}
	}
	return b, unlessFault(faults)
}
