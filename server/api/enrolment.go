package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Enrolment is which hubs and devices the installation knows.
type Enrolment interface {
	// Hubs lists all hubs, with when each was last heard.
	Hubs(ctx context.Context) ([]vitals.HubStatus, error)
	// SaveHub writes a hub with what is stored of its secret.
	SaveHub(ctx context.Context, h vitals.Hub, secretHash []byte) error
	// Devices lists the devices that the scope may know of.
	Devices(ctx context.Context, scope vitals.Scope) ([]vitals.Device, error)
	// Device finds a device that the scope may know of.
	Device(ctx context.Context, scope vitals.Scope, id vitals.DeviceID) (vitals.Device, error)
	// SaveDevice writes a device, new or changed.
	SaveDevice(ctx context.Context, d vitals.Device) error
	// Quarantined lists the newest refused messages.
	Quarantined(ctx context.Context, limit int) ([]vitals.Refusal, error)
}

type hubView struct {
	ID     vitals.HubID `json:"id"`
	Name   string       `json:"name"`
	Online bool         `json:"online"`
	Seen   *time.Time   `json:"seen,omitempty" doc:"When it was last heard."`
}

type hubsOutput struct {
	Body struct {
		Hubs []hubView `json:"hubs" nullable:"false"`
	}
}

type hubInput struct {
	Body struct {
		ID   vitals.HubID `json:"id" pattern:"^[A-Za-z0-9_-]{1,64}$"`
		Name string       `json:"name" maxLength:"128"`
	}
}

type hubPathInput struct {
	ID vitals.HubID `path:"id" maxLength:"64"`
}

type secretOutput struct {
	Body struct {
		ID     vitals.HubID `json:"id"`
		Secret string       `json:"secret" doc:"Shown this once."`
	}
}

type deviceView struct {
	ID           vitals.DeviceID  `json:"id" doc:"Bluetooth address or EUI-64."`
	Manufacturer string           `json:"manufacturer" maxLength:"128"`
	Model        string           `json:"model" maxLength:"128"`
	Serial       string           `json:"serial" maxLength:"128"`
	Firmware     string           `json:"firmware,omitempty" maxLength:"128"`
	Hub          vitals.HubID     `json:"hub,omitempty" doc:"The only hub that may deliver what it sends; any where it is absent."`
	Patient      vitals.PatientID `json:"patient,omitempty" readOnly:"true" doc:"Who wears it now."`

	DeviceRegistry
}

// DeviceRegistry is what hubs report of a device.
type DeviceRegistry struct {
	UDI      string          `json:"udi,omitempty" readOnly:"true" doc:"Unique device identifier, as it is printed."`
	Hardware string          `json:"hardware,omitempty" readOnly:"true" doc:"Revision of its hardware."`
	Software string          `json:"software,omitempty" readOnly:"true" doc:"Revision of its software."`
	SystemID vitals.DeviceID `json:"system_id,omitempty" readOnly:"true" doc:"EUI-64 that stays the same where its address changes."`
	Read     *time.Time      `json:"read,omitempty" readOnly:"true" doc:"When a hub last read what it says of itself."`
	Battery  *int            `json:"battery,omitempty" readOnly:"true" doc:"Percent."`
	Heard    *time.Time      `json:"heard,omitempty" readOnly:"true" doc:"When a hub heard it last, by the hub's clock."`
	Link     string          `json:"link,omitempty" readOnly:"true" doc:"open, encrypted or bonded."`
	Through  vitals.HubID    `json:"through,omitempty" readOnly:"true" doc:"The hub that reported it last."`
	Clock    string          `json:"clock,omitempty" readOnly:"true" doc:"What that hub's clock follows: unsynced, ntp or nts."`
	Ahead    *float64        `json:"ahead,omitempty" readOnly:"true" doc:"How many seconds that hub's clock is ahead of the server's; negative: behind."`
	Support  string          `json:"support,omitempty" readOnly:"true" doc:"Date until which its maker supports it."`
}

type devicesOutput struct {
	Body struct {
		Devices []deviceView `json:"devices" nullable:"false"`
	}
}

