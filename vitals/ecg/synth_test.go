package ecg_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vigil/vitals/ecg"
)

// wave is one bump of a beat: when after the R peak, how high, how wide.
type wave struct{ at, microvolts, width float64 }

var (
	sinusBeat = []wave{
		{-0.17, 110, 0.022},
		{-0.026, -90, 0.009},
		{0, 1100, 0.011},
		{0.028, -220, 0.010},
		{0.26, 260, 0.045},
	}
	ventricularBeat = []wave{{0, 1400, 0.042}, {0.09, -500, 0.035}, {0.28, -420, 0.06}}
)

// heart is a made-up ECG that can be sampled at any rate: beats at given times, over a wandering
// baseline and, when sampled, a little seeded noise.
type heart struct {
	beats  []placed
	wander float64 // µV
	noise  float64 // µV, standard deviation
	extra  func(t float64) float64
}

type placed struct {
	at    float64
	waves []wave
}

// rhythm adds beats at a rate from one time to another, with the small variation of a healthy sinus.
func (h *heart) rhythm(from, to, bpm float64, waves []wave) {
	for t, i := from, 0; t < to; i++ {
		h.beats = append(h.beats, placed{t, waves})
		t += 60 / bpm * (1 + 0.03*math.Sin(float64(i)*0.9))
	}
}

func (h *heart) times() []float64 {
	out := make([]float64, len(h.beats))
	for i, b := range h.beats {
		out[i] = b.at
	}
	return out
}

// sample is the ECG in microvolts.
func (h *heart) sample(rateHz, seconds float64) []int32 {
	random := rand.New(rand.NewPCG(7, uint64(rateHz)))
	out := make([]int32, int(seconds*rateHz))
	values := make([]float64, len(out))
	for _, b := range h.beats {
		first := max(0, int((b.at-0.6)*rateHz))
		last := min(len(out), int((b.at+0.8)*rateHz))
		for i := first; i < last; i++ {
			t := float64(i)/rateHz - b.at
			for _, w := range b.waves {
				z := (t - w.at) / w.width
				values[i] += w.microvolts * math.Exp(-z*z/2)
			}
		}
	}
	for i := range out {
		t := float64(i) / rateHz
		v := values[i] + h.wander*math.Sin(2*math.Pi*0.23*t) + h.noise*random.NormFloat64()
		if h.extra != nil {
			v += h.extra(t)
		}
		out[i] = int32(math.Round(v))
	}
	return out
}

// finding is a Finding with its times in seconds.
type finding struct {
	ecg.Finding
	at, known float64
}

func newDetector(tb testing.TB, rateHz float64) *ecg.Detector {
	tb.Helper()
	d, err := ecg.New(rateHz)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// feed pushes the samples; missing tells which are lost, and may be nil.
func feed(d *ecg.Detector, rateHz float64, samples []int32, missing func(t float64) bool) []finding {
	var out []finding
	for i, v := range samples {
		lost := missing != nil && missing(float64(i)/rateHz)
		for _, f := range d.Push(v, lost) {
			out = append(out, finding{f, float64(f.At) / rateHz, float64(f.Known) / rateHz})
		}
	}
	return out
}

func analyse(tb testing.TB, rateHz float64, samples []int32) []finding {
	tb.Helper()
	return feed(newDetector(tb, rateHz), rateHz, samples, nil)
}

func ofKind(all []finding, kind ecg.FindingKind) []finding {
	return slices.DeleteFunc(slices.Clone(all), func(f finding) bool { return f.Kind != kind })
}

func began(all []finding, r ecg.Rhythm) []finding {
	return slices.DeleteFunc(ofKind(all, ecg.RhythmBegan), func(f finding) bool { return f.Rhythm != r })
}

func ended(all []finding, r ecg.Rhythm) []finding {
	return slices.DeleteFunc(ofKind(all, ecg.RhythmEnded), func(f finding) bool { return f.Rhythm != r })
}

// noRhythm fails where any rhythm was reported that calls a nurse or a doctor.
func noRhythm(t *testing.T, all []finding) {
	t.Helper()
	for _, f := range ofKind(all, ecg.RhythmBegan) {
		if !f.Rhythm.Lethal() && f.Rhythm != ecg.AtrialFibrillation {
			continue // a pause, or a rate that is what it is
		}
		t.Errorf("%v reported at %.2f s, known at %.2f s, where there is none", f.Rhythm, f.at, f.known)
	}
}

// sameTimes fails where beats were missed or invented.
func sameTimes(t *testing.T, got []finding, want []float64, tolerance float64) {
	t.Helper()
	j := 0
	for _, at := range want {
		for j < len(got) && got[j].at < at-tolerance {
			t.Errorf("beat invented at %.3f s", got[j].at)
			j++
		}
		if j >= len(got) || got[j].at > at+tolerance {
			t.Errorf("beat at %.3f s missed", at)
			continue
		}
		j++
	}
	for ; j < len(got); j++ {
		t.Errorf("beat invented at %.3f s", got[j].at)
	}
}
