package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/devices/uplink"
)

const (
	suffix    = ".seg"
	temporary = ".tmp"
)

// segment is one file of the spool. Only the youngest grows; an older one is at most written anew
// without what may go.
type segment struct {
	id       uint64
	size     int64
	began    time.Time
	live     map[uplink.Channel]int // messages that are not dealt with yet
	dead     int                    // messages that are dealt with and kept in case the server asks again
	storedAt time.Time              // when the last of them was dealt with
}

func (g *segment) lives() int {
	n := 0
	for _, count := range g.live {
		n += count
	}
	return n
}

func (s *Spool) path(id uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016x", id)+suffix)
}

// segmentIDs lists the segments on disk in order, and removes what an interrupted rewrite left.
func (s *Spool) segmentIDs() ([]uint64, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	var ids []uint64
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), temporary) {
			if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil {
				return nil, fmt.Errorf("remove an unfinished segment: %w", err)
			}
			continue
		}
		name, ours := strings.CutSuffix(e.Name(), suffix)
		id, err := strconv.ParseUint(name, 16, 64)
		if ours && err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// roll ends the youngest segment and begins another, which starts with what is known of every
// stream: older segments may go without anything being forgotten.
func (s *Spool) roll(now time.Time) error {
	if s.failed != nil {
		return s.failed
	}
	if err := s.next(now); err != nil {
		s.failed = fmt.Errorf("begin another segment: %w", errors.Join(ErrFailed, err))
		return s.failed
	}
	return nil
}

func (s *Spool) next(now time.Time) error {
	if s.file != nil {
		if err := s.flush(); err != nil {
			return err
		}
		if err := s.file.Close(); err != nil {
			return fmt.Errorf("close segment: %w", err)
		}
		s.file = nil
	}
	id := uint64(1)
	if n := len(s.segments); n > 0 {
		id = s.segments[n-1].id + 1
	}
	var head []byte
	for _, st := range s.inOrder() {
		head = record{kind: numbered, stream: st.key, seq: st.last, at: now}.append(head)
		if st.upto > 0 {
			head = record{kind: stored, stream: st.key, seq: st.upto, at: st.storedAt}.append(head)
		}
	}
	head = s.marks(now, head)
	file, err := os.OpenFile(s.path(id), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("begin segment: %w", err)
	}
	s.file = file
	s.segments = append(s.segments, &segment{id: id, began: now, live: map[uplink.Channel]int{}})
	if _, err := s.write(head); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.tidy(now)
	return s.syncDir()
}

// content reads a segment whole. It is valid until the next one is read: a hub has little memory, and
// a spool many segments.
func (s *Spool) content(g *segment) ([]byte, error) {
	file, err := os.Open(s.path(g.id))
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	s.buffer.Reset()
	if _, err := s.buffer.ReadFrom(file); err != nil {
		return nil, fmt.Errorf("read segment: %w", err)
	}
	return s.buffer.Bytes(), nil
}

func (s *Spool) active() *segment { return s.segments[len(s.segments)-1] }

// write adds bytes to the youngest segment. A write that failed half way is written over by the
// next.
func (s *Spool) write(b []byte) (offset int64, err error) {
	g := s.active()
	if _, err := s.file.WriteAt(b, g.size); err != nil {
		return 0, fmt.Errorf("write to the spool: %w", err)
	}
	offset = g.size
	g.size += int64(len(b))
	s.size += int64(len(b))
	s.dirty = true
	return offset, nil
}

// flush makes durable what was written. Behind a flush that failed nobody knows what is on the
// disk, so the spool then takes nothing more until it is opened anew.
func (s *Spool) flush() error {
	if s.failed != nil {
		return s.failed
	}
	if !s.dirty {
		return nil
	}
	if err := s.file.Sync(); err != nil {
		s.failed = fmt.Errorf("flush the spool: %w", errors.Join(ErrFailed, err))
		return s.failed
	}
	s.dirty = false
	return nil
}

func (s *Spool) syncDir() error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("open the spool's folder: %w", err)
	}
	if err := dir.Sync(); err != nil {
		_ = dir.Close()
		return fmt.Errorf("flush the spool's folder: %w", err)
	}
	if err := dir.Close(); err != nil {
		return fmt.Errorf("close the spool's folder: %w", err)
	}
	return nil
}

// remove deletes a segment that is not the youngest.
func (s *Spool) remove(g *segment) error {
	if err := s.reading.close(); err != nil {
		return err
	}
	if err := os.Remove(s.path(g.id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove segment: %w", err)
	}
	s.size -= g.size
	s.segments = slices.DeleteFunc(s.segments, func(other *segment) bool { return other == g })
	return nil
}

// replace writes a segment anew, all or nothing.
func (s *Spool) replace(g *segment, content []byte) error {
	if err := s.reading.close(); err != nil { // it may be this one
		return err
	}
	name := s.path(g.id) + temporary
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // a name of ours in a folder of ours
	if err != nil {
		return fmt.Errorf("write segment anew: %w", err)
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(name, s.path(g.id))
	}
	if err != nil {
		_ = os.Remove(name)
		return fmt.Errorf("write segment anew: %w", err)
	}
	s.size += int64(len(content)) - g.size
	g.size = int64(len(content))
	return s.syncDir()
}
