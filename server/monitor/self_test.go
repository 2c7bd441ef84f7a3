package monitor_test

import (
	"sync/atomic"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// A ward falls silent, which is told and acknowledged. The node that told it dies; the next one goes on with the
// same alarm, and closes it when the ward can be heard again.
func TestAnAlarmAboutTheInstallationOutlivesItsNode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		h := openHospital(t, s)
		var silent, late atomic.Bool
		silent.Store(true)
		h.health = func(time.Time) alerts.Health {
			health := alerts.Health{Silent: map[vitals.UnitID]bool{"unit": silent.Load()}}
			if late.Load() {
				health.Lag = time.Minute
			}
			return health
		}
		_, kill, _ := h.run("node-1")
		raised := h.await(alerts.StationSilent, alerts.Raised)
		if raised.Patient != alerts.Nobody || raised.Site != "unit" {
			t.Errorf("%+v", raised)
		}
		for stored := false; !stored; {
			open, err := s.OpenAlarms(t.Context(), vitals.PartitionOf(alerts.Nobody), time.Now())
			must(t, err)
			stored = len(open) == 1
			time.Sleep(10 * time.Millisecond)
		}
		kill()
		late.Store(true)
		_, _, stop := h.run("node-2")
		h.await(alerts.DetectorLag, alerts.Raised)
		silent.Store(false)
		if over := h.await(alerts.StationSilent, alerts.Ceased); over.ID != raised.ID {
			t.Errorf("alarm %s ended, want %s", over.ID, raised.ID)
		}
		stop()
		all, err := s.Alarms(t.Context(), vitals.Scope{All: true}, vitals.AlarmQuery{Limit: 10})
		must(t, err)
		if len(all) != 2 {
			t.Errorf("alarms %+v", all)
		}
	})
}
