package spool

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/devices/uplink"
)

const (
	// present is how old a message may be and still show what is: younger ones leave at once, urgent
	// ones first and in order.
	present = 15 * time.Second
	// ackTimeout is how long a sent message waits for its ack before it is sent again, doubled at
	// each repeat: a journal that was lost on the server's side is noticed by nobody else.
	ackTimeout  = 30 * time.Second
	maxDoubling = 5
)

// urgency is the order in which channels of the present leave.
var urgency = []uplink.Channel{uplink.Events, uplink.Observations, uplink.Waves}

// queue is what is to be sent.
type queue struct {
	live map[uplink.Channel][]*entry // in order
	late backlog
}

// backlog is a heap of what is past: the youngest segment first, so that the staff sees sooner what was
// lately, and within a segment in the order in which it was written. So a stream's numbers arrive in a
// few long rows: a server keeps a set of those that it has, and a day in any other order would make it
// one of a hundred thousand pieces.
type backlog struct{ entries []*entry }

// Len is how many there are.
func (h *backlog) Len() int { return len(h.entries) }

// Less puts the one that leaves sooner above.
func (h *backlog) Less(i, j int) bool { return h.entries[i].before(h.entries[j]) }

func (e *entry) before(other *entry) bool {
	if e.seg != other.seg {
		return e.seg.id > other.seg.id
	}
	return e.offset < other.offset
}

// Swap exchanges two.
func (h *backlog) Swap(i, j int) { h.entries[i], h.entries[j] = h.entries[j], h.entries[i] }

// Push adds one at the end.
func (h *backlog) Push(e any) { h.entries = append(h.entries, e.(*entry)) }

// Pop takes the last.
func (h *backlog) Pop() any {
	end := len(h.entries) - 1
	last := h.entries[end]
	h.entries[end] = nil
	h.entries = h.entries[:end]
	return last
}

func (s *Spool) enqueue(e *entry, now time.Time) {
	if e.queued || e.done || !e.durable {
		return
	}
	if now.Sub(e.made) > present {
		s.enqueueLate(e)
		return
	}
	e.queued = true
	s.queue.live[e.channel] = append(s.queue.live[e.channel], e)
	s.signal()
}

func (s *Spool) enqueueLate(e *entry) {
	e.queued = true
	heap.Push(&s.queue.late, e)
	s.signal()
}

