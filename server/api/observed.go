package api

import (
	"context"
	"net/http"
	"slices"

	"vigil/vitals"
)

// levels are the words for vitals.Consciousness, whose values are their places.
var levels = []string{"alert", "confusion", "voice", "pain", "unresponsive"}

type observedInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Consciousness string   `json:"consciousness,omitempty" enum:"alert,confusion,voice,pain,unresponsive" doc:"On the ACVPU scale of NEWS2; confusion that is new."`
		Oxygen        *float64 `json:"oxygen_l_min,omitempty" minimum:"0" maximum:"60" doc:"Inhaled oxygen in litres per minute; 0 is air."`
	}
}

func (s *service) registerObserved() {
	register(s, route{http.MethodPost, "/patients/{id}/observed", "observe-patient", "Chart what no device measures and the early warning score needs. It counts for 12 hours.", http.StatusNoContent, limiters}, s.observe)
}

// observe charts what staff have seen, under a device that stands for whoever saw it.
func (s *service) observe(ctx context.Context, in *observedInput) (*empty, error) {
	who := staffOf(ctx)
	p, err := s.Records.Patient(ctx, who.Scope(), in.ID)
	switch {
	case err != nil:
		return nil, err
	case !p.Discharged.IsZero():
		return nil, vitals.ErrDischarged
	}
	now := s.Now()
	observer := vitals.Device{ID: vitals.DeriveDeviceID("staff", string(who.ID)), Manufacturer: "observed by staff", Model: who.Name}
	b := vitals.Batch{Device: observer.ID}
	if i := slices.Index(levels, in.Body.Consciousness); i >= 0 {
		b.Readings = append(b.Readings, vitals.Reading{Kind: vitals.Consciousness, Time: now, Value: vitals.Int(int64(i))})
	}
	if in.Body.Oxygen != nil {
		b.Readings = append(b.Readings, vitals.Reading{Kind: vitals.InhaledOxygen, Time: now, Value: vitals.Round(*in.Body.Oxygen, 1)})
	}
	if b.Empty() {
		return nil, newProblem(http.StatusUnprocessableEntity, "say what was observed")
	}
	if err := s.Records.SaveDevice(ctx, observer); err != nil {
		return nil, err
	}
	if err := s.Intake.Enter(ctx, p.ID, b); err != nil {
		s.Log.WarnContext(ctx, "observation not taken", "request_id", requestIDOf(ctx), "error", err)
		return nil, Unavailable("not known to be stored: enter it again")
	}
	return &empty{}, nil
}
