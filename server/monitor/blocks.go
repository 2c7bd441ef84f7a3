package monitor

import (
	"fmt"
	"time"

	"vigil/vitals"
	"vigil/vitals/codec"
)

// channel is one kind of one device of one patient.
type channel struct {
	patient vitals.PatientID
	device  vitals.DeviceID
	kind    vitals.Kind
}

// length is how much time one block of the channel covers.
func (c channel) length() time.Duration {
	if c.kind.Info().Shape == vitals.Sampled {
		return vitals.WaveBlock
	}
	return vitals.SeriesBlock
}

// slot is the place of one block.
type slot struct {
	channel
	start int64 // microseconds since 1970, because time.Time is no good as a key
}

func slotAt(c channel, t time.Time) slot {
	return slot{c, t.Truncate(c.length()).UnixMicro()}
}

func (s slot) time() time.Time { return time.UnixMicro(s.start).UTC() }

// item is what goes into a block: a point of a series or a piece of a waveform, as the kind has it.
type item struct {
	Point codec.Point
	Wave  vitals.Waveform
}

// content is the inside of a block that can be added to.
type content struct {
	series *codec.Series
	wave   *codec.Wave
}

func emptyContent(k vitals.Kind) content {
	if k.Info().Shape == vitals.Sampled {
		return content{wave: &codec.Wave{}}
	}
	return content{series: &codec.Series{}}
}

func openContent(b vitals.Block) (c content, err error) {
	if b.Kind.Info().Shape == vitals.Sampled {
		c.wave, err = codec.OpenWave(b)
	} else {
		c.series, err = codec.OpenSeries(b)
	}
	if err != nil {
		return content{}, fmt.Errorf("continue a stored block: %w", err)
	}
	return c, nil
}

func (c content) empty() bool { return c.series == nil && c.wave == nil }

func (c content) add(i item) error {
	if c.wave != nil {
		return c.wave.Add(i.Wave)
	}
	return c.series.Add(i.Point)
}

func (c content) block(s slot) vitals.Block {
	if c.wave != nil {
		return c.wave.Block(s.patient, s.device, s.kind, s.time())
	}
	return c.series.Block(s.patient, s.device, s.kind, s.time())
}

// openBlock is a block in memory. One that may be stored already, and was not read, is only a list
// of what is to be added: the writer reads the row and adds it, because the partition must not wait
// for the database.
type openBlock struct {
	content
	dirty bool
	late  []item
	taken int // how many of late are in the checkpoint under way
}

// ledger is the partition's blocks that are not, or not completely, stored.
//
// It knows for each channel the newest block that exists, stored or in memory: a newer one is new
// and needs no look at the database. A channel that it does not know has no block at floor or later.
type ledger struct {
	floor  time.Time
	blocks map[slot]*openBlock
	newest map[channel]int64
}

// openLedger continues the stored blocks, which are all that start at floor or later. One that does
// not open is left to the writer.
func openLedger(floor time.Time, stored []vitals.Block) *ledger {
	l := &ledger{floor: floor, blocks: map[slot]*openBlock{}, newest: map[channel]int64{}}
	for _, b := range stored {
		s := slotAt(channel{b.Patient, b.Device, b.Kind}, b.Start)
		if c, err := openContent(b); err == nil {
			l.blocks[s] = &openBlock{content: c}
		}
		l.newest[s.channel] = max(l.newest[s.channel], s.start)
	}
	return l
}

// add puts the item into its block.
func (l *ledger) add(s slot, i item) error {
	b := l.blocks[s]
	if b == nil {
		b = &openBlock{}
		if l.isNew(s) {
			b.content = emptyContent(s.kind)
			l.newest[s.channel] = s.start
		}
		l.blocks[s] = b
	}
	b.dirty = true
	if b.empty() {
		b.late = append(b.late, i)
		return nil
	}
	if err := b.add(i); err != nil {
		return fmt.Errorf("add to the %s block of %s: %w", s.kind, s.time().Format(time.RFC3339), err)
	}
	return nil
}

func (l *ledger) isNew(s slot) bool {
	if newest, known := l.newest[s.channel]; known {
		return s.start > newest
	}
	return !s.time().Before(l.floor)
}

// lateBlock is what is to be added to a block that may be stored.
type lateBlock struct {
	slot
	items []item
}

// cut takes what has changed since the cut before.
func (l *ledger) cut() (blocks []vitals.Block, late []lateBlock) {
	for s, b := range l.blocks {
		if !b.dirty {
			continue
		}
		b.dirty = false
		if b.empty() {
			b.taken = len(b.late)
			late = append(late, lateBlock{s, b.late[:b.taken:b.taken]})
		} else {
			blocks = append(blocks, b.block(s))
		}
	}
	return blocks, late
}

// settle notes that what was cut is stored.
func (l *ledger) settle() {
	for _, b := range l.blocks {
		b.late, b.taken = b.late[b.taken:], 0
	}
}

// sweep forgets what is stored and not likely to be added to. Nothing may be on its way to disk.
func (l *ledger) sweep(now time.Time) {
	for s, b := range l.blocks {
		passed := s.start < l.newest[s.channel] || now.Sub(s.time()) > 2*s.length()
		if !b.dirty && (b.empty() || passed) {
			delete(l.blocks, s)
		}
	}
}

// merge adds the items to the stored block, if there is one. What is left out is returned with the
// reason.
func (l lateBlock) merge(stored vitals.Block, found bool) (b vitals.Block, left []item, reason error) {
	c := emptyContent(l.kind)
	if found {
		opened, err := openContent(stored)
		if err != nil {
			reason = err // nobody can read what is there; what is new must not be lost with it
		} else {
			c = opened
		}
	}
	for _, i := range l.items {
		if err := c.add(i); err != nil {
			left, reason = append(left, i), err
		}
	}
	return c.block(l.slot), left, reason
}
