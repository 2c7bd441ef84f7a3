package spool_test

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/devices/hub/spool"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// home is a spool, the server that it reports to, and what both should know.
type home struct {
	rt      *rapid.T
	dir     string
	spool   *spool.Spool
	now     time.Time
	segment int64 // size of one file
	durable int64 // bytes of the youngest segment that a power cut leaves
	next    int64 // value of the next measurement

	written []int64 // added, not yet durable
	fetched []fetched
	carried map[int64]uint64 // which record a measurement is of
	records map[uint64]bool  // of a device's memory, durable
	kept    map[int64]bool   // durable: must reach the server
	said    map[place]int64
	server  *server
	backup  *server
}

type place struct {
	device vitals.DeviceID
	epoch  uint32
	seq    uint64
}

type server struct {
	progress map[vitals.Stream]vitals.Progress
	has      map[int64]bool
}

func (s *server) clone() *server {
	c := &server{progress: map[vitals.Stream]vitals.Progress{}, has: map[int64]bool{}}
	maps.Copy(c.progress, s.progress)
	maps.Copy(c.has, s.has)
	return c
}

func (s *server) positions() uplink.Ack {
	var a uplink.Ack
	for k, p := range s.progress {
		a.Positions = append(a.Positions, uplink.Position{Device: k.Device, Stream: k.Epoch, Upto: p.Upto})
	}
	return a
}

func (h *home) must(err error) {
	h.rt.Helper()
	if err != nil {
		h.rt.Fatal(err)
	}
}

func (h *home) youngest() string {
	names, err := filepath.Glob(filepath.Join(h.dir, "*.seg"))
	h.must(err)
	return names[len(names)-1]
}

func (h *home) open() {
	var err error
	h.spool, err = spool.Open(spool.Config{Dir: h.dir, Segment: h.segment}, h.now)
	h.must(err)
	h.settle()
}

// settle notes that everything written so far is durable.
func (h *home) settle() {
	info, err := os.Stat(h.youngest())
	h.must(err)
	h.durable = info.Size()
	for _, v := range h.written {
		h.kept[v] = true
	}
	h.written = nil
	for _, f := range h.fetched {
		h.records[f.key] = true
	}
	h.fetched = nil
}

func (h *home) measure(d vitals.DeviceID, wave bool) {
	h.next++
	b := pulse(d, h.next)
	if wave {
		b = chunk(d, 20)
		b.Waveforms[0].First = uint64(h.next)
	}
	h.must(h.spool.Add(b, synced, h.now))
	h.written = append(h.written, h.next)
}

// fetch keeps the next record of a device's memory, as far as the spool knows.
func (h *home) fetch() {
	k := uint64(1)
	for h.spool.Fetched(patch, "2a18").Has(k) {
		k++
	}
	if h.records[k] {
		h.rt.Fatalf("record %d was durable, and is to be fetched again", k)
	}
	h.next++
	h.must(h.spool.AddRecord(pulse(patch, h.next), spool.Mark{Source: "2a18", Key: k}, synced, h.now))
	h.written = append(h.written, h.next)
	h.fetched = append(h.fetched, fetched{k, h.next})
	h.carried[h.next] = k
}

// fetched is a record of a device and the measurement in it.
type fetched struct {
	key   uint64
	value int64
}

// valueOf tells what a message says; 0 for a report of a gap.
func valueOf(m uplink.Message) int64 {
	switch {
	case len(m.Batch.Readings) > 0:
		return m.Batch.Readings[0].Value.Mantissa
	case len(m.Batch.Waveforms) > 0:
		return int64(m.Batch.Waveforms[0].First)
	default:
		return 0
	}
}

func (h *home) send(arrives, refuse bool) bool {
	p, ok := take(h.spool, h.now)
	if !ok {
		return false
	}
	m, err := uplink.Decode(p.Payload)
	h.must(err)
	if !arrives {
		h.spool.Again(p, h.now)
		return true
	}
	h.spool.Received(p, h.now)
	at, value := place{m.Batch.Device, m.Stream, m.Seq}, valueOf(m)
	if before, used := h.said[at]; used && before != value {
		h.rt.Fatalf("%+v said %d before, %d now", at, before, value)
	}
	h.said[at] = value
	if value == 0 {
		h.rt.Fatalf("a gap at %+v, and nothing was lost", at)
	}
	k := vitals.Stream{Device: at.device, Epoch: at.epoch}
	progress := h.server.progress[k]
	again2 := progress.Has(m.Seq)
	progress.Add(vitals.Span{First: m.Seq, Last: m.Seq})
	h.server.progress[k] = progress
	if refuse && !again2 {
		delete(h.kept, value)
		h.must(h.spool.Nack(uplink.Nack{Device: at.device, Stream: at.epoch, Seq: at.seq}, h.now))
		return true
	}
	h.server.has[value] = true
	return true
}

