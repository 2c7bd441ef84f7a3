package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/server/monitor"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// realStore is the store as the monitor sees it. Once dead, nothing that is written arrives.
type realStore struct {
	*store.Store
	dead atomic.Bool
}

func (s *realStore) Commit(ctx context.Context, fn func(monitor.Tx) error) error {
	if s.dead.Load() {
		return errAway
	}
	return s.Store.Commit(ctx, func(tx *store.Tx) error { return fn(tx) })
}

func (s *realStore) Block(
	ctx context.Context, p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, start time.Time,
) (vitals.Block, bool, error) {
	b, err := s.Store.Block(ctx, p, d, k, start)
	if errors.Is(err, vitals.ErrNotFound) {
		return vitals.Block{}, false, nil
	}
	return b, err == nil, err
}

func (s *realStore) Quarantine(ctx context.Context, r vitals.Refusal) error {
	_, err := s.Store.Quarantine(ctx, r)
	return err
}

func (s *realStore) Release(ctx context.Context, node string) error {
	if s.dead.Load() {
		return errAway
	}
	return s.Store.Release(ctx, node)
}

// somebody is a patient of a partition that is stored soon after it is opened.
func somebody() vitals.PatientID {
	for i := 0; ; i++ {
		if p := vitals.PatientID(fmt.Sprintf("patient-%d", i)); vitals.PartitionOf(p) == 0 {
			return p
		}
	}
}

// hospital is everything that is real.
type hospital struct {
	t       *testing.T
	store   *store.Store
	journal *journal.Journal
	patient vitals.PatientID
	alarms  chan alerts.Transition
	// readings that were shown
	readings chan vitals.Charted
	health   func(time.Time) alerts.Health // of the installation; nil: nobody asks
}

