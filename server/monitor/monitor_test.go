package monitor_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/server/store/storetest"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func TestMain(m *testing.M) {
	// The compressor makes its channels at the first use, which must not be in a bubble.
	if _, err := codec.UnpackSeries(time.Time{}, codec.PackSeries(time.Time{}, nil)); err != nil {
		panic(err)
	}
	if _, err := codec.UnpackWave(codec.PackWave([]codec.Segment{{Rate: vitals.Rate{Num: 1, Den: 1}, Samples: make([]int16, 999)}})); err != nil {
		panic(err)
	}
	// PostgreSQL is tied to a thread, which lives as long as the process.
	goleak.VerifyTestMain(suite{m}, goleak.IgnoreTopFunction("vigil/server/store/storetest.startTied.func1"))
}

// suite runs the tests with a private PostgreSQL, where there is one.
type suite struct{ *testing.M }

func (s suite) Run() int { return storetest.Main(s.M) }

const (
	ann   = vitals.PatientID("ann")
	ben   = vitals.PatientID("ben")
	strap = vitals.DeviceID("a09e1a000001")
)

// streamOf is the stream of the patient's strap through the hub at home.
func streamOf(p vitals.PatientID) vitals.Stream {
	return vitals.Stream{Hub: vitals.HubID("hub of " + p), Device: strap, Epoch: 1}
}

// ward is a monitor with everything around it.
type ward struct {
	t      *testing.T
	db     *database
	log    *log
	screen *screen
	node   *monitor.Monitor
	stop   func()
	seq    map[vitals.PatientID]uint64

	mu    sync.Mutex
	acked map[vitals.Stream]uint64
	sent  []vitals.Delivery
}

func newWard(t *testing.T, patients ...vitals.PatientID) *ward {
	t.Helper()
	return &ward{
		t: t, db: newDatabase(patients...), log: newLog(), screen: &screen{},
		seq: map[vitals.PatientID]uint64{}, acked: map[vitals.Stream]uint64{},
	}
}

func (w *ward) config(node string) monitor.Config {
	return monitor.Config{
		Node: node, Leases: w.db, Store: w.db, Journal: w.log, Feed: w.screen, Acked: w.hear, NewEngine: newSimple,
	}
}

// hear notes what may be forgotten by the sender, and that all of it is stored at that moment.
func (w *ward) hear(positions []vitals.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range positions {
		w.acked[p.Stream] = max(w.acked[p.Stream], p.Upto)
		for _, d := range w.sent {
			if d.Stream == p.Stream && d.Seq <= p.Upto && !w.db.has(w.t, d) {
				w.t.Errorf("message %d may be forgotten and is not stored", d.Seq)
			}
		}
	}
}

// start runs a node until stop, which ends it in good order.
func (w *ward) start(cfg monitor.Config) *monitor.Monitor {
	w.t.Helper()
	m := monitor.New(cfg)
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	w.node = m
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Log(err) // the database may be away
		}
	})
	w.t.Cleanup(w.stop)
	synctest.Wait()
	return m
}

// beat is one second of a patient: a heart rate, a spot temperature and a piece of ECG.
func (w *ward) beat(p vitals.PatientID, rate int64) vitals.Delivery {
	w.seq[p]++
	seq := w.seq[p]
	now := time.Now().UTC().Truncate(time.Microsecond) // as all times are
	d := vitals.Delivery{
		Patient: p, Stream: streamOf(p), Seq: seq, Received: now,
		Batch: vitals.Batch{
			Device: strap,
			Readings: []vitals.Reading{
				{Kind: vitals.HeartRate, Time: now, Value: vitals.Int(rate)},
				{Kind: vitals.Temperature, Time: now, Value: vitals.NewDecimal(366, -1)},
			},
			Waveforms: []vitals.Waveform{{
				Kind: vitals.ECGII, Start: now, Rate: vitals.Rate{Num: 10, Den: 1}, Scale: vitals.Int(1),
				First: seq * 10, Samples: slices.Repeat([]int16{int16(seq)}, 10),
			}},
		},
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, d)
	return d
}

// live lets the patient live for some seconds.
func (w *ward) live(p vitals.PatientID, seconds int, rate int64) {
	for range seconds {
		w.log.publish(w.beat(p, rate))
		pass(time.Second)
	}
	synctest.Wait()
}

