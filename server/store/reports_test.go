package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
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
			return lo.Map(got[alerts.Period](t)(s.Period(context.Background(), scope, q)).Courses, func(c alerts.Course, _ int) course {
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

// Anna's alarm sounded at two desks and called her nurse, the buddy twice and, without anybody to be reached, the charge
// nurse; it was handed over to somebody, too. Bert's called nobody. HR HIGH of both was brief. The station of unit A was
// silent from 12:10 to 12:20, and is again since 12:50. Bert was discharged at 12:30.
func TestWhatReportsHoldAlarmsAgainst(t *testing.T) {
	clock := after(time.Hour)
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		ctx := context.Background()
		c.Now = func() time.Time { return clock }
		s := storetest.Open(t, c)
		settle(t, s)
		first, other := alarm(anna, 1), alarm(bert, 2)
		save(t, s, raised(first), raised(other))
		call := func(kind alerts.NoteKind, detail string) alerts.Note {
			return alerts.Note{Kind: kind, At: after(time.Minute), Alarm: first.ID, Version: 1, Detail: detail}
		}
		must(t, s.SaveNotes(ctx, []alerts.Note{
			heard(first, "desk-1"), heard(first, "desk-2"), seen(other, "desk-3"), call(alerts.Notified, "step 0 round 0, push"),
			call(alerts.Notified, "step 1 round 0, push"), call(alerts.Notified, "step 1 round 0, mail"), call(alerts.Taken, "step 1 round 0, mail"),
			call(alerts.Missed, "step 2 round 0"), call(alerts.Notified, "handed over, push"),
		}))
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveDropped([]alerts.Dropped{
				{Patient: anna, Condition: alerts.HRHigh, To: after(30 * time.Minute), Times: 7},
				{Patient: bert, Condition: alerts.HRHigh, To: after(30 * time.Minute), Times: 8},
				{Patient: anna, Condition: alerts.HRLow, To: after(2 * time.Hour), Times: 9},
			})
		})
		silent := func(n int, from, to time.Duration) {
			a := alarm(alerts.Nobody, n)
			a.Condition, a.Site, a.Onset = alerts.StationSilent, string(unitA), after(from)
			if to > 0 {
				a.State, a.Ended = alerts.Closed, after(to)
			}
			save(t, s, raised(a))
		}
		silent(3, 10*time.Minute, 20*time.Minute)
		silent(4, 50*time.Minute, 0)
		must(t, s.Discharge(ctx, bert, after(30*time.Minute)))

		p := got[alerts.Period](t)(s.Period(ctx, everything, vitals.AlarmQuery{From: noon, To: after(90 * time.Minute)}))
		byID := lo.KeyBy(p.Courses, func(c alerts.Course) alerts.AlarmID { return c.Alarm.ID })
		type heardOf struct {
			Sounded        bool
			Notified, Step int
		}
		of := func(id alerts.AlarmID) heardOf { return heardOf{byID[id].Sounded, byID[id].Notified, byID[id].Step} }
		same(t, of(first.ID), heardOf{true, 4, 2})
		same(t, of(other.ID), heardOf{})
		same(t, lo.SumBy(p.Untold, func(u alerts.Untold) int { return u.Times }), 15)
		same(t, lo.Map(p.Silences, func(x alerts.Silence, _ int) time.Duration { return x.To.Sub(x.From) }), []time.Duration{10 * time.Minute, 10 * time.Minute})
		stays := lo.SliceToMap(p.Stays, func(x alerts.Stay) (vitals.PatientID, time.Duration) { return x.Patient, x.To.Sub(x.From) })
		same(t, stays, map[vitals.PatientID]time.Duration{anna: time.Hour, bert: 30 * time.Minute}) // it is 13:00

		ofA := got[alerts.Period](t)(s.Period(ctx, everything, vitals.AlarmQuery{Unit: unitA, From: noon, To: after(90 * time.Minute)}))
		same(t, lo.Map(ofA.Courses, func(c alerts.Course, _ int) alerts.AlarmID { return c.Alarm.ID }),
			lo.FilterMap(p.Courses, func(c alerts.Course, _ int) (alerts.AlarmID, bool) { return c.Alarm.ID, c.Unit == unitA }))
		same(t, len(ofA.Courses), 3) // two of them about the unit itself
		own := got[alerts.Period](t)(s.Period(ctx, onlyB, vitals.AlarmQuery{From: noon, To: after(90 * time.Minute)}))
		same(t, []int{len(own.Courses), len(own.Untold), len(own.Silences), len(own.Stays)}, []int{1, 1, 0, 1})
		none := got[alerts.Period](t)(s.Period(ctx, nothing, vitals.AlarmQuery{From: noon, To: after(90 * time.Minute)}))
		same(t, []int{len(none.Courses), len(none.Untold), len(none.Silences), len(none.Stays)}, []int{0, 0, 0, 0})
	})
}