type deviceInput struct {
	Body struct {
		ID           string `json:"id" maxLength:"23" doc:"Bluetooth address or EUI-64, with or without separators."`
		Manufacturer string `json:"manufacturer" maxLength:"128"`
		Model        string `json:"model" maxLength:"128"`
		Serial       string `json:"serial" maxLength:"128"`
		Firmware     string `json:"firmware,omitempty" maxLength:"128"`

		Hub *vitals.HubID `json:"hub,omitempty" maxLength:"64" doc:"The only hub that may deliver what it sends; empty for any; as before where it is left out."`
	}
}

type deviceOutput struct{ Body deviceView }

type limitInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type refusalView struct {
	Hub      vitals.HubID    `json:"hub"`
	Device   vitals.DeviceID `json:"device,omitempty"`
	Epoch    uint32          `json:"epoch"`
	Seq      uint64          `json:"seq"`
	Received time.Time       `json:"received"`
	Reason   string          `json:"reason"`
	Size     int             `json:"size" doc:"Bytes that were received."`
	Whole    bool            `json:"whole" doc:"Nothing of the message was charted."`
}

type quarantineOutput struct {
	Body struct {
		Refusals []refusalView `json:"refusals" nullable:"false" doc:"Newest first."`
	}
}

func (s *service) registerEnrolment() {
	register(s, route{http.MethodGet, "/hubs", "list-hubs", "Hubs, with when each was last heard.", 0, technicians}, s.hubs)
	register(s, route{http.MethodPost, "/hubs", "enrol-hub", "Make a hub known; the secret is shown once.", http.StatusCreated, technicians}, s.enrolHub)
	register(s, route{http.MethodPost, "/hubs/{id}/secret", "rotate-hub-secret", "Give a hub a new secret; the old one ends.", 0, technicians}, s.rotateSecret)
	register(s, route{http.MethodGet, "/devices", "list-devices", "Devices, with who wears them.", 0, technicians}, s.devices)
	register(s, route{http.MethodPost, "/devices", "enrol-device", "Make a device known, or describe it anew.", http.StatusCreated, technicians}, s.enrolDevice)
	register(s, route{http.MethodGet, "/quarantine", "list-quarantine", "What was received and not charted, with the reason.", 0, technicians}, s.quarantine)
}

func (s *service) hubs(ctx context.Context, _ *empty) (*hubsOutput, error) {
	hubs, err := s.Records.Hubs(ctx)
	if err != nil {
		return nil, err
	}
	out := &hubsOutput{}
	out.Body.Hubs = lo.Map(hubs, func(h vitals.HubStatus, _ int) hubView {
		view := hubView{ID: h.ID, Name: h.Name, Online: h.Online}
		if !h.Seen.IsZero() {
			view.Seen = &h.Seen
		}
		return view
	})
	return out, nil
}

// findHub finds a hub by its id.
func (s *service) findHub(ctx context.Context, id vitals.HubID) (vitals.Hub, bool, error) {
	hubs, err := s.Records.Hubs(ctx)
	hub, known := lo.Find(hubs, func(h vitals.HubStatus) bool { return h.ID == id })
	return hub.Hub, known, err
}

// enrolHub refuses an id that is taken: giving a working hub a new secret by mistake would cut it off.
func (s *service) enrolHub(ctx context.Context, in *hubInput) (*secretOutput, error) {
	_, known, err := s.findHub(ctx, in.Body.ID)
	if err != nil {
		return nil, err
	}
	_, taken, err := s.findGateway(ctx, in.Body.ID)
	if err != nil {
		return nil, err
	}
	if known || taken {
		return nil, vitals.ErrSenderTaken
	}
	return s.newSecret(ctx, vitals.Hub{ID: in.Body.ID, Name: in.Body.Name})
}

func (s *service) rotateSecret(ctx context.Context, in *hubPathInput) (*secretOutput, error) {
	hub, known, err := s.findHub(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, errNotFound
	}
	return s.newSecret(ctx, hub)
}