// has reports whether every value of the delivery is stored, once.
func (db *database) has(t *testing.T, d vitals.Delivery) bool {
	t.Helper()
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, r := range d.Batch.Readings {
		c := vitals.Charted{Patient: d.Patient, Device: d.Batch.Device, Reading: r}
		if r.Kind.Info().Shape == vitals.Spot {
			if _, there := db.readings[d.Patient][c.Key()]; !there {
				return false
			}
			continue
		}
		b := db.blocks[blockKey{d.Patient, d.Batch.Device, r.Kind, r.Time.Truncate(vitals.SeriesBlock).UnixMicro()}]
		if b.Data == nil {
			return false
		}
		points, err := codec.UnpackSeries(b.Start, b.Data)
		if err != nil {
			t.Error(err)
		}
		if count(points, func(p codec.Point) bool { return p.Time.Equal(r.Time) }) != 1 {
			return false
		}
	}
	for _, wave := range d.Batch.Waveforms {
		for i, sample := range wave.Samples {
			if db.samples(t, d, wave, i, sample) != 1 {
				return false
			}
		}
	}
	return true
}

func count[T any](list []T, is func(T) bool) (n int) {
	for _, v := range list {
		if is(v) {
			n++
		}
	}
	return n
}

// samples counts how often sample i of the waveform is stored.
func (db *database) samples(t *testing.T, d vitals.Delivery, w vitals.Waveform, i int, sample int16) (n int) {
	t.Helper()
	at := w.Start.Add(w.Rate.Span(i))
	b := db.blocks[blockKey{d.Patient, d.Batch.Device, w.Kind, at.Truncate(vitals.WaveBlock).UnixMicro()}]
	if b.Data == nil {
		return 0
	}
	segments, err := codec.UnpackWave(b.Data)
	if err != nil {
		t.Error(err)
	}
	for _, s := range segments {
		k := int64(w.First) + int64(i) - int64(s.First)
		if k >= 0 && k < int64(len(s.Samples)) && s.Samples[k] == sample {
			n++
		}
	}
	return n
}

// settle stops the node in good order and checks that everything is stored, once.
func (w *ward) settle() {
	w.t.Helper()
	w.stop()
	for _, d := range w.sent {
		if !w.db.has(w.t, d) {
			w.t.Errorf("message %d is not stored once", d.Seq)
		}
	}
	w.oneOfEach()
}

// oneOfEach checks that each change of each alarm is recorded once and in order.
func (w *ward) oneOfEach() {
	w.t.Helper()
	version := map[alerts.AlarmID]int{}
	for _, tr := range w.db.history {
		version[tr.Alarm.ID]++
		if tr.Alarm.Version != version[tr.Alarm.ID] {
			w.t.Errorf("version %d of alarm %s follows %d", tr.Alarm.Version, tr.Alarm.ID, version[tr.Alarm.ID]-1)
		}
	}
}

func (w *ward) shows(want ...string) {
	w.t.Helper()
	var got []string
	for _, a := range w.screen.alarms() {
		got = append(got, fmt.Sprintf("%s %s", a.Condition, a.State))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.t.Errorf("on the screen %v, want %v", got, want)
	}
}

func TestAnAlarmIsShownBeforeItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.db.set(func() { w.db.away = true })
		w.log.publish(w.beat(ann, racing))
		synctest.Wait()
		w.shows("EXTREME_TACHY active_unack")
		if len(w.db.history) != 0 {
			t.Error("stored in a database that is away")
		}
		w.db.set(func() { w.db.away = false })
		pass(10 * time.Second)
		synctest.Wait()
		if len(w.db.history) != 1 {
			t.Errorf("%d changes recorded, want 1", len(w.db.history))
		}
		w.settle()
	})
}

func TestNothingMayBeForgottenBeforeItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 45, 70) // hear looks each time
		if upto := w.acked[streamOf(ann)]; upto < 25 {
			t.Errorf("stored up to %d of 45 s", upto)
		}
		w.settle()
	})
}

