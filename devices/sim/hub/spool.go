// Package hub is what a simulated home hub has in place of a real one's: a spool that lives in memory,
// and a cable that can be pulled out. The link between them is the real one.
package hub

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Bounds of a spool.
const (
	// DefaultLimit is about six hours of a home.
	DefaultLimit = 32 << 20 // bytes
	// ackTimeout is how long a sent message waits for its ack before it is sent again, doubled at
	// each repeat: a journal that was lost on the server's side is noticed by nobody else.
	ackTimeout  = 30 * time.Second
	maxDoubling = 5
)

// Spool keeps messages until they are stored. It is safe for use by several goroutines.
type Spool struct {
	epoch uint32
	boot  uint64
	limit int

	mu      sync.Mutex
	streams map[vitals.DeviceID]*stream
	unsent  []*entry // in the order in which they are to be sent
	sent    []*entry // waiting for their ack
	bytes   int
	stats   Stats
	wake    chan struct{} // holds one token while unsent may have something
}

// Stats is what went through a spool.
type Stats struct {
	Made     uint64    // messages
	Sent     uint64    // messages that the server received at least once
	Stored   uint64    // messages that an ack covered
	Refused  uint64    // messages that a nack refused whole
	Repeated uint64    // sendings beyond the first
	Replaced uint64    // waveforms given up for want of room, each with a gap reported in its place
	Queue    int       // messages kept
	Oldest   time.Time // hub time of the oldest message kept; zero when there is none
}

// entry is one kept message.
type entry struct {
	payload  []byte
	channel  uplink.Channel
	device   vitals.DeviceID
	seq      uint64
	made     time.Time
	sentAt   time.Time
	attempts int
	done     bool // stored or refused
	queued   bool
}

type stream struct {
	last    uint64
	entries []*entry // kept, in order
}

// Clock is how good a simulated hub's clock is.
func Clock() uplink.ClockQuality {
	return uplink.ClockQuality{Source: uplink.ClockNTP, Bound: 50 * time.Millisecond}
}

// NewSpool is an empty spool; its streams have the epoch. Zero is the default limit of bytes.
func NewSpool(epoch uint32, boot uint64, limit int) *Spool {
	return &Spool{
		epoch: epoch, boot: boot, limit: cmp.Or(limit, DefaultLimit),
		streams: map[vitals.DeviceID]*stream{}, wake: make(chan struct{}, 1),
	}
}

// Add numbers the batch in its device's stream and keeps it.
func (s *Spool) Add(b vitals.Batch, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[b.Device]
	if st == nil {
		st = &stream{}
		s.streams[b.Device] = st
	}
	e := &entry{device: b.Device, seq: st.last + 1, made: now}
	if err := s.write(e, b); err != nil {
		return err
	}
	st.last++
	st.entries = append(st.entries, e)
	s.stats.Made++
	s.bytes += len(e.payload)
	s.makeRoom()
	s.enqueue(e)
	return nil
}

func (s *Spool) write(e *entry, b vitals.Batch) error {
	m := uplink.Message{
		Stream: s.epoch, Seq: e.seq, HubTime: e.made, Boot: s.boot, Batch: b,
		Clock: Clock(),
	}
	payload, err := m.Encode()
	if err != nil {
		return fmt.Errorf("keep message %d of device %s: %w", e.seq, e.device, err)
	}
	e.payload, e.channel = payload, m.Channel()
	return nil
}

// makeRoom gives up the oldest waveforms first. Each leaves a message with its number that reports
// the gap, so that the stream stays whole and the loss is charted.
func (s *Spool) makeRoom() {
	for s.bytes > s.limit {
		oldest := s.oldest(func(e *entry) bool { return e.channel == uplink.Waves })
		if oldest == nil {
			return // observations and events are never dropped
		}
		before := len(oldest.payload)
		gap := vitals.Event{Code: vitals.DataGap, Time: oldest.made, Detail: "spool was full"}
		if err := s.write(oldest, vitals.Batch{Device: oldest.device, Events: []vitals.Event{gap}}); err != nil {
			return
		}
		s.bytes += len(oldest.payload) - before
		s.stats.Replaced++
	}
}

func (s *Spool) oldest(match func(*entry) bool) *entry {
	var oldest *entry
	for _, st := range s.streams {
		for _, e := range st.entries {
			if !e.done && match(e) && (oldest == nil || e.made.Before(oldest.made)) {
				oldest = e
				break
			}
		}
	}
	return oldest
}

