package heart

import (
	"math"
	"math/rand/v2"
	"time"

	"vigil/vitals"
)

// Patient is what a script does not say.
type Patient struct {
	Seed  uint64
	Rate  float64 // resting heart rate per minute
	SpO2  float64 // resting saturation in percent
	Gain  float64 // of the ECG; 1 is an R wave of 1.1 mV
	Begin time.Duration
}

// Heart makes one patient's signals. Not safe for use by several goroutines.
type Heart struct {
	patient Patient
	script  Script
	hz      float64
	rng     *rand.Rand

	samples int64   // made so far
	z       float64 // mV, state of the model
	waves   []wave  // that still move z
	nextR   float64 // s
	rrs     []float64
	rate    float64 // beats per minute over the last beats
	spo2    float64
	early   bool // the beat before was an extrasystole
	fib     fibrillation
}

// substeps per sample keep the integration of the narrowest wave (10 ms) accurate at 130 Hz.
const substeps = 4

// lookahead is how long before its R wave a beat begins to show: the P wave.
const lookahead = 0.4

// New begins a heart that is sampled hz times a second.
func New(p Patient, script Script, hz float64) *Heart {
	h := &Heart{
		patient: p, script: script, hz: hz, rng: rand.New(rand.NewPCG(p.Seed, 0x9e3779b97f4a7c15)), //nolint:gosec // a made-up heart needs to be repeatable, not secret
		samples: int64(p.Begin.Seconds() * hz), rate: p.Rate, spo2: p.SpO2,
	}
	h.nextR = h.now() + lookahead
	return h
}

// now is the time of the next sample in seconds since the beginning.
func (h *Heart) now() float64 { return float64(h.samples) / h.hz }

// Step is what the script says now.
func (h *Heart) Step() Step {
	return h.script.at(time.Duration(h.now() * float64(time.Second)))
}

// ECG makes the next n samples in microvolts; samples that no electrode sees are vitals.Missing.
func (h *Heart) ECG(n int) []int16 {
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = h.sample(h.Step())
	}
	return samples
}

func (h *Heart) sample(step Step) int16 {
	t, dt := h.now(), 1/(h.hz*substeps)
	h.plan(t, step)
	for range substeps {
		h.z += dt * (h.slope(t) - relaxation*(h.z-baseline(t)))
		t += dt
	}
	h.forget(t)
	mv := h.z + h.fib.next(h.rng, step.Rhythm, 1/h.hz)
	h.samples++
	h.saturate(step.Rhythm)
	if step.Rhythm == LeadsOff {
		return vitals.Missing
	}
	const muscle, mains = 0.006, 0.003 // mV
	mv += muscle*h.rng.NormFloat64() + mains*math.Sin(2*math.Pi*50*t)
	return int16(math.Round(min(max(mv*h.patient.Gain*1000, -20_000), 20_000)))
}

// relaxation pulls the model back to its baseline, as in the paper; 1/s.
const relaxation = 1.0

// baseline wanders with breathing: 0.15 mV at 0.25 Hz in the paper.
func baseline(t float64) float64 { return 0.15 * math.Sin(2*math.Pi*0.25*t) }

// wave is one of the bumps that a beat is made of. In the model, z moves by the derivative of a
// bell curve as the trajectory passes the wave's angle; angles and widths are written as times
// around the R wave here, which is the same and lets beats overlap.
type wave struct{ at, width, mv float64 }

// reach is how many widths from its centre a wave still moves z.
const reach = 4.5

func (h *Heart) slope(t float64) float64 {
	sum := 0.0
	for _, w := range h.waves {
		x := (t - w.at) / w.width
		if x > -reach && x < reach {
			sum -= w.mv * x / w.width * math.Exp(-x*x/2)
		}
	}
	return sum
}

func (h *Heart) forget(t float64) {
	kept := h.waves[:0]
	for _, w := range h.waves {
		if t < w.at+reach*w.width {
			kept = append(kept, w)
		}
	}
	h.waves = kept
}

