package gateway_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices/gateway"
	"vigil/vitals"
)

// weighed is what becomes of a value that is posted as a weight, and why it was refused.
func weighed(t *testing.T, value, unit string) string {
	t.Helper()
	p := read(t, "json", fmt.Sprintf(`{"readings":[{"kind":"weight","value":%s,"unit":%q,"time":"2026-11-20T11:59:00Z"}]}`, value, unit))[0]
	if p.Err != nil {
		return p.Err.Error()
	}
	return p.Batch.Readings[0].Value.String()
}

func TestNumbersKeepTheDigitsOfTheMeter(t *testing.T) {
	tests := map[string]struct{ value, unit, want string }{
		"a whole number":                   {"70", "kg", "70"},
		"the zero behind the point counts": {"70.50", "kg", "70.50"},
		"as text":                          {`"70.5"`, "kg", "70.5"},
		"an exponent":                      {"7.05e1", "kg", "70.5"},
		"tens are written out":             {"7e1", "kg", "70"},
		"a double that was added up":       {"70.10000000000001", "kg", "70.1"},
		"a double just below":              {"70.09999999999999", "kg", "70.1"},
		"grams":                            {"70500", "g", "70.500"},
		"pounds, two of which stay apart":  {"155.4", "lb", "70.49"},
		"pounds, rounded half away":        {"0.1", "lbs", "0.05"},
		"far too much":                     {"1e300", "kg", `reading 0: "1e300" is beyond anything that is measured: malformed`},
		"beyond the smallest step":         {"1e-16", "kg", `reading 0: "1e-16" is beyond anything that is measured: malformed`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := weighed(t, test.value, test.unit); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// anyBatch is one that the twin can say: values in their kind's own unit.
func anyBatch(t *rapid.T) vitals.Batch {
	at := func(name string) time.Time {
		return time.UnixMicro(rapid.Int64Range(1e15, 4e15).Draw(t, name)).UTC()
	}
	b := vitals.Batch{Device: "a09e1a000001"}
	for range rapid.IntRange(0, 3).Draw(t, "readings") {
		kind := rapid.SampledFrom([]vitals.Kind{vitals.HeartRate, vitals.Temperature, vitals.Weight, vitals.Glucose, vitals.SpO2}).Draw(t, "kind")
		r := vitals.Reading{
			Kind: kind, Time: at("time"), Quality: vitals.Quality(rapid.IntRange(0, 1).Draw(t, "quality")),
			TimeQuality: vitals.TimeQuality(rapid.IntRange(0, 3).Draw(t, "time quality")),
			Value:       vitals.NewDecimal(rapid.Int64Range(-99999, 99999).Draw(t, "mantissa"), rapid.Int8Range(-6, 0).Draw(t, "exponent")),
		}
		if rapid.Bool().Draw(t, "absent") {
			r.Value, r.Absent = vitals.Decimal{}, vitals.NotANumber
		}
		if rapid.Bool().Draw(t, "device time") {
			r.DeviceTime = at("device's time")
		}
		b.Readings = append(b.Readings, r)
	}
	for range rapid.IntRange(0, 1).Draw(t, "waveforms") {
		b.Waveforms = append(b.Waveforms, vitals.Waveform{
			Kind: vitals.ECGII, Start: at("start"), Rate: vitals.Rate{Num: rapid.Uint32Range(1, 1000).Draw(t, "rate"), Den: 1},
			Scale: vitals.NewDecimal(1, -1), First: rapid.Uint64Max(math.MaxUint64>>2).Draw(t, "first"), // as far as a message goes
			Samples: rapid.SliceOfN(rapid.Int16(), 1, 20).Draw(t, "samples"),
		})
	}
	b.Events = []vitals.Event{{Code: rapid.SampledFrom(vitals.EventCodes).Draw(t, "code"), Time: at("when"), Value: vitals.Int(rapid.Int64Range(-9, 99).Draw(t, "value"))}}
	return b
}

func TestTheTwinOfABatchIsReadBackAsTheBatch(t *testing.T) {
	twin := source(t, "json")
	rapid.Check(t, func(t *rapid.T) {
		want := anyBatch(t)
		text := gateway.Twin(want)
		if !json.Valid(text) {
			t.Fatalf("%s", text)
		}
		parts, err := twin.Read(frame(text))
		if err != nil || parts[0].Err != nil {
			t.Fatalf("%v, %v of %s", err, parts, text)
		}
		if diff := cmp.Diff(want, parts[0].Batch); diff != "" {
			t.Fatalf("%s\n%s", text, diff)
		}
	})
}
