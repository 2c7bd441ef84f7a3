package gateway

import (
	"encoding/json"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Minew: a relay of Bluetooth advertisements over MQTT or HTTP, an array of them, of which the first is
// the gateway itself (Minew gateway JSON, topic /gw/{address}/status). Its beacons are tags and room
// sensors: their batteries are told, their temperatures are nobody's.
func init() {
	register(Source{Name: "minew", About: "Minew gateway array", split: minewParts, decode: minewBatch, relays: true})
}

type minew struct {
	Timestamp json.RawMessage `json:"timestamp"` // text or milliseconds, by the model
	Type      string          `json:"type"`
	MAC       string          `json:"mac"`
	Battery   *number         `json:"battery"`
}

const minewGateway = "Gateway"

func minewParts(payload []byte) ([]piece, error) {
	pieces, err := objectOrArray(payload)
	if err != nil || len(pieces) == 0 {
		return nil, err
	}
	var first minew
	if err := object(pieces[0].text, &first); err == nil && first.Type == minewGateway {
		pieces = pieces[1:]
	}
	return pieces, nil
}

func minewBatch(frame devices.Frame) (vitals.Batch, error) {
	var m minew
	if err := object(frame.Bytes, &m); err != nil {
		return vitals.Batch{}, err
	}
	device, err := vitals.ParseDeviceID(m.MAC)
	if err != nil {
		return vitals.Batch{}, malformed("%v", err)
	}
	b := vitals.Batch{Device: device}
	at, err := m.time(frame.Received)
	if err != nil {
		return b, err
	}
	if m.Battery == nil || m.Type == minewGateway {
		return b, nil
	}
	b.Events, err = battery(at, m.Battery.Decimal)
	return b, err
}

func (m minew) time(received time.Time) (time.Time, error) {
	var text string
	var millis int64
	switch {
	case len(m.Timestamp) == 0:
		return received, nil
	case json.Unmarshal(m.Timestamp, &text) == nil:
		return timeIn(time.RFC3339Nano, text)
	case json.Unmarshal(m.Timestamp, &millis) == nil:
		return moment(time.UnixMilli(millis))
	default:
		return time.Time{}, malformed("timestamp %.40q is neither text nor milliseconds", string(m.Timestamp))
	}
}
