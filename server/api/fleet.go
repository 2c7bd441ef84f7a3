package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Fleet is what is known and wanted of hubs and devices.
type Fleet interface {
	Registry
	Wishes
	Campaigning
}

// Registry is what hubs report.
type Registry interface {
	// HubReports are the newest reports of all hubs, without their devices.
	HubReports(ctx context.Context) (map[vitals.HubID]vitals.HubReport, error)
	// DeviceStates are what is known of devices beside their description.
	DeviceStates(ctx context.Context) (map[vitals.DeviceID]vitals.DeviceState, error)
	// SaveSupport notes until when a device's maker supports it; the zero time takes that back.
	SaveSupport(ctx context.Context, device vitals.DeviceID, until time.Time) error
}

// Wishes are what hubs are to be and to do.
type Wishes interface {
	// Desired is what is wanted of a hub; the zero Desired where nothing is.
	Desired(ctx context.Context, hub vitals.HubID) (vitals.Desired, error)
	// SaveDesired writes which devices a hub is to read, as the next version of its desired state.
	SaveDesired(ctx context.Context, d vitals.Desired) error
	// AddCommand keeps a command for a hub.
	AddCommand(ctx context.Context, c vitals.HubCommand) error
	// HubCommands are the newest commands of a hub.
	HubCommands(ctx context.Context, hub vitals.HubID, limit int) ([]vitals.HubCommand, error)
}

// Campaigning brings hubs to a version.
type Campaigning interface {
	// Campaigns lists all campaigns, the newest first.
	Campaigns(ctx context.Context) ([]vitals.Campaign, error)
	// SaveCampaign writes a campaign, new or changed.
	SaveCampaign(ctx context.Context, c vitals.Campaign) error
	// Enlisted are the hubs that were told the campaign's version.
	Enlisted(ctx context.Context, campaign string) ([]vitals.Enlisted, error)
}

// commandLife is how long a command waits for its hub: a person who asked for it stands by.
const commandLife = 5 * time.Minute

// shownCommands are the newest commands of a hub that are shown.
const shownCommands = 20

type wantedView struct {
	Device string   `json:"device" maxLength:"23"`
	Read   []string `json:"read" minItems:"1" maxItems:"8" nullable:"false" doc:"Profiles: hr, pmd, plx, plx-spot, bp, thermometer, scale and what else the hub's version knows."`
	Pair   bool     `json:"pair,omitempty"`
}

type commandView struct {
	ID      string     `json:"id"`
	What    string     `json:"what" enum:"read_now,rescan,rotate_key"`
	By      string     `json:"by"`
	At      time.Time  `json:"at"`
	Expires time.Time  `json:"expires"`
	Outcome string     `json:"outcome" enum:"waiting,done,refused,failed,expired"`
	Detail  string     `json:"detail,omitempty"`
	Ended   *time.Time `json:"ended,omitempty"`
}

type hubDetail struct {
	ID       vitals.HubID  `json:"id"`
	Name     string        `json:"name"`
	Online   bool          `json:"online"`
	Seen     *time.Time    `json:"seen,omitempty"`
	Version  string        `json:"version" doc:"Of its program; empty where it never said."`
	Queue    int           `json:"queue" doc:"Messages kept that are not stored yet."`
	Oldest   *time.Time    `json:"oldest,omitempty"`
	Clock    string        `json:"clock" doc:"What its clock follows: unsynced, ntp, nts; empty where it never said."`
	Ahead    *float64      `json:"ahead,omitempty" doc:"How many seconds its clock is ahead of the server's; negative: behind; absent where it tells no time."`
	Config   uint64        `json:"config" doc:"Version of the desired state that it is in."`
	Wanted   uint64        `json:"wanted" doc:"Version of the desired state that it is to be in; 0: that of its own file."`
	Agent    string        `json:"agent,omitempty" doc:"Version of its program that is wanted."`
	Devices  []wantedView  `json:"devices" nullable:"false" doc:"Devices that it is to read, where the server says so."`
	Commands []commandView `json:"commands" nullable:"false" doc:"Newest first."`
}

type hubDetailOutput struct{ Body hubDetail }

type desiredInput struct {
	ID   vitals.HubID `path:"id" maxLength:"64"`
	Body struct {
		Devices []wantedView `json:"devices" maxItems:"64" nullable:"false"`
	}
}

type commandInput struct {
	ID   vitals.HubID `path:"id" maxLength:"64"`
	Body struct {
		What string `json:"what" enum:"read_now,rescan,rotate_key"`
	}
}

type commandOutput struct{ Body commandView }

type supportInput struct {
	Device string `path:"device" maxLength:"23"`
	Body   struct {
		Until string `json:"until" maxLength:"10" doc:"Date until which the maker supports it, 2031-12-31; empty where that is not known."`
	}
}

func (s *service) registerFleet() {
	register(s, route{http.MethodGet, "/hubs/{id}", "get-hub", "A hub: what it says of itself, what is wanted of it, what it was told.", 0, technicians}, s.hubDetail)
	register(s, route{http.MethodPut, "/hubs/{id}/devices", "configure-hub", "Say which devices a hub is to read.", 0, technicians}, s.configureHub)
	register(s, route{http.MethodPost, "/hubs/{id}/commands", "command-hub", "Have a hub do something once; it has five minutes to begin.", http.StatusCreated, technicians}, s.commandHub)
	register(s, route{http.MethodPut, "/devices/{device}/support", "support-device", "Note until when a device's maker supports it.", http.StatusNoContent, technicians}, s.supportDevice)
	s.registerCampaigns()
}

