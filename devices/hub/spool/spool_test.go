package spool_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vigil/devices/hub/spool"
	"vigil/devices/uplink"
	"vigil/vitals"
)

const (
	patch = vitals.DeviceID("020000000101")
	clip  = vitals.DeviceID("020000000102")
)

var (
	noon   = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	synced = uplink.ClockQuality{Source: uplink.ClockNTP}
)

func pulse(d vitals.DeviceID, bpm int64) vitals.Batch {
	return vitals.Batch{Device: d, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: noon, Value: vitals.Int(bpm)}}}
}

func chunk(d vitals.DeviceID, samples int) vitals.Batch {
	w := vitals.Waveform{
		Kind: vitals.ECGII, Start: noon, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: make([]int16, samples),
	}
	for i := range w.Samples {
		w.Samples[i] = int16(i * 131) // every difference takes two bytes
	}
	return vitals.Batch{Device: d, Waveforms: []vitals.Waveform{w}}
}

func battery(d vitals.DeviceID) vitals.Batch {
	return vitals.Batch{Device: d, Events: []vitals.Event{{Code: vitals.BatteryLevel, Time: noon, Value: vitals.Int(90)}}}
}

func open(t *testing.T, c spool.Config, now time.Time) *spool.Spool {
	t.Helper()
	s, err := spool.Open(c, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func add(t *testing.T, s *spool.Spool, at time.Time, batches ...vitals.Batch) {
	t.Helper()
	for _, b := range batches {
		if err := s.Add(b, synced, at); err != nil {
			t.Fatal(err)
		}
	}
	must(t, s.Sync(at))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, p uplink.Parcel) uplink.Message {
	t.Helper()
	m, err := uplink.Decode(p.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if m.Channel() != p.Channel {
		t.Fatalf("message of %s leaves on %s", m.Channel(), p.Channel)
	}
	return m
}

// take is the next message to leave: of the present, else of the past.
func take(s *spool.Spool, at time.Time) (uplink.Parcel, bool) {
	if p, ok := s.Live(at); ok {
		return p, true
	}
	return s.Late(at)
}

// drain takes everything that leaves.
func drain(t *testing.T, s *spool.Spool, at time.Time) (all []uplink.Message) {
	t.Helper()
	for p, ok := take(s, at); ok; p, ok = take(s, at) {
		s.Received(p, at)
		all = append(all, decode(t, p))
	}
	return all
}

func stored(m uplink.Message, upto uint64) uplink.Ack {
	return uplink.Ack{Positions: []uplink.Position{{Device: m.Batch.Device, Stream: m.Stream, Upto: upto}}}
}

func seqs(all []uplink.Message) []uint64 {
	out := make([]uint64, 0, len(all))
	for _, m := range all {
		out = append(out, m.Seq)
	}
	return out
}

func TestNothingLeavesBeforeItIsOnTheDisk(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, noon)
	must(t, s.Add(pulse(patch, 72), synced, noon))
	if _, ok := take(s, noon); ok {
		t.Error("left before Sync")
	}
	must(t, s.Sync(noon))
	if _, ok := take(s, noon); !ok {
		t.Error("did not leave after Sync")
	}
}

func TestEpochAndNumbersSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir, Boot: 1}, noon)
	add(t, s, noon, pulse(patch, 70), pulse(clip, 71), pulse(patch, 72))
	first := drain(t, s, noon)
	must(t, s.Ack(stored(first[0], 1), noon))
	must(t, s.Close())

	s = open(t, spool.Config{Dir: dir, Boot: 2}, noon)
	add(t, s, noon, pulse(patch, 73))
	var got []uint64
	all := drain(t, s, noon)
	for _, m := range all {
		if m.Batch.Device == patch {
			got = append(got, m.Seq)
			if m.Stream != first[0].Stream {
				t.Errorf("epoch %d became %d", first[0].Stream, m.Stream)
			}
		}
	}
	if !slices.Equal(got, []uint64{2, 3}) || s.Stats().Queue != 3 {
		t.Errorf("patch sends %v, %+v", got, s.Stats())
	}
}

func TestSecondProgramIsKeptOut(t *testing.T) {
	dir := t.TempDir()
	open(t, spool.Config{Dir: dir}, noon)
	if _, err := spool.Open(spool.Config{Dir: dir}, noon); !errors.Is(err, spool.ErrInUse) {
		t.Errorf("%v", err)
	}
}

func TestPresentGoesInOrderAndUrgentFirst(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, noon)
	add(t, s, noon, chunk(patch, 100), pulse(patch, 70), chunk(patch, 100), battery(patch), pulse(patch, 71))
	all := drain(t, s, noon)
	if got := seqs(all); !slices.Equal(got, []uint64{4, 2, 5, 1, 3}) {
		t.Errorf("%v", got)
	}
}

