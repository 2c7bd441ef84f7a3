package ecg_test

import (
	"slices"
	"testing"

	"vigil/vitals/ecg"
)

// windows are the traits of each second that was worth a closer look.
func windows(tb testing.TB, samples []int32) (out [][]int16) {
	tb.Helper()
	d := newDetector(tb, 250)
	for _, v := range samples {
		d.Push(v, false)
		if traits, ok := d.WindowEvidence(); ok {
			out = append(out, slices.Clone(traits))
		}
	}
	return out
}

func TestARhythmThatRestsIsNotWorthACloserLook(t *testing.T) {
	if got := windows(t, restingHeart(60).sample(250, 60)); len(got) != 0 {
		t.Errorf("%d of 60 seconds were looked at", len(got))
	}
}

func TestGainAndPolarityDoNotChangeAWindow(t *testing.T) {
	h := &heart{noise: 5, extra: fibrillate(0, 40)}
	samples := h.sample(250, 40)
	want := windows(t, samples)
	if len(want) < 30 {
		t.Fatalf("%d of 40 seconds of fibrillation were looked at", len(want))
	}
	for _, factor := range []int32{-1, 4, -4} {
		scaled := make([]int32, len(samples))
		for i, v := range samples {
			scaled[i] = v * factor
		}
		got := windows(t, scaled)
		if len(got) != len(want) {
			t.Fatalf("times %d: %d windows, want %d", factor, len(got), len(want))
		}
		near, all := 0, 0
		for i := range got {
			for k := range got[i] {
				all++
				// Waves are counted from below, so that a few counts differ by one upside down.
				if d := int(got[i][k]) - int(want[i][k]); d*d <= 40*40 {
					near++
				}
			}
		}
		if near*100 < all*97 {
			t.Errorf("times %d: %d of %d traits are about the same", factor, near, all)
		}
	}
}

func TestAFindingShowsWhatItRestsOn(t *testing.T) {
	h := &heart{wander: 80, noise: 8, extra: fibrillate(40.3, 70)}
	h.rhythm(0.5, 40, 80, sinusBeat)
	h.rhythm(72, 100, 80, sinusBeat)
	last := h.beats[len(h.beats)-1].at
	all := analyse(t, 250, h.sample(250, last+8))
	for _, rhythm := range []ecg.Rhythm{ecg.VF, ecg.Asystole} {
		begins := began(all, rhythm)
		if len(begins) != 1 {
			t.Fatalf("%v reported as %+v", rhythm, begins)
		}
		f := begins[0]
		if f.From < 0 || f.From > f.At || f.To <= f.At || f.To > f.Known || f.Quality == 0 {
			t.Errorf("%v rests on %d to %d, began at %d and was known at %d, in a signal fit for %v", rhythm, f.From, f.To, f.At, f.Known, f.Quality)
		}
		if rhythm == ecg.VF && (f.Confidence <= 50 || f.Confidence > 100) {
			t.Errorf("%v is %d %% sure", rhythm, f.Confidence)
		}
	}
}