func openHospital(t *testing.T, s *store.Store) *hospital {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Config{Dir: filepath.Join(t.TempDir(), "journal"), MaxBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	h := &hospital{t: t, store: s, journal: j, patient: somebody(), alarms: make(chan alerts.Transition, 1000), readings: make(chan vitals.Charted, 1000)}
	now := time.Now().UTC()
	must(t, s.SaveUnit(t.Context(), vitals.Unit{ID: "unit", Name: "Unit", Zone: "UTC"}))
	must(t, s.Admit(t.Context(), vitals.Patient{ID: h.patient, Unit: "unit", MRN: "1", Sex: vitals.UnknownSex, Admitted: now}))
	must(t, s.SaveDevice(t.Context(), vitals.Device{ID: strap}))
	must(t, s.Bind(t.Context(), vitals.Binding{Device: strap, Patient: h.patient, From: now.Add(-time.Hour)}))
	stop, err := j.Subscribe(journal.Handlers{
		Alarm:   func(a alerts.Transition) { h.alarms <- a },
		Reading: func(c vitals.Charted) { h.readings <- c },
	})
	must(t, err)
	t.Cleanup(stop)
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run starts a node; kill makes its death sudden, stop is in good order.
func (h *hospital) run(node string) (m *monitor.Monitor, kill, stop func()) {
	s := &realStore{Store: h.store}
	m = monitor.New(monitor.Config{
		Node: node, Leases: s, Store: s, Journal: h.journal, Feed: h.journal, Health: h.health,
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = m.Run(ctx) // a dead one cannot give anything back
	}()
	stop = func() { cancel(); <-ended }
	h.t.Cleanup(stop)
	return m, func() { s.dead.Store(true); stop() }, stop
}

// longEnough is until when a node has begun, and told what takes ten seconds, on a machine that has much else to do.
const longEnough = time.Minute

// await waits for a change of the alarm of a condition.
func (h *hospital) await(c alerts.Condition, change alerts.Change) alerts.Alarm {
	h.t.Helper()
	timeout := time.After(longEnough)
	for {
		select {
		case tr := <-h.alarms:
			if tr.Alarm.Condition == c && tr.Change == change {
				return tr.Alarm
			}
		case <-timeout:
			h.t.Fatalf("no %s of %s", change, c)
		}
	}
}

// awaitReading waits until a node has handled the delivery with the reading.
func (h *hospital) awaitReading(at time.Time) {
	h.t.Helper()
	timeout := time.After(longEnough)
	for {
		select {
		case c := <-h.readings:
			if c.Time.Equal(at) {
				return
			}
		case <-timeout:
			h.t.Fatal("the last reading is not handled")
		}
	}
}

// TestWithEverythingReal plays two minutes of a heart that begins to race to the real engine, over
// the real journal, into the real database, with a death in between.
func TestWithEverythingReal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		h := openHospital(t, s)
		stream := vitals.Stream{Hub: "hub", Device: strap, Epoch: 1}
		const seconds = 120
		begin := time.Now().UTC().Truncate(time.Millisecond).Add(-seconds * time.Second)
		publish := func(from, to, rate int) {
			for i := from; i < to; i++ {
				at := begin.Add(time.Duration(i) * time.Second)
				must(t, h.journal.Publish(t.Context(), vitals.Delivery{
					Patient: h.patient, Stream: stream, Seq: uint64(i + 1), Received: at,
					Batch: vitals.Batch{Device: strap, Readings: []vitals.Reading{
						{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(int64(rate))},
						{Kind: vitals.Temperature, Time: at, Value: vitals.NewDecimal(366, -1)},
					}},
				}))
			}
		}
		_, kill, _ := h.run("node-1")
		publish(0, 60, 72)
		publish(60, 90, 200)
		raised := h.await("EXTREME_TACHY", alerts.Raised)
		kill()
		m, _, stop := h.run("node-2")
		publish(90, seconds, 200)
		var acked alerts.Alarm
		err := monitor.ErrUnavailable
		for errors.Is(err, monitor.ErrUnavailable) { // until node-2 has taken over
			var a alerts.Answer
			a, err = m.Command(t.Context(), h.patient, alerts.Command{
				Kind: alerts.Acknowledge, Alarm: raised.ID, ID: "c-1", SeenVersion: 1, SeenPriority: raised.Priority,
				Actor: "nurse", Role: vitals.Nurse,
			})
			acked = a.Alarm
			if refused, _ := errors.AsType[*alerts.RefusedError](err); refused != nil && refused.Code == alerts.UnknownAlarm {
				err = monitor.ErrUnavailable // not read that far
			} else if refused != nil {
				t.Fatal(refused)
			}
		}
		if acked.ID != raised.ID || acked.AckedBy != "nurse" {
			t.Errorf("%+v", acked)
		}
		h.awaitReading(begin.Add((seconds - 1) * time.Second))
		stop()
		h.check(seconds, stream, acked)
	})
}

// check looks at what is stored.
func (h *hospital) check(seconds int, stream vitals.Stream, alarm alerts.Alarm) {
	h.t.Helper()
	ctx, all := h.t.Context(), vitals.Scope{All: true}
	for _, kind := range []vitals.Kind{vitals.HeartRate, vitals.Temperature} {
		got, err := h.store.Readings(ctx, all, vitals.Query{Patient: h.patient, Kinds: []vitals.Kind{kind}, Limit: 1000})
		must(h.t, err)
		if len(got) != seconds {
			h.t.Errorf("%d values of %s stored, want %d", len(got), kind, seconds)
		}
	}
	progress, err := h.store.Progress(ctx, stream)
	must(h.t, err)
	if progress.Upto != uint64(seconds) {
		h.t.Errorf("progress %+v", progress)
	}
	alarms, err := h.store.Alarms(ctx, all, vitals.AlarmQuery{Patient: h.patient, State: vitals.AllAlarms, Limit: 100})
	must(h.t, err)
	if n := count(alarms, func(a alerts.Alarm) bool { return a.Condition == alarm.Condition }); n != 1 {
		h.t.Errorf("%d alarms of one episode", n)
	}
	history, err := h.store.History(ctx, all, alarm.ID)
	must(h.t, err)
	if count(history, func(tr alerts.Transition) bool { return tr.Command == "c-1" }) != 1 {
		h.t.Errorf("history %+v", history)
	}
}
