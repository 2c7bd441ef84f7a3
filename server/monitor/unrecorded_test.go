package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// lastTold is what the screens were told last of the patient's alarm.
func (w *ward) lastTold(p vitals.PatientID) (last alerts.Transition) {
	w.screen.mu.Lock()
	defer w.screen.mu.Unlock()
	for _, t := range w.screen.shown {
		if t.Alarm.Patient == p {
			last = t
		}
	}
	return last
}

// The database goes away. Ann's heart races: the alarm is shown at once, and a moment later with the mark that it is not
// recorded. Ben's, by when everybody knows that the database is away, has the mark from the start. It comes back, and
// both lose it, each with the version that is shown.
func TestAnAlarmThatIsNotRecordedSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		w.start(w.config("node-1"))
		w.live(ann, 1, 70)
		w.live(ben, 1, 70)
		pass(11 * time.Second) // everything so far is stored
		w.db.set(func() { w.db.away = true })

		w.log.publish(w.beat(ann, racing))
		synctest.Wait()
		if told := w.lastTold(ann); told.Change != alerts.Raised || told.Retold {
			t.Fatalf("told at once: %+v", told)
		}
		pass(time.Second)
		if told := w.lastTold(ann); !told.Unrecorded || !told.Retold || told.Alarm.Version != 1 {
			t.Errorf("a second later: %+v", told)
		}
		w.log.publish(w.beat(ben, racing))
		synctest.Wait()
		if told := w.lastTold(ben); !told.Unrecorded || told.Retold || told.Change != alerts.Raised {
			t.Errorf("the second alarm: %+v", told)
		}

		w.db.set(func() { w.db.away = false })
		pass(10 * time.Second)
		for _, p := range []vitals.PatientID{ann, ben} {
			if told := w.lastTold(p); told.Unrecorded || !told.Retold || told.Alarm.Version != 1 {
				t.Errorf("recorded at last: %+v", told)
			}
		}
		w.live(ann, 1, 70) // and what comes then is told once, without a mark
		if told := w.lastTold(ann); told.Unrecorded || told.Retold || told.Change != alerts.Ceased {
			t.Errorf("the next change: %+v", told)
		}
		w.settle()
	})
}

// While the database takes everything, nothing is told twice.
func TestWhatIsRecordedIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 3, 70)
		w.live(ann, 2, racing)
		w.live(ann, 2, 70)
		w.settle()
		w.screen.mu.Lock()
		defer w.screen.mu.Unlock()
		if len(w.screen.shown) != 2 {
			t.Fatalf("told %d times: %+v", len(w.screen.shown), w.screen.shown)
		}
		for _, told := range w.screen.shown {
			if told.Unrecorded || told.Retold {
				t.Errorf("%+v", told)
			}
		}
	})
}
