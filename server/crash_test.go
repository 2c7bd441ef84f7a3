package main_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

const (
	waveRate     = 250 // samples per second
	waveModulus  = 30_000
	storedWithin = 4 * time.Minute // everything sent is stored, on a busy machine
	secondsPast  = 3600            // how long ago the records of the past began
	lease        = 5 * time.Second
)

// record is what one patient's two devices send: a waveform whose samples carry their own index,
// and numbers, both one message per step. So whatever is stored can be held against what it must be.
type record struct {
	hub     *hub
	samples int64 // of the waveform in a step
	patient vitals.PatientID
	wave    vitals.DeviceID
	numbers vitals.DeviceID
	began   time.Time
	steps   atomic.Int64 // sent
}

// newPast enrols a patient with two devices that catch up on an hour ago, a second at each step. What
// is so old is added to blocks that are in the database only.
func newPast(admin *client, name string, h *hub) *record {
	admin.server.t.Helper()
	began := time.Now().UTC().Truncate(time.Minute).Add(-secondsPast*time.Second + 3700*time.Millisecond) // off the borders of blocks
	return newRecord(admin, name, &record{hub: h, samples: waveRate, began: began})
}

// newPresent enrols a patient with two devices that send what is now, in small steps. Its blocks are
// open in memory while they are written.
func newPresent(admin *client, name string, h *hub) *record {
	admin.server.t.Helper()
	const samples = 16 // 64 ms
	return newRecord(admin, name, &record{hub: h, samples: samples, began: time.Now().UTC().Truncate(time.Second)})
}

func newRecord(admin *client, name string, r *record) *record {
	admin.server.t.Helper()
	r.wave, r.numbers = deviceNamed("wave"+name), deviceNamed("numbers"+name)
	r.patient = admin.admit("MRN-"+name, r.wave, r.numbers)
	return r
}

// length is the time that a step covers.
func (r *record) length() time.Duration { return time.Duration(r.samples) * time.Second / waveRate }

// deviceNamed is a device's address made of a name.
func deviceNamed(name string) vitals.DeviceID {
	h := uint64(1469598103934665603)
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return vitals.DeviceID(fmt.Sprintf("%012x", h>>16))
}

// step sends the next piece.
func (r *record) step() error {
	n := r.steps.Load()
	at := r.at(n)
	samples := make([]int16, r.samples)
	for i := range samples {
		samples[i] = sampleAt(n*r.samples + int64(i))
	}
	if err := r.hub.send(vitals.Batch{Device: r.wave, Waveforms: []vitals.Waveform{{
		Kind: vitals.Pleth, Start: at, Rate: vitals.Rate{Num: waveRate, Den: 1}, Scale: vitals.Int(1),
		First: uint64(n * r.samples), Samples: samples,
	}}}); err != nil {
		return err
	}
	var readings []vitals.Reading
	for _, kind := range []vitals.Kind{vitals.SpO2, vitals.PulseRate, vitals.Temperature} {
		readings = append(readings, vitals.Reading{Kind: kind, Time: at, Value: valueAt(kind, n)})
	}
	if err := r.hub.send(vitals.Batch{Device: r.numbers, Readings: readings}); err != nil {
		return err
	}
	r.steps.Add(1)
	return nil
}

func (r *record) at(step int64) time.Time { return r.began.Add(time.Duration(step) * r.length()) }

func sampleAt(index int64) int16 { return int16(index % waveModulus) }

// valueAt is a plausible value that tells the step.
func valueAt(kind vitals.Kind, step int64) vitals.Decimal {
	switch kind {
	case vitals.SpO2:
		return vitals.Int(95 + step%6) // no alarm
	case vitals.PulseRate:
		return vitals.Int(60 + step%50)
	default:
		return vitals.NewDecimal(3500+step%300, -2)
	}
}

// play sends a step of the record at each tick until the context ends, never what is to come.
func (r *record) play(ctx context.Context, every time.Duration) error {
	if r.samples < waveRate {
		every = r.length()
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := r.step(); err != nil {
				return err
			}
		}
	}
}

