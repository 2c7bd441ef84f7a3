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
)

// clock follows how far a device's timeline runs ahead of the server's. Newer samples are told from
// older ones by their time, so without it one sample from the future would silence all that follow
// until the server's clock has caught up.
type clock struct {
	ahead  time.Duration
	newest time.Time     // as sent
	stream vitals.Stream // of the newest delivery
	seq    uint64
}

// settle is the delivery's batch on the server's timeline. What is charted keeps the time it came with.
func (c *clock) settle(d vitals.Delivery) vitals.Batch {
	end := newestItem(d.Batch)
	if end.IsZero() {
		return d.Batch
	}
	again := d.Seq > 0 && d.Stream == c.stream && d.Seq <= c.seq // says nothing about the clock as it is now
	if !again {
		c.stream, c.seq = d.Stream, d.Seq
		c.follow(end, d.Received)
	}
	if end.Sub(d.Received) > c.ahead+aheadSlack {
		return vitals.Batch{Device: d.Batch.Device} // sent again from before the clock was set back
	}
	return earlier(d.Batch, c.ahead)
}

// follow takes in the time of the newest sample of a new delivery.
func (c *clock) follow(end, received time.Time) {
	lead := end.Sub(received)
	switch {
	case lead > c.ahead+aheadSlack:
		c.ahead = lead
	case c.ahead > 0 && lead < c.ahead-stepBack && end.Before(c.newest):
		c.ahead, c.newest = max(0, lead), end
	}
	c.newest = later(c.newest, end)
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
