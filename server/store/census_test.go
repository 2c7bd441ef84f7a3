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

func TestAPatientComesAndGoes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		want := vitals.Patient{
			ID: anna, Unit: unitA, MRN: "1001", Family: "Beispiel", Given: "Anna", Birth: time.Date(1949, 5, 23, 0, 0, 0, 0, time.UTC),
			Sex: vitals.Female, Bed: "A1", Test: true, Admitted: noon,
		}
		same(t, got[vitals.Patient](t)(s.Patient(ctx, everything, anna)), want)
		same(t, got[vitals.Patient](t)(s.PatientByMRN(ctx, onlyA, "1001")), want)

		again := want
		again.ID = "anna-again"
		wantError(t, s.Admit(ctx, again), store.ErrConflict)

		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon}))
		must(t, s.Discharge(ctx, anna, after(time.Hour)))
		must(t, s.Discharge(ctx, anna, after(2*time.Hour))) // a repeat changes nothing
		want.Discharged = after(time.Hour)
		same(t, got[vitals.Patient](t)(s.Patient(ctx, onlyA, anna)), want)
		same(t, got[[]vitals.Patient](t)(s.Patients(ctx, onlyA, "")), []vitals.Patient{})
		wantError(t, s.Bind(ctx, vitals.Binding{Device: clip, Patient: anna, From: after(time.Hour)}), store.ErrConflict)

		again.Admitted = after(3 * time.Hour)
		must(t, s.Admit(ctx, again))
		same(t, got[vitals.Patient](t)(s.PatientByMRN(ctx, onlyA, "1001")), again)

		wantError(t, s.Discharge(ctx, "nobody", noon), store.ErrNotFound)
		wantError(t, s.Admit(ctx, vitals.Patient{ID: "c", Unit: "no-unit", MRN: "9", Admitted: noon}), store.ErrNotFound)
		_, err := s.PatientByMRN(ctx, everything, "nobody's")
		wantError(t, err, store.ErrNotFound)
	})
}

func TestADeviceMovesFromPatientToPatient(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		now := after(2 * time.Hour)
		c.Now = func() time.Time { return now }
		s := storetest.Open(t, c)
		settle(t, s)
		ctx := context.Background()
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon}))
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon})) // a repeat changes nothing
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: bert, From: after(time.Hour)}))
		same(t, got[[]vitals.Binding](t)(s.Bindings(ctx)), []vitals.Binding{
			{Device: strap, Patient: anna, From: noon, Until: after(time.Hour), Record: "1001", Test: true},
			{Device: strap, Patient: bert, From: after(time.Hour), Record: "1002"},
		})
		same(t, devicesByPatient(got[[]vitals.Admission](t)(s.Admissions(ctx))), map[vitals.PatientID][]vitals.DeviceID{anna: {}, bert: {strap}})

		wantError(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: after(time.Minute)}), store.ErrConflict)
		wantError(t, s.Bind(ctx, vitals.Binding{Device: "ffffffffffff", Patient: anna, From: noon}), store.ErrNotFound)
		wantError(t, s.Bind(ctx, vitals.Binding{Device: clip, Patient: "nobody", From: noon}), store.ErrNotFound)

		must(t, s.Unbind(ctx, strap, after(90*time.Minute)))
		wantError(t, s.Unbind(ctx, strap, after(90*time.Minute)), store.ErrNotFound)
		now = after(7*24*time.Hour + 80*time.Minute)
		same(t, got[[]vitals.Binding](t)(s.Bindings(ctx)), []vitals.Binding{
			{Device: strap, Patient: bert, From: after(time.Hour), Until: after(90 * time.Minute), Record: "1002"},
		})
	})
}

func devicesByPatient(all []vitals.Admission) map[vitals.PatientID][]vitals.DeviceID {
	return lo.SliceToMap(all, func(a vitals.Admission) (vitals.PatientID, []vitals.DeviceID) { return a.Patient.ID, a.Devices })
}

func TestMovesOfOneDeviceAtOnceLeaveOneBinding(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		done := make(chan error, 8)
		for i := range 8 {
			patient := lo.Ternary(i%2 == 0, anna, bert)
			go func() {
				done <- s.Bind(ctx, vitals.Binding{Device: strap, Patient: patient, From: after(time.Duration(i) * time.Minute)})
			}()
		}
		for range 8 {
			if err := <-done; err != nil {
				wantError(t, err, store.ErrConflict)
			}
		}
		open := lo.Filter(got[[]vitals.Binding](t)(s.Bindings(ctx)), func(b vitals.Binding, _ int) bool { return b.Until.IsZero() })
		same(t, len(open), 1)
	})
}

