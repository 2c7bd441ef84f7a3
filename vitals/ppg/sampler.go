package ppg

import "math"

// internalHz is the rate at which everything behind the sampler works, that of Zong 2003.
const internalHz = 125

// ticks is a duration of so many milliseconds in samples at the internal rate.
func ticks(milliseconds int64) int64 { return milliseconds * internalHz / 1000 }

// inputLimit bounds the samples, so that sums of them fit into 32 bits. It is more than any
// converter of an oximeter gives (they have 22 bits at most, and waves are sent with 8 to 16).
const inputLimit = 1 << 20

// unitsPerStep is how finely the wave is kept, in parts of a step of the input: an oximeter at its
// coarsest gives a pulse a dozen steps.
const unitsPerStep = 16

// bridged is how many ticks may be lost without the wave being shifted behind them: within 48 ms it does not
// move far enough to look like a pulse.
const bridged = 6

// sampler brings the input to the internal rate by linear interpolation, and bridges what is lost.
type sampler struct {
	step     float64 // input samples per tick
	inputs   int64   // input samples taken
	ticks    int64   // ticks given
	previous int32   // input sample
	lost     bool    // it was

	held   int32 // the last value given, in units
	offset int32 // that lets the wave go on without a step behind a loss
	run    int64 // ticks lost in a row
}

// next gives the next tick up to the newest input sample, if there is one. The result of a
// multiplication is rounded before it is used, so that a processor with fused multiply-add
// computes the same ticks as one without.
func (s *sampler) next(newest int32, missing bool) (value int32, lost, ok bool) {
	position := float64(float64(s.ticks) * s.step)
	behind := float64(s.inputs-1) - position // how far the tick lies before the newest input
	if behind < 0 {
		return 0, false, false
	}
	s.ticks++
	if missing || behind > 0 && s.lost {
		s.run++
		return s.held, true, true
	}
	back := int64(behind * unitsPerStep)
	value = int32(int64(newest)*unitsPerStep + (int64(s.previous)-int64(newest))*back)
	if s.run > bridged {
		s.offset = s.held - value
	}
	s.run = 0
	s.offset -= s.offset / 1024 // fades within seconds, too slowly to look like a rise
	s.held = value + s.offset
	return s.held, false, true
}

// done remembers the newest input for the ticks that lie behind it.
func (s *sampler) done(newest int32, missing bool) { s.previous, s.lost = newest, missing }

// inputIndex is the input sample nearest to a tick.
func (s *sampler) inputIndex(tick int64) int64 {
	return max(0, int64(math.Round(float64(tick)*s.step)))
}
