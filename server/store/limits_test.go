package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

var (
	nurse  = alerts.Author{ID: "s-nurse", Name: "K. Lee", At: after(time.Minute), Reason: "an athlete"}
	charge = alerts.Author{ID: "s-charge", Name: "C. Harge", At: after(2 * time.Minute), Reason: "too many"}
)

// slower is HR LOW at so many per minute.
func slower(rate int64) alerts.Changes { return alerts.Changes{alerts.HRLowLimit: vitals.Int(rate)} }

func ofPatient(p vitals.PatientID, seen int, c alerts.Changes) alerts.LimitsVersion {
	return alerts.LimitsVersion{Patient: p, Version: seen, Changes: c, Author: nurse}
}

func anybody([]alerts.Difference) error { return nil }

func TestLimitsOfAPatientAreVersioned(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		same(t, got[int64](t)(s.LimitsRevision(ctx)), 0)
		same(t, len(got[[]alerts.LimitsVersion](t)(s.PatientLimits(ctx, everything, anna))), 0)
		one := ofPatient(anna, 0, slower(40))
		two := ofPatient(anna, 1, alerts.Changes{alerts.SpO2LowLimit: vitals.Int(90)})
		for _, v := range []alerts.LimitsVersion{one, two} {
			same(t, got[alerts.LimitsVersion](t)(s.ChangePatientLimits(ctx, v, anybody)).Version, v.Version+1)
		}
		one.Version, two.Version = 1, 2
		same(t, got[[]alerts.LimitsVersion](t)(s.PatientLimits(ctx, everything, anna)), []alerts.LimitsVersion{two, one})
		same(t, got[[]alerts.LimitsVersion](t)(s.Limits(ctx)), []alerts.LimitsVersion{two})
		same(t, got[int64](t)(s.LimitsRevision(ctx)), 2)
	})
}

func TestWhoeverIsLateIsToldWhatWasChanged(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		got[alerts.LimitsVersion](t)(s.ChangePatientLimits(ctx, ofPatient(anna, 0, slower(40)), anybody))
		got[alerts.LimitsVersion](t)(s.ChangePatientLimits(ctx, ofPatient(anna, 1, slower(50)), anybody))
		_, err := s.ChangePatientLimits(ctx, ofPatient(anna, 1, slower(60)), anybody)
		wantError(t, err, vitals.ErrConflict)
		var conflict *alerts.LimitsConflictError
		if !errors.As(err, &conflict) || conflict.Error() != "K. Lee has meanwhile made version 2: HR LOW limit 40 → 50 /min" {
			t.Errorf("%v", err)
		}
		_, err = s.ChangePatientLimits(ctx, ofPatient(anna, 7, slower(60)), anybody) // never made
		wantError(t, err, vitals.ErrConflict)
	})
}

func TestOfManyWhoChangeAtOnceOneSucceeds(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		var all sync.WaitGroup
		results := make(chan error, 20)
		for range cap(results) {
			all.Go(func() {
				_, err := s.ChangePatientLimits(context.Background(), ofPatient(anna, 0, slower(40)), anybody)
				results <- err
			})
		}
		all.Wait()
		close(results)
		done := 0
		for err := range results {
			if err == nil {
				done++
			} else {
				wantError(t, err, vitals.ErrConflict)
			}
		}
		same(t, done, 1)
		same(t, len(got[[]alerts.LimitsVersion](t)(s.PatientLimits(context.Background(), everything, anna))), 1)
	})
}

func TestLimitsThatAreRefusedLeaveNothingBehind(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		forbidden := errors.New("forbidden")
		var asked []alerts.Difference
		_, err := s.ChangePatientLimits(ctx, ofPatient(anna, 0, slower(40)), func(d []alerts.Difference) error {
			asked = d
			return forbidden
		})
		wantError(t, err, forbidden)
		same(t, asked, []alerts.Difference{{Setting: alerts.HRLowLimit, Before: vitals.Int(45), After: vitals.Int(40)}})
		_, err = s.ChangePatientLimits(ctx, ofPatient(anna, 0, slower(400)), anybody)
		wantError(t, err, alerts.ErrLimits)
		_, err = s.ChangePatientLimits(ctx, ofPatient("nobody", 0, slower(40)), anybody)
		wantError(t, err, store.ErrNotFound)
		must(t, s.Discharge(ctx, anna, after(time.Hour)))
		_, err = s.ChangePatientLimits(ctx, ofPatient(anna, 0, slower(40)), anybody)
		wantError(t, err, vitals.ErrDischarged)
		same(t, got[int64](t)(s.LimitsRevision(ctx)), 0)
	})
}