func (s *service) newSecret(ctx context.Context, hub vitals.Hub) (*secretOutput, error) {
	secret, hash := s.Identity.NewHubSecret()
	if err := s.Records.SaveHub(ctx, hub, hash); err != nil {
		return nil, err
	}
	out := &secretOutput{}
	out.Body.ID, out.Body.Secret = hub.ID, secret
	return out, nil
}

func (s *service) devices(ctx context.Context, _ *empty) (*devicesOutput, error) {
	devices, err := s.wornDevices(ctx, staffOf(ctx).Scope())
	if err != nil {
		return nil, err
	}
	reports, err := s.Fleet.HubReports(ctx)
	if err != nil {
		return nil, err
	}
	out := &devicesOutput{}
	out.Body.Devices = lo.Map(devices, func(d worn, _ int) deviceView {
		view := viewDevice(d.Device, d.Patient)
		view.DeviceRegistry = viewRegistry(d.State, reports[d.State.Hub])
		return view
	})
	return out, nil
}

func viewRegistry(d vitals.DeviceState, through vitals.HubReport) DeviceRegistry {
	view := DeviceRegistry{
		UDI: d.UDI.String(), Hardware: d.Hardware, Software: d.Software, SystemID: d.SystemID, Read: orNil(d.Read),
		Battery: d.Battery, Heard: orNil(d.Heard), Link: d.Link, Through: d.Hub, Clock: through.Clock, Ahead: secondsOf(through.Ahead),
	}
	if !d.SupportUntil.IsZero() {
		view.Support = d.SupportUntil.Format(time.DateOnly)
	}
	return view
}

func viewDevice(d vitals.Device, p vitals.PatientID) deviceView {
	return deviceView{ID: d.ID, Manufacturer: d.Manufacturer, Model: d.Model, Serial: d.Serial, Firmware: d.Firmware, Hub: d.Hub, Patient: p}
}

func (s *service) enrolDevice(ctx context.Context, in *deviceInput) (*deviceOutput, error) {
	id, err := vitals.ParseDeviceID(in.Body.ID)
	if err != nil {
		return nil, err
	}
	d := vitals.Device{
		ID: id, Manufacturer: in.Body.Manufacturer, Model: in.Body.Model, Serial: in.Body.Serial, Firmware: in.Body.Firmware,
	}
	if d.Hub, err = s.registration(ctx, id, in.Body.Hub); err != nil {
		return nil, err
	}
	if err := s.Records.SaveDevice(ctx, d); err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return &deviceOutput{Body: viewDevice(d, "")}, nil
}

// registration is the hub that a device is to be heard through: the one that was asked for, else the
// one of before. A device that another unit's patient wears is not for this one to describe.
func (s *service) registration(ctx context.Context, device vitals.DeviceID, asked *vitals.HubID) (vitals.HubID, error) {
	before, err := s.Records.Device(ctx, vitals.Scope{All: true}, device)
	if err == nil {
		_, err = s.Records.Device(ctx, staffOf(ctx).Scope(), device)
		err = naming(err, "device")
	} else if errors.Is(err, vitals.ErrNotFound) {
		err = nil // it is new
	}
	if err != nil || asked == nil || *asked == "" {
		return lo.Ternary(asked == nil, before.Hub, ""), err
	}
	_, known, err := s.findHub(ctx, *asked)
	if err == nil && !known {
		_, known, err = s.findGateway(ctx, *asked)
	}
	if err == nil && !known {
		err = newProblem(http.StatusUnprocessableEntity, "there is no hub or gateway with this id; enrol it first")
	}
	return *asked, err
}

// quarantine shows that something was refused and why, not what it says: that is about a patient,
// of whatever unit.
func (s *service) quarantine(ctx context.Context, in *limitInput) (*quarantineOutput, error) {
	refusals, err := s.Records.Quarantined(ctx, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &quarantineOutput{}
	out.Body.Refusals = lo.Map(refusals, func(r vitals.Refusal, _ int) refusalView {
		return refusalView{
			Hub: r.Stream.Hub, Device: r.Stream.Device, Epoch: r.Stream.Epoch, Seq: r.Seq,
			Received: r.Received, Reason: r.Reason, Size: len(r.Payload), Whole: r.Whole,
		}
	})
	return out, nil
}
