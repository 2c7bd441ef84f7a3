package ecg

import "math"

// internalHz is the rate at which everything behind the resampler works.
const internalHz = 250

// ms is a duration of so many milliseconds in ticks, samples at the internal rate, rounded.
func ms(milliseconds int64) int64 { return (milliseconds*internalHz + 500) / 1000 }

// resampler brings the input to the internal rate by linear interpolation. It keeps two samples,
// so the value of a tick is known with the first input sample at or behind it.
type resampler struct {
	step     float64 // input samples per tick
	inputs   int64   // input samples taken
	ticks    int64   // ticks given
	newest   float64 // place of the newest input sample: inputs - 1, as the next ticks are held against it
	due      float64 // where the next tick lies, in input samples
	previous sample
}

// newResampler expects so many input samples per tick.
func newResampler(step float64) resampler { return resampler{step: step, newest: -1} }

// sample is one value in microvolts, or a lost one.
type sample struct {
	microvolts int32
	missing    bool
}

// push takes the next input sample; next then gives the ticks that it completes.
func (r *resampler) push() {
	r.inputs++
	r.newest++
}

// ready reports whether the newest input sample completes a tick that was not given yet.
func (r *resampler) ready() bool { return r.due <= r.newest }

// next gives the next tick, which is ready. The result of a multiplication is rounded before it is
// used, so that a processor with fused multiply-add computes the same ticks as one without.
func (r *resampler) next(newest sample) sample {
	behind := r.newest - r.due // how far the tick lies before the newest input
	r.ticks++
	r.due = float64(float64(r.ticks) * r.step)
	if behind == 0 {
		return newest
	}
	if newest.missing || r.previous.missing {
		return sample{missing: true}
	}
	const one = 1 << 16
	back := int64(behind * one)
	move := int64(r.previous.microvolts) - int64(newest.microvolts)
	return sample{microvolts: int32(int64(newest.microvolts) + (move*back)>>16)}
}

// done remembers the newest input for the ticks that lie behind it.
func (r *resampler) done(newest sample) { r.previous = newest }

// inputIndex is the input sample nearest to a tick.
func (r *resampler) inputIndex(tick int64) int64 {
	return int64(math.Round(float64(tick) * r.step))
}
