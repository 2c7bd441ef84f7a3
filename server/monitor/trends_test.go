package monitor_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// falls sends a saturation once a minute, which falls by one percent each quarter of an hour.
func (w *ward) falls(from int64, minutes int) {
	for m := range minutes {
		w.once(ann, vitals.SpO2, vitals.Int(from-int64(m/15)))
		pass(59 * time.Second)
	}
}

// TestTrendsOutliveTheServer: a saturation falls for three hours, and the server is stopped in the middle. The one that
// follows forecasts, because it knows of the hours before; without what was kept it would know of a quarter of one.
func TestTrendsOutliveTheServer(t *testing.T) {
	for name, kept := range map[string]bool{"with what was kept": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.real("node-1")
				w.falls(99, 90)
				w.stop()
				foretold := func() bool {
					return lo.ContainsBy(w.screen.alarms(), func(a alerts.Alarm) bool { return a.Condition == alerts.Forecast })
				}
				if foretold() {
					t.Fatal("it was foretold before the server was stopped, so nothing is shown")
				}
				w.db.set(func() {
					if len(w.db.trends) != 1 {
						t.Errorf("kept are the trends of %d patients", len(w.db.trends))
					}
					if !kept {
						maps.DeleteFunc(w.db.trends, func(vitals.PatientID, alerts.KeptTrends) bool { return true })
					}
				})
				w.real("node-2")
				w.falls(93, 45)
				if got := foretold(); got != kept {
					t.Errorf("foretold: %t", got)
				}
				w.settle()
			})
		})
	}
}
