package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
	"vigil/vitals/codec"
)

// freshFor is how old a sample may be to be shown as it comes in.
const freshFor = 30 * time.Second

// checkpoint is all that a partition has in memory, and what it rests on. It is written as one.
type checkpoint struct {
	journal  string
	seq      uint64
	blocks   []vitals.Block
	late     []lateBlock // become blocks when the writer has read what they are to be added to
	progress progress
	bytes    int64
}

// checkpoint hands the writer everything that has happened up to here. One at a time is under way.
func (p *partition) checkpoint(now time.Time) {
	if p.inFlight != nil {
		return
	}
	p.due = now.Add(checkpointEvery)
	p.gather(now)
	p.m.writer.add(&job{owner: p, dropped: p.brief.take(briefEvery, now)})
	if p.seq == p.stored || p.idle(now) {
		p.ledger.sweep(now)
		return
	}
	c := &checkpoint{journal: *p.journal.Load(), seq: p.seq, progress: p.progress, bytes: p.bytes}
	c.blocks, c.late = p.ledger.cut()
	p.inFlight, p.progress, p.bytes = c, progress{}, 0
	p.m.writer.add(&job{owner: p, checkpoint: c, settle: func(stored bool) {
		if stored {
			p.notice(p.settled)
		}
	}})
}

// settle forgets what the checkpoint has brought to disk.
func (p *partition) settle(now time.Time) {
	p.stored, p.advance = p.inFlight.seq, now.Add(advanceEvery)
	p.m.counts.backlog.Add(-p.inFlight.bytes)
	p.inFlight = nil
	p.ledger.settle()
	p.ledger.sweep(now)
	p.hasten(now)
}

// hasten answers those who wait until something is stored that is, and stores at once what others wait
// for. Those who come while a checkpoint is under way wait together for the next, so however many there
// are, no more is written than the disk takes.
func (p *partition) hasten(now time.Time) {
	due := false
	p.awaited = slices.DeleteFunc(p.awaited, func(c command) bool {
		switch at := c.Settle; {
		case now.After(c.until):
		case at.Journal != *p.journal.Load():
			c.reply <- answer{Away: true} // what was there may be gone
		case at.Seq <= p.stored:
			c.reply <- answer{}
		default:
			due = due || at.Seq <= p.seq
			return false
		}
		return true
	})
	if due {
		p.checkpoint(now)
	}
}

// close stores what there is, for a partition that retires. What does not get to disk in time is in
// the journal.
func (p *partition) close(ctx context.Context) {
	timer := time.NewTimer(checkpointWait)
	defer timer.Stop()
	p.useful = p.seq // the position has no time any more
	counted := p.closeBriefs(time.Now())
	for p.inFlight != nil || p.seq != p.stored {
		p.checkpoint(time.Now())
		select {
		case <-p.settled:
			p.settle(time.Now())
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
	select {
	case <-counted:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// chart puts the delivery's values, and those derived from it, where they are stored: single values
// into the job, the others into blocks. It goes on after an error and returns the last.
func (p *partition) chart(d vitals.Delivery, derived []vitals.Charted, j *job) (failed error) {
	defer func() { // the codec is tested against anything, but a node must not fall over one patient
		if said := recover(); said != nil {
			failed = fmt.Errorf("%w: %v", errEngine, said)
		}
	}()
	for _, r := range d.Batch.Readings {
		c := vitals.Charted{Patient: d.Patient, Device: d.Batch.Device, Reading: r}
		if err := p.chartReading(c, j); err != nil {
			failed = err
		}
	}
	for _, c := range derived {
		if err := p.chartReading(c, j); err != nil {
			failed = err
		}
	}
	for _, w := range d.Batch.Waveforms {
		if err := p.chartWave(channel{d.Patient, d.Batch.Device, w.Kind}, w); err != nil {
			failed = err
		}
	}
	return failed
}

func (p *partition) chartReading(c vitals.Charted, j *job) error {
	switch c.Kind.Info().Shape {
	case vitals.Spot:
		j.readings = append(j.readings, c)
		return nil
	case vitals.Sampled:
		return fmt.Errorf("chart a reading of %s: %w", c.Kind, errShape)
	default:
		if c.Absent != vitals.Present { // in a series, what is absent is absent
			return nil
		}
		return p.ledger.add(slotAt(channel{c.Patient, c.Device, c.Kind}, c.Time),
			item{Point: codec.Point{Time: c.Time, Value: c.Value, Quality: c.Quality}})
	}
}

func (p *partition) chartWave(c channel, w vitals.Waveform) (failed error) {
	if w.Kind.Info().Shape != vitals.Sampled {
		return fmt.Errorf("chart a waveform of %s: %w", w.Kind, errShape)
	}
	for _, part := range codec.SplitWave(w) {
		if err := p.ledger.add(slotAt(c, part.Start), item{Wave: part}); err != nil {
			failed = err
		}
	}
	return failed
}

// errShape says that a value came in a form that its kind does not have.
var errShape = errors.New("kind has another shape")

// show gives the feed what is fresh. Single values are shown whenever they come: a pressure taken
// an hour ago may be the newest there is. What comes from a clock that is ahead is shown as of now,
// because a screen draws nothing before its time and keeps what is newest.
func (p *partition) draw(d vitals.Delivery, derived []vitals.Charted, now time.Time) {
	for _, r := range d.Batch.Readings {
		if r.Kind.Info().Shape == vitals.Spot || now.Sub(r.Time) <= freshFor {
			r.Time = earlier(r.Time, now)
			p.m.cfg.Feed.PublishReading(vitals.Charted{Patient: d.Patient, Device: d.Batch.Device, Reading: r})
		}
	}
	for _, c := range derived {
		if now.Sub(c.Time) <= freshFor {
			c.Time = earlier(c.Time, now)
			p.m.cfg.Feed.PublishReading(c)
		}
	}
	for _, w := range d.Batch.Waveforms {
		if end := w.End(); now.Sub(end) <= freshFor {
			w.Start = w.Start.Add(earlier(end, now).Sub(end))
			p.m.cfg.Feed.PublishWave(d.Patient, d.Batch.Device, w)
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b.UTC()
	}
	return a
}

// weight is about what a delivery takes in memory until it is stored.
func weight(d vitals.Delivery) int64 {
	const each, reading = 128, 64
	bytes := int64(each + reading*len(d.Batch.Readings))
	for _, w := range d.Batch.Waveforms {
		bytes += int64(each + 2*len(w.Samples))
	}
	return bytes
}

// refusal keeps a delivery for people to look at. It is dealt with otherwise, so the sender's
// position does not depend on it.
func refusal(d vitals.Delivery, reason string) vitals.Refusal {
	payload, err := json.Marshal(d)
	if err != nil {
		payload = nil
	}
	return vitals.Refusal{Stream: d.Stream, Seq: d.Seq, Received: d.Received, Reason: reason, Payload: payload}
}

// progress is which messages of which streams have had their effects.
type progress map[vitals.Stream][]vitals.Span

// add notes a message. Messages come nearly always one after the other, or newest first after an
// outage. What has no stream has no sender who waits to hear.
func (s progress) add(stream vitals.Stream, seq uint64) {
	if stream.Hub == "" || seq == 0 {
		return
	}
	spans := s[stream]
	if n := len(spans) - 1; n >= 0 && spans[n].First <= seq+1 && seq <= spans[n].Last+1 {
		spans[n].First, spans[n].Last = min(spans[n].First, seq), max(spans[n].Last, seq)
		return
	}
	s[stream] = append(spans, vitals.Span{First: seq, Last: seq})
}
