package news2_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"vigil/alerts/news2"
	"vigil/vitals"
)

// well is somebody who scores nothing.
func well() news2.Inputs {
	return news2.Inputs{
		Respiration: news2.Of(vitals.Int(16)), SpO2: news2.Of(vitals.Int(97)), Systolic: news2.Of(vitals.Int(120)),
		Pulse: news2.Of(vitals.Int(70)), Temperature: news2.Of(vitals.NewDecimal(370, -1)),
		Supply: news2.RoomAir, Consciousness: news2.Alert,
	}
}

// with is somebody who is well but for what is changed.
func with(change func(*news2.Inputs)) news2.Inputs {
	in := well()
	change(&in)
	return in
}

func TestVectorsOfTheChart(t *testing.T) {
	ill := with(func(in *news2.Inputs) {
		in.Respiration, in.SpO2, in.Supply = news2.Of(vitals.Int(24)), news2.Of(vitals.Int(93)), news2.SupplementalOxygen
		in.Systolic, in.Pulse, in.Consciousness = news2.Of(vitals.Int(100)), news2.Of(vitals.Int(111)), news2.Confusion
		in.Temperature = news2.Of(vitals.NewDecimal(381, -1))
	})
	scale2 := func(spo2 int64, supply news2.Supply) news2.Inputs {
		return with(func(in *news2.Inputs) { in.Scale2, in.SpO2, in.Supply = true, news2.Of(vitals.Int(spo2)), supply })
	}
	for story, tt := range map[string]struct {
		in    news2.Inputs
		total int
		three bool
		says  string
	}{
		"well":                            {well(), 0, false, "NEWS2 0"},
		"25 breaths alone":                {with(func(in *news2.Inputs) { in.Respiration = news2.Of(vitals.Int(25)) }), 3, true, "NEWS2 3"},
		"ill in every way":                {ill, 14, true, "NEWS2 14"},
		"scale 2, 93 on air":              {scale2(93, news2.RoomAir), 0, false, "NEWS2 0"},
		"scale 2, 93 on oxygen":           {scale2(93, news2.SupplementalOxygen), 1 + 2, false, "NEWS2 3"},
		"scale 2, 95 on oxygen":           {scale2(95, news2.SupplementalOxygen), 2 + 2, false, "NEWS2 4"},
		"scale 2, 97 on oxygen":           {scale2(97, news2.SupplementalOxygen), 3 + 2, true, "NEWS2 5"},
		"scale 2, 97, nobody knows what":  {scale2(97, 0), 0, false, "NEWS2 ≥ 0 (6/7)"},
		"nothing is known":                {news2.Inputs{}, 0, false, "NEWS2 ≥ 0 (0/7)"},
		"a pulse of 110.4 counts as 110":  {with(func(in *news2.Inputs) { in.Pulse = news2.Of(vitals.NewDecimal(1104, -1)) }), 1, false, "NEWS2 1"},
		"a pulse of 110.5 counts as 111":  {with(func(in *news2.Inputs) { in.Pulse = news2.Of(vitals.NewDecimal(1105, -1)) }), 2, false, "NEWS2 2"},
		"38.04 °C counts as 38.0":         {with(func(in *news2.Inputs) { in.Temperature = news2.Of(vitals.NewDecimal(3804, -2)) }), 0, false, "NEWS2 0"},
		"38.05 °C counts as 38.1":         {with(func(in *news2.Inputs) { in.Temperature = news2.Of(vitals.NewDecimal(3805, -2)) }), 1, false, "NEWS2 1"},
		"a level that is none is missing": {with(func(in *news2.Inputs) { in.Consciousness = 'X' }), 0, false, "NEWS2 ≥ 0 (6/7)"},
	} {
		s := tt.in.Score()
		if s.Total() != tt.total || s.Three() != tt.three || s.String() != tt.says {
			t.Errorf("%s: %d, three %t, %q", story, s.Total(), s.Three(), s)
		}
	}
}

