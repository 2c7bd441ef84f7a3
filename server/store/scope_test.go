package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// viewers are all methods that read on somebody's behalf. Each tells how much of a patient's records
// it gives; a record that may not be seen must look like one that does not exist.
var viewers = map[string]func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error){
	"Units": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Units(ctx, scope)
		return count(all, func(u vitals.Unit) bool { return u.ID == unitOf(p) }), err
	},
	"Patient": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.Patient(ctx, scope, p))
	},
	"PatientByMRN": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.PatientByMRN(ctx, scope, map[vitals.PatientID]string{anna: "1001", bert: "1002"}[p]))
	},
	"Patients of all units": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Patients(ctx, scope, "")
		return count(all, func(x vitals.Patient) bool { return x.ID == p }), err
	},
	"Patients of the unit": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Patients(ctx, scope, unitOf(p))
		return len(all), err
	},
	"Devices": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Devices(ctx, scope)
		return count(all, func(d vitals.Device) bool { return d.ID == deviceOf(p) }), err
	},
	"Device": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.Device(ctx, scope, deviceOf(p)))
	},
	"Readings": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Readings(ctx, scope, vitals.Query{Patient: p})
		return len(all), err
	},
	"Reading that came alone": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.Reading(ctx, scope, p, vitals.Key{Time: noon, Kind: vitals.Weight, Device: deviceOf(p)}))
	},
	"Reading of a minute": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.Reading(ctx, scope, p, vitals.Key{Time: noon.Truncate(time.Minute), Kind: vitals.HeartRate, Device: deviceOf(p)}))
	},
	"Waves": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Waves(ctx, scope, vitals.Query{Patient: p})
		return len(all), err
	},
	"Alarms": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Alarms(ctx, scope, vitals.AlarmQuery{})
		return count(all, func(a alerts.Alarm) bool { return a.Patient == p }), err
	},
	"Alarms of the patient": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Alarms(ctx, scope, vitals.AlarmQuery{Patient: p})
		return len(all), err
	},
	"Alarms of the unit": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Alarms(ctx, scope, vitals.AlarmQuery{Unit: unitOf(p)})
		return count(all, func(a alerts.Alarm) bool { return a.Patient == p }), err
	},
	"Alarm": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.Alarm(ctx, scope, alarm(p, 1).ID))
	},
	"Roster": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Roster(ctx, scope, noon)
		return count(all, func(x alerts.Post) bool { return x.Unit == unitOf(p) }), err
	},
	"Policies": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Policies(ctx, scope)
		return count(all, func(v alerts.PolicyVersion) bool { return v.Unit == unitOf(p) }), err
	},
	"Notices": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.Notices(ctx, scope, alarm(p, 1).ID)
		return len(all), err
	},
	"PatientLimits": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.PatientLimits(ctx, scope, p)
		return len(all), err
	},
	"UnitLimits": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.UnitLimits(ctx, scope, unitOf(p))
		return len(all), err
	},
	"ProposedLimits": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		return one(s.ProposedLimits(ctx, scope, unitOf(p)))
	},
	"History": func(ctx context.Context, s *store.Store, scope vitals.Scope, p vitals.PatientID) (int, error) {
		all, err := s.History(ctx, scope, alarm(p, 1).ID)
		return len(all), err
	},
}

func unitOf(p vitals.PatientID) vitals.UnitID {
	return map[vitals.PatientID]vitals.UnitID{anna: unitA, bert: unitB}[p]
}

func deviceOf(p vitals.PatientID) vitals.DeviceID {
	return map[vitals.PatientID]vitals.DeviceID{anna: strap, bert: clip}[p]
}

func count[T any](all []T, is func(T) bool) (n int) {
	for _, x := range all {
		if is(x) {
			n++
		}
	}
	return n
}

func one[T any](_ T, err error) (int, error) { return 1, err }

func TestNobodySeesWhatIsNotTheirs(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		for _, p := range []vitals.PatientID{anna, bert} {
			must(t, s.Bind(ctx, vitals.Binding{Device: deviceOf(p), Patient: p, From: noon}))
			save(t, s, raised(alarm(p, 1)))
			got[[]alerts.StepID](t)(s.SaveCalled(ctx, []alerts.Called{aCall(alarm(p, 1), 0)}))
			must(t, s.SavePost(ctx, alerts.Post{Unit: unitOf(p), Patient: p, Duty: alerts.AssignedNurse, From: noon, Staff: "nora"}))
			got[alerts.PolicyVersion](t)(s.ProposePolicy(ctx, alerts.PolicyVersion{Unit: unitOf(p), Policy: alerts.DefaultPolicy()}))
			got[alerts.LimitsVersion](t)(s.ChangePatientLimits(ctx, ofPatient(p, 0, slower(40)), anybody))
			for i, id := range []string{"approved", "open"} {
				id += string(p)
				must(t, s.ProposeUnitLimits(ctx, alerts.LimitsProposal{ID: id, Unit: unitOf(p), Seen: i, Changes: slower(50), Author: charge}))
				if i == 0 {
					got[alerts.LimitsVersion](t)(s.ApproveUnitLimits(ctx, unitOf(p), id, nurse))
				}
			}
			commit(t, s, func(tx *store.Tx) error {
				if err := tx.SaveReadings([]vitals.Charted{reading(p, deviceOf(p), vitals.Weight, noon, 70)}); err != nil {
					return err
				}
				return tx.SaveBlocks([]vitals.Block{
					minute(t, p, deviceOf(p), vitals.HeartRate, noon.Truncate(time.Minute)), wave(p, deviceOf(p), vitals.ECG, noon.Truncate(vitals.WaveBlock)),
				})
			})
		}
		for method, view := range viewers {
			t.Run(method, func(t *testing.T) {
				for _, row := range []struct {
					viewer  string
					scope   vitals.Scope
					patient vitals.PatientID
					sees    bool
				}{
					{"a nurse of unit A looks at her own patient", onlyA, anna, true},
					{"a nurse of unit A looks at unit B", onlyA, bert, false},
					{"a nurse of unit B looks at unit A", onlyB, anna, false},
					{"a nurse of both looks at B", vitals.Scope{Units: []vitals.UnitID{unitA, unitB}}, bert, true},
					{"an administrator looks at A", everything, anna, true},
					{"somebody without units looks at A", nothing, anna, false},
					{"somebody without units looks at B", nothing, bert, false},
				} {
					n, err := view(ctx, s, row.scope, row.patient)
					if row.sees {
						must(t, err)
					} else if err != nil {
						wantError(t, err, store.ErrNotFound)
						n = 0
					}
					if (n > 0) != row.sees {
						t.Errorf("%s and sees %d records", row.viewer, n)
					}
				}
			})
		}
	})
}

func TestWhatBelongsToNoPatientIsSeenByThoseWhoSeeAnything(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		save(t, s, raised(alarm("", 1))) // about Vigil itself
		for _, row := range []struct {
			scope vitals.Scope
			sees  int
		}{{onlyA, 1}, {everything, 1}, {nothing, 0}} {
			same(t, len(got[[]alerts.Alarm](t)(s.Alarms(ctx, row.scope, vitals.AlarmQuery{}))), row.sees)
			same(t, count(got[[]vitals.Device](t)(s.Devices(ctx, row.scope)), func(d vitals.Device) bool { return d.ID == cuff }), row.sees)
		}
		// A device that moved is known to both units.
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: noon}))
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: bert, From: after(time.Hour)}))
		same(t, got[vitals.Device](t)(s.Device(ctx, onlyA, strap)).ID, strap)
	})
}
