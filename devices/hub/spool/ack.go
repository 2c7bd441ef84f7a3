package spool

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
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
	s.stats.Stored += s.forget(st, upto, now) // makes the room that the note takes
	if err := s.jot(record{kind: stored, stream: st.key, seq: upto, at: now}, now); err != nil {
		return fmt.Errorf("note what is stored: %w", err)
	}
	return nil
}

// jot writes a note within the limit. A spool that is full of what may not go takes it all the same: it is
// short, and what it notes may go then.
func (s *Spool) jot(r record, now time.Time) error {
	b := r.append(nil)
	if err := s.makeRoom(int64(len(b)), now); err != nil && !errors.Is(err, ErrFull) {
		return err
	}
	_, err := s.write(b)
	return err
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
	return uint64(n) + s.dealWith(st, vitals.Span{First: 1, Last: upto}, now)
}

// Nack forgets a message that the server refused. One of which the rest was kept stays until its
// ack.
func (s *Spool) Nack(n uplink.Nack, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[key{device: n.Device, epoch: n.Stream}]
	if st == nil {
		return uplink.ErrNotKept
	}
	if !s.holds(st, n.Seq) {
		return uplink.ErrNotKept
	}
	if n.Kept {
		return nil
	}
	s.refuse(st, n.Seq, now)
	if err := s.jot(record{kind: refused, stream: st.key, seq: n.Seq, at: now}, now); err != nil {
		return fmt.Errorf("note what is refused: %w", err)
	}
	s.stats.Refused++
	return nil
}

// refuse deals with one message.
func (s *Spool) refuse(st *stream, seq uint64, now time.Time) {
	at, found := st.find(seq)
	if !found {
		s.dealWith(st, vitals.Span{First: seq, Last: seq}, now)
		return
	}
	s.finish(st.entries[at], now)
	st.entries = slices.Delete(st.entries, at, at+1)
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
		return s.renumber(st, st.opened, now)
	}
	if upto > st.upto {
		if err := s.ack(st, upto, now); err != nil {
			return err
		}
	}
	// The row is also not whole where messages were refused. A server that was restored has forgotten
	// that, and one that was not refuses them once more.
	if s.kept(st) < st.last-upto {
		return s.reopen(st, upto, now)
	}
	return nil
}

// renumber keeps the messages behind a number once more, in a new stream of their device, and is done
// with the old one. Readings that the server has already are recognised by what they say.
func (s *Spool) renumber(st *stream, after uint64, now time.Time) error {
	if s.current[st.device] == st {
		next, err := s.begin(st.device)
		if err != nil {
			return err
		}
		if _, err := s.write(record{kind: numbered, stream: next.key, at: now}.append(nil)); err != nil {
			return fmt.Errorf("begin a stream: %w", err)
		}
	}
	for _, g := range slices.Clone(s.segments) {
		messages, err := s.messagesOf(st, g, after, now)
		if err != nil {
			return fmt.Errorf("number messages anew: %w", err)
		}
		for _, m := range messages {
			if err := s.add(m, Mark{}, now); err != nil {
				return fmt.Errorf("number messages anew: %w", err)
			}
		}
	}
	return s.ack(st, st.last, now)
}

// messagesOf reads what a segment has of the stream behind a number.
func (s *Spool) messagesOf(st *stream, g *segment, after uint64, now time.Time) ([]uplink.Message, error) {
	if err := s.unshelveSegment(g); err != nil {
		return nil, err
	}
	var all []uplink.Message
	for _, e := range st.entries {
		if e.seg != g || e.seq <= after {
			continue
		}
		p, err := s.parcel(e)
		if err != nil {
			return nil, err
		}
		m, err := uplink.Decode(p.Payload)
		if err != nil {
			return nil, fmt.Errorf("read message %d: %w", e.seq, err)
		}
		all = append(all, m)
	}
	s.tidy(now)
	return all, nil
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
		s.tidy(now)
	}
	if s.kept(st) == st.last-upto {
		return nil
	}
	return s.renumber(st, 0, now)
}

// reenter enters what a segment has of the stream behind its position, refused messages too: a
// server that forgot forgot them as well.
func (s *Spool) reenter(g *segment, st *stream) error {
	if g.dead == 0 {
		return nil
	}
	content, err := s.content(g)
	if err != nil {
		return err
	}
	_, _, err = walk(content, func(r record, offset, size int64) error {
		if r.kind != message || r.stream != st.key || r.seq <= st.upto || s.holds(st, r.seq) {
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
