package monitor_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// A hub that is away is told of by one alarm, which explains the silence of its devices, whoever watches.
func TestAHubThatIsAwayIsKnownToWhoeverTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.real("node-1")
		home := streamOf(ann).Hub
		w.connect(home, true)
		w.send(ann, 20, vitals.HeartRate, vitals.Int(70))
		w.connect(home, false)
		pass(30 * time.Second)
		w.stop()
		w.real("node-2")
		pass(2 * time.Minute)
		w.shows("HUB_OFFLINE active_unack", "NO_DATA active_unack")
		told := map[alerts.Condition]alerts.Alarm{}
		for _, a := range w.screen.alarms() {
			told[a.Condition] = a
		}
		if offline, silent := told[alerts.HubOffline], told[alerts.NoData]; offline.Truth != alerts.True || silent.Suppressor != offline.ID {
			t.Errorf("the hub's absence is %s, and explains the silence: %v", offline.Truth, silent.Suppressor == offline.ID)
		}
		w.connect(home, true)
		w.send(ann, 20, vitals.HeartRate, vitals.Int(70))
		w.shows("HUB_OFFLINE closed", "NO_DATA closed")
		w.settle()
	})
}

// A cuff is used in the morning. At noon the server is started anew, and in the evening the hub goes away: nobody
// would miss the cuff before the next day, but the hub is missed at once.
func TestAHubIsMissedOfWhichOnlyAServerBeforeHasHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.real("node-1")
		home := streamOf(ann).Hub
		stays := func(d time.Duration) {
			for range int(d / (20 * time.Second)) {
				w.connect(home, true)
				w.log.publish(neighbour(ann)) // the journal goes on
				pass(20 * time.Second)
			}
		}
		w.connect(home, true)
		w.send(ann, 1, vitals.Systolic, vitals.Int(120))
		w.send(ann, 1, vitals.Diastolic, vitals.Int(80))
		stays(5 * time.Minute)
		w.stop()
		w.real("node-2")
		stays(5 * time.Minute)
		w.shows()
		w.connect(home, false)
		pass(30 * time.Second)
		w.shows("HUB_OFFLINE active_unack")
		w.connect(home, true)
		w.send(ann, 20, vitals.Systolic, vitals.Int(120))
		w.shows("HUB_OFFLINE closed")
		w.settle()
	})
}