func (s *Spool) enqueue(e *entry) {
	if e.queued || e.done {
		return
	}
	e.queued = true
	s.unsent = append(s.unsent, e)
	s.signal()
}

func (s *Spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Live takes the next message to send: all leave in the order in which they were made.
func (s *Spool) Live(time.Time) (uplink.Parcel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.unsent) > 0 {
		e := s.unsent[0]
		s.unsent = s.unsent[1:]
		e.queued = false
		if !e.done {
			return uplink.Parcel{Payload: e.payload, Channel: e.channel, Entry: e}, true
		}
	}
	return uplink.Parcel{}, false
}

// Late takes nothing: the past is not told from the present.
func (s *Spool) Late(time.Time) (uplink.Parcel, bool) { return uplink.Parcel{}, false }

// Wake receives when there may be something to send.
func (s *Spool) Wake() <-chan struct{} { return s.wake }

// Received notes that the server confirmed to have received the message; it is kept until stored.
func (s *Spool) Received(p uplink.Parcel, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := p.Entry.(*entry)
	if e.attempts == 0 {
		s.stats.Sent++
	} else {
		s.stats.Repeated++
	}
	e.attempts++
	e.sentAt = now
	if !e.done {
		s.sent = append(s.sent, e)
	}
}

// Again puts a message back that the server did not receive.
func (s *Spool) Again(p uplink.Parcel, _ time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := p.Entry.(*entry); !e.queued && !e.done {
		e.queued = true
		s.unsent = slices.Insert(s.unsent, 0, e)
		s.signal()
	}
}

// Rewind makes everything that is kept unsent: after a connection was lost nobody knows what of it
// is on its way to the database.
func (s *Spool) Rewind(time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsent, s.sent = s.unsent[:0], s.sent[:0]
	for _, st := range s.streams {
		for _, e := range st.entries {
			e.queued = !e.done
			if e.queued {
				s.unsent = append(s.unsent, e)
			}
		}
	}
	slices.SortStableFunc(s.unsent, func(a, b *entry) int { return a.made.Compare(b.made) })
	s.signal()
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
			s.enqueue(e)
		default:
			waiting = append(waiting, e)
		}
	}
	clear(s.sent[len(waiting):])
	s.sent = waiting
}

// Reconcile takes the positions that the server tells at connect.
func (s *Spool) Reconcile(told uplink.Ack, now time.Time) error {
	err := s.Ack(told, now)
	s.Rewind(now)
	return err
}

// Ack forgets what the server has stored.
func (s *Spool) Ack(a uplink.Ack, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range a.Positions {
		st := s.streams[p.Device]
		if st == nil || p.Stream != s.epoch {
			continue // a stream of an earlier spool
		}
		for len(st.entries) > 0 && st.entries[0].seq <= p.Upto {
			if e := st.entries[0]; !e.done {
				s.finish(e)
				s.stats.Stored++
			}
			st.entries = st.entries[1:]
		}
	}
	return nil
}

// Nack forgets a message that the server refused. One of which the rest was kept stays until its
// ack.
func (s *Spool) Nack(n uplink.Nack, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[n.Device]
	if st == nil || n.Stream != s.epoch {
		return uplink.ErrNotKept
	}
	i, found := slices.BinarySearchFunc(st.entries, n.Seq, func(e *entry, seq uint64) int { return cmp.Compare(e.seq, seq) })
	if !found {
		return uplink.ErrNotKept
	}
	if e := st.entries[i]; !n.Kept && !e.done {
		s.finish(e)
		s.stats.Refused++
		st.entries = slices.Delete(st.entries, i, i+1)
	}
	return nil
}

func (s *Spool) finish(e *entry) {
	e.done = true
	s.bytes -= len(e.payload)
	e.payload = nil
}

// Waiting is how many messages are not stored, and when the oldest of them was made.
func (s *Spool) Waiting() (messages int, oldest time.Time) {
	stats := s.Stats()
	return stats.Queue, stats.Oldest
}

// Stats is what went through so far.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	for _, st := range s.streams {
		stats.Queue += len(st.entries)
	}
	if e := s.oldest(func(*entry) bool { return true }); e != nil {
		stats.Oldest = e.made
	}
	return stats
}
