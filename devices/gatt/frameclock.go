package gatt

import (
	"math"
	"time"

	"vigil/vitals"
)

// frameClock places the frames of one connection on the hub's time line. The strap's clock has the
// wrong date but an even beat; the hub's clock is right but sees each frame late by what the radio
// took. The least delay within a minute is the lower envelope of arrival against the strap's clock:
// it carries the even beat over to the hub's time.
//
// Frames that follow each other on the strap follow each other here, without gap or overlap of a
// sample. The zero frameClock is ready for the first frame.
type frameClock struct {
	began    bool
	rate     vitals.Rate
	origin   uint64    // strap's clock in ns of the first frame of this time line
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
	// maxOff is how far the time line may be off before it begins anew instead of being nudged, and how
	// far a frame may arrive before all others of the window, by the strap's clock: no radio is early.
	// One of the two clocks was set.
	maxOff = time.Second
	// maxLate is how far it may arrive behind them: a connection that is silent for longer is given up
	// (Bluetooth Core 5.4, Vol 4, Part E, 7.8.12: 32 s), so that the hub's clock was set.
	maxLate = 32 * time.Second
)

// place is a frame as a waveform on the hub's time line. clock is the strap's, in ns, of the LAST
// sample; samples are in microvolts.
func (c *frameClock) place(rate vitals.Rate, clock uint64, samples []int16, received time.Time) vitals.Waveform {
	n := len(samples)
	step := time.Duration(int64(clock - c.last))
	if !c.began || rate != c.rate || c.jumped(step, n, c.delayOf(clock, received)) {
		c.rate = rate
		c.restart(clock, received, n)
		step = rate.Span(n)
	}
	c.skip(c.lostSamples(step, n))
	first := c.estimate(c.delayOf(clock, received)).Add(-rate.Span(n - 1))
	if off := first.Sub(c.next); off.Abs() > maxOff {
		c.restart(clock, received, n)
	} else {
		c.next = c.next.Add(c.nudge(off))
	}
	start, index := c.next, c.index
	c.last = clock
	c.skip(uint64(n))
	return vitals.Waveform{
		Kind: vitals.ECG, Rate: rate, Scale: vitals.Int(1), Samples: samples,
		Start: start.Truncate(time.Microsecond), First: index,
	}
}

func (c *frameClock) skip(n uint64) {
	c.next, c.index = c.next.Add(c.rate.Span(int(n))), c.index+n
}

// jumped reports whether one of the two clocks was set between the last frame and this one of n: the
// strap's, when it shows less time than the samples took, or far more, or more than has passed; the
// hub's, when more or less has passed than a connection can hide.
func (c *frameClock) jumped(step time.Duration, n int, d delay) bool {
	off := d.late - c.envelope[0].late
	return step <= c.rate.Span(n)/2 || step > maxStep || off < -maxOff || off > maxLate
}

// restart begins a time line: at the first frame, and after the strap's clock or the radio was
// away. Samples are counted on by the hub's time, so that the gap shows.
func (c *frameClock) restart(clock uint64, received time.Time, n int) {
	first := received.Add(-c.rate.Span(n - 1))
	if c.began {
		c.index += c.samplesIn(max(0, first.Sub(c.next)))
	}
	c.began, c.origin, c.arrived, c.next = true, clock, received, first
	c.envelope = append(c.envelope[:0], delay{}) // the frame itself
}

// delayOf is how late a frame came.
func (c *frameClock) delayOf(clock uint64, received time.Time) delay {
	strap := time.Duration(int64(clock - c.origin))
	return delay{strap: strap, late: received.Sub(c.arrived) - strap}
}

// estimate is when the strap took the last sample of a frame, by the hub's clock.
func (c *frameClock) estimate(d delay) time.Time {
	for len(c.envelope) > 0 && c.envelope[len(c.envelope)-1].late >= d.late {
		c.envelope = c.envelope[:len(c.envelope)-1]
	}
	c.envelope = append(c.envelope, d)
	for c.envelope[0].strap < d.strap-envelopeWindow {
		c.envelope = c.envelope[1:]
	}
	return c.arrived.Add(d.strap + c.envelope[0].late)
}

// lostSamples is how many samples the strap took between the last frame and this one of n.
func (c *frameClock) lostSamples(step time.Duration, n int) uint64 {
	taken := c.samplesIn(step)
	if taken <= uint64(n)+1 { // its rate wavers by less than a sample a frame
		return 0
	}
	return taken - uint64(n)
}

func (c *frameClock) samplesIn(d time.Duration) uint64 {
	return uint64(math.Round(d.Seconds() * c.rate.Hz()))
}

// nudge follows the estimate by at most a quarter of a sample a frame: within half a minute for a
// delay of a tenth of a second, and too little to tear the signal.
func (c *frameClock) nudge(off time.Duration) time.Duration {
	quarter := c.rate.Span(1) / 4
	return min(max(off, -quarter), quarter)
}
