package spool

import (
	"time"

	"github.com/samber/lo"

	"vigil/devices/uplink"
)

// segmentSize bounds a segment, so that the limit holds some of them.
func (s *Spool) segmentSize() int64 { return min(s.segment, s.limit/limitParts) }

// makeRoom sees to it that so many bytes can be written within the limit.
func (s *Spool) makeRoom(need int64, now time.Time) error {
	g := s.active()
	if g.size > 0 && g.size+need > s.segmentSize() && g.lives()+g.dead > 0 {
		if err := s.roll(now); err != nil {
			return err
		}
	}
	for s.size+need > s.limit {
		gone, err := s.giveUp(now)
		if err != nil {
			return err
		}
		if !gone {
			return ErrFull
		}
	}
	return nil
}

// giveUp lets the next thing go that may: what is stored, then the oldest waveforms, then the
// oldest observations. It says whether there was any.
func (s *Spool) giveUp(now time.Time) (bool, error) {
	sealed := s.segments[:len(s.segments)-1]
	if g, found := lo.Find(sealed, func(g *segment) bool { return g.lives() == 0 }); found {
		return true, s.remove(g)
	}
	if g, found := lo.Find(sealed, func(g *segment) bool { return g.dead > 0 }); found {
		return true, s.squeeze(g, "")
	}
	for _, c := range []uplink.Channel{uplink.Waves, uplink.Observations} {
		if g, found := lo.Find(sealed, func(g *segment) bool { return g.live[c] > 0 }); found {
			return true, s.squeeze(g, c)
		}
	}
	if g := s.active(); g.dead+g.live[uplink.Waves]+g.live[uplink.Observations] > 0 {
		return true, s.roll(now)
	}
	return false, nil
}

// squeeze writes a segment anew without what is dealt with, and with a report of the gap in the
// place of each message of the channel.
func (s *Spool) squeeze(g *segment, given uplink.Channel) error {
	if err := s.unshelveSegment(g); err != nil {
		return err
	}
	content, err := s.content(g)
	if err != nil {
		return err
	}
	var kept []byte
	var moves []move
	if _, _, err := walk(content, func(r record, offset, _ int64) error {
		st := s.streams[r.stream]
		e := s.liveAt(g, st, r, offset)
		if e == nil {
			return nil
		}
		if r.channel == given {
			var err error
			if r, err = s.gapFor(r, st); err != nil {
				return err
			}
		}
		begin := int64(len(kept))
		kept = r.append(kept)
		moves = append(moves, move{entry: e, offset: begin, size: int64(len(kept)) - begin, channel: r.channel})
		return nil
	}); err != nil {
		return err
	}
	if len(moves) != g.lives() {
		if kept, moves, err = s.addLost(g, kept, moves); err != nil {
			return err
		}
	}
	if err := s.replace(g, kept); err != nil {
		return err
	}
	g.dead = 0
	for _, m := range moves {
		s.stats.Replaced += lo.Ternary[uint64](m.channel != m.entry.channel, 1, 0)
		g.live[m.entry.channel]--
		g.live[m.channel]++
		s.unstored += m.size - m.entry.size
		m.entry.offset, m.entry.size, m.entry.channel = m.offset, m.size, m.channel
	}
	return nil
}

// addLost reports the gaps of entries whose records were damaged on the disk since they were entered.
func (s *Spool) addLost(g *segment, kept []byte, moves []move) ([]byte, []move, error) {
	found := lo.Keyify(lo.Map(moves, func(m move, _ int) *entry { return m.entry }))
	for _, st := range s.streams {
		for _, e := range st.entries {
			if _, ok := found[e]; ok || e.seg != g {
				continue
			}
			r, err := s.lost(e)
			if err != nil {
				return nil, nil, err
			}
			begin := int64(len(kept))
			kept = r.append(kept)
			moves = append(moves, move{entry: e, offset: begin, size: int64(len(kept)) - begin, channel: r.channel})
		}
	}
	s.stats.Damaged = true
	return kept, moves, nil
}

// move is where an entry's record is after its segment was written anew.
type move struct {
	entry        *entry
	offset, size int64
	channel      uplink.Channel
}

func (s *Spool) liveAt(g *segment, st *stream, r record, offset int64) *entry {
	if r.kind != message || st == nil {
		return nil
	}
	at, found := st.find(r.seq)
	if !found || st.entries[at].seg != g || st.entries[at].offset != offset {
		return nil
	}
	return st.entries[at]
}

func (s *Spool) gapFor(r record, st *stream) (record, error) {
	m, err := uplink.Decode(r.payload)
	if err != nil {
		m = uplink.Message{Stream: st.epoch, Seq: r.seq, HubTime: r.at, Boot: s.boot}
	}
	return gapIn(m, st, "the hub's spool was full")
}

// prune deletes segments whose messages are all stored for long enough.
func (s *Spool) prune(now time.Time) error {
	if g := s.active(); g.lives()+g.dead > 0 && now.Sub(g.began) >= sealAfter {
		if err := s.roll(now); err != nil {
			return err
		}
	}
	for _, g := range append([]*segment(nil), s.segments[:len(s.segments)-1]...) {
		if g.lives() > 0 || now.Sub(g.storedAt) < s.retain {
			continue
		}
		if err := s.remove(g); err != nil {
			return err
		}
	}
	for k, st := range s.streams {
		if s.current[k.device] != st && s.kept(st) == 0 && now.Sub(st.storedAt) >= s.retain {
			delete(s.streams, k) // counted anew long ago
		}
	}
	return nil
}
