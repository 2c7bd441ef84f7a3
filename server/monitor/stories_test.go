package monitor_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

func TestRepeatsAndReorderingChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		var held []vitals.Delivery
		for i := range 60 {
			d := w.beat(ann, 70)
			switch {
			case i%7 == 3: // comes later, newest first
				held = append(held, d)
			case i%5 == 0: // comes twice
				w.log.publish(d)
				w.log.publish(d)
			default:
				w.log.publish(d)
			}
			pass(time.Second)
		}
		for _, d := range slices.Backward(held) {
			w.log.publish(d)
		}
		pass(20 * time.Second)
		if upto := w.acked[streamOf(ann)]; upto != 60 {
			t.Errorf("stored up to %d of 60", upto)
		}
		w.settle()
	})
}

func TestADetectorThatPanicsHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		var mu sync.Mutex // partitions make their engines at the same time
		made := map[vitals.PatientID]int{}
		engines := func(p vitals.PatientID) int {
			mu.Lock()
			defer mu.Unlock()
			return made[p]
		}
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine {
			mu.Lock()
			defer mu.Unlock()
			made[p]++
			return newSimple(p)
		}
		m := w.start(cfg)
		w.live(ann, 1, racing)
		w.live(ann, 2, poison)
		w.live(ben, 1, racing)
		if n := engines(ann); n != 1 {
			t.Errorf("%d engines after 2 panics", n)
		}
		w.live(ann, 1, poison)
		if a, b := engines(ann), engines(ben); a != 2 || b != 1 {
			t.Errorf("%d and %d engines after 3 panics, want 2 and 1", a, b)
		}
		w.live(ann, 1, 70) // the new engine knows of the alarm of the old one
		w.shows("EXTREME_TACHY active_unack", "EXTREME_TACHY closed")
		w.settle() // what the detector failed on is charted all the same
		if s := m.Stats(); s.Poison != 3 || len(w.db.quarantined) != 3 {
			t.Errorf("%+v, %d in quarantine", s, len(w.db.quarantined))
		}
		for _, r := range w.db.quarantined {
			if r.Whole || r.Seq == 0 || !strings.Contains(string(r.Payload), `"Patient":"ann"`) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestWhatCannotBeChartedIsKeptInQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		odd := w.beat(ann, 70)
		odd.Batch.Readings = append(odd.Batch.Readings, vitals.Reading{Kind: vitals.ECG, Time: time.Now()})
		odd.Batch.Waveforms = append(odd.Batch.Waveforms, vitals.Waveform{Kind: vitals.SpO2, Start: time.Now()})
		w.log.publish(odd)
		pass(20 * time.Second)
		if len(w.db.quarantined) != 1 || w.acked[streamOf(ann)] != 1 {
			t.Errorf("%v in quarantine, stored up to %d", w.db.quarantined, w.acked[streamOf(ann)])
		}
		w.settle() // the rest of it is charted
	})
}

func TestBeyondTheBoundTheJournalWaitsAndTheClockDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		cfg := w.config("node-1")
		cfg.Backlog = 4000
		m := w.start(cfg)
		w.db.set(func() { w.db.away = true })
		w.live(ann, 60, 70)
		handled := m.Stats().Deliveries
		if handled > 30 {
			t.Errorf("%d of 60 deliveries taken with a full backlog", handled)
		}
		if s := m.Stats(); s.Backlog < 4000 || s.Lag < 20*time.Second {
			t.Errorf("%+v", s)
		}
		w.shows("NO_DATA active_unack") // what is not read is not watched, and that is said
		w.db.set(func() { w.db.away = false })
		w.live(ann, 15, 70)
		w.shows("NO_DATA closed")
		w.settle()
		if s := m.Stats(); s.Backlog != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheClockWaitsForTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.live(ann, 200, 70) // while nobody watches
		w.log.pace = 50 * time.Millisecond
		m := w.start(w.config("node-1"))
		pass(11 * time.Second)
		w.shows() // all is read before silence is judged
		if s := m.Stats(); s.Deliveries != 200 || s.CaughtUp != 1 {
			t.Errorf("%+v", s)
		}
		pass(30 * time.Second)
		w.shows("NO_DATA active_unack")
		w.settle()
	})
}