func TestThePastGoesNewestFirstBesideThePresent(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir(), Segment: 1000}, noon) // a few messages each
	for i := range 60 {
		add(t, s, noon.Add(time.Duration(i)*time.Minute), chunk(patch, 50), pulse(clip, 60))
	}
	later := noon.Add(2 * time.Hour)
	s.Rewind(later)
	add(t, s, later, chunk(patch, 50))
	if p, ok := s.Live(later); !ok || decode(t, p).Seq != 61 {
		t.Error("the present waits for the past")
	}
	if _, ok := s.Live(later); ok {
		t.Error("the past stands in front of the present")
	}
	var got []uint64
	for p, ok := s.Late(later); ok; p, ok = s.Late(later) {
		s.Received(p, later)
		got = append(got, decode(t, p).Seq)
	}
	// Segments leave the youngest first, and each in order: the numbers of both devices alike.
	rows, longest, length := 1, 0, 1
	for i := 2; i < len(got); i++ {
		if got[i] >= got[i-1] {
			length++
			longest = max(longest, length)
			continue
		}
		rows, length = rows+1, 1
	}
	if len(got) != 120 || got[0] < 55 || got[119] > 5 || rows < 10 || rows > 60 || longest < 4 {
		t.Errorf("%d rows, the longest of %d: %v", rows, longest, got)
	}
}

func TestMessageIsNotOverdueBehindOneThatIsStillToBeSent(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir(), Segment: 1000}, noon)
	for i := range 40 {
		add(t, s, noon.Add(time.Duration(i)*time.Minute), pulse(patch, 60))
	}
	at := noon.Add(2 * time.Hour)
	s.Rewind(at)
	var server vitals.Progress
	for n := range 40 { // one each minute: the ack of most comes behind the last only
		p, ok := take(s, at)
		if !ok {
			t.Fatalf("%d were sent", n)
		}
		s.Received(p, at)
		m := decode(t, p)
		if server.Has(m.Seq) {
			t.Errorf("message %d was sent again", m.Seq)
		}
		server.Add(vitals.Span{First: m.Seq, Last: m.Seq})
		must(t, s.Ack(stored(m, server.Upto), at))
		at = at.Add(time.Minute)
		s.Overdue(at)
	}
	if q := s.Stats().Queue; q != 0 {
		t.Errorf("%d are left", q)
	}
}

func TestUnacknowledgedMessageIsSentAgainWithGrowingPatience(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, noon)
	add(t, s, noon, pulse(patch, 70))
	at := noon
	for _, patience := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		if all := drain(t, s, at); len(all) != 1 {
			t.Fatalf("%d messages", len(all))
		}
		if s.Overdue(at.Add(patience - time.Second)); len(first(s, at)) > 0 {
			t.Fatalf("sent again within %v", patience)
		}
		at = at.Add(patience)
		s.Overdue(at)
	}
}

func first(s *spool.Spool, at time.Time) []byte {
	p, _ := take(s, at)
	return p.Payload
}

func TestStoredIsKeptForThreeDaysAndSentToAServerThatForgot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir}, noon)
	add(t, s, noon, pulse(patch, 70), pulse(patch, 71))
	all := drain(t, s, noon)
	must(t, s.Ack(stored(all[0], 2), noon))
	if q := s.Stats().Queue; q != 0 {
		t.Errorf("%d wait", q)
	}
	must(t, s.Reconcile(stored(all[0], 1), noon.Add(71*time.Hour)))
	again := drain(t, s, noon.Add(71*time.Hour))
	if got := seqs(again); !slices.Equal(got, []uint64{2}) || again[0].Stream != all[0].Stream {
		t.Errorf("sends %v again", got)
	}
	must(t, s.Ack(stored(all[0], 2), noon.Add(71*time.Hour)))
	must(t, s.Sync(noon.Add(72*time.Hour)))  // another segment begins
	must(t, s.Sync(noon.Add(143*time.Hour))) // three days after the second ack
	must(t, s.Reconcile(uplink.Ack{}, noon.Add(144*time.Hour)))
	if again := drain(t, s, noon.Add(144*time.Hour)); len(again) != 0 {
		t.Errorf("%v was kept longer", seqs(again))
	}
}

func TestServerThatLostMoreThanIsKeptGetsANewStream(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, noon)
	add(t, s, noon, pulse(patch, 70))
	all := drain(t, s, noon)
	must(t, s.Ack(stored(all[0], 1), noon))
	must(t, s.Sync(noon.Add(2*time.Hour)))
	late := noon.Add(100 * time.Hour)
	must(t, s.Sync(late)) // number 1 is gone
	add(t, s, late, pulse(patch, 71))
	must(t, s.Reconcile(uplink.Ack{}, late))
	again := drain(t, s, late)
	if len(again) != 1 || again[0].Seq != 1 || again[0].Stream == all[0].Stream || again[0].Batch.Readings[0].Value != vitals.Int(71) {
		t.Errorf("%+v", again)
	}
}

