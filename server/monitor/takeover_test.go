package monitor_test

import (
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