func TestAnotherJournalIsReadFromTheBeginning(t *testing.T) {
	stories := map[string]struct {
		keep int
		id   string
	}{
		"lost and made anew":                       {0, "log-2"},
		"cut while nobody looked":                  {10, "log-1"},
		"restored from an old copy under new name": {20, "log-2"},
	}
	for story, s := range stories {
		for _, running := range []bool{true, false} {
			name := story + map[bool]string{true: ", in use", false: ", between two runs"}[running]
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWard(t, ann)
					w.start(w.config("node-1"))
					w.live(ann, 35, 70)
					if !running {
						w.stop()
					}
					w.log.cut(s.keep, s.id)
					if !running {
						w.start(w.config("node-2"))
					}
					pass(3 * time.Second)
					w.resend()
					w.live(ann, 35, 70)
					pass(20 * time.Second)
					if upto := w.acked[streamOf(ann)]; upto != 70 {
						t.Errorf("stored up to %d of 70", upto)
					}
					w.settle()
				})
			})
		}
	}
}

// resend is what a hub does when it connects: it sends again what it may not forget.
func (w *ward) resend() {
	w.mu.Lock()
	sent := slices.Clone(w.sent)
	w.mu.Unlock()
	for _, d := range sent {
		w.mu.Lock()
		upto := w.acked[d.Stream]
		w.mu.Unlock()
		if d.Seq > upto {
			d.Received = time.Now().UTC()
			w.log.publish(d)
		}
	}
	synctest.Wait()
}

func TestTheCensusDecidesWhoIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		w.live(ann, 3, racing)
		w.shows("EXTREME_TACHY active_unack")

		admissions := w.db.admissions
		w.db.set(func() { w.db.admissions = nil })
		m.CensusChanged()
		m.CensusChanged()
		pass(300 * time.Millisecond) // a burst of changes is read once
		w.shows("EXTREME_TACHY closed")

		w.live(ann, 3, racing) // charted, not alarmed
		w.shows("EXTREME_TACHY closed")

		w.db.set(func() { w.db.admissions = admissions })
		pass(3 * time.Second) // nobody says so, but the census is read every two seconds
		w.live(ann, 3, racing)
		w.shows("EXTREME_TACHY active_unack", "EXTREME_TACHY closed")
		w.settle()
	})
}

func TestAPatientWhoWasDischargedWhileNobodyWatchedHasNoAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 3, racing)
		w.stop()
		w.db.set(func() { w.db.admissions = nil })
		pass(time.Minute)
		w.start(w.config("node-2"))
		w.shows("EXTREME_TACHY closed")
		w.settle()
	})
}

func TestLateDataAreAddedToWhatIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		var late []vitals.Delivery
		for range 120 {
			if d := w.beat(ann, 70); d.Seq%3 == 0 {
				late = append(late, d)
			} else {
				w.log.publish(d)
			}
			pass(time.Second)
		}
		pass(10 * time.Minute)
		w.screen.waves, w.screen.readings = nil, nil
		for _, d := range late {
			d.Received = time.Now().UTC()
			w.log.publish(d)
		}
		synctest.Wait()
		if len(w.screen.waves) != 0 || slices.ContainsFunc(w.screen.readings, func(c vitals.Charted) bool { return c.Kind == vitals.HeartRate }) {
			t.Error("data of ten minutes ago are shown as if they were new")
		}
		pass(20 * time.Second)
		if upto := w.acked[streamOf(ann)]; upto != 120 {
			t.Errorf("stored up to %d of 120", upto)
		}
		w.settle()
		if s := m.Stats(); s.Spoiled != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestASpoiledBlockDoesNotStopThePartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := w.start(w.config("node-1"))
		first := w.beat(ann, 70)
		w.log.publish(first)
		pass(15 * time.Minute)
		w.db.set(func() {
			for k, b := range w.db.blocks {
				b.Data = []byte("not what it was")
				w.db.blocks[k] = b
			}
		})
		w.sent = nil
		again := first
		again.Seq++
		w.sent = append(w.sent, again)
		w.log.publish(again)
		pass(20 * time.Second)
		w.settle()
		if s := m.Stats(); s.Spoiled != 2 { // the series and the waveform
			t.Errorf("%+v", s)
		}
	})
}

func TestOnePartitionThatCannotBeStoredDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		w.start(w.config("node-1"))
		w.db.set(func() { w.db.refuses = ann })
		for range 120 {
			w.log.publish(w.beat(ann, 70))
			w.log.publish(w.beat(ben, 70))
			pass(time.Second)
		}
		synctest.Wait()
		if upto := w.acked[streamOf(ben)]; upto < 100 {
			t.Errorf("stored up to %d of 120 of the other patient", upto)
		}
		if upto := w.acked[streamOf(ann)]; upto != 0 {
			t.Errorf("stored up to %d of what cannot be stored", upto)
		}
		w.db.set(func() { w.db.refuses = "" })
		pass(time.Minute)
		w.settle()
	})
}

