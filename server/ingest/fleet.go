package ingest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/samber/lo"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Fleet is what the installation knows and wants of its hubs.
type Fleet interface {
	// SaveHubReport keeps what a hub says of itself and its devices.
	SaveHubReport(ctx context.Context, hub vitals.HubID, r vitals.HubReport) error
	// Wanted is the state that a hub is to be in; version zero where nothing is wanted.
	Wanted(ctx context.Context, hub vitals.HubID) (vitals.Desired, error)
	// PendingCommands are those that a hub has not answered and may still do.
	PendingCommands(ctx context.Context, hub vitals.HubID) ([]vitals.HubCommand, error)
	// FinishCommand keeps what became of a hub's command.
	FinishCommand(ctx context.Context, c vitals.HubCommand) error
	// RenewHub gives the hub another secret.
	RenewHub(ctx context.Context, hub vitals.HubID, secret string) error
}

// clockSources are the names of what a hub's clock follows.
var clockSources = map[uplink.ClockSource]string{
	uplink.ClockUnsynced: "unsynced", uplink.ClockNTP: "ntp", uplink.ClockNTS: "nts",
}

// links are the names of how far the link to a device can be trusted.
var links = map[uplink.LinkSecurity]string{
	uplink.LinkOpen: "open", uplink.LinkEncrypted: "encrypted", uplink.LinkBonded: "bonded",
}

// reported takes what a hub says of itself, and tells it what is wanted.
func (h *Handler) reported(ctx context.Context, hub vitals.HubID, s uplink.Status) {
	h.noteReport(ctx, hub, s)
	if s.Online {
		h.push(ctx, hub, s.Config)
	}
}

// noteReport keeps what a hub says of itself.
func (h *Handler) noteReport(ctx context.Context, hub vitals.HubID, s uplink.Status) {
	h.touch(ctx, hub, s.Online)
	if !s.Online || h.fleet == nil { // a last will was written when the connection began, and knows nothing
		return
	}
	r := vitals.HubReport{
		Version: s.Version, Queue: s.Queue, Oldest: s.Oldest, Clock: clockSources[s.Clock.Source], Bound: s.Clock.Bound,
		Config: s.Config, At: h.now(),
		Devices: lo.Map(s.Devices, func(d uplink.DeviceStatus, _ int) vitals.DeviceReport {
			report := vitals.DeviceReport{Description: d.Description, Device: d.Device, Heard: d.Heard}
			if !d.Heard.IsZero() { // a link that nothing came over is neither open nor safe
				report.Link = links[d.Link]
			}
			if d.Battery != nil {
				report.Battery = new(int(*d.Battery))
			}
			return report
		}),
	}
	if !s.Time.IsZero() {
		r.Ahead = new(s.Time.Sub(r.At))
	}
	if h.isNews(hub, r) {
		ctx, cancel := context.WithTimeout(ctx, touchPatience)
		defer cancel()
		if err := h.fleet.SaveHubReport(ctx, hub, r); err != nil {
			h.log.Warn("report of a hub not kept", "hub", hub, "error", err)
			h.mu.Lock()
			delete(h.reports, hub) // the next one is news
			h.mu.Unlock()
		}
	}
}

// reportEvery is how often a report is kept that says nothing new: when devices were heard and what waits
// changes with every one of them, and a thousand hubs would have the database write for nothing else.
const reportEvery = 2 * time.Minute

// isNews reports whether the report is to be kept, and notes it then.
func (h *Handler) isNews(hub vitals.HubID, r vitals.HubReport) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.reports[hub]
	if r.At.Sub(before.At) < reportEvery && reflect.DeepEqual(lasting(r), lasting(before)) {
		return false
	}
	h.reports[hub] = r
	return true
}

// clockNews is how far a hub's clock must move for its report to say something new: half of what lies between
// the begin and the end of an alarm about it. A status takes a moment to arrive.
const clockNews = 30 * time.Second