// The server's clock was an hour ahead and is set back. A hub that goes away is missed as ever, one that comes back is
// there, and its devices are missed where they are silent: an absence that nobody sees end would explain that for an hour.
func TestAHubIsMissedThoughTheClockWasSetBack(t *testing.T) {
	const fast = time.Hour
	home := streamOf(ann).Hub
	heard := func(w *ward, by time.Duration) { // through the hub, when the clock showed so much more
		d := w.beat(ann, 70)
		d.Received = d.Received.Add(by)
		d.Batch.Waveforms, d.Batch.Readings = nil, []vitals.Reading{{Kind: vitals.Weight, Time: d.Received, Value: vitals.Int(70)}}
		w.sent[len(w.sent)-1] = d
		w.log.publish(d)
		pass(time.Second)
	}
	seen := func(w *ward, online bool, by time.Duration) {
		w.connect(home, online)
		w.db.set(func() { w.db.hubs[len(w.db.hubs)-1].Seen = time.Now().Add(by) })
	}
	for name, story := range map[string]struct {
		tell func(w *ward)
		want []string
	}{
		"its connection is seen to end": {
			tell: func(w *ward) {
				seen(w, true, fast)
				heard(w, fast)
				seen(w, false, 0)
				pass(30 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack"},
		},
		"nobody saw it end": {
			tell: func(w *ward) {
				seen(w, true, fast)
				heard(w, fast)
				pass(100 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack"},
		},
		"it was away, and comes back": {
			tell: func(w *ward) {
				raised := time.Now().UTC().Add(fast)
				w.db.set(func() {
					a := alerts.Alarm{
						ID: "known", Patient: ann, Condition: alerts.HubOffline, Site: string(home), Priority: alerts.Medium,
						State: alerts.ActiveUnack, Truth: alerts.True, Version: 1, Onset: raised, Evidence: raised, Raised: raised, Changed: raised,
					}
					w.db.alarms[a.ID], w.db.history = a, []alerts.Transition{{Change: alerts.Raised, Alarm: a}}
				})
				w.stop()
				w.real("node-2")
				pass(20 * time.Second)
				for range 20 {
					seen(w, true, 0)
					pass(2 * time.Second)
				}
			},
			want: []string{"HUB_OFFLINE closed"},
		},
		"it says that it is there": {
			tell: func(w *ward) {
				seen(w, true, fast)
				heard(w, fast)
				for range 10 {
					pass(30 * time.Second)
					seen(w, true, 0)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.real("node-1")
				story.tell(w)
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}

// cutOff is a database that one node does not reach any more, while others do.
type cutOff struct {
	*database

	off atomic.Bool
}

func (c *cutOff) Claim(ctx context.Context, node string, now, until time.Time) ([]vitals.Lease, error) {
	if c.off.Load() {
		return nil, errAway
	}
	return c.database.Claim(ctx, node, now, until)
}

func (c *cutOff) Admissions(ctx context.Context) ([]vitals.Admission, error) {
	if c.off.Load() {
		return nil, errAway
	}
	return c.database.Admissions(ctx)
}

func (c *cutOff) Commit(ctx context.Context, fn func(monitor.Tx) error) error {
	if c.off.Load() {
		return errAway
	}
	return c.database.Commit(ctx, fn)
}

// A node that does not reach the database goes on for as long as that lasts, and hears what people want of its patients,
// though another node has them by then. What the first does not know of, it must not deny.
func TestANodeThatIsCutOffDoesNotRefuseWhatTheNewOwnerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		c := &cutOff{database: w.db}
		cfg := w.config("node-1")
		cfg.Leases, cfg.Store = c, c
		w.start(cfg)
		w.live(ann, 5, 70)
		stopFirst := w.stop
		c.off.Store(true)
		bob := neighbour(ann).Patient
		w.db.set(func() {
			w.db.admissions = append(w.db.admissions, vitals.Admission{Patient: vitals.Patient{ID: bob}})
		})
		pass(10 * time.Second)
		second := w.start(w.config("node-2"))
		pass(5 * time.Second)
		pause := alerts.Command{Kind: alerts.PauseAudio, ID: "c-1", For: time.Minute, Role: vitals.Nurse, Actor: "nurse"}
		if _, err := second.Command(t.Context(), bob, pause); err != nil {
			t.Errorf("the nurse is told %v", err)
		}
		stopFirst()
		w.stop()
	})
}

// neighbour is something of somebody else in the patient's partition.
func neighbour(of vitals.PatientID) vitals.Delivery {
	for n := 0; ; n++ {
		p := vitals.PatientID(fmt.Sprint("neighbour ", n))
		if vitals.PartitionOf(p) == vitals.PartitionOf(of) {
			now := time.Now().UTC()
			return vitals.Delivery{
				Patient: p, Stream: vitals.Stream{Hub: "next door", Device: "a09e1a000002", Epoch: 1}, Seq: uint64(now.Unix()), Received: now,
				Batch: vitals.Batch{Device: "a09e1a000002", Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: now, Value: vitals.Int(70)}}},
			}
		}
	}
}

// The census that a node knows is up to two seconds old. Whoever was admitted since is watched by the owner
// of the partition, and no orphan for the next one.
func TestWhoWasAdmittedAMomentBeforeATakeoverKeepsTheAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		admissions := w.db.admissions
		w.db.set(func() { w.db.admissions, w.db.owner = nil, "node-1" })
		first := w.start(w.config("node-1"))
		stop := w.stop
		w.start(w.config("node-2"))
		pass(2100 * time.Millisecond) // both have just read the census
		w.db.set(func() { w.db.admissions = admissions })
		first.CensusChanged()
		pass(300 * time.Millisecond)
		w.log.publish(w.beat(ann, racing))
		pass(100 * time.Millisecond)
		w.shows("EXTREME_TACHY active_unack")
		w.db.set(func() { w.db.owner = "node-2" })
		stop()
		pass(10 * time.Second)
		for _, a := range w.screen.alarms() {
			if a.Condition == "EXTREME_TACHY" && a.State != alerts.ActiveUnack {
				t.Errorf("%s by the next owner", a.State)
			}
		}
		w.settle()
	})
}

