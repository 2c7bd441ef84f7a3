package gatt

import (
	"math"
	"time"

	"vigil/vitals"
)

// PMDClock places the frames of one connection on the hub's time line. The strap's clock has the
// wrong date but an even beat; the hub's clock is right but sees each frame late by what the radio
// took. The least delay within a minute is the lower envelope of arrival against the strap's clock:
// it carries the even beat over to the hub's time.
//
// Frames that follow each other on the strap follow each other here, without gap or overlap of a
// sample. The zero PMDClock is ready for the first frame.
type PMDClock struct {
	began    bool
	origin   uint64    // strap's clock of the first frame of this time line
	arrived  time.Time // of the first frame
	last     uint64    // strap's clock of the last frame
	next     time.Time // expected time of the next sample
	index    uint64    // of the next sample
	envelope []delay   // ascending in both: the front is the least delay of the window
}

// delay is how much later than the first frame's a frame's arrival was, compared with the strap.
type delay struct{ strap, late time.Duration }

const (
	// envelopeWindow is short enough for crystals that drift apart, and long enough to hold a frame
	// that came without delay.
	envelopeWindow = time.Minute
	// maxStep is the longest silence of a connection that keeps its time line; the strap's clock
	// restarts in 2019 within a minute off the skin.
	maxStep = time.Minute
	// maxOff is how far the time line may be off before it begins anew instead of being nudged:
	// the hub's own clock was set.
	maxOff = time.Second
)

// Place is the frame as a waveform on the hub's time line.
func (c *PMDClock) Place(f PMDFrame, received time.Time) vitals.Waveform {
	samples, _ := f.samples()
	n := len(samples)
	step := time.Duration(int64(f.Clock - c.last))
	if !c.began || step <= 0 || step > maxStep {
		c.restart(f.Clock, received, n)
		step = PMDRate.Span(n)
	}
	lost := lostSamples(step, n)
	c.skip(lost)
	first := c.estimate(f.Clock, received).Add(-PMDRate.Span(n - 1))
	if off := first.Sub(c.next); off.Abs() > maxOff {
		c.restart(f.Clock, received, n)
	} else {
		c.next = c.next.Add(nudge(off))
	}
	start, index := c.next, c.index
	c.last = f.Clock
	c.skip(uint64(n))
	return vitals.Waveform{
		Kind: vitals.ECG, Rate: PMDRate, Scale: vitals.Int(1), Samples: samples,
		Start: start.Truncate(time.Microsecond), First: index,
	}
}

func (c *PMDClock) skip(n uint64) {
	c.next, c.index = c.next.Add(PMDRate.Span(int(n))), c.index+n
}

// restart begins a time line: at the first frame, and after the strap's clock or the radio was
// away. Samples are counted on by the hub's time, so that the gap shows.
func (c *PMDClock) restart(clock uint64, received time.Time, n int) {
	first := received.Add(-PMDRate.Span(n - 1))
	if c.began {
		c.index += samplesIn(max(0, first.Sub(c.next)))
	}
	c.began, c.origin, c.arrived, c.next = true, clock, received, first
	c.envelope = c.envelope[:0]
}

// estimate is when the strap's clock stood at clock, by the hub's.
func (c *PMDClock) estimate(clock uint64, received time.Time) time.Time {
	strap := time.Duration(int64(clock - c.origin))
	d := delay{strap: strap, late: received.Sub(c.arrived) - strap}
	for len(c.envelope) > 0 && c.envelope[len(c.envelope)-1].late >= d.late {
		c.envelope = c.envelope[:len(c.envelope)-1]
	}
	c.envelope = append(c.envelope, d)
	for c.envelope[0].strap < strap-envelopeWindow {
		c.envelope = c.envelope[1:]
	}
	return c.arrived.Add(strap + c.envelope[0].late)
}

// lostSamples is how many samples the strap took between the last frame and this one of n.
func lostSamples(step time.Duration, n int) uint64 {
	taken := samplesIn(step)
	if taken <= uint64(n)+1 { // its rate wavers by less than a sample a frame
		return 0
	}
	return taken - uint64(n)
}

func samplesIn(d time.Duration) uint64 { return uint64(math.Round(d.Seconds() * PMDRate.Hz())) }

// nudge follows the estimate by at most a quarter of a sample a frame: within half a minute for a
// delay of a tenth of a second, and too little to tear the signal.
func nudge(off time.Duration) time.Duration {
	quarter := PMDRate.Span(1) / 4
	return min(max(off, -quarter), quarter)
}
