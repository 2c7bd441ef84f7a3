package gateway

import (
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Tenovi: measurements of a cellular gateway, sent by its cloud as a webhook, one object or an array of
// them (docs.tenovi.com, measurement webhooks and device overview, read 2026-11). The device is the
// hwi_device_id; the gateway's hardware_uuid changes when it is replaced, and names nobody.
func init() {
	register(Source{
		Name: "tenovi", About: "Tenovi measurement webhook",
		split: objectOrArray, decode: tenoviBatch,
	})
}

type tenovi struct {
	Metric     string  `json:"metric"`
	Device     string  `json:"hwi_device_id"`
	Sensor     string  `json:"sensor_code"`
	Value1     *number `json:"value_1"`
	Value2     *number `json:"value_2"`
	Timestamp  string  `json:"timestamp"`
	Estimated  bool    `json:"estimated_timestamp"`
	Dummy      bool    `json:"dummy_data"`
	Parameters struct {
		Index    int64  `json:"measurement_index"`
		Alert    string `json:"alert"`
		Location string `json:"measurement_location"`
	} `json:"filter_params"`
}

const (
	tenoviMonitor  = "10" // sensor code of the blood pressure monitor, whose pulse is counted at the cuff
	tenoviMaxIndex = 1000
	tenoviTooHigh  = "sensor_result_above_range"
	tenoviControl  = "control solution"
)

// tenoviSilent are the metrics that Vigil understands and does not chart.
var tenoviSilent = map[string]bool{
	"irregular_heartbeat": true, "heart_rate_statistics": true, "steps": true, "sleep": true, "signal_strength": true,
	"pillbox_opened": true, "pillbox_refilled": true, "pillbox_refill_initiated": true,
}

func tenoviBatch(frame devices.Frame) (vitals.Batch, error) {
	var m tenovi
	if err := object(frame.Bytes, &m); err != nil {
		return vitals.Batch{}, err
	}
	if m.Device == "" {
		return vitals.Batch{}, malformed("hwi_device_id is missing")
	}
	b := vitals.Batch{Device: vitals.DeriveDeviceID("tenovi", m.Device)}
	if m.Dummy || tenoviSilent[m.Metric] {
		return b, nil
	}
	s, err := m.stamp()
	if err != nil {
		return vitals.Batch{}, err
	}
	if b.Readings, b.Events, err = m.measured(s); err != nil {
		return vitals.Batch{}, err
	}
	return b, nil
}

// stamp is the measurement's time. Several of one kind may carry one timestamp; their index, which
// stands behind it as microseconds, keeps them apart.
func (m tenovi) stamp() (stamped, error) {
	at, err := timeIn(time.RFC3339Nano, m.Timestamp)
	if err != nil {
		return stamped{}, err
	}
	if m.Parameters.Index < 0 || m.Parameters.Index > tenoviMaxIndex {
		return stamped{}, malformed("measurement_index %d", m.Parameters.Index)
	}
	s := stamped{at: at.Add(time.Duration(m.Parameters.Index) * time.Microsecond), trust: vitals.TimeDevice}
	if m.Estimated {
		s.trust = vitals.TimeDeviceUnverified
	}
	return s, nil
}

func (m tenovi) measured(s stamped) ([]vitals.Reading, []vitals.Event, error) {
	if m.Value1 == nil {
		return nil, nil, malformed("%.40q has no value_1", m.Metric)
	}
	one := func(kind vitals.Kind) ([]vitals.Reading, []vitals.Event, error) {
		return []vitals.Reading{s.reading(kind, m.Value1.Decimal)}, nil, nil
	}
	switch m.Metric {
	case "blood_pressure":
		if m.Value2 == nil {
			return nil, nil, malformed("blood_pressure has no value_2")
		}
		readings, events := s.pressures(m.Value1.Decimal, m.Value2.Decimal)
		return readings, events, nil
	case "pulse":
		if m.Sensor == tenoviMonitor {
			return one(vitals.CuffPulseRate)
		}
		return one(vitals.PulseRate)
	case "spO2":
		return one(vitals.SpO2)
	case "glucose":
		return m.glucose(s)
	case "battery_percentage":
		events, err := battery(s.at, m.Value1.Decimal)
		return nil, events, err
	default:
		return nil, nil, malformed("metric %.40q is not one that Vigil reads", m.Metric)
	}
}

// glucose is in mg/dL. Control solution is nobody's blood.
func (m tenovi) glucose(s stamped) ([]vitals.Reading, []vitals.Event, error) {
	switch {
	case m.Parameters.Location == tenoviControl:
		return nil, []vitals.Event{{Code: vitals.DecodeFault, Time: s.at, Detail: "control solution was discarded"}}, nil
	case m.Parameters.Alert == tenoviTooHigh:
		return []vitals.Reading{s.absent(vitals.Glucose, vitals.PositiveInfinity)}, nil, nil
	default:
		return []vitals.Reading{s.reading(vitals.Glucose, m.Value1.Decimal)}, nil, nil
	}
}