// playAll plays records until stopped.
func playAll(t *testing.T, records []*record, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var playing sync.WaitGroup
	for _, r := range records {
		playing.Go(func() {
			if err := r.play(ctx, every); err != nil {
				t.Errorf("play: %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); playing.Wait() })
	t.Cleanup(stop)
	return stop
}

// acks is how much of a record's two streams was acked.
type acks struct{ wave, numbers int64 }

func (r *record) acks() acks {
	return acks{int64(r.hub.acked(r.wave)), int64(r.hub.acked(r.numbers))}
}

// holds checks what is stored of the record: everything that was acked is there, and whatever is
// there is there once, in order and as it was sent.
func (r *record) holds(s *store.Store, acked acks) error {
	blocks, err := s.LatestBlocks(context.Background(), vitals.PartitionOf(r.patient), r.began.Add(-time.Hour))
	if err != nil {
		return err
	}
	blocks = slices.DeleteFunc(blocks, func(b vitals.Block) bool { return b.Patient != r.patient })
	slices.SortFunc(blocks, func(a, b vitals.Block) int { return a.Start.Compare(b.Start) })
	return errors.Join(
		r.holdsWave(blocks, acked.wave*r.samples),
		r.holdsSeries(blocks, vitals.SpO2, acked.numbers),
		r.holdsSeries(blocks, vitals.PulseRate, acked.numbers),
		r.holdsSpots(s, acked.numbers),
	)
}

// holdsWave reads the waveform from its blocks, one sample after the other.
func (r *record) holdsWave(blocks []vitals.Block, acked int64) error {
	next := int64(0) // index of the sample that is to come
	whole := true    // no gap so far
	for _, b := range blocks {
		if b.Kind != vitals.Pleth {
			continue
		}
		segments, err := codec.UnpackWave(b.Data)
		if err != nil {
			return fmt.Errorf("unpack the block of %s: %w", b.Start, err)
		}
		for _, s := range segments {
			first := int64(s.First)
			if first < next {
				return fmt.Errorf("sample %d is stored twice or out of order, in the block of %s", first, b.Start)
			}
			if whole && first > next {
				whole = false
				if next < acked {
					return fmt.Errorf("sample %d of %d acked ones is missing", next, acked)
				}
			}
			if want := r.began.Add(s.Rate.Span(int(first))); !s.Start.Equal(want) {
				return fmt.Errorf("sample %d is stored at %s, not at %s", first, s.Start, want)
			}
			for i, v := range s.Samples {
				if want := sampleAt(first + int64(i)); v != want {
					return fmt.Errorf("sample %d is stored as %d, not %d", first+int64(i), v, want)
				}
			}
			next = first + int64(len(s.Samples))
		}
	}
	if next < acked {
		return fmt.Errorf("samples end at %d, %d were acked", next, acked)
	}
	return nil
}

// holdsSeries reads packed minutes.
func (r *record) holdsSeries(blocks []vitals.Block, kind vitals.Kind, steps int64) error {
	var times []time.Time
	var values []vitals.Decimal
	for _, b := range blocks {
		if b.Kind != kind {
			continue
		}
		points, err := codec.UnpackSeries(b.Start, b.Data)
		if err != nil {
			return fmt.Errorf("unpack the minute %s: %w", b.Start, err)
		}
		for _, p := range points {
			times, values = append(times, p.Time), append(values, p.Value)
		}
	}
	return r.holdsValues(kind, times, values, steps)
}

// holdsSpots reads values that are stored one by one.
func (r *record) holdsSpots(s *store.Store, steps int64) error {
	const all = 1_000_000
	readings, err := s.Readings(context.Background(), vitals.Scope{All: true}, vitals.Query{
		Patient: r.patient, Kinds: []vitals.Kind{vitals.Temperature}, Limit: all,
	})
	if err != nil {
		return err
	}
	var times []time.Time
	var values []vitals.Decimal
	for _, c := range readings {
		times, values = append(times, c.Time), append(values, c.Value)
	}
	return r.holdsValues(vitals.Temperature, times, values, steps)
}

func (r *record) holdsValues(kind vitals.Kind, times []time.Time, values []vitals.Decimal, steps int64) error {
	next := int64(0)
	for i, at := range times {
		step := int64(at.Sub(r.began) / r.length())
		switch {
		case !at.Equal(r.at(step)):
			return fmt.Errorf("%s is stored at %s, where none was sent", kind, at)
		case step < next:
			return fmt.Errorf("%s %d is stored twice or out of order", kind, step)
		case step > next && next < steps:
			return fmt.Errorf("%s %d of %d acked ones is missing", kind, next, steps)
		case values[i] != valueAt(kind, step):
			return fmt.Errorf("%s %d is stored as %s, not %s", kind, step, values[i], valueAt(kind, step))
		}
		next = step + 1
	}
	if next < steps {
		return fmt.Errorf("%s ends at %d, %d were acked", kind, next, steps)
	}
	return nil
}

// holdAll checks the records against the store, with what is acked now.
func holdAll(t *testing.T, records []*record, s *store.Store) {
	t.Helper()
	for _, r := range records {
		if err := r.holds(s, r.acks()); err != nil {
			t.Fatalf("patient %s: %v", r.patient, err)
		}
	}
}

// stored opens a copy of the database of a server that was killed, so that looking at it neither
// repairs nor tidies what the next start will find.
func (s *server) stored() *store.Store {
	s.t.Helper()
	folder := s.t.TempDir()
	for _, name := range []string{"vigil.db", "vigil.db-wal"} {
		if err := copyFile(filepath.Join(folder, name), filepath.Join(s.folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.t.Fatal(err)
		}
	}
	return openStore(s.t, store.Config{Dir: folder})
}

func openStore(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	opened, err := store.Open(context.Background(), c)
	if err != nil {
		t.Fatalf("open the database that was left: %v", err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// kills is how often the server is killed; VIGIL_KILLS says otherwise.
func kills(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("VIGIL_KILLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 2
	}
	return 8
}

// seeded draws the same in a run with the same VIGIL_SEED.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if s, err := strconv.ParseUint(os.Getenv("VIGIL_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("VIGIL_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func TestNothingAckedIsLostHoweverOftenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	var records []*record
	for i := range 2 {
		id := vitals.HubID(fmt.Sprintf("home-%d", i))
		h := newHub(t, id, admin.enrolHub(id), s.mqtt)
		records = append(records, newPast(admin, fmt.Sprintf("past-%d", i), h), newPresent(admin, fmt.Sprintf("present-%d", i), h))
	}
	stop := playAll(t, records, 60*time.Millisecond)
	acked := func() (n int64) {
		for _, r := range records {
			a := r.acks()
			n += a.wave + a.numbers
		}
		return n
	}
	for k := range kills(t) {
		if k%2 == 1 { // every other life lasts long enough to be good for something
			before := acked()
			eventually(t, storedWithin, "something is acked", func() error {
				if acked() == before {
					return errors.New("nothing yet")
				}
				return nil
			})
		}
		passes(upTo(random, 3*time.Second))
		s.kill()
		holdAll(t, records, s.stored())
		t.Logf("kill %d: %d messages acked", k+1, acked())
		s.start()
	}
	stop()
	for _, r := range records {
		eventually(t, storedWithin, "everything is acked", r.hub.open)
	}
	s.kill()
	holdAll(t, records, s.stored())
}

// upTo draws a time.
func upTo(random *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(d)))
}

// heart is an ECG that beats 75 times a minute, except while it stands still.
type heart struct {
	hub     *hub
	patient vitals.PatientID
	device  vitals.DeviceID
	began   time.Time

	mu    sync.Mutex
	still []time.Duration // when it stopped, resumed, stopped …, since it began
	sent  int             // samples
}

const (
	heartChunk = 125 // samples in a message
	beatEvery  = 200 // samples: 75 beats a minute at 250 Hz
	warmHeart  = 30 * time.Second
)

// newHeart enrols a patient whose heart has been beating for a while and is sent as it beats.
func newHeart(admin *client, name string, h *hub) *heart {
	t := admin.server.t
	t.Helper()
	x := &heart{hub: h, device: deviceNamed("heart" + name), began: time.Now().UTC().Truncate(time.Second).Add(-warmHeart)}
	x.patient = admin.admit("MRN-"+name, x.device)
	passes(300 * time.Millisecond) // until every node has heard of the binding
	ctx, cancel := context.WithCancel(context.Background())
	var beating sync.WaitGroup
	beating.Go(func() {
		if err := x.beat(ctx); err != nil {
			t.Errorf("beat: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); beating.Wait() })
	return x
}

// turn stops the heart or lets it beat again, from about now on, and says when.
func (x *heart) turn() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := time.Since(x.began)
	x.still = append(x.still, at)
	return x.began.Add(at)
}

// beat sends what the heart does as soon as it has done it.
func (x *heart) beat(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		for {
			w, ready := x.chunk(time.Now())
			if !ready {
				break
			}
			if err := x.hub.send(vitals.Batch{Device: x.device, Waveforms: []vitals.Waveform{w}}); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (x *heart) chunk(now time.Time) (w vitals.Waveform, ready bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rate := vitals.Rate{Num: waveRate, Den: 1}
	if x.began.Add(rate.Span(x.sent + heartChunk)).After(now) {
		return w, false
	}
	w = vitals.Waveform{
		Kind: vitals.ECGII, Start: x.began.Add(rate.Span(x.sent)), Rate: rate, Scale: vitals.Int(1), First: uint64(x.sent),
	}
	for range heartChunk {
		w.Samples = append(w.Samples, x.sample(x.sent))
		x.sent++
	}
	return w, true
}

// sample is the ECG in microvolts: a bump for each of P, Q, R, S and T over a wandering baseline
// with a little noise.
func (x *heart) sample(i int) int16 {
	t := float64(i) / waveRate
	v := 60*math.Sin(2*math.Pi*0.23*t) + 8*rand.New(rand.NewPCG(uint64(i), 7)).NormFloat64()
	for beat := i / beatEvery; beat <= i/beatEvery+1; beat++ {
		if x.standsStill(beat * beatEvery) {
			continue
		}
		since := float64(i-beat*beatEvery) / waveRate
		for _, bump := range [][3]float64{{-0.17, 110, 0.022}, {-0.026, -90, 0.009}, {0, 1100, 0.011}, {0.028, -220, 0.010}, {0.26, 260, 0.045}} {
			z := (since - bump[0]) / bump[2]
			v += bump[1] * math.Exp(-z*z/2)
		}
	}
	return int16(math.Round(v))
}

func (x *heart) standsStill(sample int) bool {
	at := time.Duration(sample) * time.Second / waveRate
	turns, _ := slices.BinarySearch(x.still, at)
	return turns%2 == 1
}

// alarmWithin is how soon a lethal rhythm must be told (IEC 60601-2-27: 10 s).
const alarmWithin = 10 * time.Second

// watched waits until something of the ECG was acked: somebody watches.
func (x *heart) watched(t *testing.T) {
	t.Helper()
	eventually(t, readyLimit, "the heart is watched", func() error {
		if x.hub.acked(x.device) == 0 {
			return errors.New("no message was acked")
		}
		return nil
	})
}

func TestAnAlarmOutlivesItsServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	x := newHeart(admin, "alarm", newHub(t, "home", admin.enrolHub("home"), s.mqtt))
	nurse := s.nurse()
	board := nurse.screen()
	x.watched(t)

	onset := x.turn()
	var raised alerts.View
	eventually(t, readyLimit, "the asystole is on the screen", func() (err error) {
		raised, err = board.shows(x.patient, alerts.Asystole)
		return err
	})
	s.kill()
	if took := raised.Raised.Sub(onset); took > alarmWithin {
		t.Errorf("the alarm took %s", took)
	} else {
		t.Logf("the alarm took %s", took)
	}

	s.start()
	s.watching()
	nurse = s.nurse()
	judged := standing(t, nurse, x, raised.ID, func(a alerts.View) error {
		if a.State != "active_unack" || a.Truth != "true" {
			return fmt.Errorf("it is %s, %s", a.State, a.Truth)
		}
		return nil
	})
	acknowledged, err := nurse.acknowledge(judged, "command-1")
	s.kill()
	if err != nil {
		t.Fatalf("acknowledge: %v", err)
	}

	s.start()
	s.watching()
	nurse = s.nurse()
	board = nurse.screen()
	standing(t, nurse, x, raised.ID, func(a alerts.View) error {
		if a.State != "active_ack" || a.Truth != "true" || a.AckedBy == nil ||
			!a.AckedAt.Equal(acknowledged.AckedAt.Truncate(time.Microsecond)) {
			return fmt.Errorf("it is %s, %s, acknowledged at %v", a.State, a.Truth, a.AckedAt)
		}
		return nil
	})
	eventually(t, readyLimit, "the new screen shows the same alarm", func() error {
		a, err := board.shows(x.patient, alerts.Asystole)
		if err == nil && a.ID != raised.ID {
			t.Fatalf("the screen shows %s, was %s", a.ID, raised.ID)
		}
		return err
	})

	x.turn()
	standing(t, nurse, x, raised.ID, func(a alerts.View) error {
		if a.State != "closed" || a.Reason != alerts.ClosedResolved {
			return fmt.Errorf("it is %s", a.State)
		}
		return nil
	})
	s.kill()
	lifeOf(t, s.stored(), raised.ID, alerts.Raised, alerts.Acknowledged, alerts.Ceased)
}

// standing waits until the one asystole of the patient, which must be the known one, is as it should be.
func standing(t *testing.T, c *client, x *heart, id alerts.AlarmID, check func(alerts.View) error) (found alerts.View) {
	t.Helper()
	eventually(t, readyLimit, "the alarm is as it should be", func() error {
		a, err := c.only(x.patient, alerts.Asystole)
		if err != nil {
			return err
		}
		if a.ID != id {
			t.Fatalf("the alarm has become another: %s, was %s", a.ID, id)
		}
		found = a
		return check(a)
	})
	return found
}

// lifeOf checks that each of the changes is in the alarm's history once, in this order.
func lifeOf(t *testing.T, s *store.Store, id alerts.AlarmID, want ...alerts.Change) {
	t.Helper()
	history, err := s.History(context.Background(), vitals.Scope{All: true}, id)
	if err != nil {
		t.Fatal(err)
	}
	var got, all []alerts.Change
	for i, h := range history {
		all = append(all, h.Change)
		if h.Alarm.Version != i+1 {
			t.Errorf("change %d has version %d", i+1, h.Alarm.Version)
		}
		if slices.Contains(want, h.Change) {
			got = append(got, h.Change)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the alarm's history is %v, of which %v was expected", all, want)
	}
	t.Logf("history: %v", all)
}

// harms are what may happen to a journal between two runs.
var harms = []struct {
	name string
	do   func(t *testing.T, folder string, random *rand.Rand)
}{
	{"deleted", func(t *testing.T, folder string, _ *rand.Rand) {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}},
	{"messages with flipped bytes", func(t *testing.T, folder string, random *rand.Rand) {
		flip(t, folder, ".blk", random)
	}},
	{"every file with flipped bytes", func(t *testing.T, folder string, random *rand.Rand) {
		flip(t, folder, "", random)
	}},
}

// flip changes some bytes in each of the folder's files whose names end so.
func flip(t *testing.T, folder, suffix string, random *rand.Rand) {
	t.Helper()
	flipped := 0
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			return err
		}
		for range 1 + len(data)/20_000 {
			data[random.IntN(len(data))] ^= 0x55
			flipped++
		}
		return os.WriteFile(path, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if flipped == 0 {
		t.Fatalf("nothing to flip in %s", folder)
	}
	t.Logf("%d bytes flipped", flipped)
}

func TestALostJournalCostsARepeatAndNoSample(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	random := seeded(t)
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	h := newHub(t, "home", admin.enrolHub("home"), s.mqtt)
	records := []*record{newPast(admin, "a", h), newPresent(admin, "b", h)}
	stop := playAll(t, records, 40*time.Millisecond)
	for _, harm := range harms {
		before := h.ackedAll()
		eventually(t, storedWithin, "more is acked", func() error {
			if h.ackedAll() == before {
				return errors.New("nothing yet")
			}
			return nil
		})
		passes(upTo(random, 2*time.Second))
		s.kill()
		harm.do(t, filepath.Join(s.folder, "journal"), random)
		left := s.stored()
		holdAll(t, records, left)
		positions := stored(t, left, "home")
		_, session := h.told()
		mark := s.said.mark()
		s.start()
		s.watching()
		if !s.said.has(mark, "lost") {
			t.Errorf("%s: the log does not say that the journal was lost", harm.name)
		}
		var told map[vitals.DeviceID]uint64
		eventually(t, readyLimit, "the hub is told its positions", func() error {
			var now int
			if told, now = h.told(); now == session {
				return errors.New("not yet")
			}
			return nil
		})
		if !maps.Equal(told, positions) {
			t.Errorf("%s: the hub was told %v, stored is %v", harm.name, told, positions)
		}
		t.Logf("%s: stored before %v", harm.name, positions)
	}
	stop()
	eventually(t, storedWithin, "everything is acked", h.open)
	s.kill()
	holdAll(t, records, s.stored())
}

// stored is up to where a hub's streams are stored.
func stored(t *testing.T, s *store.Store, id vitals.HubID) map[vitals.DeviceID]uint64 {
	t.Helper()
	positions, err := s.Positions(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	upto := map[vitals.DeviceID]uint64{}
	for _, p := range positions {
		upto[p.Stream.Device] = p.Upto
	}
	return upto
}
