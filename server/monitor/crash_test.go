package monitor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vigil/server/monitor"
	"vigil/vitals"
)

// mortal is a database as seen by a node that may be killed: from then on nothing that it writes
// arrives. It may be killed just after a transaction got to disk, without having heard of it.
type mortal struct {
	*database
	dead    atomic.Bool
	dieNext atomic.Bool
}

func (m *mortal) Commit(ctx context.Context, fn func(monitor.Tx) error) error {
	if m.dead.Load() {
		return errAway
	}
	err := m.database.Commit(ctx, fn)
	if err == nil && m.dieNext.Load() {
		m.dead.Store(true)
		return errAway
	}
	return err
}

func (m *mortal) Release(ctx context.Context, node string) error {
	if m.dead.Load() {
		return errAway
	}
	return m.database.Release(ctx, node)
}

func (m *mortal) Quarantine(ctx context.Context, r vitals.Refusal) error {
	if m.dead.Load() {
		return errAway
	}
	return m.database.Quarantine(ctx, r)
}

// TestNothingIsLostWhateverHappens kills nodes at any point, takes the database away, cuts the
// journal, repeats and reorders, and lets the hubs do what hubs do: send again what was not stored.
// In the end everything is stored once, and each change of each alarm is recorded once.
func TestNothingIsLostWhateverHappens(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { misfortune(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func misfortune(t *testing.T, random *rand.Rand) {
	t.Helper()
	w := newWard(t, ann, ben)
	node, store := 0, &mortal{}
	next := func() {
		node++
		store = &mortal{database: w.db}
		mine := store
		cfg := w.config(fmt.Sprintf("node-%d", node))
		cfg.Leases, cfg.Store = store, store
		cfg.Acked = func(p []vitals.Position) {
			if !mine.dead.Load() {
				w.hear(p)
			}
		}
		w.db.set(func() { w.db.owner = cfg.Node })
		w.start(cfg)
	}
	next()
	for range 40 {
		switch random.IntN(10) {
		case 0: // killed, and another node takes over
			store.dead.Store(true)
			w.stop()
			next()
		case 1: // killed just after a transaction
			store.dieNext.Store(true)
			w.live(ann, 1+random.IntN(12), 70)
			w.stop()
			next()
		case 2: // taken over from, but not killed
			old := w.stop
			next()
			w.live(ben, random.IntN(5), racing)
			old()
		case 3:
			w.db.set(func() { w.db.away = true })
			w.live(ann, random.IntN(30), 70)
			w.db.set(func() { w.db.away = false })
		case 4: // repeats
			for range random.IntN(20) {
				if len(w.sent) > 0 {
					w.log.publish(w.sent[random.IntN(len(w.sent))])
				}
			}
		case 5: // the journal loses its newest messages, and knows
			if n := len(w.log.messages); n > 0 {
				w.log.cut(n-random.IntN(min(n, 20)), fmt.Sprintf("log after %s", time.Now()))
				pass(3 * time.Second)
			}
		case 6: // an hour without a hub, then newest first
			var held []vitals.Delivery
			for range random.IntN(100) {
				held = append(held, w.beat(ann, 70))
				pass(time.Second)
			}
			for i := range held {
				w.log.publish(held[len(held)-1-i])
			}
		case 7:
			w.live(ann, random.IntN(20), racing)
		case 8:
			pass(time.Duration(random.IntN(100)) * time.Second)
		default:
			w.live(ben, random.IntN(20), 70)
		}
	}
	for range 5 {
		w.resend()
		pass(25 * time.Second)
	}
	for p, seq := range w.seq {
		if upto := w.acked[streamOf(p)]; upto != seq {
			t.Errorf("stored up to %d of %d", upto, seq)
		}
	}
	w.settle()
}