// TestEveryBandOfTheChart walks the chart's edges, as the RCP prints them.
func TestEveryBandOfTheChart(t *testing.T) {
	at := func(set func(*news2.Inputs, news2.Measure)) func(float64) int {
		return func(v float64) int {
			in := well()
			set(&in, news2.Of(vitals.Round(v, 1)))
			return in.Score().Total()
		}
	}
	for name, chart := range map[string]struct {
		points func(float64) int
		edges  map[float64]int
	}{
		"respiration": {
			at(func(in *news2.Inputs, m news2.Measure) { in.Respiration = m }),
			map[float64]int{0: 3, 8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3, 60: 3},
		},
		"saturation, scale 1": {
			at(func(in *news2.Inputs, m news2.Measure) { in.SpO2 = m }),
			map[float64]int{50: 3, 91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0},
		},
		"saturation, scale 2 on air": {
			at(func(in *news2.Inputs, m news2.Measure) { in.SpO2, in.Scale2 = m, true }),
			map[float64]int{83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 100: 0},
		},
		"systolic": {
			at(func(in *news2.Inputs, m news2.Measure) { in.Systolic = m }),
			map[float64]int{60: 3, 90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3},
		},
		"pulse": {
			at(func(in *news2.Inputs, m news2.Measure) { in.Pulse = m }),
			map[float64]int{30: 3, 40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3},
		},
		"temperature": {
			at(func(in *news2.Inputs, m news2.Measure) { in.Temperature = m }),
			map[float64]int{35: 3, 35.1: 1, 36: 1, 36.1: 0, 38: 0, 38.1: 1, 39: 1, 39.1: 2, 42: 2},
		},
	} {
		for v, want := range chart.edges {
			if got := chart.points(v); got != want {
				t.Errorf("%s %g: %d points, want %d", name, v, got, want)
			}
		}
	}
}

func TestEveryLevelButAlertHasThreePoints(t *testing.T) {
	for level, want := range map[news2.Level]int{news2.Alert: 0, news2.Confusion: 3, news2.Voice: 3, news2.Pain: 3, news2.Unresponsive: 3} {
		if got := with(func(in *news2.Inputs) { in.Consciousness = level }).Score().Total(); got != want {
			t.Errorf("%c: %d", level, got)
		}
	}
}

// What is missing only ever makes the score less: a partial one may raise an alarm, and never ends one.
func TestAPartialScoreIsTheLeastThatItCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		measure := func(name string, low, high int) news2.Measure {
			return news2.Of(vitals.NewDecimal(int64(rapid.IntRange(low*10, high*10).Draw(t, name)), -1))
		}
		whole := news2.Inputs{
			Respiration: measure("respiration", 0, 60), SpO2: measure("saturation", 50, 100), Systolic: measure("systolic", 50, 250),
			Pulse: measure("pulse", 20, 200), Temperature: measure("temperature", 30, 42),
			Supply:        rapid.SampledFrom([]news2.Supply{news2.RoomAir, news2.SupplementalOxygen}).Draw(t, "supply"),
			Consciousness: rapid.SampledFrom([]news2.Level{news2.Alert, news2.Voice}).Draw(t, "consciousness"),
			Scale2:        rapid.Bool().Draw(t, "scale 2"),
		}
		part := whole
		for i, forget := range []func(){
			func() { part.Respiration = news2.Measure{} }, func() { part.SpO2 = news2.Measure{} },
			func() { part.Supply = 0 }, func() { part.Systolic = news2.Measure{} }, func() { part.Pulse = news2.Measure{} },
			func() { part.Consciousness = 0 }, func() { part.Temperature = news2.Measure{} },
		} {
			if rapid.Bool().Draw(t, fmt.Sprint("forget ", news2.Parameter(i))) {
				forget()
			}
		}
		all, some := whole.Score(), part.Score()
		if !all.Complete() || all.Total() < 0 || all.Total() > 20 {
			t.Fatalf("%s of %+v", all, whole)
		}
		if some.Total() > all.Total() {
			t.Fatalf("%s where %s is known", some, all)
		}
	})
}
