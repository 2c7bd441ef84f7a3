package ward

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/samber/lo"
	"golang.org/x/sync/errgroup"

	"vigil/vitals"
)

// Home is what is to be enrolled of one home.
type Home struct {
	Hub     vitals.HubID // empty where there is none
	HubName string
	Gateway *Gateway // of others, nil where there is none
	Patient Patient
	Devices []Device
}

// name is what the home is called in errors.
func (h Home) name() string {
	if h.Hub == "" {
		return h.Patient.MRN
	}
	return string(h.Hub)
}

// Patient is a made-up person; the server marks it as test.
type Patient struct {
	MRN    string
	Family string
	Given  string
	Birth  string // date
	Sex    vitals.Sex
	Bed    string
}

// Device is a wearable as its label describes it.
type Device struct {
	ID           vitals.DeviceID `json:"id"`
	Manufacturer string          `json:"manufacturer"`
	Model        string          `json:"model"`
	Serial       string          `json:"serial"`
	Hub          vitals.HubID    `json:"hub,omitempty"` // which alone may speak for it
}

// Unit owns the patients.
type Unit struct {
	ID   vitals.UnitID `json:"id"`
	Name string        `json:"name"`
	Zone string        `json:"zone"`
}

// atOnce bounds concurrent requests: enough to hide the way, little enough to leave the server
// time for its hubs.
const atOnce = 8

// enrolment is what the server has already, and what is found out on the way.
type enrolment struct {
	client   *Client
	unit     Unit
	patients map[string]vitals.PatientID // by MRN
	hubs     map[vitals.HubID]bool
	devices  map[vitals.DeviceID]bool
	bound    map[vitals.DeviceID]vitals.PatientID
	secrets  Secrets

	mu       sync.Mutex
	enrolled map[vitals.HubID]vitals.PatientID
}

