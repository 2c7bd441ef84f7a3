package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
)

const (
	// aheadSlack is how far in the future a sample may lie without anybody minding: clocks that are
	// kept by NTP differ by less, and a chunk may be timed by its end.
	aheadSlack = 2 * time.Second
	// stepBack is how far samples must fall behind, all at once, for the clock to have been set back.
	// Less is the difference between two kinds of one device, of which one is averaged for longer.
	stepBack = 10 * time.Second
	// setBackAfter is for how long, by the server's clock, a timeline must go on behind the one before to be one
	// that was set back; Vigil's own. What a device had kept comes at once, or with new values between.
	setBackAfter = 3 * time.Second
)

// clock follows how far a device's timeline runs ahead of the server's, or, once it was set back, behind it. Newer
// samples are told from older ones by their time, so without it one sample from the future, or a clock that is set
// back, would silence all that follow until that clock has caught up.
type clock struct {
	ahead  time.Duration
	newest instant       // as sent
	stream vitals.Stream // of the newest delivery
	seq    uint64
	doubt  *doubt // nil: there is none
}

// doubt is a timeline that goes on behind the one that is known: the clock was set back, or the device tells of
// what it had kept.
type doubt struct {
	since instant // server time
	ahead time.Duration
}

// settle is the delivery's batch on the server's timeline. What is charted keeps the time it came with. A delivery
// continues what came before where its samples are the next by their number.
func (c *clock) settle(d vitals.Delivery, continues bool) vitals.Batch {
	end := newestItem(d.Batch)
	if end.IsZero() {
		return d.Batch
	}
	counted := d.Seq > 0 && d.Stream == c.stream
	if !c.repeats(d) {
		before := c.newest.Time()
		c.stream, c.seq = d.Stream, d.Seq
		c.follow(d, end, continues)
		if counted && end.Before(before.Add(-aheadSlack)) {
			return callsNow(earlier(d.Batch, c.ahead), d.Received)
		}
	}
	if end.Sub(d.Received) > c.ahead+aheadSlack {
		return vitals.Batch{Device: d.Batch.Device} // sent again from before the clock was set back
	}
	return earlier(d.Batch, c.ahead)
}

// callsNow is the batch with its calls for help at the time of their receipt: by its number the delivery comes behind
// one that says a later time. Who calls after the clock was set back is not to be taken for somebody who was answered.
func callsNow(b vitals.Batch, received time.Time) vitals.Batch {
	b.Events = slices.Clone(b.Events)
	for i := range b.Events {
		if b.Events[i].Code.Call() {
			b.Events[i].Time = received
		}
	}
	return b
}

// repeats reports whether the delivery was taken in before: it says nothing about the clock as it is now.
func (c *clock) repeats(d vitals.Delivery) bool {
	return d.Seq > 0 && d.Stream == c.stream && d.Seq <= c.seq
}

// follow takes in the time of the newest sample of a new delivery.
func (c *clock) follow(d vitals.Delivery, end time.Time, continues bool) {
	lead := end.Sub(d.Received)
	switch {
	case lead > c.ahead+aheadSlack:
		c.ahead, c.doubt = lead, nil
	case lead >= c.ahead-stepBack || !end.Before(c.newest.Time()):
		c.doubt = nil
	case lead > -stepBack: // right again, as far as delays let us tell
		c.setBack(max(0, lead), end)
	case continues || c.goesOn(d, lead):
		c.setBack(lead, end)
	}
	c.newest = max(c.newest, instantOf(end))
}

func (c *clock) setBack(ahead time.Duration, end time.Time) {
	c.ahead, c.newest, c.doubt = ahead, instantOf(end), nil
}

// goesOn reports whether a timeline behind the known one has gone on for long enough to be the one that counts: as
// fast as the server's clock, of what is streamed, as single values are measured when they are, and not so far
// behind that it would be late whatever the clock says: of such a device the data are missed.
func (c *clock) goesOn(d vitals.Delivery, lead time.Duration) bool {
	if lead < -lateAfter || newestValue(d.Batch, streamed).IsZero() {
		return false
	}
	if c.doubt == nil || lead > c.doubt.ahead+aheadSlack || lead < c.doubt.ahead-stepBack {
		c.doubt = &doubt{since: instantOf(d.Received), ahead: lead}
	}
	return d.Received.Sub(c.doubt.since.Time()) >= setBackAfter
}

// newestItem is the time of the newest value or event, zero where there is none.
func newestItem(b vitals.Batch) time.Time {
	newest := newestValue(b, anything)
	for i := range b.Events {
		newest = later(newest, b.Events[i].Time)
	}
	return newest
}

// earlier is the batch with all its times moved.
func earlier(b vitals.Batch, by time.Duration) vitals.Batch {
	if by == 0 {
		return b
	}
	b.Readings, b.Waveforms, b.Events = slices.Clone(b.Readings), slices.Clone(b.Waveforms), slices.Clone(b.Events)
	for i := range b.Readings {
		b.Readings[i].Time = b.Readings[i].Time.Add(-by)
	}
	for i := range b.Waveforms {
		b.Waveforms[i].Start = b.Waveforms[i].Start.Add(-by)
	}
	for i := range b.Events {
		b.Events[i].Time = b.Events[i].Time.Add(-by)
	}
	return b
}
