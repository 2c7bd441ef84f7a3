package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// load reads all segments. Bytes behind the last sound record of the youngest are what a power cut
// left of a write that was never sent.
func (s *Spool) load(now time.Time) error {
	ids, err := s.segmentIDs()
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := s.loadSegment(id, i == len(ids)-1, now); err != nil {
			return err
		}
	}
	for _, st := range s.streams {
		st.opened = st.last
	}
	if s.stats.Damaged {
		// Nobody knows which numbers stood in what was lost, and a disk that lies may have lost some
		// that were sent: what is made from now on is counted anew.
		for d := range s.current {
			if _, err := s.begin(d); err != nil {
				return err
			}
		}
	}
	if err := s.roll(now); err != nil {
		return err
	}
	if err := s.fillHoles(now); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.fresh = nil
	for _, st := range s.streams {
		st.refused = nil
	}
	s.rewind(now)
	return nil
}

func (s *Spool) loadSegment(id uint64, youngest bool, now time.Time) error {
	content, err := s.content(&segment{id: id})
	if err != nil {
		return err
	}
	g := &segment{id: id, size: int64(len(content)), live: map[uplink.Channel]int{}}
	s.segments = append(s.segments, g)
	s.size += g.size
	s.tidy(now)
	sound, whole, err := walk(content, func(r record, offset, size int64) error {
		if g.began.IsZero() {
			g.began = r.at
		}
		s.replay(g, r, offset, size)
		return nil
	})
	if err != nil {
		return err
	}
	torn := sound < g.size
	s.stats.Damaged = s.stats.Damaged || torn || !whole
	if !youngest {
		return nil
	}
	s.size -= g.size - sound
	g.size = sound
	return s.settle(id, sound)
}

// settle cuts off an unfinished record and makes the rest durable: it may have been written by a
// program that was killed before it could.
func (s *Spool) settle(id uint64, size int64) error {
	file, err := os.OpenFile(s.path(id), os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the youngest segment: %w", err)
	}
	err = file.Truncate(size)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("settle the youngest segment: %w", err)
	}
	return nil
}

func (s *Spool) replay(g *segment, r record, offset, size int64) {
	s.remember(r)
	if r.kind == marked || r.kind == settled {
		return
	}
	st := s.streamOf(r.stream)
	st.last = max(st.last, r.seq)
	switch r.kind {
	case message:
		e := &entry{
			stream: st, seg: g, offset: offset, size: size, seq: r.seq, made: r.at, channel: r.channel, durable: true,
		}
		s.enter(e)
		if at, _ := st.find(r.seq); r.seq <= st.upto { // written anew, stored since
			st.entries = append(st.entries[:at], st.entries[at+1:]...)
			s.finish(e, st.storedAt)
		}
	case stored:
		s.forget(st, r.seq, r.at)
	case refused:
		s.refuse(st, r.seq, r.at)
		if st.refused == nil {
			st.refused = map[uint64]bool{}
		}
		st.refused[r.seq] = true
	default:
	}
}

// fillHoles puts a report of the gap in the place of each message that is neither kept nor dealt
// with: a hole in the row of numbers would hold up the server's acks for ever.
func (s *Spool) fillHoles(now time.Time) error {
	if !s.stats.Damaged {
		return nil
	}
	for _, st := range s.inOrder() {
		made, above := now, st.last+1
		for _, kept := range slices.Backward(s.coveredOf(st)) {
			if err := s.fillHoleOf(st, vitals.Span{First: max(kept.Last, st.upto) + 1, Last: above - 1}, made, now); err != nil {
				return err
			}
			made, above = kept.made, kept.First
		}
		if err := s.fillHoleOf(st, vitals.Span{First: st.upto + 1, Last: above - 1}, made, now); err != nil {
			return err
		}
	}
	return nil
}

// fillHoleOf reports the gap of each message of a row that was not refused.
func (s *Spool) fillHoleOf(st *stream, hole vitals.Span, made, now time.Time) error {
	for seq := hole.Last; seq >= hole.First; seq-- {
		if st.refused[seq] {
			continue
		}
		if err := s.fillHole(st, seq, made, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) fillHole(st *stream, seq uint64, made, now time.Time) error {
	m := uplink.Message{Stream: st.epoch, Seq: seq, HubTime: made, Boot: s.boot}
	r, err := gapIn(m, st, "the hub's disk was damaged")
	if err != nil {
		return err
	}
	if err := s.keep(st, r, now); err != nil {
		return fmt.Errorf("report a gap in the spool: %w", err)
	}
	s.fresh[len(s.fresh)-1].durable = true
	s.stats.Replaced++
	return nil
}

// gapIn is a record in the place of message m that reports its loss.
func gapIn(m uplink.Message, st *stream, why string) (record, error) {
	m.Batch = vitals.Batch{Device: st.device, Events: []vitals.Event{{Code: vitals.DataGap, Time: m.HubTime, Detail: why}}}
	payload, err := m.Encode()
	if err != nil {
		return record{}, fmt.Errorf("report a gap in the spool: %w", err)
	}
	return record{
		kind: message, channel: uplink.Events, stream: st.key, seq: m.Seq, at: m.HubTime, payload: payload,
	}, nil
}

// errDamaged is returned for a record that was sound when it was entered.
var errDamaged = errors.New("record is damaged")

// read fetches an entry's record from the disk.
func (s *Spool) read(e *entry) (record, error) {
	file := s.file
	if e.seg != s.active() {
		var err error
		if file, err = s.reading.open(s.path(e.seg.id), e.seg.id); err != nil {
			return record{}, err
		}
	}
	b := make([]byte, e.size)
	if _, err := file.ReadAt(b, e.offset); errors.Is(err, io.EOF) {
		return record{}, errDamaged
	} else if err != nil {
		return record{}, fmt.Errorf("read message: %w", err)
	}
	r, _, ok := parseRecord(b)
	if !ok || r.seq != e.seq || r.stream != e.stream.key {
		return record{}, errDamaged
	}
	return r, nil
}
