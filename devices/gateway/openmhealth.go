package gateway

import (
	"encoding/json"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Open mHealth and IEEE 1752.1: data points with a header that names the schema, and a body
// (openmhealth.org schemas, read 2026-11), one or an array. The device is the header's user where it names
// one, else the sender.
func init() {
	register(Source{
		Name: "open-mhealth", About: "Open mHealth or IEEE 1752.1 data points",
		split: objectOrArray, decode: mhealthBatch,
	})
}

type mhealthValue struct {
	Value *number `json:"value"`
	Unit  string  `json:"unit"`
}

type mhealthPoint struct {
	Header struct {
		User   string `json:"user_id"`
		Schema struct {
			Name string `json:"name"`
		} `json:"schema_id"`
	} `json:"header"`
	Body map[string]json.RawMessage `json:"body"`
}

// mhealthMeasures are the schemas that are charted, with the field of the body that holds the value.
var mhealthMeasures = map[string]struct {
	field string
	kind  vitals.Kind
}{
	"heart-rate":          {"heart_rate", vitals.HeartRate},
	"oxygen-saturation":   {"oxygen_saturation", vitals.SpO2},
	"respiratory-rate":    {"respiratory_rate", vitals.RespirationRate},
	"body-temperature":    {"body_temperature", vitals.Temperature},
	"blood-glucose":       {"blood_glucose", vitals.GlucoseBlood},
	"body-weight":         {"body_weight", vitals.Weight},
	"body-height":         {"body_height", vitals.Height},
	"body-mass-index":     {"body_mass_index", vitals.BodyMassIndex},
	"body-fat-percentage": {"body_fat_percentage", vitals.BodyFat},
}

func mhealthBatch(frame devices.Frame) (vitals.Batch, error) {
	var p mhealthPoint
	if err := object(frame.Bytes, &p); err != nil {
		return vitals.Batch{}, err
	}
	b := vitals.Batch{Device: frame.Device}
	if p.Header.User != "" {
		b.Device = vitals.DeriveDeviceID("open-mhealth", p.Header.User)
	}
	at, err := p.time()
	if err != nil {
		return vitals.Batch{}, err
	}
	s := stamped{at: at, trust: vitals.TimeDevice}
	if p.Header.Schema.Name == "blood-pressure" {
		systolic, err := p.value("systolic_blood_pressure", vitals.Systolic)
		if err != nil {
			return vitals.Batch{}, err
		}
		diastolic, err := p.value("diastolic_blood_pressure", vitals.Diastolic)
		if err != nil {
			return vitals.Batch{}, err
		}
		b.Readings, b.Events = s.pressures(systolic, diastolic)
		return b, nil
	}
	m, charted := mhealthMeasures[p.Header.Schema.Name]
	if !charted {
		return vitals.Batch{}, malformed("schema %.40q is not one that Vigil reads", p.Header.Schema.Name)
	}
	value, err := p.value(m.field, m.kind)
	if err != nil {
		return vitals.Batch{}, err
	}
	b.Readings = []vitals.Reading{s.reading(m.kind, value)}
	return b, nil
}

func (p mhealthPoint) value(field string, kind vitals.Kind) (vitals.Decimal, error) {
	var v mhealthValue
	if err := json.Unmarshal(p.Body[field], &v); err != nil || v.Value == nil {
		return vitals.Decimal{}, malformed("the body has no %s with value and unit", field)
	}
	return inUnit(kind, v.Value.Decimal, v.Unit)
}

// time is when the point was true: a moment, or the end of an interval.
func (p mhealthPoint) time() (time.Time, error) {
	var frame struct {
		At       string `json:"date_time"`
		Interval struct {
			End string `json:"end_date_time"`
		} `json:"time_interval"`
	}
	if err := json.Unmarshal(p.Body["effective_time_frame"], &frame); err != nil {
		return time.Time{}, malformed("the body has no effective_time_frame")
	}
	if frame.At == "" {
		frame.At = frame.Interval.End
	}
	return timeIn(time.RFC3339Nano, frame.At)
}