func proposed(id string, seen int, c alerts.Changes) alerts.LimitsProposal {
	return alerts.LimitsProposal{ID: id, Unit: unitA, Seen: seen, Changes: c, Author: charge}
}

func TestAUnitsLimitsNeedASecondPerson(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		p := proposed("p-1", 0, slower(50))
		must(t, s.ProposeUnitLimits(ctx, p))
		same(t, got[alerts.LimitsProposal](t)(s.ProposedLimits(ctx, onlyA, unitA)), p)
		wantError(t, s.ProposeUnitLimits(ctx, proposed("p-2", 0, slower(55))), vitals.ErrProposed)
		_, err := s.ApproveUnitLimits(ctx, unitA, "p-1", charge)
		wantError(t, err, vitals.ErrOwnProposal)
		_, err = s.ApproveUnitLimits(ctx, unitA, "p-0", nurse)
		wantError(t, err, store.ErrNotFound)
		same(t, got[int64](t)(s.LimitsRevision(ctx)), 0) // nothing is in force yet

		v := got[alerts.LimitsVersion](t)(s.ApproveUnitLimits(ctx, unitA, "p-1", nurse))
		approval := nurse
		approval.Reason = ""
		want := alerts.LimitsVersion{Unit: unitA, Version: 1, Changes: slower(50), Author: charge, Approved: approval}
		same(t, got[[]alerts.LimitsVersion](t)(s.UnitLimits(ctx, onlyA, unitA)), []alerts.LimitsVersion{want})
		same(t, v.Version, 1)
		_, err = s.ApproveUnitLimits(ctx, unitA, "p-1", nurse)
		wantError(t, err, store.ErrNotFound)

		var conflict *alerts.LimitsConflictError
		if err := s.ProposeUnitLimits(ctx, proposed("p-3", 0, slower(55))); !errors.As(err, &conflict) || conflict.Current.Version != 1 {
			t.Errorf("%v", err)
		}
		must(t, s.ProposeUnitLimits(ctx, proposed("p-4", 1, slower(55))))
		must(t, s.WithdrawUnitLimits(ctx, unitA, "p-4", charge))
		wantError(t, s.WithdrawUnitLimits(ctx, unitA, "p-4", charge), store.ErrNotFound)
		_, err = s.ProposedLimits(ctx, onlyA, unitA)
		wantError(t, err, store.ErrNotFound)
		_, err = s.ApproveUnitLimits(ctx, "no-unit", "p-4", nurse)
		wantError(t, err, store.ErrNotFound)
	})
}

func TestAUnitsLimitsMustFitItsPatients(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		must(t, s.ProposeUnitLimits(ctx, proposed("p-1", 0, alerts.Changes{alerts.HRHighLimit: vitals.Int(82)})))
		got[alerts.LimitsVersion](t)(s.ChangePatientLimits(ctx, ofPatient(anna, 0, slower(80)), anybody)) // since then
		_, err := s.ApproveUnitLimits(ctx, unitA, "p-1", nurse)
		wantError(t, err, alerts.ErrLimits)
		if !strings.Contains(err.Error(), "with what 1 patients of the unit have otherwise") {
			t.Error(err)
		}
		wantError(t, s.ProposeUnitLimits(ctx, proposed("p-2", 0, slower(400))), alerts.ErrLimits)
	})
}

func TestVersionsOfLimitsStayAsTheyAre(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		s := storetest.Open(t, c)
		settle(t, s)
		got[alerts.LimitsVersion](t)(s.ChangePatientLimits(context.Background(), ofPatient(anna, 0, slower(40)), anybody))
		db := openRaw(t, c)
		for _, statement := range []string{"UPDATE limits SET changes = '{}'", "DELETE FROM limits"} {
			if _, err := db.Exec(statement); err == nil {
				t.Errorf("%s was done", statement)
			}
		}
	})
}
