package heart

import (
	"math"
	"math/rand/v2"
)

// fibrillation is the part of the ECG that no beat makes: coarse waves of fibrillating ventricles
// at 4 to 6 Hz whose amplitude and frequency wander, and the fine ones of fibrillating atria.
type fibrillation struct {
	level     float64 // 0 absent to 1 full: it comes and goes within a second
	amplitude float64 // mV, of the ventricles
	hz        float64
	phase     float64
	atrial    float64 // phase
}

// Ventricular fibrillation: dominant frequency of 4 to 6 Hz, coarse amplitude of 0.3 to 0.7 mV.
const (
	minFibHz, maxFibHz = 4.0, 6.0
	minFibMV, maxFibMV = 0.30, 0.70
	atrialHz, atrialMV = 6.2, 0.05
)

func (f *fibrillation) next(rng *rand.Rand, r Rhythm, dt float64) float64 {
	if f.hz == 0 {
		f.hz, f.amplitude = 5, 0.5
	}
	target := 0.0
	if r == VF {
		target = 1
	}
	f.level += (target - f.level) * min(1, dt/0.25)
	f.hz = wander(rng, f.hz, minFibHz, maxFibHz, 1.2*math.Sqrt(dt))
	f.amplitude = wander(rng, f.amplitude, minFibMV, maxFibMV, 0.25*math.Sqrt(dt))
	f.phase = math.Mod(f.phase+2*math.Pi*f.hz*dt, 200*math.Pi)
	f.atrial = math.Mod(f.atrial+2*math.Pi*atrialHz*dt, 2*math.Pi)
	mv := f.level * f.amplitude * (math.Sin(f.phase) + 0.35*math.Sin(1.37*f.phase+1) + 0.2*math.Sin(0.61*f.phase))
	if r == AF {
		mv += atrialMV * math.Sin(f.atrial)
	}
	return mv
}

// wander takes a random step and turns back at the bounds.
func wander(rng *rand.Rand, x, low, high, step float64) float64 {
	x += step * rng.NormFloat64()
	switch {
	case x < low:
		return min(2*low-x, high)
	case x > high:
		return max(2*high-x, low)
	default:
		return x
	}
}