// lasting is a report without what changes all the time.
func lasting(r vitals.HubReport) vitals.HubReport {
	r.At, r.Queue, r.Oldest, r.Bound = time.Time{}, 0, time.Time{}, 0
	if r.Ahead != nil {
		r.Ahead = new(r.Ahead.Round(clockNews))
	}
	r.Devices = lo.Map(r.Devices, func(d vitals.DeviceReport, _ int) vitals.DeviceReport {
		d.Heard = time.Time{}
		return d
	})
	return r
}

// Push tells a hub that is connected here what is wanted of it. What is told twice is done once: a
// desired state has its version, a command its id.
func (h *Handler) Push(ctx context.Context, hub vitals.HubID) { h.push(ctx, hub, 0) }

// greet is Push to a hub that has come just now: a command that it was told a moment ago may have gone to a line that
// was dead.
func (h *Handler) greet(ctx context.Context, hub vitals.HubID) {
	h.mu.Lock()
	delete(h.told, hub)
	h.mu.Unlock()
	h.Push(ctx, hub)
}

// push leaves out a desired state that the hub is in.
func (h *Handler) push(ctx context.Context, hub vitals.HubID, has uint64) {
	if h.fleet == nil || !h.lines.guided(hub) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	config, commands, err := h.wanted(ctx, hub, has)
	if err != nil {
		h.log.Warn("a hub is not told what is wanted of it", "hub", hub, "error", err)
		return
	}
	h.lines.direct(hub, config, commands)
}

// wanted is what is to be told to a hub, signed.
func (h *Handler) wanted(ctx context.Context, hub vitals.HubID, has uint64) (config []byte, commands [][]byte, err error) {
	d, err := h.fleet.Wanted(ctx, hub)
	if err != nil {
		return nil, nil, err
	}
	if d.Version > has {
		signed := uplink.Desired{Hub: hub, Version: d.Version, Agent: d.Agent}
		for _, w := range d.Devices {
			signed.Devices = append(signed.Devices, uplink.Wanted(w))
		}
		if config, err = signed.Sign(h.key); err != nil {
			return nil, nil, fmt.Errorf("sign the desired state: %w", err)
		}
	}
	pending, err := h.fleet.PendingCommands(ctx, hub)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range h.untold(hub, pending) {
		b, err := uplink.Command{Hub: hub, ID: c.ID, What: uplink.CommandKind(c.What), Expires: c.Expires}.Sign(h.key)
		if err != nil {
			return nil, nil, fmt.Errorf("sign a command: %w", err)
		}
		commands = append(commands, b)
	}
	return config, commands, nil
}

// tellAgain is how long a hub has to answer a command before it is told again.
const tellAgain = time.Minute

// untold leaves out the commands that the hub was told a moment ago.
func (h *Handler) untold(hub vitals.HubID, pending []vitals.HubCommand) []vitals.HubCommand {
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	told := map[string]time.Time{}
	fresh := lo.Filter(pending, func(c vitals.HubCommand, _ int) bool {
		at, before := h.told[hub][c.ID]
		lately := before && now.Sub(at) <= tellAgain
		told[c.ID] = lo.Ternary(lately, at, now)
		return !lately
	})
	if h.told[hub] = told; len(told) == 0 {
		delete(h.told, hub)
	}
	return fresh
}

// answered takes what became of a command.
func (h *Handler) answered(ctx context.Context, hub vitals.HubID, payload []byte) error {
	r, err := uplink.DecodeResult(payload)
	if err != nil {
		return fmt.Errorf("answer to a command: %w", err)
	}
	if h.fleet == nil {
		return nil
	}
	err = h.fleet.FinishCommand(ctx, vitals.HubCommand{ID: r.ID, Hub: hub, Outcome: string(r.Outcome), Detail: r.Detail, Ended: h.now()})
	if errors.Is(err, vitals.ErrNotFound) { // of nobody who is asking, or refused without a number
		h.log.Warn("a hub answered a command that it was not given", "hub", hub, "detail", r.Detail)
		return nil
	}
	return err
}
