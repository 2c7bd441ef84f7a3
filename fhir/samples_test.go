package fhir_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"vigil/fhir"
	"vigil/vitals"
)

// Nouns that the tests share.
const (
	anna  = vitals.PatientID("01JNM8Q0000000000000000001")
	strap = vitals.DeviceID("a09e1a000001")
	cuff  = vitals.DeviceID("a09e1a00000200ff")
	base  = "https://vigil.test/fhir/r4"
)

var morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// object is a decoded JSON object with numbers as they were written.
type object = map[string]any

func decode(t *testing.T, text []byte) object {
	t.Helper()
	var o object
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&o); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return o
}

// reading is a charted reading of the strap at a time after morning.
func reading(k vitals.Kind, value string, after time.Duration) vitals.Charted {
	d, err := vitals.ParseDecimal(value)
	if err != nil {
		panic(err)
	}
	return vitals.Charted{
		Patient: anna, Device: strap, Reading: vitals.Reading{Kind: k, Time: morning.Add(after), Value: d},
	}
}

// one is the Observation made of the readings, which must be one.
func one(t *testing.T, readings ...vitals.Charted) *fhir.Observation {
	t.Helper()
	all := fhir.Group(readings, false)
	if len(all) != 1 {
		t.Fatalf("%d observations instead of one", len(all))
	}
	return &all[0]
}

func encoded(t *testing.T, o *fhir.Observation) object {
	t.Helper()
	return decode(t, fhir.AppendObservation(nil, o))
}

// at walks into objects and arrays: names and indices.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			o, _ := v.(object)
			v = o[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// codes lists "system|code" of a CodeableConcept.
func codes(v any) []string {
	var all []string
	list, _ := at(v, "coding").([]any)
	for _, c := range list {
		all = append(all, at(c, "system").(string)+"|"+at(c, "code").(string))
	}
	return all
}