// managed finds a hub that the person may manage: one of whose registered devices none is worn in another's
// unit.
func (s *service) managed(ctx context.Context, id vitals.HubID) (vitals.HubStatus, error) {
	hubs, err := s.Records.Hubs(ctx)
	if err != nil {
		return vitals.HubStatus{}, err
	}
	hub, known := lo.Find(hubs, func(h vitals.HubStatus) bool { return h.ID == id })
	if !known {
		return hub, errNotFound
	}
	scope := staffOf(ctx).Scope()
	if scope.All {
		return hub, nil
	}
	counts := [2]int{}
	for i, sc := range []vitals.Scope{{All: true}, scope} {
		devices, err := s.Records.Devices(ctx, sc)
		if err != nil {
			return hub, err
		}
		counts[i] = lo.CountBy(devices, func(d vitals.Device) bool { return d.Hub == id })
	}
	if counts[0] != counts[1] {
		return hub, errNotFound
	}
	return hub, nil
}

func (s *service) hubDetail(ctx context.Context, in *hubPathInput) (*hubDetailOutput, error) {
	hub, err := s.managed(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	reports, err := s.Fleet.HubReports(ctx)
	if err != nil {
		return nil, err
	}
	desired, err := s.Fleet.Desired(ctx, hub.ID)
	if err != nil {
		return nil, err
	}
	commands, err := s.Fleet.HubCommands(ctx, hub.ID, shownCommands)
	if err != nil {
		return nil, err
	}
	report, now := reports[hub.ID], s.Now()
	return &hubDetailOutput{Body: hubDetail{
		ID: hub.ID, Name: hub.Name, Online: hub.Online, Seen: orNil(hub.Seen),
		Version: report.Version, Queue: report.Queue, Oldest: orNil(report.Oldest), Clock: report.Clock, Ahead: secondsOf(report.Ahead), Config: report.Config,
		Wanted: desired.Version, Agent: desired.Agent,
		Devices: lo.Map(desired.Devices, func(w vitals.WantedDevice, _ int) wantedView {
			return wantedView{Device: string(w.Device), Read: w.Read, Pair: w.Pair}
		}),
		Commands: lo.Map(commands, func(c vitals.HubCommand, _ int) commandView { return viewCommand(c, now) }),
	}}, nil
}

// secondsOf is a span in seconds to a tenth, where it is known.
func secondsOf(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	return new(d.Round(time.Second / 10).Seconds())
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewCommand(c vitals.HubCommand, now time.Time) commandView {
	view := commandView{ID: c.ID, What: c.What, By: c.By, At: c.At, Expires: c.Expires, Outcome: c.Outcome, Detail: c.Detail, Ended: orNil(c.Ended)}
	switch {
	case c.Outcome == "" && now.After(c.Expires):
		view.Outcome = "expired"
	case c.Outcome == "":
		view.Outcome = "waiting"
	}
	return view
}

func (s *service) configureHub(ctx context.Context, in *desiredInput) (*hubDetailOutput, error) {
	if _, err := s.managed(ctx, in.ID); err != nil {
		return nil, err
	}
	d := vitals.Desired{Hub: in.ID, By: staffOf(ctx).Name, At: s.Now()}
	for _, w := range in.Body.Devices {
		id, err := vitals.ParseDeviceID(w.Device)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(d.Devices, func(other vitals.WantedDevice) bool { return other.Device == id }) {
			return nil, newProblem(http.StatusUnprocessableEntity, "device "+w.Device+" stands twice")
		}
		if _, err := s.Records.Device(ctx, staffOf(ctx).Scope(), id); err != nil {
			return nil, naming(err, "device")
		}
		d.Devices = append(d.Devices, vitals.WantedDevice{Device: id, Read: w.Read, Pair: w.Pair})
	}
	if err := s.Fleet.SaveDesired(ctx, d); err != nil {
		return nil, err
	}
	s.Told(ctx, in.ID)
	return s.hubDetail(ctx, &hubPathInput{ID: in.ID})
}

func (s *service) commandHub(ctx context.Context, in *commandInput) (*commandOutput, error) {
	if _, err := s.managed(ctx, in.ID); err != nil {
		return nil, err
	}
	now := s.Now()
	c := vitals.HubCommand{ID: rand.Text(), Hub: in.ID, What: in.Body.What, By: staffOf(ctx).Name, At: now, Expires: now.Add(commandLife)}
	if err := s.Fleet.AddCommand(ctx, c); err != nil {
		return nil, err
	}
	s.Told(ctx, in.ID)
	return &commandOutput{Body: viewCommand(c, now)}, nil
}

func (s *service) supportDevice(ctx context.Context, in *supportInput) (*empty, error) {
	device, err := vitals.ParseDeviceID(in.Device)
	if err != nil {
		return nil, err
	}
	if _, err := s.Records.Device(ctx, staffOf(ctx).Scope(), device); err != nil {
		return nil, naming(err, "device")
	}
	var until time.Time
	if in.Body.Until != "" {
		if until, err = time.Parse(time.DateOnly, in.Body.Until); err != nil {
			return nil, newProblem(http.StatusUnprocessableEntity, "a date is written 2031-12-31")
		}
	}
	return &empty{}, s.Fleet.SaveSupport(ctx, device, until)
}
