package fhir_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/fhir"
	"vigil/vitals"
)

func wave(k vitals.Kind, after time.Duration, rate vitals.Rate, samples ...int16) vitals.Waveform {
	return vitals.Waveform{Kind: k, Start: morning.Add(after), Rate: rate, Scale: vitals.Int(1), Samples: samples}
}

func study(k vitals.Kind, waves ...vitals.Waveform) *fhir.Observation {
	return &fhir.Observation{Patient: anna, Key: vitals.Key{Time: morning, Kind: k, Device: strap}, Waves: waves}
}

var hz250 = vitals.Rate{Num: 250, Den: 1}

func TestECGHasAComponentPerLead(t *testing.T) {
	t.Parallel()
	o := encoded(t, study(vitals.ECG,
		wave(vitals.ECGI, 0, hz250, 12, 15, -3, 20), wave(vitals.ECGII, 0, hz250, 1, 2, 3, 4)))
	checkHead(t, o, "procedure")
	if diff := cmp.Diff([]string{"http://loinc.org|11524-6", "urn:iso:std:iso:11073:10101|131328"}, codes(o["code"])); diff != "" {
		t.Error(diff)
	}
	if at(o, "effectivePeriod", "start") != "2026-03-01T08:00:00.000Z" || at(o, "effectivePeriod", "end") != "2026-03-01T08:00:00.016Z" {
		t.Errorf("%v", o["effectivePeriod"])
	}
	for i, want := range []struct{ mdc, data string }{{"131329", "12 15 -3 20"}, {"131330", "1 2 3 4"}} {
		part := at(o, "component", i)
		data := at(part, "valueSampledData")
		if codes(at(part, "code"))[0] != "urn:iso:std:iso:11073:10101|"+want.mdc || at(data, "data") != want.data ||
			toString(at(data, "period")) != "4" || toString(at(data, "factor")) != "1" || toString(at(data, "dimensions")) != "1" ||
			toString(at(data, "origin", "value")) != "0" || at(data, "origin", "code") != "uV" {
			t.Errorf("component %d: %v", i, part)
		}
	}
}

func TestPlethStandsAtTheRoot(t *testing.T) {
	t.Parallel()
	o := encoded(t, study(vitals.Pleth, wave(vitals.Pleth, 0, vitals.Rate{Num: 50, Den: 1}, 5, 6)))
	if at(o, "valueSampledData", "data") != "5 6" || o["component"] != nil {
		t.Errorf("%v", o)
	}
}

func TestGridOfAWaveform(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		story string
		waves []vitals.Waveform
		want  []string
	}{
		{"a lost sample is E", []vitals.Waveform{wave(vitals.ECG, 0, hz250, 1, vitals.Missing, 3)}, []string{"1 E 3"}},
		{"a gap between pieces is filled", []vitals.Waveform{wave(vitals.ECG, 0, hz250, 1, 2), wave(vitals.ECG, 16*time.Millisecond, hz250, 5)}, []string{"1 2 E E 5"}},
		{"a lead that begins later begins later", []vitals.Waveform{wave(vitals.ECGI, 0, hz250, 1, 2, 3), wave(vitals.ECGII, 8*time.Millisecond, hz250, 7)}, []string{"1 2 3", "E E 7"}},
		{"another rate is another component", []vitals.Waveform{wave(vitals.ECG, 0, hz250, 1), wave(vitals.ECG, 4*time.Millisecond, vitals.Rate{Num: 125, Den: 1}, 2, 3)}, []string{"1", "E 2 3"}},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			o := encoded(t, study(vitals.ECG, row.waves...))
			var got []string
			for _, part := range o["component"].([]any) {
				got = append(got, at(part, "valueSampledData", "data").(string))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPeriodOf130Hz: the Polar H10 samples at 130 Hz, whose period is no finite decimal. Over ten seconds
// the last sample must not move by a microsecond.
func TestPeriodOf130Hz(t *testing.T) {
	t.Parallel()
	samples := slices.Repeat([]int16{1}, 1300)
	o := encoded(t, study(vitals.ECG, wave(vitals.ECG, 0, vitals.Rate{Num: 130, Den: 1}, samples...)))
	data := at(o, "component", 0, "valueSampledData")
	ms, err := strconv.ParseFloat(toString(at(data, "period")), 64)
	if err != nil {
		t.Fatal(err)
	}
	if drift := 1300*ms - 10000; drift > 0.001 || drift < -0.001 {
		t.Errorf("drift %v ms", drift)
	}
	if n := len(strings.Fields(at(data, "data").(string))); n != 1300 {
		t.Errorf("%d samples", n)
	}
}

func TestHostileStartsCannotMakeAHugeGrid(t *testing.T) {
	t.Parallel()
	o := study(vitals.ECG, wave(vitals.ECG, 0, hz250, 1), wave(vitals.ECG, 24*time.Hour, hz250, 2))
	if n := len(fhir.AppendObservation(nil, o)); n > 100_000 {
		t.Errorf("%d bytes", n)
	}
}
