package nights

import (
	"math"
	"strconv"
	"time"

	"vigil/vitals"
)

const hz = 250

// ecg makes up the patch's signal, in microvolts.
type ecg struct {
	next  int     // index of the sample that follows
	phase float64 // of the heart beat, in seconds
	seed  uint32
}

// skip lets a second pass that is not sent.
func (e *ecg) skip() { e.next += hz }

// second is one second of the signal.
func (e *ecg) second(what string, at time.Time) vitals.Waveform {
	w := vitals.Waveform{
		Kind: vitals.ECGII, Start: at, Rate: vitals.Rate{Num: hz, Den: 1}, Scale: vitals.Int(1),
		First: uint64(e.next), Samples: make([]int16, hz),
	}
	for i := range w.Samples {
		w.Samples[i] = e.sample(what)
		e.next++
	}
	return w
}

// sample is the next one. The baseline moves a little, as on every electrode that is attached.
func (e *ecg) sample(what string) int16 {
	t := float64(e.next) / hz
	base := 60*math.Sin(2*math.Pi*0.3*t) + 10*e.noise()
	switch what {
	case "off":
		return 0
	case "stop":
		return int16(base)
	case "noise": // of a muscle and of a hand that moves
		return int16(base + 1500*e.noise()*math.Abs(math.Sin(2.1*t)) + 900*math.Sin(2*math.Pi*1.7*t+3*math.Sin(0.9*t)))
	case "vf": // waves that swell, fade and drift in pace
		return int16(350*math.Sin(2*math.Pi*5.1*t+2*math.Sin(1.3*t)) + 200*math.Sin(2*math.Pi*4.3*t+1.5*math.Sin(0.7*t)))
	}
	perMinute, err := strconv.Atoi(what)
	if err != nil || perMinute <= 0 {
		panic("an ECG of " + what) // the file is the test's own
	}
	period := 60 / float64(perMinute)
	e.phase = math.Mod(e.phase+1.0/hz, period)
	return int16(base + beat(e.phase, period))
}

// beat is the height of the P wave, the QRS complex and the T wave at a time behind the beat's begin.
func beat(t, period float64) float64 {
	bump := func(at, width, height float64) float64 {
		return height * math.Exp(-(t-at)*(t-at)/(2*width*width))
	}
	return bump(0.16, 0.02, 100) + bump(0.27, 0.008, -120) + bump(0.3, 0.01, 1100) + bump(0.33, 0.009, -200) +
		bump(0.3+0.3*math.Sqrt(period), 0.04, 250)
}

// noise is between -1 and 1, the same in every run.
func (e *ecg) noise() float64 {
	e.seed = e.seed*1664525 + 1013904223
	return float64(int32(e.seed)) / (1 << 31)
}
