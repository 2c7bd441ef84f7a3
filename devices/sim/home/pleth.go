package home

import (
	"math"
	"time"

	"vigil/vitals"
)

// plethRate is what oximeters with a wave send it at, as a rule.
var plethRate = vitals.Rate{Num: 75, Den: 1}

// light is the wave of an oximeter: a pulse for each beat while blood flows, noise while none does. No
// characteristic carries one, so it comes in Vigil's own form.
type light struct {
	phase float64 // of the pulse, 0 to 1
	noise uint32
	first uint64
}

// A pulse: the upstroke of the systole and the wave that the closing of the aortic valve adds.
func pulse(phase float64) float64 {
	bell := func(at, width float64) float64 { return math.Exp(-(phase - at) * (phase - at) / (2 * width * width)) }
	return bell(0.22, 0.09) + 0.35*bell(0.52, 0.12)
}

// chunk is the wave of the second before at.
func (l *light) chunk(p Patient, at time.Time) vitals.Waveform {
	const height, hiss = 900, 12
	samples := make([]int16, plethRate.Num)
	beats := p.Rate() / 60 / plethRate.Hz()
	for i := range samples {
		l.noise = l.noise*1664525 + 1013904223 // any will do
		v := hiss * (float64(l.noise>>8)/(1<<23) - 1)
		if beats > 0 {
			l.phase = math.Mod(l.phase+beats, 1)
			v += height * pulse(l.phase)
		}
		samples[i] = int16(math.Round(v))
	}
	w := vitals.Waveform{
		Kind: vitals.Pleth, Start: at.Add(-time.Second).Truncate(time.Microsecond), Rate: plethRate, Scale: vitals.Int(1), First: l.first, Samples: samples,
	}
	l.first += uint64(len(samples))
	return w
}