func TestAHubKeepsItsSecretAndWhenItWasHeard(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		_, err := s.HubSecret(ctx, aHub)
		wantError(t, err, store.ErrNotFound)
		wantError(t, s.TouchHub(ctx, aHub, noon, true), store.ErrNotFound)

		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub, Name: "Home 1"}, []byte("first")))
		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub, Name: "Home one"}, nil))
		same(t, got[[]byte](t)(s.HubSecret(ctx, aHub)), []byte("first"))
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx)), []vitals.HubStatus{{Hub: vitals.Hub{ID: aHub, Name: "Home one"}}})

		must(t, s.TouchHub(ctx, aHub, noon, true))
		must(t, s.TouchHub(ctx, aHub, after(-time.Minute), false)) // said late
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx))[0].Seen, noon)
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx))[0].Online, true)
		must(t, s.TouchHub(ctx, aHub, after(time.Minute), false))
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx)), []vitals.HubStatus{
			{Hub: vitals.Hub{ID: aHub, Name: "Home one"}, Seen: after(time.Minute)},
		})
	})
}

func TestAHubThatWasHeardSinceOverAnotherConnectionIsThereThoughOneEnds(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub}, []byte("secret")))
		must(t, s.TouchHub(ctx, aHub, after(20*time.Second), true)) // on another node
		must(t, s.LoseHub(ctx, aHub, noon, after(45*time.Second)))  // where its dead line is noticed now
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx)), []vitals.HubStatus{
			{Hub: vitals.Hub{ID: aHub}, Online: true, Seen: after(20 * time.Second)},
		})
		must(t, s.LoseHub(ctx, aHub, after(20*time.Second), after(65*time.Second)))
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx)), []vitals.HubStatus{{Hub: vitals.Hub{ID: aHub}, Seen: after(65 * time.Second)}})
	})
}

// The server's clock was an hour ahead, and is set back: a hub that goes away is away, and one that comes is there.
func TestAHubIsHeardThoughTheClockWasSetBack(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		now := time.Now().UTC().Truncate(time.Microsecond)
		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub}, []byte("secret")))
		must(t, s.TouchHub(ctx, aHub, now.Add(time.Hour), true))
		must(t, s.TouchHub(ctx, aHub, now, false))
		same(t, got[[]vitals.HubStatus](t)(s.Hubs(ctx)), []vitals.HubStatus{{Hub: vitals.Hub{ID: aHub}, Seen: now}})
	})
}

func TestStaffSignInWithTheirUnits(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		same(t, got[int](t)(s.CountStaff(ctx)), 0)
		nurse := vitals.Staff{ID: "s1", Login: "Nurse", Name: "N. Urse", Role: vitals.Nurse, Units: []vitals.UnitID{unitA, unitB}}
		must(t, s.SaveStaff(ctx, nurse, "hash-1"))
		nurse.Units = []vitals.UnitID{unitB}
		must(t, s.SaveStaff(ctx, nurse, "")) // keeps the password
		found, hash, err := s.StaffByLogin(ctx, " nURSE ")
		must(t, err)
		same(t, found, nurse)
		same(t, hash, "hash-1")
		same(t, got[vitals.Staff](t)(s.StaffByID(ctx, "s1")), nurse)
		same(t, got[[]vitals.Staff](t)(s.Staff(ctx)), []vitals.Staff{nurse})
		same(t, got[int](t)(s.CountStaff(ctx)), 1)

		wantError(t, s.SaveStaff(ctx, vitals.Staff{ID: "s2", Login: "NURSE"}, "x"), store.ErrConflict)
		wantError(t, s.SaveStaff(ctx, vitals.Staff{ID: "s3", Login: "n3", Units: []vitals.UnitID{"no-unit"}}, "x"), store.ErrNotFound)
		_, _, err = s.StaffByLogin(ctx, "n3")
		wantError(t, err, store.ErrNotFound)

		session := vitals.Session{Key: []byte("key"), Staff: "s1", Created: noon, Expires: after(time.Hour), Seen: noon}
		must(t, s.SaveSession(ctx, session))
		must(t, s.TouchSession(ctx, session.Key, after(time.Minute)))
		session.Seen = after(time.Minute)
		same(t, got[vitals.Session](t)(s.Session(ctx, session.Key)), session)
		must(t, s.DeleteSession(ctx, session.Key))
		must(t, s.DeleteSession(ctx, session.Key))
		_, err = s.Session(ctx, session.Key)
		wantError(t, err, store.ErrNotFound)
		wantError(t, s.TouchSession(ctx, session.Key, noon), store.ErrNotFound)
	})
}
