package spool

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// A device that stores its measurements is asked for them at each connection. So that none is kept
// twice, and none is passed over that was lost with the power, the mark of a record is written in
// one piece with the message that carries it.

// Mark names a record of a device's memory.
type Mark struct {
	// Source is the characteristic, and what tells its rows of numbers apart where a device begins
	// anew, such as the session of a sensor: "2aa7 2026-11-20T12:00:00".
	Source string
	// Key is the record's number, or whatever else it is known by.
	Key uint64
}

// maxSource bounds the name of a source.
const maxSource = 255

// Fetched is what has been kept of a source: all up to a number, and some beyond.
type Fetched struct {
	Upto   uint64
	Beyond map[uint64]bool
}

// Has reports whether the record has been kept.
func (f Fetched) Has(key uint64) bool { return key <= f.Upto || f.Beyond[key] }

// AddRecord keeps what a device had stored, and that it is kept. A record that says nothing is
// marked only.
func (s *Spool) AddRecord(b vitals.Batch, m Mark, clock uplink.ClockQuality, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Empty() {
		return s.note(record{kind: marked, stream: key{device: b.Device}, at: now, mark: m})
	}
	return s.add(uplink.Message{HubTime: now, Clock: clock, Boot: s.boot, Batch: b}, m, now)
}

// Fetched is what has been kept of a device's source.
func (s *Spool) Fetched(d vitals.DeviceID, source string) Fetched {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.fetched[d][source]
	return Fetched{Upto: f.Upto, Beyond: maps.Clone(f.Beyond)}
}

// Settle notes that all records of a source up to a number have been kept, and beyond it those in
// keep. Other sources of the same characteristic are over: the device began anew.
func (s *Spool) Settle(d vitals.DeviceID, m Mark, keep []uint64, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stream := key{device: d}
	if err := s.note(record{kind: settled, stream: stream, at: now, mark: m}); err != nil {
		return err
	}
	for _, k := range keep {
		if err := s.note(record{kind: marked, stream: stream, at: now, mark: Mark{Source: m.Source, Key: k}}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) note(r record) error {
	if s.failed != nil {
		return s.failed
	}
	if _, err := s.write(r.append(nil)); err != nil {
		return fmt.Errorf("note what was fetched of device %s: %w", r.stream.device, err)
	}
	s.remember(r)
	return nil
}

// remember takes a mark from a record.
func (s *Spool) remember(r record) {
	d, m := r.stream.device, r.mark
	if m.Source == "" {
		return
	}
	if s.fetched[d] == nil {
		s.fetched[d] = map[string]Fetched{}
	}
	if r.kind == settled {
		characteristic, _, _ := strings.Cut(m.Source, " ")
		maps.DeleteFunc(s.fetched[d], func(source string, _ Fetched) bool { return strings.HasPrefix(source, characteristic) })
		s.fetched[d][m.Source] = Fetched{Upto: m.Key, Beyond: map[uint64]bool{}}
		return
	}
	f := s.fetched[d][m.Source]
	if f.Beyond == nil {
		f.Beyond = map[uint64]bool{}
	}
	if m.Key > f.Upto {
		f.Beyond[m.Key] = true
	}
	s.fetched[d][m.Source] = f
}

// marks are the records that a segment begins with, so that older ones may go.
func (s *Spool) marks(now time.Time, head []byte) []byte {
	for _, d := range slices.Sorted(maps.Keys(s.fetched)) {
		for _, source := range slices.Sorted(maps.Keys(s.fetched[d])) {
			f := s.fetched[d][source]
			head = record{kind: settled, stream: key{device: d}, at: now, mark: Mark{Source: source, Key: f.Upto}}.append(head)
			for _, k := range slices.Sorted(maps.Keys(f.Beyond)) {
				head = record{kind: marked, stream: key{device: d}, at: now, mark: Mark{Source: source, Key: k}}.append(head)
			}
		}
	}
	return head
}

// append adds the mark's bytes: its key, then its source behind the length of it.
func (m Mark) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, m.Key)
	source := m.Source[:min(len(m.Source), maxSource)]
	return append(append(dst, byte(len(source))), source...)
}

// parseMark reads a mark from the front of b.
func parseMark(b []byte) (m Mark, rest []byte, ok bool) {
	const head = 9
	if len(b) < head || len(b) < head+int(b[8]) {
		return Mark{}, nil, false
	}
	end := head + int(b[8])
	return Mark{Key: binary.LittleEndian.Uint64(b), Source: string(b[head:end])}, b[end:], true
}