// plan lets the next beat begin, once its P wave is due.
func (h *Heart) plan(t float64, step Step) {
	if !step.Rhythm.Beats() {
		h.nextR = t + lookahead // the first beat after the pause
		h.rate = 0
		return
	}
	if t < h.nextR-lookahead {
		return
	}
	rr, wide := h.interval(t, step)
	h.beat(h.nextR, rr, step.Rhythm, wide)
	h.nextR += rr
	h.rrs = append(h.rrs, rr)
	if h.rate == 0 {
		h.rate = 60 / rr
	}
	h.rate += (60/rr - h.rate) / 4
}

// interval is from the next beat to the one after, and whether the next beat is a ventricular one.
func (h *Heart) interval(t float64, step Step) (rr float64, wide bool) {
	rate := step.Rate
	if rate == 0 {
		rate = usualRate[step.Rhythm]
	}
	if rate == 0 {
		rate = h.patient.Rate
	}
	rr = 60 / rate
	switch step.Rhythm {
	case VT:
		return rr * (1 + 0.01*h.rng.NormFloat64()), true
	case AF: // irregularly irregular
		return min(max(rr*math.Exp(0.22*h.rng.NormFloat64()), 0.35), 2), false
	case PVCs:
		if h.early { // this beat is the extrasystole; a full compensatory pause follows
			h.early = false
			return rr * 1.4, true
		}
		if h.rng.Float64() < 0.2 {
			h.early = true
			return rr * 0.6, false
		}
	default:
		h.early = false
	}
	// breathing and blood pressure waves move the sinus node (0.25 and 0.1 Hz, as in the paper)
	return rr * (1 + 0.03*math.Sin(2*math.Pi*0.25*t) + 0.015*math.Sin(2*math.Pi*0.1*t) + 0.006*h.rng.NormFloat64()), false
}

// beat adds the waves of one beat at its R wave. Amplitudes in mV and widths follow the paper's
// Table I, with the T wave moving by the square root of the interval as Bazett found.
func (h *Heart) beat(r, rr float64, rhythm Rhythm, wide bool) {
	stretch := math.Sqrt(min(max(rr, 0.3), 1.5))
	if wide { // no P wave, broad, with a T wave of the opposite direction
		h.waves = append(h.waves,
			wave{r - 0.02, 0.030, 1.5}, wave{r + 0.06, 0.026, -0.5}, wave{r + 0.28*stretch, 0.045, -0.25})
		return
	}
	if rhythm != AF {
		h.waves = append(h.waves, wave{r - 0.17*math.Sqrt(stretch), 0.024, 0.12})
	}
	h.waves = append(h.waves,
		wave{r - 0.030, 0.009, -0.11}, wave{r, 0.0105, 1.1}, wave{r + 0.030, 0.010, -0.24},
		wave{r + 0.27*stretch, 0.050 * stretch, 0.29})
}

// saturate lets the saturation follow the rhythm: it falls without circulation, and slowly at that.
func (h *Heart) saturate(r Rhythm) {
	target, seconds := h.patient.SpO2, 12.0
	switch {
	case !r.Beats():
		target, seconds = 60, 60
	case r == Desaturated:
		target, seconds = 82, 10
	case r == VT:
		target, seconds = 85, 40
	default:
	}
	h.spo2 += (target - h.spo2) / (seconds * h.hz)
}

// SpO2 is the saturation in percent.
func (h *Heart) SpO2() float64 { return h.spo2 }

// Rate is the heart rate per minute over the last beats, zero without beats.
func (h *Heart) Rate() float64 { return h.rate }

// Intervals are the intervals between beats in seconds since the last call.
func (h *Heart) Intervals() []float64 {
	rrs := h.rrs
	h.rrs = nil
	return rrs
}

// Rhythm is what the script says now.
func (h *Heart) Rhythm() Rhythm { return h.Step().Rhythm }