// Enrol makes sure that everything exists, leaving alone what does. It fills secrets with those of
// the homes' hubs; a hub whose secret is not among them gets a new one, as gateways do each time. It returns the
// patient of each hub.
func (c *Client) Enrol(ctx context.Context, unit Unit, homes []Home, secrets Secrets) (map[vitals.HubID]vitals.PatientID, error) {
	e := &enrolment{client: c, unit: unit, secrets: secrets, enrolled: map[vitals.HubID]vitals.PatientID{}}
	if err := e.look(ctx); err != nil {
		return nil, fmt.Errorf("look at what is enrolled: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, h := range homes {
		group.Go(func() error {
			if err := e.home(ctx, h); err != nil {
				return fmt.Errorf("enrol %s: %w", h.name(), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return e.enrolled, nil
}

func (e *enrolment) look(ctx context.Context) error {
	type identified[T ~string] struct {
		ID T `json:"id"`
	}
	type admitted struct {
		ID  vitals.PatientID `json:"id"`
		MRN string           `json:"mrn"`
	}
	type binding struct {
		Device  vitals.DeviceID  `json:"device"`
		Patient vitals.PatientID `json:"patient"`
		Until   *string          `json:"until"`
	}
	units, err := list[Unit](ctx, e.client, "/api/v1/units", "units")
	if err != nil {
		return err
	}
	if !lo.ContainsBy(units, func(u Unit) bool { return u.ID == e.unit.ID }) {
		if err := e.create(ctx, "/api/v1/units", e.unit); err != nil {
			return err
		}
	}
	patients, err := list[admitted](ctx, e.client, "/api/v1/patients?unit="+url.QueryEscape(string(e.unit.ID)), "patients")
	if err != nil {
		return err
	}
	hubs, err := list[identified[vitals.HubID]](ctx, e.client, "/api/v1/hubs", "hubs")
	if err != nil {
		return err
	}
	devices, err := list[identified[vitals.DeviceID]](ctx, e.client, "/api/v1/devices", "devices")
	if err != nil {
		return err
	}
	bindings, err := list[binding](ctx, e.client, "/api/v1/bindings", "bindings")
	if err != nil {
		return err
	}
	e.patients = lo.SliceToMap(patients, func(p admitted) (string, vitals.PatientID) { return p.MRN, p.ID })
	e.hubs = lo.SliceToMap(hubs, func(h identified[vitals.HubID]) (vitals.HubID, bool) { return h.ID, true })
	e.devices = lo.SliceToMap(devices, func(d identified[vitals.DeviceID]) (vitals.DeviceID, bool) { return d.ID, true })
	lasting := lo.Filter(bindings, func(b binding, _ int) bool { return b.Until == nil })
	e.bound = lo.SliceToMap(lasting, func(b binding) (vitals.DeviceID, vitals.PatientID) { return b.Device, b.Patient })
	return nil
}

// create treats a thing that somebody else made meanwhile as made.
func (e *enrolment) create(ctx context.Context, path string, body any) error {
	if err := e.client.call(ctx, http.MethodPost, path, body, nil); err != nil && !isConflict(err) {
		return err
	}
	return nil
}

func (e *enrolment) home(ctx context.Context, h Home) error {
	patient, err := e.admit(ctx, h.Patient)
	if err != nil {
		return err
	}
	if h.Hub != "" {
		if err := e.hub(ctx, h); err != nil {
			return err
		}
	}
	devices := h.Devices
	if h.Gateway != nil {
		d, err := e.gateway(ctx, *h.Gateway)
		if err != nil {
			return err
		}
		devices = append(slices.Clone(devices), d)
	}
	for _, d := range devices {
		if err := e.bind(ctx, d, patient); err != nil {
			return err
		}
	}
	if h.Hub != "" {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.enrolled[h.Hub] = patient
	}
	return nil
}

// bind makes sure that the device is known and the patient's.
func (e *enrolment) bind(ctx context.Context, d Device, patient vitals.PatientID) error {
	if !e.devices[d.ID] {
		if err := e.create(ctx, "/api/v1/devices", d); err != nil {
			return err
		}
	}
	if e.bound[d.ID] == patient {
		return nil
	}
	return e.client.call(ctx, http.MethodPost, "/api/v1/bindings", map[string]any{
		"device": d.ID, "patient": patient, "move": true, // a readmitted patient takes the devices along
	}, nil)
}

func (e *enrolment) admit(ctx context.Context, p Patient) (vitals.PatientID, error) {
	if id, known := e.patients[p.MRN]; known {
		return id, nil
	}
	var answer struct {
		ID vitals.PatientID `json:"id"`
	}
	err := e.client.call(ctx, http.MethodPost, "/api/v1/patients", map[string]any{
		"unit": e.unit.ID, "mrn": p.MRN, "family": p.Family, "given": p.Given,
		"birth": p.Birth, "sex": p.Sex, "bed": p.Bed, "test": true,
	}, &answer)
	if err == nil && answer.ID == "" {
		err = errNoID
	}
	return answer.ID, err
}

// hub makes sure that the hub exists and that its secret is known.
func (e *enrolment) hub(ctx context.Context, h Home) error {
	exists := e.hubs[h.Hub]
	e.mu.Lock()
	known := e.secrets.Of(e.client.base, h.Hub)
	e.mu.Unlock()
	if exists && known != "" {
		holds, err := e.client.holds(ctx, h.Hub, known)
		if holds || err != nil {
			return err
		}
	}
	var answer struct {
		Secret string `json:"secret"`
	}
	var err error
	if !exists {
		err = e.client.call(ctx, http.MethodPost, "/api/v1/hubs", map[string]string{"id": string(h.Hub), "name": h.HubName}, &answer)
		exists = isConflict(err)
	}
	if exists {
		err = e.client.call(ctx, http.MethodPost, "/api/v1/hubs/"+url.PathEscape(string(h.Hub))+"/secret", nil, &answer)
	}
	if err == nil && answer.Secret == "" {
		err = errNoSecret
	}
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets.Set(e.client.base, h.Hub, answer.Secret)
	return nil
}
