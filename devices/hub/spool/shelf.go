package spool

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// A spool may keep millions of messages, and a hub has little memory. So what a finished segment
// keeps is put on a shelf: the numbers, a bit each, and nothing of the single messages. They are
// fetched from the disk again, a segment at a time, when it is their turn to be sent.
type shelf struct {
	place

	parts    map[*stream]*part
	oldest   time.Time
	sentAt   time.Time // when the last of them was sent
	attempts int
}

// place is where a shelf stands.
type place struct {
	seg     *segment
	channel uplink.Channel
	sent    bool
}

// part is what a shelf has of a stream.
type part struct {
	numbers numbers
	count   int
	bytes   int64
}

// add enters a number that is not there yet.
func (p *part) add(seq uint64, size int64) {
	p.numbers = p.numbers.with(seq)
	p.count++
	p.bytes += size
}

// cut takes out what lies within a span, and says how many messages and bytes that was; the bytes of
// a part of the messages are its share of all.
func (p *part) cut(gone vitals.Span) (count int, bytes int64) {
	p.numbers, count = p.numbers.without(gone)
	if count > 0 {
		bytes = p.bytes * int64(count) / int64(p.count)
	}
	p.count, p.bytes = p.count-count, p.bytes-bytes
	return count, bytes
}

func (h *shelf) count() int {
	n := 0
	for _, p := range h.parts {
		n += p.count
	}
	return n
}

// kept is how many messages of the stream are not dealt with.
func (s *Spool) kept(st *stream) uint64 {
	n := len(st.entries)
	for _, h := range s.shelves {
		if p := h.parts[st]; p != nil {
			n += p.count
		}
	}
	return uint64(n)
}

// holds reports whether the message is not dealt with.
func (s *Spool) holds(st *stream, seq uint64) bool {
	if _, found := st.find(seq); found {
		return true
	}
	for _, h := range s.shelves {
		if p := h.parts[st]; p != nil && p.numbers.has(seq) {
			return true
		}
	}
	return false
}

// tidy puts on shelves what finished segments keep, but for what is on its way or shows the present.
func (s *Spool) tidy(now time.Time) {
	active := s.active()
	for _, st := range s.streams {
		st.entries = slices.DeleteFunc(st.entries, func(e *entry) bool {
			away := e.seg != active && e.durable && !e.taken && (!e.sentAt.IsZero() || now.Sub(e.made) > present)
			if away {
				s.shelve(e)
			}
			return away
		})
	}
	late := slices.DeleteFunc(s.queue.late.entries, func(e *entry) bool { return e.done })
	s.queue.late.entries = late
	heap.Init(&s.queue.late)
}

func (s *Spool) shelve(e *entry) {
	h := s.shelfAt(place{seg: e.seg, channel: e.channel, sent: !e.sentAt.IsZero()})
	h.partOf(e.stream).add(e.seq, e.size)
	h.oldest = earliest(h.oldest, e.made)
	h.sentAt, h.attempts = latest(h.sentAt, e.sentAt), max(h.attempts, e.attempts)
	e.done, e.queued = true, false
}

func (s *Spool) shelfAt(at place) *shelf {
	h := s.shelves[at]
	if h == nil {
		h = &shelf{place: at, parts: map[*stream]*part{}}
		s.shelves[at] = h
	}
	return h
}

func (h *shelf) partOf(st *stream) *part {
	p := h.parts[st]
	if p == nil {
		p = &part{}
		h.parts[st] = p
	}
	return p
}

// unsend makes unsent what a shelf holds.
func (s *Spool) unsend(h *shelf) {
	if !h.sent {
		return
	}
	delete(s.shelves, h.place)
	to := s.shelfAt(place{seg: h.seg, channel: h.channel})
	to.oldest = earliest(to.oldest, h.oldest)
	to.attempts = max(to.attempts, h.attempts)
	for st, p := range h.parts {
		bytes := p.bytes
		for seq := range p.numbers.all {
			to.partOf(st).add(seq, bytes)
			bytes = 0 // counted with the first
		}
	}
	s.signal()
}