// TestWhatCannotBeStoredKeepsNobodyBusy would not end where the writer went round without a pause: time stands still
// while anything runs.
func TestWhatCannotBeStoredKeepsNobodyBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		w.start(w.config("node-1"))
		w.db.set(func() { w.db.refuses = ann })
		const seconds = 1200 // more jobs than a group holds
		for range seconds {
			w.log.publish(w.beat(ann, 70))
			w.log.publish(w.beat(ben, 70))
			pass(time.Second)
		}
		w.stop()
		if upto := w.acked[streamOf(ben)]; upto != seconds {
			t.Errorf("stored up to %d of %d s of the other patient", upto, seconds)
		}
	})
}

// TestADatabaseThatIsBackSetsNobodyAside has it come back while the partitions are tried one by one: what failed
// just before is not what the database refuses.
func TestADatabaseThatIsBackSetsNobodyAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		w.start(w.config("node-1"))
		w.db.set(func() { w.db.fails = 4 }) // three of all, and the first that is tried by itself
		const seconds = 25
		for range seconds {
			w.log.publish(w.beat(ann, 70))
			w.log.publish(w.beat(ben, 70))
			pass(time.Second)
		}
		synctest.Wait()
		for _, p := range []vitals.PatientID{ann, ben} {
			if upto := w.acked[streamOf(p)]; upto < seconds-10 {
				t.Errorf("%s: stored up to %d of %d s", p, upto, seconds)
			}
		}
		if w.db.fails > 0 {
			t.Errorf("%d commits did not fail", w.db.fails)
		}
		w.settle()
	})
}

func TestAStopInGoodOrderStoresEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		w.start(w.config("node-1"))
		w.live(ann, 3, racing)
		w.live(ben, 4, 70)
		w.settle()
		for number, p := range w.db.parts {
			if p.owner != "" {
				t.Errorf("partition %d still belongs to %s", number, p.owner)
			}
		}
		if w.acked[streamOf(ann)] != 3 || w.acked[streamOf(ben)] != 4 {
			t.Errorf("stored up to %v", w.acked)
		}
	})
}

func TestAStopWithoutADatabaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 3, racing)
		w.db.set(func() { w.db.hangs = true })
		w.live(ann, 3, 70)
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > time.Minute {
			t.Errorf("stopping took %s", took)
		}
	})
}

func TestCommandsThatNobodyCanAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		m := monitor.New(w.config("node-1"))
		if _, err := m.Command(t.Context(), ann, alerts.Command{}); !errors.Is(err, monitor.ErrUnavailable) {
			t.Errorf("without an owner: %v", err)
		}
		m = w.start(w.config("node-1"))
		refused, _ := errors.AsType[*alerts.RefusedError](second(m.Command(t.Context(), ann, alerts.Command{Kind: alerts.Acknowledge, Alarm: "x"})))
		if refused == nil || refused.Code != alerts.UnknownAlarm {
			t.Errorf("unknown alarm: %v", refused)
		}
		w.db.set(func() { w.db.admissions = nil })
		pass(3 * time.Second)
		refused, _ = errors.AsType[*alerts.RefusedError](second(m.Command(t.Context(), ann, alerts.Command{Kind: alerts.Acknowledge, Alarm: "x"})))
		if refused == nil || refused.Code != alerts.UnknownAlarm {
			t.Errorf("patient who is not here: %v", refused)
		}
	})
}

func second[A, B any](_ A, b B) B { return b }

// witness is an engine that remembers what it saw.
type witness struct {
	monitor.Engine
	saw *[]uint64
}

func (w witness) Observe(d vitals.Delivery) alerts.Outcome {
	*w.saw = append(*w.saw, d.Seq)
	return w.Engine.Observe(d)
}

func TestANewOwnerRemembersTheLast45Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 100, 70)
		w.stop()
		stored := w.db.parts[vitals.PartitionOf(ann)].seq
		var saw []uint64
		cfg := w.config("node-2")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return witness{newSimple(p), &saw} }
		w.start(cfg)
		if stored != 100 || len(saw) == 0 || saw[0] != 55 || saw[len(saw)-1] != 100 {
			t.Errorf("stored up to %d, saw %v", stored, saw)
		}
		w.settle()
	})
}

