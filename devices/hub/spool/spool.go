// Package spool keeps a hub's messages on disk until the server has stored them, through power cuts
// and through outages of the net.
//
// Messages are appended to segment files; each record carries its own check. Sync makes durable what
// was added, and only then may it be sent: a number that went out is never used for anything else.
// An ack forgets messages in memory; their segment stays for some days, bounded by bytes, so that a
// server that was restored from a backup gets again what it lost. When the bytes run out, stored
// segments go first, then the oldest waveforms, then the oldest observations, and each message that
// is given up leaves one with its number that reports the gap.
//
// The package knows no clock and no net: time is an argument.
package spool

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

var (
	// ErrFull says that a message found no room, even with everything given up that may be.
	ErrFull = errors.New("spool is full")
	// ErrFailed says that the disk did not take what was written. Only opening the spool anew helps.
	ErrFailed = errors.New("spool's disk failed")
	// ErrInUse is returned where another program has the spool open.
	ErrInUse = errors.New("spool is in use")
)

// What a Config has by default.
const (
	DefaultLimit  = 1 << 30 // about 40 days of one ECG
	DefaultRetain = 72 * time.Hour
)

const (
	maxSegment = 1 << 20
	// sealAfter ends a segment, so that what it keeps can go when its time has come.
	sealAfter  = time.Hour
	minLimit   = 4 << 10
	limitParts = 8 // segments that fit at least
)

// Config is how a spool is kept. Zero fields have their defaults.
type Config struct {
	Dir    string
	Boot   uint64        // changes at each start of the hub
	Limit  int64         // bytes on disk
	Retain time.Duration // how long what was stored is kept
	// Segment is the size of one of its files. A hub holds about as much of it in memory.
	Segment int64
}

// key names a stream. A device begins another whenever its numbers can no longer be relied on.
type key struct {
	device vitals.DeviceID
	epoch  uint32
}

type stream struct {
	key
	born     int // order in which streams began
	last     uint64
	opened   uint64   // the last number when the spool was opened
	upto     uint64   // stored
	entries  []*entry // not dealt with and not on a shelf, in order of their numbers
	storedAt time.Time
	refused  map[uint64]bool // while loading
}

// entry is a message that is not dealt with.
type entry struct {
	stream   *stream
	seg      *segment
	offset   int64
	size     int64
	seq      uint64
	made     time.Time
	channel  uplink.Channel
	sentAt   time.Time // zero while it is to be sent
	attempts int
	durable  bool
	queued   bool
	taken    bool // on its way to the server
	done     bool // dealt with, or put on a shelf
}

// Spool keeps messages until they are stored. It is safe for use by several goroutines.
type Spool struct {
	dir    string
	boot   uint64
	limit  int64
	retain time.Duration
	// segment is how large a file may grow.
	segment int64

	mu       sync.Mutex
	lock     *os.File
	file     *os.File // of the youngest segment
	segments []*segment
	size     int64 // of all segments
	unstored int64 // bytes of entries that are not dealt with
	dirty    bool
	failed   error
	streams  map[key]*stream
	current  map[vitals.DeviceID]*stream
	fresh    []*entry // written, not durable yet
	queue    queue
	shelves  map[place]*shelf
	reading  openSegment
	buffer   bytes.Buffer // of the segment that was read whole last
	fetched  map[vitals.DeviceID]map[string]Fetched
	stats    Stats
	wake     chan struct{}
}

// Stats is what went through a spool since it was opened, and what it keeps.
type Stats struct {
	Made     uint64    // messages
	Stored   uint64    // messages that an ack covered
	Refused  uint64    // messages that a nack refused whole
	Repeated uint64    // sendings beyond the first
	Replaced uint64    // messages given up, each with a gap reported in its place
	Damaged  bool      // bytes on the disk were damaged when it was opened
	Queue    int       // messages that are not stored
	Oldest   time.Time // when the oldest of them was made; zero when there is none
	Bytes    int64     // on disk
	Unstored int64     // of them, in messages that are not stored
	Limit    int64
}

// Open continues the spool in a folder, or begins one.
func Open(c Config, now time.Time) (*Spool, error) {
	s := &Spool{
		dir: c.Dir, boot: c.Boot, limit: max(minLimit, cmp.Or(c.Limit, DefaultLimit)),
		retain: cmp.Or(c.Retain, DefaultRetain), segment: cmp.Or(c.Segment, maxSegment),
		shelves: map[place]*shelf{}, fetched: map[vitals.DeviceID]map[string]Fetched{},
		streams: map[key]*stream{}, current: map[vitals.DeviceID]*stream{}, wake: make(chan struct{}, 1),
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool's folder: %w", err)
	}
	if err := s.takeLock(); err != nil {
		return nil, err
	}
	if err := s.load(now); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	return s, nil
}

