package ecg_test

import (
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals/ecg"
)

// night is a made-up signal in which hearts, electrodes and noise take turns.
func night(t *rapid.T) (samples []int32, lost []bool) {
	for range rapid.IntRange(2, 6).Draw(t, "parts") {
		seconds := float64(rapid.IntRange(2, 25).Draw(t, "seconds"))
		h := &heart{wander: 60, noise: float64(rapid.IntRange(0, 120).Draw(t, "noise"))}
		missing := false
		switch rapid.IntRange(0, 5).Draw(t, "what") {
		case 0:
			h.rhythm(0.1, seconds, float64(rapid.IntRange(25, 190).Draw(t, "rate")), sinusBeat)
		case 1:
			h.rhythm(0.1, seconds, float64(rapid.IntRange(60, 240).Draw(t, "rate")), ventricularBeat)
		case 2:
			h.extra = fibrillate(0, seconds)
		case 3: // a line that only hisses
		case 4:
			h.noise, h.wander = 0, 0
		default:
			missing = true
		}
		for _, v := range h.sample(250, seconds) {
			samples, lost = append(samples, v), append(lost, missing)
		}
	}
	return samples, lost
}

func TestRhythmsBeginBeforeTheyEndAndShowWhatTheyRestOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples, lost := night(t)
		d, err := ecg.New(250)
		if err != nil {
			t.Fatal(err)
		}
		stands := map[ecg.Rhythm]bool{}
		for i, v := range samples {
			for _, f := range d.Push(v, lost[i]) {
				switch {
				case f.Kind != ecg.RhythmBegan && f.Kind != ecg.RhythmEnded:
					continue
				case stands[f.Rhythm] == (f.Kind == ecg.RhythmBegan):
					t.Fatalf("%v began or ended twice at %d", f.Rhythm, i)
				case f.Kind == ecg.RhythmBegan && (f.From > f.To || f.To > f.Known || f.At > f.Known || f.Confidence > 100):
					t.Fatalf("%v rests on %d to %d, known at %d, %d %% sure", f.Rhythm, f.From, f.To, f.Known, f.Confidence)
				}
				stands[f.Rhythm] = f.Kind == ecg.RhythmBegan
			}
			if stands[ecg.VF] && stands[ecg.VT] {
				t.Fatalf("fibrillation and tachycardia stand at %d", i)
			}
		}
		for r, is := range stands {
			if d.Standing(r) != is {
				t.Fatalf("%v stands: %v, by its findings %v", r, d.Standing(r), is)
			}
		}
	})
}
