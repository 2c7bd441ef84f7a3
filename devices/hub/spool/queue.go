package spool

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"
	"time"

	"vigil/devices/uplink"
)

const (
	// present is how old a message may be and still show what is: younger ones leave at once and in
	// order, older ones newest first and at a limited rate.
	present = 15 * time.Second
	// ackTimeout is how long a sent message waits for its ack before it is sent again, doubled at
	// each repeat: a journal that was lost on the server's side is noticed by nobody else.
	ackTimeout  = 30 * time.Second
	maxDoubling = 5
)

// urgency is the order in which channels leave.
var urgency = []uplink.Channel{uplink.Events, uplink.Observations, uplink.Waves}

// queue is what is to be sent, per channel.
type queue struct {
	live    map[uplink.Channel][]*entry // in order
	late    map[uplink.Channel]*newestFirst
	credit  float64 // bytes of the backlog that may leave
	counted time.Time
}

// newestFirst is a heap with the youngest message on top.
type newestFirst struct{ entries []*entry }

// Len is how many there are.
func (h *newestFirst) Len() int { return len(h.entries) }

// Less puts the younger above the older.
func (h *newestFirst) Less(i, j int) bool { return h.entries[i].made.After(h.entries[j].made) }

// Swap exchanges two.
func (h *newestFirst) Swap(i, j int) { h.entries[i], h.entries[j] = h.entries[j], h.entries[i] }

// Push adds one at the end.
func (h *newestFirst) Push(e any) { h.entries = append(h.entries, e.(*entry)) }

// Pop takes the last.
func (h *newestFirst) Pop() any {
	end := len(h.entries) - 1
	last := h.entries[end]
	h.entries[end] = nil
	h.entries = h.entries[:end]
	return last
}

// Parcel is a message on its way out.
type Parcel struct {
	Payload []byte
	Channel uplink.Channel
	entry   *entry
}

func (s *Spool) enqueue(e *entry, now time.Time) {
	if e.queued || e.done || !e.durable {
		return
	}
	e.queued = true
	if now.Sub(e.made) <= present {
		s.queue.live[e.channel] = append(s.queue.live[e.channel], e)
	} else {
		heap.Push(s.queue.late[e.channel], e)
	}
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

// unreadable is how long an entry waits that the disk did not give.
const unreadable = time.Second

// Next takes the next message to send. Where there is none, again is when to ask once more; zero
// means at the next Wake.
func (s *Spool) Next(now time.Time) (p Parcel, again time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.earn(now)
	e, late := s.pop(now)
	if e == nil {
		return Parcel{}, s.patience(), false
	}
	p, err := s.parcel(e)
	if err != nil {
		s.enqueue(e, now)
		return Parcel{}, unreadable, false
	}
	if late {
		s.queue.credit -= float64(len(p.Payload))
	}
	return p, 0, true
}

// pop takes the most urgent entry, and says whether it belongs to the backlog.
func (s *Spool) pop(now time.Time) (e *entry, late bool) {
	for _, c := range urgency {
		if e := s.nextLive(c, now); e != nil {
			return e, false
		}
	}
	for _, c := range urgency {
		for h := s.queue.late[c]; s.queue.credit >= 0 && h.Len() > 0; {
			e := heap.Pop(h).(*entry)
			if e.queued = false; !e.done {
				return e, true
			}
		}
	}
	return nil, false
}

// patience is how long until the backlog may go on, zero where there is none.
func (s *Spool) patience() time.Duration {
	if s.queue.credit >= 0 {
		return 0
	}
	for _, h := range s.queue.late {
		if h.Len() > 0 {
			return time.Duration(-s.queue.credit/float64(s.backlog)*float64(time.Second)) + time.Millisecond
		}
	}
	return 0
}

// earn adds the credit of the time that passed, at most that of a second.
func (s *Spool) earn(now time.Time) {
	passed := now.Sub(s.queue.counted)
	s.queue.counted = now
	if passed > 0 {
		s.queue.credit = min(s.queue.credit+passed.Seconds()*float64(s.backlog), float64(s.backlog))
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
func (s *Spool) parcel(e *entry) (Parcel, error) {
	r, err := s.read(e)
	if errors.Is(err, errDamaged) {
		s.stats.Damaged = true
		r, err = s.lost(e)
	}
	if err != nil {
		return Parcel{}, err
	}
	return Parcel{Payload: r.payload, Channel: r.channel, entry: e}, nil
}

// lost is what stands for an entry whose record cannot be read any more.
func (s *Spool) lost(e *entry) (record, error) {
	m := uplink.Message{Stream: e.stream.epoch, Seq: e.seq, HubTime: e.made, Boot: s.boot}
	return gapIn(m, e.stream, "the hub's disk was damaged")
}

// Received notes that the server confirmed to have received the message; it is kept until stored.
func (s *Spool) Received(p Parcel, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := p.entry
	if e.attempts > 0 {
		s.stats.Repeated++
	}
	e.attempts++
	e.sentAt = now
	if !e.done {
		s.sent = append(s.sent, e)
	}
}

// Again puts a message back that the server did not receive.
func (s *Spool) Again(p Parcel, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := p.entry
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
	s.sent = s.sent[:0]
	s.queue.live, s.queue.late = map[uplink.Channel][]*entry{}, map[uplink.Channel]*newestFirst{}
	for _, c := range urgency {
		s.queue.late[c] = &newestFirst{}
	}
	for _, st := range s.streams {
		for _, e := range st.entries {
			e.queued = false
			s.enqueue(e, now)
		}
	}
	for _, live := range s.queue.live {
		slices.SortStableFunc(live, func(a, b *entry) int {
			return cmp.Or(a.made.Compare(b.made), cmp.Compare(a.seq, b.seq))
		})
	}
}

// Overdue makes messages unsent again that were sent long ago and not acknowledged since.
func (s *Spool) Overdue(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.sent[:0]
	for _, e := range s.sent {
		switch patience := ackTimeout << min(e.attempts-1, maxDoubling); {
		case e.done:
		case now.Sub(e.sentAt) >= patience:
			s.enqueue(e, now)
		default:
			waiting = append(waiting, e)
		}
	}
	clear(s.sent[len(waiting):])
	s.sent = waiting
}
