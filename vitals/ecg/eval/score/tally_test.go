package score_test

import (
	"math"
	"testing"

	"vigil/vitals/ecg/eval/score"
)

func TestFigures(t *testing.T) {
	tally := score.Tally{TP: 90, FN: 10, FP: 30, TN: 70}
	nothing := math.NaN()
	tests := []struct {
		name      string
		got, want float64
	}{
		{"sensitivity: 90 of 100", tally.Sensitivity(), 90},
		{"predictivity: 90 of 120", tally.Predictivity(), 75},
		{"specificity: 70 of 100", tally.Specificity(), 70},
		{"false positive rate: 30 of 100", tally.FalsePositiveRate(), 30},
		{"F1: 180 of 220", tally.F1(), 1800.0 / 22},
		{"error rate: 40 per 100", tally.ErrorRate(), 40},
		{"nothing there", score.Tally{FP: 1}.Sensitivity(), nothing},
		{"nothing found", score.Tally{FN: 1}.Predictivity(), nothing},
		{"a share", score.Share{Part: 1, Whole: 4}.Percent(), 25},
		{"a share of nothing", score.Share{}.Percent(), nothing},
		{"a mean leaves out what is not defined", score.Mean([]float64{1, nothing, 3}), 2},
		{"a mean of nothing", score.Mean([]float64{nothing}), nothing},
		{"the median of four is the second", score.Quantile([]float64{4, 1, 3, 2}, 0.5), 2},
		{"95 of 100 do not exceed the 95th percentile", score.Quantile(upTo(100), 0.95), 95},
		{"the largest", score.Quantile(upTo(7), 1), 7},
		{"a quantile of nothing", score.Quantile(nil, 0.5), nothing},
		// 6 right of 6 + 3 wrong, each of the 2 missed counting five times: 6 / (6 + 1 + 10).
		{"a missed alarm costs five", score.Challenge2015(score.Tally{TP: 4, TN: 2, FP: 1, FN: 2}), 600.0 / 17},
	}
	for _, tt := range tests {
		same := math.Abs(tt.got-tt.want) < 1e-9 || math.IsNaN(tt.got) && math.IsNaN(tt.want)
		if !same {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func upTo(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i + 1)
	}
	return out
}

func TestLabels(t *testing.T) {
	l := score.Labels{{"N", "N"}: 5, {"N", "A"}: 1, {"A", "A"}: 3, {"A", "O"}: 2, {"O", "O"}: 4, {"~", "N"}: 1}
	if got, want := l.Tally("A"), (score.Tally{TP: 3, FN: 2, FP: 1, TN: 10}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSums(t *testing.T) {
	tally := score.Tally{TP: 1}.Plus(score.Tally{TP: 2, FN: 3}).With(true, true).With(true, false).With(false, true).With(false, false)
	if want := (score.Tally{TP: 4, FN: 4, FP: 1, TN: 1}); tally != want {
		t.Errorf("got %+v, want %+v", tally, want)
	}
	a := score.Agreement{Reference: score.Share{Part: 1, Whole: 2}}
	a = a.Plus(score.Agreement{Reference: score.Share{}.With(true), Found: score.Share{}.With(false)})
	if want := (score.Agreement{Reference: score.Share{Part: 2, Whole: 3}, Found: score.Share{Part: 0, Whole: 1}}); a != want {
		t.Errorf("got %+v, want %+v", a, want)
	}
}
