package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestABedHoldsOnePatient(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		next := vitals.Patient{ID: "next", Unit: unitA, MRN: "2001", Bed: "A1", Admitted: noon}
		wantError(t, s.Admit(ctx, next), vitals.ErrBedTaken)
		elsewhere := next
		elsewhere.ID, elsewhere.Unit, elsewhere.MRN = "elsewhere", unitB, "2002"
		must(t, s.Admit(ctx, elsewhere)) // a bed of the same name
		for _, id := range []vitals.PatientID{"waiting-1", "waiting-2"} {
			must(t, s.Admit(ctx, vitals.Patient{ID: id, Unit: unitA, MRN: string(id), Admitted: noon})) // without a bed
		}
		same := next
		same.MRN = "1001"
		wantError(t, s.Admit(ctx, same), vitals.ErrRecordNumberTaken)
		must(t, s.Discharge(ctx, anna, after(time.Hour)))
		must(t, s.Admit(ctx, next))
	})
}

// TestBedsThatWereSharedAreToldApart goes back to before the rule and shares a bed.
func TestBedsThatWereSharedAreToldApart(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		s := storetest.Open(t, c)
		settle(t, s)
		ctx := context.Background()
		must(t, s.Admit(ctx, vitals.Patient{ID: "next", Unit: unitA, MRN: "2001", Bed: "A2", Admitted: after(time.Hour)}))
		db := openRaw(t, c)
		for _, statement := range []string{
			"DROP INDEX patient_bed", "DELETE FROM migration WHERE version = 3", "UPDATE patient SET bed = 'A1' WHERE id = 'next'",
		} {
			_, err := db.Exec(statement)
			must(t, err)
		}
		again := storetest.Open(t, c)
		beds := lo.Map(got[[]vitals.Patient](t)(again.Patients(ctx, onlyA, "")), func(p vitals.Patient, _ int) string { return p.Bed })
		same(t, beds, []string{"A1", "A1 (2)"})
	})
}

func TestAWornDeviceIsTakenOnlyOnPurpose(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		must(t, s.Assign(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon}))
		must(t, s.Assign(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon})) // a repeat changes nothing
		toBert := vitals.Binding{Device: strap, Patient: bert, From: after(time.Hour)}
		wantError(t, s.Assign(ctx, toBert), vitals.ErrWorn)
		must(t, s.Bind(ctx, toBert))
		must(t, s.Unbind(ctx, strap, after(2*time.Hour)))
		must(t, s.Assign(ctx, vitals.Binding{Device: strap, Patient: anna, From: after(3 * time.Hour)}))
	})
}

func TestADeviceIsRegisteredToAHub(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon}))
		must(t, s.Bind(ctx, vitals.Binding{Device: clip, Patient: anna, From: noon}))
		must(t, s.SaveDevice(ctx, vitals.Device{ID: strap, Hub: aHub}))
		hubs := lo.SliceToMap(got[[]vitals.Binding](t)(s.Bindings(ctx)), func(b vitals.Binding) (vitals.DeviceID, vitals.HubID) { return b.Device, b.Hub })
		same(t, hubs, map[vitals.DeviceID]vitals.HubID{strap: aHub, clip: ""})
		same(t, got[vitals.Device](t)(s.Device(ctx, everything, strap)).Hub, aHub)
	})
}

func TestOneAdministratorMayAlwaysSignIn(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := vitals.Staff{ID: "a1", Login: "first", Role: vitals.Admin, Units: []vitals.UnitID{}}
		second := vitals.Staff{ID: "a2", Login: "second", Role: vitals.Admin, Units: []vitals.UnitID{}}
		must(t, s.SaveStaff(ctx, first, "x"))
		must(t, s.SaveStaff(ctx, second, "x"))
		first.Disabled, second.Role = true, vitals.Nurse
		done := make(chan error, 2)
		go func() { done <- s.SaveStaff(ctx, first, "") }()
		go func() { done <- s.ReplaceStaff(ctx, second, "") }()
		refused := lo.Filter([]error{<-done, <-done}, func(err error, _ int) bool { return err != nil })
		same(t, len(refused), 1)
		wantError(t, refused[0], vitals.ErrLastAdmin)
		wantError(t, s.SaveStaff(ctx, vitals.Staff{ID: "a3", Login: "FIRST"}, "x"), vitals.ErrLoginTaken)
	})
}
