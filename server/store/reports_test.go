package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// Anna has three alarms: one acknowledged while it lasted and told again, one acknowledged when it had gone, one
// that cleared itself. Bert, of another unit, has one.
func TestCoursesFollowTheSealedEvents(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		next := func(before alerts.Transition, c alerts.Change, wait time.Duration, change func(*alerts.Alarm)) alerts.Transition {
			a := before.Alarm
			a.Version, a.Changed = a.Version+1, a.Changed.Add(wait)
			change(&a)
			return alerts.Transition{Change: c, Before: before.Alarm.State, Alarm: a, At: a.Changed}
		}
		is := func(state alerts.State, reason alerts.CloseReason) func(*alerts.Alarm) {
			return func(a *alerts.Alarm) { a.State, a.Reason = state, reason }
		}
		later := func(a alerts.Alarm, d time.Duration) alerts.Transition {
			a.Raised, a.Changed = a.Raised.Add(d), a.Changed.Add(d)
			return raised(a)
		}
		first := later(alarm(anna, 1), 0)
		taken := next(first, alerts.Acknowledged, 20*time.Second, is(alerts.ActiveAck, ""))
		again := next(taken, alerts.Rearmed, 2*time.Minute, is(alerts.ActiveUnack, ""))
		second := next(again, alerts.Acknowledged, 5*time.Second, is(alerts.ActiveAck, ""))
		latched := later(alarm(anna, 2), time.Minute)
		gone := next(latched, alerts.Latched, 10*time.Second, is(alerts.LatchedUnack, ""))
		late := next(gone, alerts.Ceased, 30*time.Second, is(alerts.Closed, alerts.ClosedAck))
		brief := later(alarm(anna, 3), 2*time.Minute)
		over := next(brief, alerts.Ceased, 15*time.Second, is(alerts.Closed, alerts.ClosedSelf))
		other := later(alarm(bert, 4), 3*time.Minute)
		save(t, s, first, taken, again, second, latched, gone, late, brief, over, other)

		type course struct {
			ID    alerts.AlarmID
			Unit  vitals.UnitID
			Bed   string
			Wait  time.Duration
			Again int
			Zone  string
		}
		list := func(scope vitals.Scope, q vitals.AlarmQuery) []course {
			q.From, q.To = noon, after(4*time.Minute)
			return lo.Map(got[[]alerts.Course](t)(s.Courses(context.Background(), scope, q)), func(c alerts.Course, _ int) course {
				one := course{ID: c.Alarm.ID, Unit: c.Unit, Bed: c.Bed, Again: c.Again, Zone: c.Zone.String()}
				if !c.Acked.IsZero() {
					one.Wait = c.Acked.Sub(c.Alarm.Raised)
				}
				return one
			})
		}
		annas := []course{
			{"anna-1", unitA, "A1", 20 * time.Second, 1, "Europe/Berlin"},
			{"anna-2", unitA, "A1", 40 * time.Second, 0, "Europe/Berlin"},
			{"anna-3", unitA, "A1", 0, 0, "Europe/Berlin"},
		}
		same(t, list(onlyA, vitals.AlarmQuery{}), annas)
		same(t, list(everything, vitals.AlarmQuery{Unit: unitA}), annas)
		same(t, list(everything, vitals.AlarmQuery{}), append(annas, course{"bert-4", unitB, "B1", 0, 0, "UTC"}))
		same(t, list(nothing, vitals.AlarmQuery{}), []course{})
		same(t, list(onlyA, vitals.AlarmQuery{Unit: unitB}), []course{})
	})
}
