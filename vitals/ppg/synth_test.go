package ppg_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vigil/vitals/ppg"
)

// beat is a pulse of the made-up wave: when it begins and how high it is.
type beat struct{ at, height float64 }

// finger is a made-up photoplethysmogram that can be sampled at any rate: pulses at given times over
// a baseline that moves with the breath, and a little seeded noise.
type finger struct {
	beats  []beat
	breath float64 // of the baseline, in the unit of the pulses' height
	noise  float64
	extra  func(t float64) float64
}

// usualHeight is that of a pulse, in steps of the converter.
const usualHeight = 1000

// pulses adds pulses at a rate from one time to another, with the small variation of a healthy sinus.
func (f *finger) pulses(from, to, bpm, height float64) {
	for t, i := from, 0; t < to; i++ {
		f.beats = append(f.beats, beat{t, height})
		t += 60 / bpm * (1 + 0.04*math.Sin(float64(i)*0.9))
	}
}

// pulseAt is the course of one pulse of height 1: an upstroke of 170 ms, a slower fall, a dicrotic wave.
func pulseAt(t float64) float64 {
	bump := func(at, width float64) float64 { return math.Exp(-(t - at) * (t - at) / (2 * width * width)) }
	if t < 0.17 {
		return bump(0.17, 0.06) - bump(0, 0.06)*bump(0, 0.06)*0.018
	}
	return 0.75*bump(0.17, 0.10) + 0.25*bump(0.17, 0.2) + 0.15*bump(0.42, 0.06)
}

// sample is the wave in steps of the converter.
func (f *finger) sample(rateHz, seconds float64) []int32 {
	random := rand.New(rand.NewPCG(3, uint64(rateHz)))
	values := make([]float64, int(seconds*rateHz))
	for _, b := range f.beats {
		for i := max(0, int((b.at-0.1)*rateHz)); i < min(len(values), int((b.at+1.2)*rateHz)); i++ {
			values[i] += b.height * pulseAt(float64(i)/rateHz-b.at)
		}
	}
	out := make([]int32, len(values))
	for i, v := range values {
		t := float64(i) / rateHz
		v += f.breath*math.Sin(2*math.Pi*0.25*t) + f.noise*random.NormFloat64()
		if f.extra != nil {
			v += f.extra(t)
		}
		out[i] = int32(math.Round(v))
	}
	return out
}

// resting is a healthy person at 72/min.
func resting(seconds float64) *finger {
	f := &finger{breath: 150, noise: 4}
	f.pulses(0.5, seconds, 72, usualHeight)
	return f
}

// onsets are the times of the beats from a time on.
func (f *finger) onsets(from float64) []float64 {
	var out []float64
	for _, b := range f.beats {
		if b.at >= from {
			out = append(out, b.at)
		}
	}
	return out
}

// finding is a Finding with its times in seconds.
type finding struct {
	ppg.Finding
	at, known float64
}

// told is all that was said of a wave, and what could be asked at each second.
type told struct {
	all      []finding
	presence []ppg.Presence // at each second
	steady   []bool
}

func newDetector(tb testing.TB, rateHz float64) *ppg.Detector {
	tb.Helper()
	d, err := ppg.New(rateHz)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// analyse pushes the samples; missing tells which are lost, and may be nil.
func analyse(tb testing.TB, rateHz float64, samples []int32, missing func(t float64) bool) told {
	tb.Helper()
	d := newDetector(tb, rateHz)
	var out told
	for i, v := range samples {
		lost := missing != nil && missing(float64(i)/rateHz)
		for _, f := range d.Push(v, lost) {
			out.all = append(out.all, finding{f, float64(f.At) / rateHz, float64(f.Known) / rateHz})
		}
		if (i+1)%int(rateHz) == 0 {
			_, steady := d.Steady()
			out.presence = append(out.presence, d.Presence())
			out.steady = append(out.steady, steady)
		}
	}
	return out
}

func (o told) ofKind(kind ppg.FindingKind) []finding {
	return slices.DeleteFunc(slices.Clone(o.all), func(f finding) bool { return f.Kind != kind })
}

// since are the findings of a kind that lie at or behind a time.
func (o told) since(kind ppg.FindingKind, from float64) []finding {
	return slices.DeleteFunc(o.ofKind(kind), func(f finding) bool { return f.at < from })
}

// sameTimes fails where pulses were missed or invented.
func sameTimes(t *testing.T, got []finding, want []float64, tolerance float64) {
	t.Helper()
	j := 0
	for _, at := range want {
		for j < len(got) && got[j].at < at-tolerance {
			t.Errorf("pulse invented at %.3f s", got[j].at)
			j++
		}
		if j >= len(got) || got[j].at > at+tolerance {
			t.Errorf("pulse at %.3f s missed", at)
			continue
		}
		j++
	}
	for ; j < len(got); j++ {
		t.Errorf("pulse invented at %.3f s", got[j].at)
	}
}
