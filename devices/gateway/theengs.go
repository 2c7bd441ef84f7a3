package gateway

import (
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
	ID      string  `json:"id"`
	Model   string  `json:"model_id"`
	Battery *number `json:"batt"`
	Pulse   *number `json:"act_bpm"` // bands that tell the rate they measure
	Mode    string  `json:"weighing_mode"`
	Weight  *number `json:"weight"`
	Unit    string  `json:"unit"`
	Button  *number `json:"button"` // BTHome: 0 nothing, 1 press, 2 and 3 times, 4 long, 128 and more held
}

const (
	weighsPerson  = "person" // the other mode is of objects
	theengsButton = "SBBT"   // Shelly BLU Button, by the beginning of its model
)

func theengsBatch(frame devices.Frame) (vitals.Batch, error) {
	var a theengs
	if err := object(frame.Bytes, &a); err != nil {
		return vitals.Batch{}, err
	}
	b := vitals.Batch{Device: frame.Device}
	if id, err := vitals.ParseDeviceID(a.ID); err == nil { // else it is shortened, and the topic names it
		b.Device = id
	}
	s := stamped{at: frame.Received, quality: vitals.Questionable}
	var err error
	if a.Battery != nil {
		if b.Events, err = battery(s.at, a.Battery.Decimal); err != nil {
			return vitals.Batch{}, err
		}
	}
	if a.Button != nil && a.Button.Mantissa > 0 && strings.HasPrefix(a.Model, theengsButton) {
		b.Events = append(b.Events, vitals.Event{Code: vitals.SOS, Time: s.at})
	}
	if a.Pulse != nil {
		b.Readings = append(b.Readings, s.reading(vitals.HeartRate, a.Pulse.Decimal))
	}
	if a.Weight != nil && a.Mode == weighsPerson {
		weight, err := inUnit(vitals.Weight, a.Weight.Decimal, a.Unit)
		if err != nil {
			return vitals.Batch{}, err
		}
		b.Readings = append(b.Readings, s.reading(vitals.Weight, weight))
	}
	return b, nil
}