// crash cuts the power: of what was not made durable any number of bytes is left, and perhaps
// something that never was.
func (h *home) crash() {
	h.must(h.spool.Close())
	name := h.youngest()
	info, err := os.Stat(name)
	h.must(err)
	left := rapid.Int64Range(h.durable, max(h.durable, info.Size())).Draw(h.rt, "bytes left")
	h.must(os.Truncate(name, left))
	if rapid.Bool().Draw(h.rt, "garbage") {
		content, err := os.ReadFile(name)
		h.must(err)
		content = append(content, rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(h.rt, "garbage bytes")...)
		h.must(os.WriteFile(name, content, 0o600))
	}
	h.written = nil // some of it may have survived, none of it must
	h.fetched = nil
	h.open()
}

func (h *home) step(what string) {
	h.now = h.now.Add(time.Second)
	before := h.youngest()
	switch what {
	case "pulse":
		h.measure(patch, false)
	case "other pulse":
		h.measure(clip, false)
	case "wave":
		h.measure(patch, true)
	case "record":
		h.fetch()
	case "sync":
		h.must(h.spool.Sync(h.now))
		h.settle()
	case "send":
		h.send(true, false)
	case "lose":
		h.send(false, false)
	case "refuse":
		h.send(true, true)
	case "ack":
		h.must(h.spool.Ack(h.server.positions(), h.now))
	case "reconnect":
		h.must(h.spool.Reconcile(h.server.positions(), h.now))
		h.settle()
	case "wait":
		h.now = h.now.Add(40 * time.Minute)
		h.spool.Overdue(h.now)
	case "crash":
		h.crash()
	case "back up":
		h.backup = h.server.clone()
	case "restore":
		if h.backup != nil {
			h.server = h.backup.clone()
			h.must(h.spool.Reconcile(h.server.positions(), h.now))
			h.settle()
		}
	}
	if h.youngest() != before {
		h.settle() // a segment began: everything before it is durable
	}
}

// TestNothingThatWasKeptIsLostWhateverHappens cuts the power at any byte, breaks connections, lets
// acks come late, messages be refused and the server be restored from a backup; in the end the
// server has everything that was durable, and no number ever meant two things.
func TestNothingThatWasKeptIsLostWhateverHappens(t *testing.T) {
	dir, homes := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		homes++
		own := filepath.Join(dir, strconv.Itoa(homes))
		fresh := &server{progress: map[vitals.Stream]vitals.Progress{}, has: map[int64]bool{}}
		segment := rapid.SampledFrom([]int64{200, 500, 4 << 20}).Draw(rt, "segment")
		h := &home{rt: rt, dir: own, segment: segment, now: noon, kept: map[int64]bool{}, records: map[uint64]bool{}, carried: map[int64]uint64{}, said: map[place]int64{}, server: fresh}
		h.open()
		defer func() { _ = h.spool.Close() }()
		for _, what := range rapid.SliceOfN(rapid.SampledFrom([]string{
			"pulse", "pulse", "other pulse", "wave", "sync", "sync", "record", "send", "send", "send", "lose", "refuse",
			"ack", "ack", "reconnect", "wait", "crash", "crash", "back up", "restore",
		}), 0, 40).Draw(rt, "steps") {
			h.step(what)
		}
		h.step("sync")
		h.step("reconnect")
		for h.send(true, false) {
		}
		h.step("ack")
		if q := h.spool.Stats().Queue; q != 0 {
			rt.Fatalf("%d are never stored", q)
		}
		for v := range h.kept {
			if !h.server.has[v] {
				rt.Fatalf("measurement %d is lost", v)
			}
		}
		twice := map[uint64]int64{}
		for v := range h.server.has {
			if k, carries := h.carried[v]; carries {
				if other, is := twice[k]; is {
					rt.Fatalf("record %d is stored as measurements %d and %d", k, other, v)
				}
				twice[k] = v
			}
		}
	})
}
