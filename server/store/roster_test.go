package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

func post(p vitals.PatientID, d alerts.Duty, from time.Time, staff vitals.StaffID) alerts.Post {
	return alerts.Post{Unit: unitA, Patient: p, Duty: d, From: from, Staff: staff, By: "charge", Decided: noon}
}

func TestTheRosterIsWhoHoldsAndWhoComes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		early, late := post(anna, alerts.AssignedNurse, noon, "nora"), post(anna, alerts.AssignedNurse, after(8*time.Hour), "nick")
		charge := post("", alerts.ChargeNurse, after(time.Hour), "carla")
		for _, p := range []alerts.Post{late, early, charge} {
			must(t, s.SavePost(ctx, p))
		}
		same(t, got[alerts.Roster](t)(s.Roster(ctx, onlyA, after(-time.Hour))), alerts.Roster{charge, early, late}) // all to come
		same(t, got[alerts.Roster](t)(s.Roster(ctx, onlyA, after(2*time.Hour))), alerts.Roster{charge, early, late})
		same(t, got[alerts.Roster](t)(s.Roster(ctx, onlyA, after(8*time.Hour))), alerts.Roster{charge, late})

		late.Staff = "nadia" // Nick is ill
		must(t, s.SavePost(ctx, late))
		same(t, got[alerts.Roster](t)(s.Roster(ctx, everything, after(9*time.Hour))), alerts.Roster{charge, late})
		must(t, s.Discharge(ctx, anna, after(9*time.Hour)))
		same(t, got[alerts.Roster](t)(s.Roster(ctx, everything, after(9*time.Hour))), alerts.Roster{charge})

		elsewhere := post("", alerts.ChargeNurse, noon, "carla")
		elsewhere.Unit = "nowhere"
		wantError(t, s.SavePost(ctx, elsewhere), store.ErrNotFound)
	})
}

func TestWhatWasAcceptedIsKnownWhileTheAlarmIsOpen(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := raised(alarm(anna, 1))
		save(t, s, first)
		must(t, s.Accept(ctx, first.Alarm.ID, "nick", noon))
		must(t, s.Accept(ctx, first.Alarm.ID, "nick", after(time.Minute)))
		same(t, got[map[alerts.AlarmID]time.Time](t)(s.Accepted(ctx, "nick")), map[alerts.AlarmID]time.Time{first.Alarm.ID: after(time.Minute)})
		same(t, got[map[alerts.AlarmID]time.Time](t)(s.Accepted(ctx, "nora")), map[alerts.AlarmID]time.Time{})
		save(t, s, closed(acked(first.Alarm).Alarm))
		same(t, got[map[alerts.AlarmID]time.Time](t)(s.Accepted(ctx, "nick")), map[alerts.AlarmID]time.Time{})
	})
}

func TestAPolicyIsInForceOnceASecondPersonApprovedIt(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		paul := alerts.Author{ID: "paul", Name: "P. Hysician", At: after(time.Hour)}
		propose := func(repeat time.Duration) alerts.PolicyVersion {
			t.Helper()
			p := alerts.DefaultPolicy()
			e := p.Escalations[alerts.ClassOf(alerts.Physiological, alerts.High)]
			e.Repeat = repeat
			p.Escalations[alerts.ClassOf(alerts.Physiological, alerts.High)] = e
			return got[alerts.PolicyVersion](t)(s.ProposePolicy(ctx, alerts.PolicyVersion{
				Unit: unitA, Policy: p, Author: alerts.Author{ID: "carla", Name: "C. Harge", At: noon, Reason: "too slow"},
			}))
		}
		policies := func() []alerts.PolicyVersion {
			t.Helper()
			return got[[]alerts.PolicyVersion](t)(s.Policies(ctx, onlyA))
		}
		wantError(t, s.ApprovePolicy(ctx, unitA, 1, paul), store.ErrNotFound)
		first := propose(30 * time.Second)
		same(t, policies(), []alerts.PolicyVersion{first})
		same(t, alerts.PolicyFor(unitA, policies()).Policy, alerts.DefaultPolicy()) // nobody has approved it

		wantError(t, s.ApprovePolicy(ctx, unitA, 1, first.Author), vitals.ErrOwnProposal)
		must(t, s.ApprovePolicy(ctx, unitA, 1, paul))
		first.Approved = paul
		wantError(t, s.ApprovePolicy(ctx, unitA, 1, paul), vitals.ErrDecided)

		second, third := propose(45*time.Second), propose(50*time.Second)
		same(t, policies(), []alerts.PolicyVersion{first, third}) // the second was never decided
		same(t, alerts.PolicyFor(unitA, policies()), first)
		wantError(t, s.ApprovePolicy(ctx, unitA, second.Version, paul), vitals.ErrDecided)
		must(t, s.ApprovePolicy(ctx, unitA, third.Version, paul))
		third.Approved = paul
		same(t, policies(), []alerts.PolicyVersion{third})
		same(t, alerts.PolicyFor(unitA, policies()), third)

		_, err := s.ProposePolicy(ctx, alerts.PolicyVersion{Unit: "nowhere"})
		wantError(t, err, store.ErrNotFound)
	})
}