func (s *Spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wake receives when there may be something to send.
func (s *Spool) Wake() <-chan struct{} { return s.wake }

// Live takes the next message that shows the present.
func (s *Spool) Live(now time.Time) (uplink.Parcel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range urgency {
		if e := s.nextLive(c, now); e != nil {
			return s.hand(e)
		}
	}
	return uplink.Parcel{}, false
}

// Late takes the next message of the past.
func (s *Spool) Late(now time.Time) (uplink.Parcel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.nextLate(now); e != nil {
		return s.hand(e)
	}
	return uplink.Parcel{}, false
}

// hand gives an entry out. One that the disk does not give stays for later, and calls nobody.
func (s *Spool) hand(e *entry) (uplink.Parcel, bool) {
	p, err := s.parcel(e)
	if err != nil {
		e.queued = true
		heap.Push(&s.queue.late, e)
		return uplink.Parcel{}, false
	}
	e.taken = true
	return p, true
}

// nextLate is the next message of the past, from the shelves where none is at hand.
func (s *Spool) nextLate(now time.Time) *entry {
	for {
		for s.queue.late.Len() > 0 {
			e := heap.Pop(&s.queue.late).(*entry)
			if e.queued = false; !e.done {
				return e
			}
		}
		if !s.fetch(now) {
			return nil
		}
	}
}

// nextLive is the oldest message that still shows the present.
func (s *Spool) nextLive(c uplink.Channel, now time.Time) *entry {
	for len(s.queue.live[c]) > 0 {
		e := s.queue.live[c][0]
		s.queue.live[c] = s.queue.live[c][1:]
		e.queued = false
		if !e.done && now.Sub(e.made) <= present {
			return e
		}
		s.enqueue(e, now) // it grew old while it waited
	}
	return nil
}

// parcel is the entry ready to leave. A record that was damaged on the disk since it was entered
// leaves as a report of the gap.
func (s *Spool) parcel(e *entry) (uplink.Parcel, error) {
	r, err := s.read(e)
	if errors.Is(err, errDamaged) {
		s.stats.Damaged = true
		r, err = s.lost(e)
	}
	if err != nil {
		return uplink.Parcel{}, err
	}
	return uplink.Parcel{Payload: r.payload, Channel: r.channel, Entry: e}, nil
}

// lost is what stands for an entry whose record cannot be read any more.
func (s *Spool) lost(e *entry) (record, error) {
	m := uplink.Message{Stream: e.stream.epoch, Seq: e.seq, HubTime: e.made, Boot: s.boot}
	return gapIn(m, e.stream, "the hub's disk was damaged")
}

// Received notes that the server confirmed to have received the message; it is kept until stored.
func (s *Spool) Received(p uplink.Parcel, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := p.Entry.(*entry)
	if e.attempts > 0 {
		s.stats.Repeated++
	}
	e.attempts++
	e.sentAt, e.taken = now, false
}

// Again puts a message back that the server did not receive.
func (s *Spool) Again(p uplink.Parcel, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := p.Entry.(*entry)
	e.taken = false
	if e.queued || e.done || now.Sub(e.made) > present {
		s.enqueue(e, now)
		return
	}
	e.queued = true
	s.queue.live[e.channel] = slices.Insert(s.queue.live[e.channel], 0, e)
	s.signal()
}

// Rewind makes everything that is not stored unsent: after a connection was lost nobody knows what
// of it is on its way to the database.
func (s *Spool) Rewind(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rewind(now)
}

func (s *Spool) rewind(now time.Time) {
	s.queue = queue{live: map[uplink.Channel][]*entry{}}
	for _, h := range lo.Values(s.shelves) {
		s.unsend(h)
	}
	for _, st := range s.streams {
		for _, e := range st.entries {
			e.queued, e.taken, e.sentAt = false, false, time.Time{}
			s.enqueue(e, now)
		}
	}
	for _, live := range s.queue.live {
		slices.SortStableFunc(live, func(a, b *entry) int {
			return cmp.Or(a.made.Compare(b.made), cmp.Compare(a.seq, b.seq))
		})
	}
}

// Overdue makes messages unsent again that were sent long ago and not acknowledged since. An ack
// covers a message only once everything before it is stored, so behind a message that is still to
// be sent nothing is overdue, and patience begins when the last one before was sent.
func (s *Spool) Overdue(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		s.overdue(st, now)
	}
}

func (s *Spool) overdue(st *stream, now time.Time) {
	var sent time.Time
	for _, p := range s.posted(st) {
		if p.sentAt.IsZero() {
			return
		}
		if sent = latest(sent, p.sentAt); now.Sub(sent) < patience(p.attempts) {
			continue
		}
		if p.shelf != nil {
			s.unsend(p.shelf)
			continue
		}
		p.entry.sentAt = time.Time{}
		s.enqueue(p.entry, now)
	}
}

// posting is a message, or a shelf of them, and when it was sent: zero while it is to be.
type posting struct {
	first    uint64
	sentAt   time.Time
	attempts int
	entry    *entry
	shelf    *shelf // in place of entry
}

// posted lists what is kept of the stream, in the order of its numbers.
func (s *Spool) posted(st *stream) []posting {
	var all []posting
	for _, e := range st.entries {
		p := posting{first: e.seq, sentAt: e.sentAt, attempts: e.attempts, entry: e}
		if e.taken {
			p.sentAt = time.Time{}
		}
		all = append(all, p)
	}
	for _, h := range s.shelves {
		if part := h.parts[st]; part != nil {
			all = append(all, posting{first: part.numbers.first(), sentAt: h.sentAt, attempts: h.attempts, shelf: h})
		}
	}
	slices.SortFunc(all, func(a, b posting) int { return cmp.Compare(a.first, b.first) })
	return all
}

func patience(attempts int) time.Duration { return ackTimeout << min(attempts-1, maxDoubling) }

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
