package store_test

import (
	"context"
	"slices"
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

// A site is lost with two patients; a third one has an alarm beside it.
func TestWhatAnOutageExplainsIsListedByIt(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		outage := alarm(alerts.Nobody, 9)
		outage.Condition, outage.Site = alerts.SiteOutage, string(unitA)
		first, second, beside := alarm(anna, 1), alarm(anna, 2), alarm(anna, 3)
		outage.Suppressor, first.Suppressor, second.Suppressor, beside.Suppressor = "", outage.ID, outage.ID, ""
		save(t, s, raised(outage), raised(first), raised(second), raised(beside))
		for _, row := range []struct {
			story string
			query vitals.AlarmQuery
			want  []alerts.AlarmID
		}{
			{"what it explains", vitals.AlarmQuery{Explained: string(outage.ID)}, []alerts.AlarmID{second.ID, first.ID}},
			{"what stands by itself", vitals.AlarmQuery{Explained: vitals.Unexplained}, []alerts.AlarmID{beside.ID, outage.ID}},
			{"what is about the unit, too", vitals.AlarmQuery{Unit: unitA}, []alerts.AlarmID{beside.ID, second.ID, first.ID, outage.ID}},
			{"what is about another one", vitals.AlarmQuery{Unit: unitB}, []alerts.AlarmID{}},
		} {
			all := got[[]alerts.Alarm](t)(s.Alarms(context.Background(), everything, row.query))
			if ids := lo.Map(all, func(a alerts.Alarm, _ int) alerts.AlarmID { return a.ID }); !slices.Equal(ids, row.want) {
				t.Errorf("%s: %v, want %v", row.story, ids, row.want)
			}
		}
	})
}
