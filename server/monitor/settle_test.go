package monitor_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vigil/server/monitor"
	"vigil/vitals"
)

// place is where the delivery published last is.
func (w *ward) place() vitals.Place {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	return vitals.Place{Journal: w.log.id, Seq: w.log.next - 1}
}

func TestWhoWaitsHearsWhenItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		pass(15 * time.Second) // past the first checkpoint
		w.log.publish(w.beat(ann, 80))
		asked := time.Now()
		if err := m.Settle(t.Context(), ann, w.place()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(asked); took > time.Second {
			t.Errorf("the sender waited %s, as if for a checkpoint", took)
		}
		if !w.db.has(t, w.sent[0]) {
			t.Error("told before all of it was stored: a second of heart rate and ECG is in no block")
		}
		if err := m.Settle(t.Context(), ann, w.place()); err != nil {
			t.Errorf("asked again: %v", err)
		}
		w.settle()
	})
}

func TestManyWhoWaitShareTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		pass(15 * time.Second)
		const senders = 50
		before := w.db.commits
		done := make(chan error, senders)
		for range senders {
			w.log.publish(w.beat(ann, 80))
			at := w.place()
			go func() { done <- m.Settle(t.Context(), ann, at) }()
		}
		for range senders {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if made := w.db.commits - before; made > 5 {
			t.Errorf("%d transactions for %d senders", made, senders)
		}
		w.settle()
	})
}

func TestWhoWaitsIsNotToldWhatIsNotSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		pass(15 * time.Second)

		w.db.set(func() { w.db.away = true })
		w.log.publish(w.beat(ann, 80))
		if err := m.Settle(t.Context(), ann, w.place()); !errors.Is(err, monitor.ErrUnavailable) {
			t.Errorf("without a database: %v", err)
		}
		w.db.set(func() { w.db.away = false })
		pass(30 * time.Second)

		elsewhere := w.place()
		elsewhere.Journal = "another journal"
		if err := m.Settle(t.Context(), ann, elsewhere); !errors.Is(err, monitor.ErrUnavailable) {
			t.Errorf("a place in another journal: %v", err)
		}
		beyond := w.place()
		beyond.Seq++
		if err := m.Settle(t.Context(), ann, beyond); !errors.Is(err, monitor.ErrUnavailable) {
			t.Errorf("a place that nothing came to: %v", err)
		}
		w.settle()
	})
}
