package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// Two patients' heart rates flap about their limit, once a second. In an hour and a half the audit hears of it twice for
// each: after an hour, and when the server stops. None is lost on the way.
func TestWhatNobodyWasToldIsRecordedByTheHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return hasty{newSimple(p)} }
		m := w.start(cfg)
		pass(59 * time.Minute)
		w.db.set(func() {
			if len(w.db.dropped) != 0 {
				t.Errorf("recorded within the hour: %+v", w.db.dropped)
			}
		})
		pass(31 * time.Minute)
		w.settle()
		times, entries := map[vitals.PatientID]int{}, map[vitals.PatientID]int{}
		for _, d := range w.db.dropped {
			if d.Condition != alerts.HRHigh || d.To.IsZero() {
				t.Errorf("%+v is recorded", d)
			}
			times[d.Patient] += d.Times
			entries[d.Patient]++
		}
		for of, n := range m.Delayed() {
			if all := times[ann] + times[ben]; uint64(all) != n || n < 2*90*60-10 {
				t.Errorf("%d are recorded of %d of %s", all, n, of.Condition)
			}
		}
		if entries[ann] != 2 || entries[ben] != 2 {
			t.Errorf("%v entries", entries)
		}
	})
}