// A reading that is planned is missed though the patient never measured, and no node was started since.
func TestWhoIsAdmittedAndNeverMeasuresIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.db.set(func() {
			w.db.admissions, w.db.revision = nil, 1
			w.db.limits = []alerts.LimitsVersion{{Patient: ann, Version: 1, Changes: alerts.Changes{alerts.PressureEvery: vitals.Int(2)}}}
		})
		w.real("node-1")
		pass(time.Minute)
		w.db.set(func() {
			w.db.admissions = []vitals.Admission{{Patient: vitals.Patient{ID: ann, Admitted: time.Now()}}}
		})
		pass(3*time.Hour - time.Minute)
		w.shows()
		pass(2 * time.Minute)
		w.shows("MISSED_READING active_unack")
		w.settle()
	})
}

// halfway is an engine that fails on low saturations when it has judged them.
type halfway struct{ *alerts.Engine }

func (e halfway) Observe(d vitals.Delivery) alerts.Outcome {
	out := e.Engine.Observe(d)
	if d.Batch.Readings[0].Kind == vitals.SpO2 && d.Batch.Readings[0].Value.Float() < 75 {
		panic("in the middle of a thought")
	}
	return out
}

// weighed is an engine that fails on temperatures, and counts what it is told of at its start.
type weighed struct {
	*alerts.Engine

	recalled *atomic.Int64
}

func (e weighed) Observe(d vitals.Delivery) alerts.Outcome {
	if d.Batch.Readings[0].Kind == vitals.Temperature {
		panic("too hot")
	}
	return e.Engine.Observe(d)
}

func (e weighed) Recall(readings []vitals.Charted, since, now time.Time) {
	e.recalled.Store(int64(len(readings)))
	e.Engine.Recall(readings, since, now)
}

// A scale that sends a weight a second, for days, takes no more memory than one that is stood on each morning for
// a year.
func TestWhatADeviceSendsTooOftenIsNotAllRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		var recalled atomic.Int64
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return weighed{alerts.NewEngine(p), &recalled} }
		w.start(cfg)
		w.send(ann, 1, vitals.Systolic, vitals.Int(120))
		w.send(ann, 600, vitals.Weight, vitals.Int(74))
		w.send(ann, 3, vitals.Temperature, vitals.Int(37)) // the third makes a new engine
		if n := recalled.Load(); n < 250 || n > 300 {
			t.Errorf("%d of 600 values remembered", n)
		}
		w.settle()
	})
}

// An engine that fails goes on with what it had decided by then, so that nobody would ever hear of it.
func TestAnAlarmIsToldThoughTheDetectorFailsBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return halfway{alerts.NewEngine(p)} }
		w.start(cfg)
		w.send(ann, 5, vitals.SpO2, vitals.Int(95))
		w.send(ann, 1, vitals.SpO2, vitals.Int(74))
		w.send(ann, 1, vitals.SpO2, vitals.Int(76))
		w.shows("SPO2_RAPID_DESAT active_unack")
		w.settle()
	})
}

// Something else than the leases says nothing at all for a minute. The node goes on claiming in good time: another one would
// take what it owns when its leases have run out, and could watch nobody either.
func TestLeasesAreRenewedInTimeWhateverElseHangs(t *testing.T) {
	for what, hang := range map[string]func(w *ward, hangs bool){
		"the journal": func(w *ward, hangs bool) {
			w.log.mu.Lock()
			defer w.log.mu.Unlock()
			w.log.hangs = hangs
		},
		"the census": func(w *ward, hangs bool) { w.db.set(func() { w.db.lost = hangs }) },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.start(w.config("node-1"))
				w.live(ann, 3, 70)
				hang(w, true)
				w.live(ann, 60, 70)
				hang(w, false)
				w.db.mu.Lock()
				claims := slices.Clone(w.db.claims)
				w.db.mu.Unlock()
				for i, at := range claims[1:] {
					if gap := at.Sub(claims[i]); gap > 3*time.Second {
						t.Errorf("claimed %s after the time before", gap)
					}
				}
				w.settle()
			})
		})
	}
}
