package score_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vigil/vitals/ecg/eval/score"
)

func TestTheIntervalOfAMeanIsWhereStatisticsHasIt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	cases := make([]float64, 100)
	for i := range cases {
		cases[i] = random.NormFloat64()
	}
	low, high := score.Interval(cases, score.Mean)
	// The mean of 100 draws with deviation 1 has a standard error of 0.1.
	if width := high - low; width < 0.3 || width > 0.5 || low > score.Mean(cases) || high < score.Mean(cases) {
		t.Errorf("the mean %.3f has the interval %.3f to %.3f, want about ±0.2", score.Mean(cases), low, high)
	}
	again, _ := score.Interval(cases, score.Mean)
	if again != low {
		t.Errorf("it begins at %v, and at %v the second time", low, again)
	}
}

func TestAnIntervalNeedsCases(t *testing.T) {
	one := func([]float64) float64 { return 1 }
	for _, row := range []struct {
		story  string
		cases  []float64
		figure func([]float64) float64
		none   bool
	}{
		{"nobody", nil, one, true},
		{"one patient says nothing about others", []float64{3}, one, true},
		{"a figure that is never defined", []float64{1, 2, 3}, func([]float64) float64 { return math.NaN() }, true},
		{"a figure that is defined in some draws", []float64{1, 2, 3}, func(drawn []float64) float64 {
			if slices.Contains(drawn, 1) {
				return 7
			}
			return math.NaN()
		}, false},
	} {
		low, high := score.Interval(row.cases, row.figure)
		if math.IsNaN(low) != row.none || math.IsNaN(high) != row.none {
			t.Errorf("%s: from %v to %v", row.story, low, high)
		}
	}
}
