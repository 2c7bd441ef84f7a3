package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// watched is a ward whose alarms a watchdog tests, in all parts.
type watched struct {
	*ward

	dog  *alerts.Watchdog
	lost map[int]bool // parts of which the journal loses everything
	seen int          // changes on the screen that were looked at
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := newWard(t, ann)
	for number := range vitals.Partitions {
		if w.db.parts[number] == nil {
			w.db.parts[number] = &part{}
		}
	}
	return &watched{ward: w, dog: alerts.NewWatchdog("node-1", time.Now()), lost: map[int]bool{}}
}

// lasts lets some seconds pass, in which ann lives and the watchdog tries each part every 20.
func (w *watched) lasts(seconds int) {
	for second := range seconds {
		if second%20 == 0 {
			for part := range vitals.Partitions {
				if d := w.dog.Try(part, time.Now()); !w.lost[part] {
					w.log.publish(d)
				}
			}
		}
		w.log.publish(w.beat(ann, 70))
		pass(time.Second)
		synctest.Wait()
		w.look()
	}
}

func (w *watched) look() {
	w.screen.mu.Lock()
	defer w.screen.mu.Unlock()
	for _, t := range w.screen.shown[w.seen:] {
		w.dog.Came(t.Alarm.Patient, t.Alarm.Onset, time.Now())
	}
	w.seen = len(w.screen.shown)
}

// product is the configuration with the engines of the product.
func (w *watched) product(node string) monitor.Config {
	cfg := w.config(node)
	cfg.NewEngine = nil
	return cfg
}

// failing is an engine of the product that fails in one way.
type failing struct {
	*alerts.Engine

	observe func()
}

func (f failing) Observe(d vitals.Delivery) alerts.Outcome {
	f.observe()
	return f.Engine.Observe(d)
}

func TestEachLinkThatBreaksIsNoticedWithinAMinute(t *testing.T) {
	const seventh = 7
	for story, live := range map[string]struct {
		tell func(w *watched)
		want int // parts that are without proof
	}{
		"all is well": {func(w *watched) { w.start(w.product("node-1")); w.lasts(300) }, 0},
		"the database is away": {
			func(w *watched) {
				w.start(w.product("node-1"))
				w.lasts(60)
				w.db.set(func() { w.db.away = true })
				w.lasts(300)
			}, 0,
		},
		"another node takes over": {
			func(w *watched) {
				w.start(w.product("node-1"))
				w.lasts(60)
				w.stop()
				w.start(w.product("node-2"))
				w.lasts(60)
			}, 0,
		},
		"the journal loses what is of one part": {
			func(w *watched) {
				w.start(w.product("node-1"))
				w.lasts(60)
				w.lost[seventh] = true
				w.lasts(80)
			}, 1,
		},
		"the journal hands over a message in 61 s": {
			func(w *watched) { w.log.pace = 61 * time.Second; w.start(w.product("node-1")); w.lasts(80) }, vitals.Partitions,
		},
		"nobody owns one part": {
			func(w *watched) {
				w.db.set(func() { delete(w.db.parts, seventh) })
				w.start(w.product("node-1"))
				w.lasts(80)
			}, 1,
		},
		"the database takes nothing until the journal waits": {
			func(w *watched) {
				cfg := w.product("node-1")
				cfg.Backlog = 4000
				w.start(cfg)
				w.db.set(func() { w.db.away = true })
				w.lasts(140)
			}, vitals.Partitions,
		},
		"engines find nothing": {
			func(w *watched) { w.start(w.config("node-1")); w.lasts(80) }, vitals.Partitions,
		},
		"engines panic": {
			func(w *watched) {
				cfg := w.product("node-1")
				cfg.NewEngine = func(p vitals.PatientID) monitor.Engine {
					return failing{alerts.NewEngine(p), func() { panic("broken") }}
				}
				w.start(cfg)
				w.lasts(80)
			}, vitals.Partitions,
		},
		"the engine of one part never answers": {
			func(w *watched) {
				cfg, answer := w.product("node-1"), make(chan struct{})
				cfg.NewEngine = func(p vitals.PatientID) monitor.Engine {
					return failing{alerts.NewEngine(p), func() {
						if vitals.PartitionOf(p) == seventh {
							<-answer
						}
					}}
				}
				w.start(cfg)
				w.lasts(80)
				close(answer)
			}, 1,
		},
	} {
		t.Run(story, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatched(t)
				live.tell(w)
				if silent, parts := w.dog.Unproven(time.Now()); parts != live.want {
					t.Errorf("%d parts are without proof, for %s; want %d", parts, silent, live.want)
				}
				w.db.set(func() { w.db.away = false })
				w.stop()
			})
		})
	}
}

// For an hour nothing comes but what a watchdog sends. It leaves no trace but positions, which are stored now and then,
// and before the node stops.
func TestWhatAWatchdogSendsLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		m := w.start(w.product("node-1"))
		pass(time.Minute)
		asked, commits := w.db.asked, w.db.commits
		for range 180 {
			for part := range vitals.Partitions {
				w.log.publish(w.dog.Try(part, time.Now()))
			}
			pass(20 * time.Second)
		}
		synctest.Wait()
		w.look()
		if silent, _ := w.dog.Unproven(time.Now()); silent > 20*time.Second {
			t.Errorf("no proof for %s", silent)
		}
		w.db.set(func() {
			if traces := len(w.db.history) + len(w.db.alarms) + len(w.db.readings) + len(w.db.blocks) + len(w.db.progress) + len(w.db.quarantined); traces > 0 {
				t.Errorf("%d traces: %+v", traces, w.db.alarms)
			}
			if most := 7 * vitals.Partitions; w.db.commits-commits > most {
				t.Errorf("%d transactions in an hour, want %d at most", w.db.commits-commits, most)
			}
			if asked := w.db.asked - asked; asked > 1801 {
				t.Errorf("the census was read %d times in an hour", asked)
			}
			for part, p := range w.db.parts {
				if behind := w.log.next - p.seq; behind > 11*60/20*vitals.Partitions {
					t.Errorf("the position of part %d is %d messages behind", part, behind)
				}
			}
		})
		if s := m.Stats(); s.Deliveries != 0 || s.Poison != 0 || s.Backlog != 0 {
			t.Errorf("%+v", s)
		}
		w.stop()
		for part, p := range w.db.parts {
			if w.log.next-p.seq > vitals.Partitions {
				t.Errorf("part %d stopped at %d of %d", part, p.seq, w.log.next-1)
			}
		}
		if got := len(w.screen.readings) + len(w.screen.waves) + len(w.screen.care); got > 0 {
			t.Errorf("%d values are shown", got)
		}
	})
}

// What a watchdog sends is among a patient's values: those are charted and confirmed as without it.
func TestPatientsAreChartedBesideAWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.start(w.product("node-1"))
		w.lasts(65)
		w.settle()
		if upto := w.acked[streamOf(ann)]; upto != 65 {
			t.Errorf("message %d may be forgotten, want 65", upto)
		}
		for _, d := range w.db.quarantined {
			t.Errorf("%+v", d)
		}
	})
}
