package ecg_test

import (
	"math"
	"testing"
	"time"

	"vigil/vitals/ecg"
)

// after pushes beats that follow on the first at these intervals.
func after(v *ecg.Variability, from int64, classes string, intervals ...int64) {
	v.Push(from, ecg.Beat(classes[0]))
	for i, interval := range intervals {
		from += interval
		v.Push(from, ecg.Beat(classes[i+1]))
	}
}

func TestVariabilityIsThatOfNormalIntervals(t *testing.T) {
	for _, row := range []struct {
		story       string
		classes     string
		intervals   []int64
		beats       int64
		sdnn, rmssd float64
	}{
		// 800 810 790 800: deviations 0 10 -10 0, so √(200/3); differences 10 -20 10, so √(600/3).
		{"four intervals", "NNNNN", []int64{800, 810, 790, 800}, 4, math.Sqrt(200.0 / 3), math.Sqrt(200)},
		// 800 820 and 800 840: mean 815; the two differences 20 and 40.
		{"the intervals before and behind an ectopic beat do not count", "NNNVNNN", []int64{800, 820, 500, 1100, 800, 840}, 4, math.Sqrt(1100.0 / 3), math.Sqrt(1000)},
		{"nor does a pause of three seconds", "NNNNN", []int64{800, 820, 3000, 810}, 3, 10, 20},
	} {
		var v ecg.Variability
		after(&v, 5000, row.classes, row.intervals...)
		sdnn, _ := v.SDNN()
		rmssd, _ := v.RMSSD()
		if v.Beats() != row.beats || math.Abs(sdnn-row.sdnn) > 1e-9 || math.Abs(rmssd-row.rmssd) > 1e-9 {
			t.Errorf("%s: %d intervals, SDNN %v, RMSSD %v; want %d, %v, %v", row.story, v.Beats(), sdnn, rmssd, row.beats, row.sdnn, row.rmssd)
		}
	}
}

func TestVariabilityOfTooFewBeatsIsNotDefined(t *testing.T) {
	var v ecg.Variability
	after(&v, 0, "NN", 800)
	if _, ok := v.SDNN(); ok {
		t.Error("one interval has a deviation")
	}
	if _, ok := v.RMSSD(); ok {
		t.Error("one interval has a difference")
	}
}

func TestAWindowGoesOnFromTheLastBeatOfTheOneBefore(t *testing.T) {
	var v ecg.Variability
	after(&v, 0, "NNN", 800, 800)
	v.Clear()
	v.Push(2400, ecg.NormalBeat)
	if v.Beats() != 1 {
		t.Errorf("%d intervals, want the one that ends in the window", v.Beats())
	}
}

func TestTheBurdenIsAShareOfTheTimeThatCouldBeJudged(t *testing.T) {
	var b ecg.Burden
	if _, ok := b.Percent(); ok {
		t.Error("nothing was judged, and there is a burden")
	}
	b.Add(6*time.Hour, true)
	b.Add(14*time.Hour, false)
	b.Add(-time.Hour, true)
	if percent, _ := b.Percent(); percent != 30 {
		t.Errorf("6 of 20 hours are %v %%", percent)
	}
}
