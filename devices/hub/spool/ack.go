package spool

import (
	"fmt"
	"os"
	"slices"
	"time"

	"vigil/devices/uplink"
)

// Ack forgets what the server has stored, in memory: on disk it is kept for some time.
func (s *Spool) Ack(a uplink.Ack, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range a.Positions {
		st := s.streams[key{device: p.Device, epoch: p.Stream}]
		if st == nil || p.Upto <= st.upto {
			continue // a stream of an earlier spool, or nothing new
		}
		if err := s.ack(st, min(p.Upto, st.last), now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) ack(st *stream, upto uint64, now time.Time) error {
	if _, err := s.write(record{kind: stored, stream: st.key, seq: upto, at: now}.append(nil)); err != nil {
		return fmt.Errorf("note what is stored: %w", err)
	}
	s.stats.Stored += s.forget(st, upto, now)
	return nil
}

// forget deals with all entries up to a number and counts them.
func (s *Spool) forget(st *stream, upto uint64, now time.Time) uint64 {
	n := 0
	for n < len(st.entries) && st.entries[n].seq <= upto {
		s.finish(st.entries[n], now)
		n++
	}
	st.entries = slices.Delete(st.entries, 0, n)
	st.upto, st.storedAt = max(st.upto, upto), now
	return uint64(n)
}

// Nack forgets a message that the server refused. One of which the rest was kept stays until its
// ack.
func (s *Spool) Nack(n uplink.Nack, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[key{device: n.Device, epoch: n.Stream}]
	if st == nil {
		return ErrUnknown
	}
	at, found := st.find(n.Seq)
	if !found {
		return ErrUnknown
	}
	if n.Kept {
		return nil
	}
	if _, err := s.write(record{kind: refused, stream: st.key, seq: n.Seq, at: now}.append(nil)); err != nil {
		return fmt.Errorf("note what is refused: %w", err)
	}
	s.finish(st.entries[at], now)
	st.entries = slices.Delete(st.entries, at, at+1)
	s.stats.Refused++
	return nil
}

// Reconcile compares all positions that the server has, told at connect, with what was acknowledged
// before. A server that knows less was restored from a backup: what is still here is sent again.
// One that knows more heard numbers that this disk has lost: what has those numbers now is given
// others. Behind it everything that is not stored is unsent.
func (s *Spool) Reconcile(told uplink.Ack, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[key]uint64{}
	for _, p := range told.Positions {
		k := key{device: p.Device, epoch: p.Stream}
		known[k] = max(known[k], p.Upto)
	}
	for _, st := range s.inOrder() {
		if err := s.reconcile(st, known[st.key], now); err != nil {
			return err
		}
	}
	if err := s.release(now); err != nil {
		return err
	}
	s.rewind(now)
	return nil
}

func (s *Spool) reconcile(st *stream, upto uint64, now time.Time) error {
	if upto > st.last {
		at, found := st.find(st.opened)
		if found {
			at++
		}
		return s.renumber(st, slices.Clone(st.entries[at:]), now)
	}
	if upto > st.upto {
		if err := s.ack(st, upto, now); err != nil {
			return err
		}
	}
	// The row is also not whole where messages were refused. A server that was restored has forgotten
	// that, and one that was not refuses them once more.
	if uint64(len(st.entries)) < st.last-upto {
		return s.reopen(st, upto, now)
	}
	return nil
}

// renumber keeps messages once more, in a new stream of their device, and is done with the old one.
// Readings that the server has already are recognised by what they say.
func (s *Spool) renumber(st *stream, entries []*entry, now time.Time) error {
	if s.current[st.device] == st {
		next, err := s.begin(st.device)
		if err != nil {
			return err
		}
		if _, err := s.write(record{kind: numbered, stream: next.key, at: now}.append(nil)); err != nil {
			return fmt.Errorf("begin a stream: %w", err)
		}
	}
	for _, e := range entries {
		r, err := s.read(e)
		if err != nil {
			return fmt.Errorf("number messages anew: %w", err)
		}
		m, err := uplink.Decode(r.payload)
		if err != nil {
			return fmt.Errorf("number messages anew: %w", err)
		}
		if err := s.add(m, now); err != nil {
			return fmt.Errorf("number messages anew: %w", err)
		}
	}
	return s.ack(st, st.last, now)
}

// reopen takes back an ack: what lies behind upto is to be sent again, as far as it is still on the
// disk. Where numbers are missing, which would hold up the server's acks for ever, what is kept is
// numbered anew. On the disk the ack stands; the server's positions at the next connect reopen the
// stream again.
func (s *Spool) reopen(st *stream, upto uint64, now time.Time) error {
	st.upto = upto
	for _, g := range s.segments {
		if err := s.reenter(g, st); err != nil {
			return err
		}
	}
	if uint64(len(st.entries)) == st.last-upto {
		return nil
	}
	return s.renumber(st, slices.Clone(st.entries), now)
}

// reenter enters what a segment has of the stream behind its position, refused messages too: a
// server that forgot forgot them as well.
func (s *Spool) reenter(g *segment, st *stream) error {
	if g.dead == 0 {
		return nil
	}
	content, err := os.ReadFile(s.path(g.id))
	if err != nil {
		return fmt.Errorf("read segment: %w", err)
	}
	_, _, err = walk(content, func(r record, offset, size int64) error {
		if r.kind != message || r.stream != st.key || r.seq <= st.upto {
			return nil
		}
		if _, found := st.find(r.seq); found {
			return nil
		}
		s.enter(&entry{
			stream: st, seg: g, offset: offset, size: size, seq: r.seq, made: r.at, channel: r.channel, durable: true,
		})
		g.dead--
		return nil
	})
	return err
}