func TestAPartitionThatBeginsAgainWaitsForItsOwnLastCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.db.set(func() { w.db.slow = make(chan struct{}) })
		for i := range 12 { // nothing but the checkpoint is on its way, and takes its time
			w.beat(ann, 70)
			w.sent[i].Batch.Readings = w.sent[i].Batch.Readings[:1]
			w.log.publish(w.sent[i])
			pass(time.Second)
		}
		w.log.cut(0, "log-2")
		pass(3 * time.Second)
		w.db.set(func() {
			close(w.db.slow)
			w.db.slow = nil
		})
		synctest.Wait()
		w.resend()
		w.live(ann, 30, 70)
		w.settle()
	})
}

func TestFreshDataAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 15, 70)
		w.stop()
		if len(w.screen.waves) != 15 || len(w.screen.readings) != 30 {
			t.Errorf("%d waves, %d readings shown", len(w.screen.waves), len(w.screen.readings))
		}
		w.start(w.config("node-2"))
		if len(w.screen.waves) != 15 {
			t.Error("what was shown before is shown again after a restart")
		}
	})
}

// connect notes whether the hub of the patient is connected, as ingest does.
func (w *ward) connect(id vitals.HubID, online bool) {
	now := time.Now()
	w.db.set(func() {
		w.db.hubs = slices.DeleteFunc(w.db.hubs, func(h vitals.HubStatus) bool { return h.ID == id })
		w.db.hubs = append(w.db.hubs, vitals.HubStatus{Hub: vitals.Hub{ID: id}, Online: online, Seen: now})
	})
}

func TestAHubThatStaysAwayIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		home := streamOf(ann).Hub
		w.connect(home, true)
		w.live(ann, 5, 70)
		w.connect(home, false)
		pass(10 * time.Second)
		w.connect(home, true) // back soon enough
		w.live(ann, 30, 70)
		w.shows()

		w.connect(home, false)
		w.live(ann, 30, 70) // the node that says so is wrong: its data come
		w.shows()
		pass(29 * time.Second)
		w.shows("HUB_OFFLINE active_unack", "NO_DATA active_unack")

		w.stop()
		w.start(w.config("node-2")) // who takes over knows of it
		pass(5 * time.Second)
		w.shows("HUB_OFFLINE active_unack", "NO_DATA active_unack")
		w.connect(home, true)
		pass(5 * time.Second)
		w.shows("HUB_OFFLINE closed", "NO_DATA active_unack")
		w.settle()
	})
}

