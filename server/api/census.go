package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Census is who is under care. What the scope does not cover wraps vitals.ErrNotFound.
type Census interface {
	// Patients lists who is under care in a unit, or in all units of the scope where none is named.
	Patients(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) ([]vitals.Patient, error)
	// Patient finds a patient, under care or not.
	Patient(ctx context.Context, scope vitals.Scope, id vitals.PatientID) (vitals.Patient, error)
	// Admit takes a patient under care; a vitals.ConflictError when the record
	// number is under care or the bed is taken.
	Admit(ctx context.Context, p vitals.Patient) error
}

type patientView struct {
	ID       vitals.PatientID  `json:"id"`
	Unit     vitals.UnitID     `json:"unit"`
	MRN      string            `json:"mrn" doc:"Medical record number."`
	Family   string            `json:"family"`
	Given    string            `json:"given"`
	Birth    *string           `json:"birth,omitempty" format:"date"`
	Sex      vitals.Sex        `json:"sex" enum:"female,male,other,unknown"`
	Bed      string            `json:"bed"`
	Test     bool              `json:"test" doc:"Made up."`
	Admitted time.Time         `json:"admitted"`
	Devices  []vitals.DeviceID `json:"devices" nullable:"false" doc:"Devices that are bound to the patient now."`
}

func viewPatient(p vitals.Patient, devices []vitals.DeviceID) patientView {
	view := patientView{
		ID: p.ID, Unit: p.Unit, MRN: p.MRN, Family: p.Family, Given: p.Given, Sex: p.Sex, Bed: p.Bed,
		Test: p.Test, Admitted: p.Admitted, Devices: devices,
	}
	if view.Sex == "" {
		view.Sex = vitals.UnknownSex
	}
	if view.Devices == nil {
		view.Devices = []vitals.DeviceID{}
	}
	if !p.Birth.IsZero() {
		view.Birth = new(p.Birth.Format(time.DateOnly))
	}
	return view
}

type patientsInput struct {
	Unit vitals.UnitID `query:"unit" doc:"Only this unit."`
}

type patientsOutput struct {
	Body struct {
		Patients []patientView `json:"patients" nullable:"false"`
	}
}

type admitInput struct {
	Body struct {
		Unit   vitals.UnitID `json:"unit" minLength:"1" maxLength:"64"`
		MRN    string        `json:"mrn" minLength:"1" maxLength:"64"`
		Family string        `json:"family" minLength:"1" maxLength:"128"`
		Given  string        `json:"given" maxLength:"128"`
		Birth  string        `json:"birth,omitempty" format:"date"`
		Sex    vitals.Sex    `json:"sex,omitempty" enum:"female,male,other,unknown"`
		Bed    string        `json:"bed" maxLength:"32"`
		Test   bool          `json:"test,omitempty" doc:"Made up."`
	}
}

type patientOutput struct{ Body patientView }

type patientInput struct {
	ID vitals.PatientID `path:"id" maxLength:"64"`
}

func (s *service) registerCensus() {
	register(s, route{http.MethodGet, "/patients", "list-patients", "Who is under care.", 0, everyone}, s.patients)
	register(s, route{http.MethodPost, "/patients", "admit-patient", "Take a patient under care.", http.StatusCreated, admitters}, s.admitPatient)
	register(s, route{http.MethodPost, "/patients/{id}/discharge", "discharge-patient", "End the care of a patient.", http.StatusNoContent, dischargers}, s.discharge)
}

func (s *service) patients(ctx context.Context, in *patientsInput) (*patientsOutput, error) {
	patients, err := s.Records.Patients(ctx, staffOf(ctx).Scope(), in.Unit)
	if err != nil {
		return nil, err
	}
	bound, err := s.boundNow(ctx)
	if err != nil {
		return nil, err
	}
	devices := lo.GroupByMap(bound, func(b vitals.Binding) (vitals.PatientID, vitals.DeviceID) { return b.Patient, b.Device })
	out := &patientsOutput{}
	out.Body.Patients = lo.Map(patients, func(p vitals.Patient, _ int) patientView { return viewPatient(p, devices[p.ID]) })
	return out, nil
}

func (s *service) admitPatient(ctx context.Context, in *admitInput) (*patientOutput, error) {
	if !staffOf(ctx).Scope().Covers(in.Body.Unit) {
		return nil, naming(vitals.ErrNotFound, "unit")
	}
	birth, err := parseDay(in.Body.Birth)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	p := vitals.Patient{
		ID: vitals.PatientID(ulid.MustNew(ulid.Timestamp(now), ulid.DefaultEntropy()).String()), Unit: in.Body.Unit, MRN: in.Body.MRN,
		Family: in.Body.Family, Given: in.Body.Given, Birth: birth, Sex: in.Body.Sex, Bed: in.Body.Bed,
		Test: in.Body.Test, Admitted: now,
	}
	if p.Sex == "" {
		p.Sex = vitals.UnknownSex
	}
	if err := s.Records.Admit(ctx, p); err != nil {
		return nil, naming(err, "unit")
	}
	s.Changed(ctx)
	return &patientOutput{Body: viewPatient(p, nil)}, nil
}

func parseDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, newProblem(http.StatusUnprocessableEntity, fmt.Sprintf("%.20q is not a date", text))
	}
	return day, nil
}

// discharge is refused while an alarm of high priority waits for somebody (life-cycle T15). The owner of the patient
// decides, in one step with what the alarms do.
func (s *service) discharge(ctx context.Context, in *patientInput) (*empty, error) {
	p, err := s.Records.Patient(ctx, staffOf(ctx).Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if !p.Discharged.IsZero() {
		return &empty{}, nil
	}
	if _, err := s.command(ctx, in.ID, Sent{}, alerts.Command{Kind: alerts.Leave}); err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return &empty{}, nil
}