// fetch takes down what is to be sent of the youngest segment, and says whether there was any.
func (s *Spool) fetch(now time.Time) bool {
	s.tidy(now)
	var next *segment
	for at := range s.shelves {
		if !at.sent && (next == nil || at.seg.id > next.id) {
			next = at.seg
		}
	}
	if next == nil {
		return false
	}
	for _, h := range lo.Values(s.shelves) {
		if h.seg == next && !h.sent && s.unshelve(h) != nil {
			return false
		}
	}
	return true
}

// unshelve makes a shelf's messages entries again. One whose record the disk does not give any more
// is entered nevertheless, so that its gap is reported.
func (s *Spool) unshelve(h *shelf) error {
	content, err := s.content(h.seg)
	if err != nil {
		return err
	}
	found := map[*stream][]*entry{}
	if _, _, err := walk(content, func(r record, offset, size int64) error {
		st := s.streams[r.stream]
		if p := h.parts[st]; r.kind == message && r.channel == h.channel && p != nil && p.numbers.has(r.seq) {
			found[st] = append(found[st], &entry{stream: st, offset: offset, size: size, seq: r.seq, made: r.at})
		}
		return nil
	}); err != nil {
		return err
	}
	delete(s.shelves, h.place)
	for st, p := range h.parts {
		for _, e := range p.complete(st, found[st], h.oldest) {
			e.seg, e.channel, e.durable, e.sentAt, e.attempts = h.seg, h.channel, true, h.sentAt, h.attempts
			st.entries = append(st.entries, e)
			if e.sentAt.IsZero() {
				s.enqueueLate(e)
			}
		}
		slices.SortFunc(st.entries, func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
	}
	return nil
}

// complete adds to the entries that were found those of the part that were not.
func (p *part) complete(st *stream, found []*entry, made time.Time) []*entry {
	if len(found) == p.count {
		return found
	}
	known := lo.SliceToMap(found, func(e *entry) (uint64, bool) { return e.seq, true })
	for seq := range p.numbers.all {
		if !known[seq] {
			found = append(found, &entry{stream: st, seq: seq, made: made})
		}
	}
	return found
}

// unshelveSegment makes all that a segment keeps entries again.
func (s *Spool) unshelveSegment(g *segment) error {
	for _, h := range lo.Values(s.shelves) {
		if h.seg != g {
			continue
		}
		if err := s.unshelve(h); err != nil {
			return err
		}
	}
	return nil
}

// dealWith takes what lies within a span of the stream's numbers off the shelves, and counts it.
func (s *Spool) dealWith(st *stream, gone vitals.Span, now time.Time) uint64 {
	total := 0
	for at, h := range s.shelves {
		p := h.parts[st]
		if p == nil {
			continue
		}
		count, bytes := p.cut(gone)
		total += count
		h.seg.live[h.channel] -= count
		h.seg.dead += count
		s.unstored -= bytes
		if count > 0 {
			h.seg.storedAt = now
		}
		if p.count == 0 {
			delete(h.parts, st)
		}
		if len(h.parts) == 0 {
			delete(s.shelves, at)
		}
	}
	return uint64(total)
}

// covered is a row of numbers that are not dealt with, and when the first of them was made at the
// latest.
type covered struct {
	vitals.Span

	made time.Time
}

// coveredOf lists what is kept of the stream, in the order of its numbers.
func (s *Spool) coveredOf(st *stream) []covered {
	all := lo.Map(st.entries, func(e *entry, _ int) covered { return covered{vitals.Span{First: e.seq, Last: e.seq}, e.made} })
	for _, h := range s.shelves {
		if p := h.parts[st]; p != nil {
			for seq := range p.numbers.all {
				all = append(all, covered{vitals.Span{First: seq, Last: seq}, h.oldest})
			}
		}
	}
	slices.SortFunc(all, func(a, b covered) int { return cmp.Compare(a.First, b.First) })
	return all
}

// openSegment is a finished segment that is being read: one message follows the other.
type openSegment struct {
	id   uint64
	file *os.File
}

func (o *openSegment) open(path string, id uint64) (*os.File, error) {
	if o.file != nil && o.id == id {
		return o.file, nil
	}
	if err := o.close(); err != nil {
		return nil, err
	}
	file, err := os.Open(path) //nolint:gosec // a name of ours in a folder of ours
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	o.id, o.file = id, file
	return file, nil
}

func (o *openSegment) close() error {
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close segment: %w", err)
	}
	return nil
}