func TestNumbersThatALyingDiskLostAreNotUsedAgain(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, noon)
	add(t, s, noon, pulse(patch, 70))
	all := drain(t, s, noon)
	must(t, s.Reconcile(stored(all[0], 9), noon))
	again := drain(t, s, noon)
	if len(again) != 1 || again[0].Seq != 1 || again[0].Stream == all[0].Stream {
		t.Errorf("%+v", again)
	}
}

func TestPartlyRefusedMessageWaitsForItsAck(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir}, noon)
	add(t, s, noon, pulse(patch, 70), pulse(patch, 71))
	all := drain(t, s, noon)
	epoch := all[0].Stream
	must(t, s.Nack(uplink.Nack{Device: patch, Stream: epoch, Seq: 1, Kept: true}, noon))
	must(t, s.Nack(uplink.Nack{Device: patch, Stream: epoch, Seq: 2}, noon))
	for _, n := range []uplink.Nack{{Device: patch, Stream: epoch, Seq: 2}, {Device: clip, Stream: epoch, Seq: 1}} {
		if err := s.Nack(n, noon); !errors.Is(err, uplink.ErrNotKept) {
			t.Errorf("nack of %+v: %v", n, err)
		}
	}
	must(t, s.Close())
	s = open(t, spool.Config{Dir: dir}, noon)
	if got := s.Stats(); got.Queue != 1 || !got.Oldest.Equal(noon) {
		t.Errorf("%+v", got)
	}
}

func TestFullSpoolGivesUpOldWaveformsAndSaysSo(t *testing.T) {
	const room = 128 << 10
	s := open(t, spool.Config{Dir: t.TempDir(), Limit: room}, noon)
	for i := range 300 {
		at := noon.Add(time.Duration(i) * time.Second)
		add(t, s, at, chunk(patch, 250), pulse(clip, int64(60+i%40)))
		if got := s.Stats().Bytes; got > room {
			t.Fatalf("%d bytes after %d s", got, i)
		}
	}
	gaps, waves, pulses, youngestGap, oldestWave := 0, 0, 0, uint64(0), uint64(1000)
	all := drain(t, s, noon.Add(300*time.Second))
	for _, m := range all {
		switch {
		case m.Batch.Device == clip:
			pulses++
		case len(m.Batch.Waveforms) > 0:
			waves, oldestWave = waves+1, min(oldestWave, m.Seq)
		case m.Batch.Events[0].Code == vitals.DataGap:
			gaps, youngestGap = gaps+1, max(youngestGap, m.Seq)
		}
	}
	if pulses != 300 || gaps+waves != 300 || waves == 0 || youngestGap > oldestWave || s.Stats().Replaced != uint64(gaps) {
		t.Errorf("%d pulses, %d gaps up to %d, %d waves from %d, %+v", pulses, gaps, youngestGap, waves, oldestWave, s.Stats())
	}
}

func TestStoredGoesBeforeAnyWaveformIsGivenUp(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir(), Limit: 64 << 10}, noon)
	for i := range 500 {
		at := noon.Add(time.Duration(i) * time.Second)
		add(t, s, at, chunk(patch, 250))
		all := drain(t, s, at)
		if i%10 == 9 {
			must(t, s.Ack(stored(all[0], uint64(i-4)), at))
		}
	}
	if got := s.Stats(); got.Replaced != 0 || got.Bytes > 64<<10 || got.Queue > 10 {
		t.Errorf("%+v", got)
	}
}

func TestEventsAloneFillTheSpoolInTheEnd(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir(), Limit: 8 << 10}, noon)
	n := 0
	for ; n < 1000; n++ {
		if err := s.Add(battery(patch), synced, noon); errors.Is(err, spool.ErrFull) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	must(t, s.Sync(noon))
	if all := drain(t, s, noon); len(all) != n || n == 1000 {
		t.Errorf("%d of %d events leave", len(all), n)
	}
}

func TestRottenRecordInTheMiddleCostsOnlyItself(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir}, noon)
	add(t, s, noon, pulse(patch, 70), pulse(patch, 71), pulse(patch, 72))
	all := drain(t, s, noon)
	must(t, s.Close())
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	must(t, err)
	content, err := os.ReadFile(names[0])
	must(t, err)
	content[len(content)/2] ^= 0x10
	must(t, os.WriteFile(names[0], content, 0o600))

	s = open(t, spool.Config{Dir: dir}, noon)
	add(t, s, noon, pulse(patch, 73))
	got := map[uint64]bool{}
	again := drain(t, s, noon)
	for _, m := range again {
		switch {
		case m.Stream != all[0].Stream:
			if m.Seq != 1 {
				t.Errorf("the new stream begins with %d", m.Seq)
			}
		case len(m.Batch.Events) > 0:
			got[m.Seq] = true
		default:
			got[m.Seq] = false
		}
	}
	if len(again) != 4 || len(got) != 3 || got[1] || !got[2] || got[3] || !s.Stats().Damaged {
		t.Errorf("%v, %+v", got, s.Stats())
	}
}
