package monitor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// TestEveryAlarmOnceHoweverItsOwnerIsKilled kills nodes, with the real engine, at fifty random points between an
// onset and its record, and between an acknowledgement and its answer: sometimes the transaction got to disk and
// nobody has heard of it, sometimes it did not. The next node tells of one alarm, and whoever asks again with the same
// command hears that it is done.
func TestEveryAlarmOnceHoweverItsOwnerIsKilled(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { killings(t, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

// mortalScreen shows nothing of a node that is dead.
type mortalScreen struct {
	*screen

	store *mortal
}

func (s mortalScreen) PublishAlarm(t alerts.Transition) {
	if !s.store.dead.Load() {
		s.screen.PublishAlarm(t)
	}
}

func killings(t *testing.T, random *rand.Rand) {
	t.Helper()
	w := newWard(t, ann)
	node, store := 0, &mortal{}
	var m *monitor.Monitor
	next := func() {
		node++
		store = &mortal{database: w.db}
		cfg := w.config(fmt.Sprintf("node-%d", node))
		cfg.Leases, cfg.Store, cfg.Feed, cfg.NewEngine, cfg.Acked = store, store, mortalScreen{w.screen, store}, nil, nil
		w.db.set(func() { w.db.owner = cfg.Node })
		m = w.start(cfg)
	}
	doom := func() { // now, or with the transaction that comes
		if random.IntN(2) == 0 {
			store.dead.Store(true)
		} else {
			store.dieNext.Store(true)
		}
	}
	next()
	w.live(ann, 20, 72)
	struck := random.IntN(8)
	for i := range 10 {
		pass(time.Duration(random.IntN(100)) * time.Millisecond)
		if i == struck {
			doom()
		}
		w.live(ann, 1, racing)
		if i == struck {
			pass(time.Duration(random.IntN(300)) * time.Millisecond)
			w.stop()
			next()
		}
	}
	w.live(ann, 5, racing)
	var alarm alerts.Alarm
	for _, a := range w.screen.alarms() {
		if a.Condition == alerts.ExtremeTachy {
			alarm = a
		}
	}
	c := alerts.Command{
		Kind: alerts.Acknowledge, ID: "c-1", Alarm: alarm.ID, SeenVersion: alarm.Version, SeenPriority: alarm.Priority,
		Actor: "nurse", Role: vitals.Nurse,
	}
	doom()
	heard := make(chan error, 1)
	owner := m
	go func() {
		_, err := owner.Command(t.Context(), ann, c)
		heard <- err
	}()
	pass(time.Duration(random.IntN(300)) * time.Millisecond)
	store.dead.Store(true)
	w.stop()
	next()
	if err := <-heard; !errors.Is(err, monitor.ErrUnavailable) {
		t.Errorf("answered by a node that was killed: %v", err)
	}
	a, err := m.Command(t.Context(), ann, c)
	for try := 0; errors.Is(err, monitor.ErrUnavailable) && try < 10; try++ { // as a screen does
		w.live(ann, 1, racing)
		a, err = m.Command(t.Context(), ann, c)
	}
	if err != nil || a.Alarm.ID != alarm.ID || a.Alarm.State != alerts.ActiveAck || a.Alarm.AckedBy != "nurse" {
		t.Fatalf("the same command again: %+v %v", a.Alarm, err)
	}
	synctest.Wait()
	raised := count(w.db.history, func(tr alerts.Transition) bool {
		return tr.Change == alerts.Raised && tr.Alarm.Condition == alerts.ExtremeTachy
	})
	acked := count(w.db.history, func(tr alerts.Transition) bool { return tr.Change == alerts.Acknowledged })
	if raised != 1 || acked != 1 {
		t.Errorf("%d times raised, %d times acknowledged", raised, acked)
	}
	for _, shown := range w.screen.alarms() {
		if stored := w.db.alarms[shown.ID]; stored.Version < shown.Version || shown.Condition == alerts.ExtremeTachy && shown.ID != alarm.ID {
			t.Errorf("on the screen %s version %d %s, stored version %d", shown.ID, shown.Version, shown.State, stored.Version)
		}
	}
	w.resend()
	pass(25 * time.Second)
	w.settle()
}
