package synthetic

import (
	"math"
	"math/rand/v2"
)

// wave is one bump of a beat: when after the R peak in seconds, how high in µV, how wide.
type wave struct{ at, microvolts, width float64 }

// Shapes of beats, by the usual sizes and intervals of an adult in lead II.
var (
	sinus = []wave{{-0.17, 110, 0.022}, {-0.026, -90, 0.009}, {0, 1100, 0.011}, {0.028, -220, 0.010}, {0.26, 260, 0.045}}
	paced = []wave{{0.06, -900, 0.040}, {0.13, 350, 0.035}, {0.34, 420, 0.06}}
)

// Step is a stretch of a rhythm.
type Step struct{ Seconds, BPM float64 }

// Heart makes up a resting heart at the rates of the steps, one after the other: sinus beats with the
// small variation of breathing, over a wandering baseline and a little noise. The same heart at the
// same rate is always the same.
func Heart(hz float64, steps ...Step) Signal { return beating(hz, sinus, steps...) }

func beating(hz float64, shape []wave, steps ...Step) Signal {
	s := Signal{Hz: hz}
	total := 0.0
	for _, step := range steps {
		total += step.Seconds
	}
	values := make([]float64, int(total*hz))
	at, until := 0.5, 0.0
	for _, step := range steps {
		for until += step.Seconds; at < until; {
			place(values, hz, at, 60/step.BPM, shape)
			s.Beats = append(s.Beats, int(math.Round(at*hz)))
			at += 60 / step.BPM * (1 + 0.03*math.Sin(2*math.Pi*0.23*at))
		}
	}
	random := rand.New(rand.NewPCG(9, uint64(hz))) //nolint:gosec // G404: reproducible on purpose
	for i, v := range values {
		t := float64(i) / hz
		s.Microvolts = append(s.Microvolts, clip(v+80*math.Sin(2*math.Pi*0.23*t)+8*random.NormFloat64()))
	}
	return s
}

// place adds a beat to a signal. What lies behind the QRS complex comes sooner the shorter the interval rr
// between beats, by its root (Bazett, Heart 1920;7:353), and the P wave stays in the last two fifths of it.
func place(values []float64, hz, at, rr float64, shape []wave) {
	for i := max(0, int((at-0.6)*hz)); i < min(len(values), int((at+0.8)*hz)); i++ {
		for _, w := range shape {
			away := w.at
			if away > 0.1 {
				away *= min(1, math.Sqrt(rr))
			}
			z := (float64(i)/hz - at - max(away, -0.4*rr)) / w.width
			values[i] += w.microvolts * math.Exp(-z*z/2)
		}
	}
}