func TestTheDatabaseIsAwayForAMinute(t *testing.T) {
	for _, how := range []string{"it refuses", "it hangs"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				m := w.start(w.config("node-1"))
				w.live(ann, 15, 70)
				acked := w.acked[streamOf(ann)]
				w.db.set(func() { w.db.away, w.db.hangs = how == "it refuses", how == "it hangs" })
				w.live(ann, 30, 70)
				w.live(ann, 30, racing)
				w.shows("EXTREME_TACHY active_unack")
				if w.acked[streamOf(ann)] > acked+10 {
					t.Errorf("acknowledged up to %d without a database", w.acked[streamOf(ann)])
				}
				if away := m.Stats().Away; away < 40*time.Second {
					t.Errorf("away for %s", away)
				}
				w.db.set(func() { w.db.away, w.db.hangs = false, false })
				w.live(ann, 35, 70)
				w.shows("EXTREME_TACHY closed")
				if s := m.Stats(); s.Away != 0 || s.Partitions != 1 || s.CaughtUp != 1 || s.Lag != 0 {
					t.Errorf("%+v", s)
				}
				if upto := w.acked[streamOf(ann)]; upto < 85 {
					t.Errorf("stored up to %d of 110 s", upto)
				}
				w.settle()
			})
		})
	}
}

func TestAFencedNodeForgetsThePartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		first := w.start(w.config("node-1"))
		w.live(ann, 12, 70)
		// Another node takes over, while the first does not notice.
		w.db.set(func() {
			w.db.owner = "node-2"
			w.db.parts[vitals.PartitionOf(ann)].owner = ""
		})
		stopFirst := w.stop
		w.start(w.config("node-2"))
		w.live(ann, 20, racing)
		if s := first.Stats(); s.Partitions != 0 {
			t.Errorf("%+v", s)
		}
		stopFirst()
		w.live(ann, 20, 70)
		w.shows("EXTREME_TACHY closed")
		w.settle()
	})
}

func TestAStalledNodeIsFencedByTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		cfg := w.config("node-1")
		cfg.Lease = time.Hour // it will not ask in time
		m := w.start(cfg)
		w.live(ann, 12, 70)
		w.db.set(func() { w.db.parts[vitals.PartitionOf(ann)].epoch++ })
		commits := w.db.commits
		w.live(ann, 12, racing)
		if s := m.Stats(); s.Fenced != 1 || s.Backlog != 0 {
			t.Errorf("%+v", s)
		}
		if len(w.db.history) != 0 {
			t.Error("a fenced node wrote")
		}
		_ = commits
	})
}

func TestAnAcknowledgementIsToldWhenItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		w.live(ann, 2, racing)
		alarm := w.screen.alarms()[0]
		ack := alerts.Command{Kind: alerts.Acknowledge, Alarm: alarm.ID, ID: "c-1", SeenVersion: 1, Actor: "nurse", Role: vitals.Nurse}

		w.db.set(func() { w.db.away = true })
		if _, err := m.Command(t.Context(), ann, ack); err == nil {
			t.Error("acknowledged without a database")
		}
		w.shows("EXTREME_TACHY active_unack")
		w.db.set(func() { w.db.away = false })
		pass(10 * time.Second)
		got, err := m.Command(t.Context(), ann, ack) // the same command again
		if err != nil || got.Alarm.State != alerts.ActiveAck || got.Alarm.AckedBy != "nurse" {
			t.Errorf("%+v %v", got, err)
		}
		if w.db.alarms[alarm.ID].State != alerts.ActiveAck {
			t.Error("told before it was stored")
		}
		synctest.Wait()
		if i := slices.IndexFunc(w.screen.shown, func(tr alerts.Transition) bool { return tr.Command == "c-1" }); i < 0 {
			t.Error("not on the screen")
		}
		ack.ID = "c-2"
		if _, err := m.Command(t.Context(), ann, ack); err == nil || err.Error() == "" {
			t.Error("acknowledged twice")
		}
		w.settle()
	})
}

// pass lets time pass, and everything happen that happens meanwhile.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestWhatIsDecidedAboutAPatientOutlivesTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		first := w.start(w.config("node-1"))
		w.live(ann, 2, 72)
		pause := alerts.Command{Kind: alerts.PauseAudio, ID: "c-1", For: time.Minute, Role: vitals.Nurse}
		a, err := first.Command(t.Context(), ann, pause)
		if err != nil || a.Care.Version != 1 || w.db.care[ann].Version != 1 {
			t.Fatalf("%+v %v, stored %+v", a, err, w.db.care)
		}
		synctest.Wait()
		if len(w.screen.care) != 1 || w.screen.care[0].Version != 1 {
			t.Errorf("on the screens: %+v", w.screen.care)
		}
		w.stop()
		second := w.start(w.config("node-2"))
		w.live(ann, 2, 72)
		if a, err = second.Command(t.Context(), ann, pause); err != nil || a.Care.Version != 2 {
			t.Errorf("the next node goes on from %+v %v", a.Care, err)
		}
		w.settle()
	})
}