func TestAHubWhoseClockIsWrongIsAnAlarm(t *testing.T) {
	home := streamOf(ann).Hub
	says := func(w *ward, ahead time.Duration) {
		w.connect(home, true)
		w.db.set(func() { w.db.hubs[len(w.db.hubs)-1].Ahead = &ahead })
	}
	for name, story := range map[string]struct {
		tell func(w *ward)
		want []string
	}{
		"three minutes behind": {
			tell: func(w *ward) { says(w, -3*time.Minute); w.send(ann, 10, vitals.HeartRate, vitals.Int(70)) },
			want: []string{"HUB_CLOCK_SKEW active_unack"},
		},
		"until it is set": {
			tell: func(w *ward) {
				says(w, -3*time.Minute)
				w.send(ann, 10, vitals.HeartRate, vitals.Int(70))
				says(w, -time.Second)
				w.send(ann, 70, vitals.HeartRate, vitals.Int(70))
			},
			want: []string{"HUB_CLOCK_SKEW closed"},
		},
		"the server is killed, and it is set meanwhile": {
			tell: func(w *ward) {
				says(w, -3*time.Minute)
				w.send(ann, 10, vitals.HeartRate, vitals.Int(70))
				w.stop()
				says(w, 0)
				w.real("node-2")
				w.send(ann, 100, vitals.HeartRate, vitals.Int(70))
			},
			want: []string{"HUB_CLOCK_SKEW closed"},
		},
		"the patient is heard through it no longer": {
			tell: func(w *ward) {
				says(w, -3*time.Minute)
				w.send(ann, 10, vitals.HeartRate, vitals.Int(70))
				w.assign(ben)
				pass(70 * time.Second)
			},
			want: []string{"HUB_CLOCK_SKEW closed", "NO_DATA active_unack"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann, ben)
				w.db.admissions[1].Devices = nil
				w.real("node-1")
				story.tell(w)
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}

func TestAHubThatFallsSilentIsAwayWhateverTheFlagSays(t *testing.T) {
	stories := map[string]struct {
		tell func(w *ward)
		want []string
	}{
		"nobody saw it leave": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				pass(91 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack", "NO_DATA active_unack"},
		},
		"it is quiet for less than that": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				pass(85 * time.Second)
			},
			want: []string{"NO_DATA active_unack"},
		},
		"it has nothing to send, but is there": {
			tell: func(w *ward) {
				w.live(ann, 5, 70)
				for range 10 {
					w.connect(streamOf(ann).Hub, true)
					pass(30 * time.Second)
				}
			},
			want: []string{"NO_DATA active_unack"},
		},
		"the server was killed, and is back before it": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				w.stop()
				pass(5 * time.Minute)
				w.start(w.config("node-2"))
				pass(80 * time.Second) // a ward must not light up
				w.shows("NO_DATA active_unack")
				pass(12 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack", "NO_DATA active_unack"},
		},
		"the database was away, in which nobody sees whether it is there": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				w.db.set(func() { w.db.away = true })
				pass(5 * time.Minute)
				w.shows("NO_DATA active_unack")
				w.db.set(func() { w.db.away = false })
				pass(80 * time.Second)
				w.connect(streamOf(ann).Hub, true)
				pass(85 * time.Second)
			},
			want: []string{"NO_DATA active_unack"},
		},
		"and has not been there since": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				w.db.set(func() { w.db.away = true })
				pass(5 * time.Minute)
				w.db.set(func() { w.db.away = false })
				pass(95 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack", "NO_DATA active_unack"},
		},
		"it was seen to leave before the database was away": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				w.connect(streamOf(ann).Hub, false)
				pass(5 * time.Second)
				w.db.set(func() { w.db.away = true })
				pass(20 * time.Second)
				w.shows("HUB_OFFLINE active_unack", "NO_DATA active_unack")
				w.db.set(func() { w.db.away = false })
				pass(10 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack", "NO_DATA active_unack"},
		},
		"it is back over HTTPS": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				pass(95 * time.Second)
				w.live(ann, 5, 70)
			},
			want: []string{"HUB_OFFLINE closed", "NO_DATA closed"},
		},
		"it was away when the server went down, and still is": {
			tell: func(w *ward) {
				w.connect(streamOf(ann).Hub, true)
				w.live(ann, 5, 70)
				pass(95 * time.Second)
				w.stop()
				w.start(w.config("node-2"))
				pass(10 * time.Second)
			},
			want: []string{"HUB_OFFLINE active_unack", "NO_DATA active_unack"},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.start(w.config("node-1"))
				story.tell(w)
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}

func TestAHubThatIsNoLongerUsedMayBeAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		old := streamOf(ann).Hub
		w.connect(old, true)
		w.live(ann, 5, 70)
		w.connect(old, false)
		pass(14 * time.Second)
		moved := w.beat(ann, 70)
		w.seq[ann]-- // the new hub counts for itself
		moved.Stream.Hub = "another hub"
		w.sent[len(w.sent)-1] = moved
		for range 30 {
			w.log.publish(moved)
			pass(time.Second)
			moved.Received = time.Now()
		}
		w.shows()
		w.settle()
	})
}

func TestWhatAClockThatIsAheadMeasuresIsShownNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		d := w.beat(ann, 70)
		sent := time.Now().UTC().Add(4 * time.Minute)
		for i := range d.Batch.Readings {
			d.Batch.Readings[i].Time = sent
		}
		d.Batch.Waveforms[0].Start = sent
		w.sent[0] = d
		w.log.publish(d)
		synctest.Wait()
		for _, c := range w.screen.readings {
			if c.Time.After(time.Now()) {
				t.Errorf("%s of %s is shown at %s", c.Kind, c.Time, time.Now())
			}
		}
		for _, shown := range w.screen.waves {
			if !shown.End().Equal(time.Now()) {
				t.Errorf("a waveform that ends at %s is shown at %s", shown.End(), time.Now())
			}
		}
		if len(w.screen.readings) != 2 || len(w.screen.waves) != 1 {
			t.Errorf("%d readings and %d waveforms shown", len(w.screen.readings), len(w.screen.waves))
		}
		pass(15 * time.Second)
		w.settle() // charted as it came
	})
}
