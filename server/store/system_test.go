package store_test

import (
	"context"
	"testing"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

func TestAlarmsAboutVigilItselfAreSeenByWhomTheyConcern(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		about := func(n int, site string) alerts.Alarm {
			a := alarm(alerts.Nobody, n)
			a.Condition, a.Site = alerts.StationSilent, site
			return a
		}
		everywhere, ward := about(1, ""), about(2, string(unitB))
		save(t, s, raised(everywhere), raised(ward))
		for _, row := range []struct {
			scope vitals.Scope
			want  []alerts.AlarmID
		}{{onlyA, []alerts.AlarmID{"-1"}}, {onlyB, []alerts.AlarmID{"-2", "-1"}}, {everything, []alerts.AlarmID{"-2", "-1"}}, {nothing, []alerts.AlarmID{}}} {
			all := got[[]alerts.Alarm](t)(s.Alarms(context.Background(), row.scope, vitals.AlarmQuery{}))
			same(t, lo.Map(all, func(a alerts.Alarm, _ int) alerts.AlarmID { return a.ID }), row.want)
		}
	})
}
