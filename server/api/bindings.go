package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Bindings say whose values a device measures.
type Bindings interface {
	// Bindings lists the present ones and those that ended within days.
	Bindings(ctx context.Context) ([]vitals.Binding, error)
	// Bind gives a device to a patient and ends its earlier binding, in one step.
	Bind(ctx context.Context, b vitals.Binding) error
	// Assign is Bind for a device that no other patient wears; otherwise vitals.ErrWorn.
	Assign(ctx context.Context, b vitals.Binding) error
	// Unbind ends the present binding of a device.
	Unbind(ctx context.Context, device vitals.DeviceID, at time.Time) error
}

type bindingView struct {
	Device  vitals.DeviceID  `json:"device"`
	Patient vitals.PatientID `json:"patient"`
	From    time.Time        `json:"from"`
	Until   *time.Time       `json:"until,omitempty"`
}

type bindingsOutput struct {
	Body struct {
		Bindings []bindingView `json:"bindings" nullable:"false" doc:"Those that hold, and those that ended lately."`
	}
}

type bindInput struct {
	Body struct {
		Device  string           `json:"device" maxLength:"23"`
		Patient vitals.PatientID `json:"patient" maxLength:"64"`
		From    *time.Time       `json:"from,omitempty" doc:"Since when; now where left out."`
		Move    bool             `json:"move,omitempty" doc:"Take the device from another patient who wears it; without it that is refused (409)."`
	}
}

type bindingOutput struct{ Body bindingView }

type unbindInput struct {
	Device string `path:"device" maxLength:"23"`
}

func (s *service) registerBindings() {
	register(s, route{http.MethodGet, "/bindings", "list-bindings", "Who wears what.", 0, assigners}, s.listBindings)
	register(s, route{http.MethodPost, "/bindings", "bind-device", "Give a device to a patient.", http.StatusCreated, assigners}, s.bind)
	register(s, route{http.MethodDelete, "/bindings/{device}", "unbind-device", "Take a device from its patient.", http.StatusNoContent, assigners}, s.unbind)
}

// worn is a device with who wears it now, where the reader may know, and what it says of itself.
type worn struct {
	vitals.Device
	Patient vitals.PatientID
	State   vitals.DeviceState
}

// boundNow lists the bindings that hold now.
func (s *service) boundNow(ctx context.Context) ([]vitals.Binding, error) {
	now := s.Now()
	bindings, err := s.Records.Bindings(ctx)
	return lo.Filter(bindings, func(b vitals.Binding, _ int) bool { return b.Covers(now) }), err
}

// visible are the patients under care whom the scope covers.
func (s *service) visible(ctx context.Context, scope vitals.Scope) (map[vitals.PatientID]bool, error) {
	patients, err := s.Records.Patients(ctx, scope, "")
	return lo.SliceToMap(patients, func(p vitals.Patient) (vitals.PatientID, bool) { return p.ID, true }), err
}

// wornDevices lists the devices of the scope with who wears them.
func (s *service) wornDevices(ctx context.Context, scope vitals.Scope) ([]worn, error) {
	devices, err := s.Records.Devices(ctx, scope)
	if err != nil {
		return nil, err
	}
	return s.wearers(ctx, scope, devices)
}

// wearers adds who wears the devices, where the scope covers them.
func (s *service) wearers(ctx context.Context, scope vitals.Scope, devices []vitals.Device) ([]worn, error) {
	bound, err := s.boundNow(ctx)
	if err != nil {
		return nil, err
	}
	visible, err := s.visible(ctx, scope)
	if err != nil {
		return nil, err
	}
	wearer := map[vitals.DeviceID]vitals.PatientID{}
	for _, b := range bound {
		if visible[b.Patient] {
			wearer[b.Device] = b.Patient
		}
	}
	states, err := s.Fleet.DeviceStates(ctx)
	if err != nil {
		return nil, err
	}
	return lo.Map(devices, func(d vitals.Device, _ int) worn { return worn{d, wearer[d.ID], states[d.ID]} }), nil
}

func viewBinding(b vitals.Binding) bindingView {
	view := bindingView{Device: b.Device, Patient: b.Patient, From: b.From}
	if !b.Until.IsZero() {
		view.Until = &b.Until
	}
	return view
}

func (s *service) listBindings(ctx context.Context, _ *empty) (*bindingsOutput, error) {
	bindings, err := s.Records.Bindings(ctx)
	if err != nil {
		return nil, err
	}
	visible, err := s.visible(ctx, staffOf(ctx).Scope())
	if err != nil {
		return nil, err
	}
	out := &bindingsOutput{}
	out.Body.Bindings = lo.FilterMap(bindings, func(b vitals.Binding, _ int) (bindingView, bool) {
		return viewBinding(b), visible[b.Patient]
	})
	return out, nil
}

// maxAhead is how far a clock may run ahead of ours.
const maxAhead = 5 * time.Minute

func (s *service) bind(ctx context.Context, in *bindInput) (*bindingOutput, error) {
	device, err := vitals.ParseDeviceID(in.Body.Device)
	if err != nil {
		return nil, err
	}
	scope, now := staffOf(ctx).Scope(), s.Now()
	if _, err := s.Records.Patient(ctx, scope, in.Body.Patient); err != nil {
		return nil, naming(err, "patient")
	}
	// A device that another unit's patient wears is not known to this one, so it cannot be taken away.
	if _, err := s.Records.Device(ctx, scope, device); err != nil {
		return nil, naming(err, "device")
	}
	b := vitals.Binding{Device: device, Patient: in.Body.Patient, From: now}
	if in.Body.From != nil {
		b.From = in.Body.From.UTC().Truncate(time.Microsecond)
	}
	if b.From.After(now.Add(maxAhead)) {
		return nil, newProblem(http.StatusUnprocessableEntity, "a binding cannot begin in the future")
	}
	bind := s.Records.Assign
	if in.Body.Move {
		bind = s.Records.Bind
	}
	if err := bind(ctx, b); err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return &bindingOutput{Body: viewBinding(b)}, nil
}

func (s *service) unbind(ctx context.Context, in *unbindInput) (*empty, error) {
	device, err := vitals.ParseDeviceID(in.Device)
	if err != nil {
		return nil, errors.Join(errNotFound, err)
	}
	if _, err := s.Records.Device(ctx, staffOf(ctx).Scope(), device); err != nil {
		return nil, err
	}
	if err := s.Records.Unbind(ctx, device, s.Now()); err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return &empty{}, nil
}