// Close makes durable what was added and lets go of the folder.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.file != nil {
		err = errors.Join(s.flush(), s.file.Close())
		s.file = nil
	}
	return errors.Join(err, s.reading.close(), s.lock.Close())
}

// inOrder lists the streams in the order in which they began.
func (s *Spool) inOrder() []*stream {
	all := make([]*stream, 0, len(s.streams))
	for _, st := range s.streams {
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b *stream) int { return cmp.Compare(a.born, b.born) })
	return all
}

func (s *Spool) streamOf(k key) *stream {
	st := s.streams[k]
	if st == nil {
		st = &stream{key: k, born: len(s.streams)}
		for _, other := range s.streams {
			st.born = max(st.born, other.born+1)
		}
		s.streams[k] = st
		s.current[k.device] = st
	}
	return st
}

// currentOf is the stream in which the device's messages are numbered, a new one if there is none.
func (s *Spool) currentOf(d vitals.DeviceID) (*stream, error) {
	if st := s.current[d]; st != nil {
		return st, nil
	}
	return s.begin(d)
}

// begin is a new stream of the device.
func (s *Spool) begin(d vitals.DeviceID) (*stream, error) {
	for {
		var random [4]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, fmt.Errorf("draw a stream's number: %w", err)
		}
		k := key{device: d, epoch: binary.LittleEndian.Uint32(random[:])}
		if k.epoch != 0 && s.streams[k] == nil {
			return s.streamOf(k), nil
		}
	}
}

// Add numbers the batch in its device's stream and writes it down. It may be sent after the next
// Sync.
func (s *Spool) Add(b vitals.Batch, clock uplink.ClockQuality, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(uplink.Message{HubTime: now, Clock: clock, Boot: s.boot, Batch: b}, Mark{}, now)
}

func (s *Spool) add(m uplink.Message, mark Mark, now time.Time) error {
	if s.failed != nil {
		return s.failed
	}
	st, err := s.currentOf(m.Batch.Device)
	if err != nil {
		return err
	}
	m.Stream, m.Seq = st.epoch, st.last+1
	payload, err := m.Encode()
	if err != nil {
		return fmt.Errorf("keep message %d of device %s: %w", m.Seq, st.device, err)
	}
	r := record{kind: message, channel: m.Channel(), stream: st.key, seq: m.Seq, at: m.HubTime, mark: mark, payload: payload}
	if err := s.keep(st, r, now); err != nil {
		return fmt.Errorf("keep message %d of device %s: %w", m.Seq, st.device, err)
	}
	s.stats.Made++
	return nil
}

// keep writes a message's record and enters it.
func (s *Spool) keep(st *stream, r record, now time.Time) error {
	b := r.append(nil)
	if err := s.makeRoom(int64(len(b)), now); err != nil {
		return err
	}
	offset, err := s.write(b)
	if err != nil {
		return err
	}
	e := &entry{
		stream: st, seg: s.active(), offset: offset, size: int64(len(b)),
		seq: r.seq, made: r.at, channel: r.channel,
	}
	st.last = max(st.last, r.seq)
	s.remember(r)
	s.enter(e)
	s.fresh = append(s.fresh, e)
	return nil
}

// enter makes an entry one of those that are not dealt with.
func (s *Spool) enter(e *entry) {
	at, _ := e.stream.find(e.seq)
	e.stream.entries = slices.Insert(e.stream.entries, at, e)
	e.seg.live[e.channel]++
	s.unstored += e.size
}

// finish makes an entry one that is dealt with. The caller takes it out of its stream.
func (s *Spool) finish(e *entry, now time.Time) {
	e.done = true
	e.seg.live[e.channel]--
	s.unstored -= e.size
	e.seg.dead++
	e.seg.storedAt = now
}

func (st *stream) find(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(st.entries, seq, func(e *entry, seq uint64) int { return cmp.Compare(e.seq, seq) })
}

// Sync makes durable what was added, lets it be sent, and lets go of what was kept long enough.
func (s *Spool) Sync(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.release(now); err != nil {
		return err
	}
	return s.prune(now)
}

// release makes durable what was added and lets it be sent.
func (s *Spool) release(now time.Time) error {
	if err := s.flush(); err != nil {
		return err
	}
	for _, e := range s.fresh {
		e.durable = true
		s.enqueue(e, now)
	}
	s.fresh = s.fresh[:0]
	return nil
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
	stats.Bytes, stats.Unstored, stats.Limit = s.size, s.unstored, s.limit
	for _, st := range s.streams {
		stats.Queue += len(st.entries)
		if len(st.entries) > 0 {
			stats.Oldest = earliest(stats.Oldest, st.entries[0].made)
		}
	}
	for _, h := range s.shelves {
		stats.Queue += h.count()
		stats.Oldest = earliest(stats.Oldest, h.oldest)
	}
	return stats
}

// earliest is the earlier of two times, of which a zero one is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
