package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// What the server may change is kept beside the spool, which is where a hub may write. The file of the
// technician stays as it is.
const (
	desiredName = "desired"     // the newest desired state, signed
	secretName  = "secret"      // one that came after that of the technician
	nextName    = "secret.next" // one of which nobody knows whether the server has taken it
)

// errConfigured is a reason to be started anew, as systemd does.
var errConfigured = errors.New("the server wants another configuration: start anew")

var errUnpinned = errors.New("no key of the server is known: enrol again")

// manager does what the server wants of the hub. It believes only what is signed by the key that was
// pinned at the enrolment.
type manager struct{ hub *hub }

// Configure takes a desired state that is newer than the one at work, keeps it, and has the hub begin
// anew with it.
func (m manager) Configure(b []byte) {
	h := m.hub
	d, err := uplink.OpenDesired(b, h.config.serverKey, h.config.Hub)
	if err == nil && d.Version <= h.config.desired {
		return // told again at each connect; an older one is never gone back to
	}
	if err == nil {
		_, err = withDesired(h.config, d)
	}
	if err == nil {
		err = writeOwn(filepath.Join(h.config.Spool, desiredName), b)
	}
	if err != nil {
		h.log.Error("configuration of the server is not taken", "error", err)
		return
	}
	h.log.Info("configuration of the server is taken", "version", d.Version)
	h.end(errConfigured)
}

// withDesired is the configuration in the state that the server wants. One that names no devices leaves
// those of the file.
func withDesired(c config, d uplink.Desired) (config, error) {
	c.desired, c.agent = d.Version, d.Agent
	if len(d.Devices) == 0 {
		return c, nil
	}
	passkeys := map[vitals.DeviceID]*uint32{} // a number printed on a device is known at home only
	for _, old := range c.Devices {
		passkeys[old.id] = old.Passkey
	}
	c.Devices = nil
	for _, w := range d.Devices {
		one := deviceConfig{Address: string(w.Device), Read: w.Read, Pair: w.Pair, Passkey: passkeys[w.Device]}
		c.Devices = append(c.Devices, one)
	}
	return c, c.check()
}

// settled is the configuration with what the server changed since the enrolment.
func settled(ctx context.Context, c config) (config, error) {
	if err := settleSecret(ctx, &c); err != nil {
		return c, err
	}
	b, err := os.ReadFile(filepath.Join(c.Spool, desiredName))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read the desired state: %w", err)
	}
	d, err := uplink.OpenDesired(b, c.serverKey, c.Hub)
	if err != nil {
		return c, fmt.Errorf("read the desired state: %w", err)
	}
	return withDesired(c, d)
}

// Command carries out a command that is signed and not late, once: it is told again until the answer arrives.
func (m manager) Command(ctx context.Context, b []byte) uplink.Result {
	c, err := uplink.OpenCommand(b, m.hub.config.serverKey, m.hub.config.Hub)
	if err != nil {
		m.hub.log.Error("command is not obeyed", "error", err)
		return uplink.Result{Outcome: uplink.Refused, Detail: err.Error()}
	}
	now := time.Now()
	if now.After(c.Expires) {
		return uplink.Result{ID: c.ID, Outcome: uplink.Expired}
	}
	m.hub.obeying.Lock()
	defer m.hub.obeying.Unlock()
	maps.DeleteFunc(m.hub.obeyed, func(_ string, o obeyed) bool { return now.After(o.until) })
	if o, before := m.hub.obeyed[c.ID]; before {
		return o.result
	}
	r := m.obey(ctx, c)
	m.hub.obeyed[c.ID] = obeyed{result: r, until: c.Expires}
	return r
}

// obeyed is what became of a command that may be told again until then.
type obeyed struct {
	result uplink.Result
	until  time.Time
}

func (m manager) obey(ctx context.Context, c uplink.Command) uplink.Result {
	r := uplink.Result{ID: c.ID, Outcome: uplink.Done}
	m.hub.log.Info("command of the server", "command", c.What, "id", c.ID)
	var err error
	switch c.What {
	case uplink.ReadNow, uplink.Rescan:
		// A device hands over what it has stored when it is connected.
		select {
		case m.hub.anew <- struct{}{}:
		default: // it is about to
		}
	case uplink.RotateKey:
		err = m.rotate(ctx)
	default:
		r.Outcome, r.Detail = uplink.Refused, fmt.Sprintf("version %s knows no command %q", version, c.What)
	}
	if err != nil {
		r.Outcome, r.Detail = uplink.Failed, err.Error()
	}
	return r
}

// Report tells in which state the hub is, and of its devices.
func (m manager) Report(s *uplink.Status) {
	h := m.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Config = h.config.desired
	for _, d := range h.config.Devices {
		state := h.state[d.id]
		report := uplink.DeviceStatus{Description: state.said, Device: d.id, Battery: state.Battery, Link: state.link}
		if !state.Heard.IsZero() {
			report.Heard = micros(state.Heard)
		}
		s.Devices = append(s.Devices, report)
	}
}

// update runs the installer's program where the server wants another version of the agent. What it does is
// the installer's: fetch, check, replace; the hub only says which version.
func (h *hub) update(ctx context.Context) {
	wanted := h.config.agent
	if wanted == "" || wanted == version || len(h.config.Update) == 0 {
		return
	}
	h.log.Info("another version is wanted", "wanted", wanted, "runs", version)
	ctx, cancel := context.WithTimeout(ctx, updateLimit)
	defer cancel()
	program := exec.CommandContext(ctx, h.config.Update[0], append(h.config.Update[1:], wanted)...) //nolint:gosec // the installer's own program
	if out, err := program.CombinedOutput(); err != nil {
		h.log.Error("the hub was not brought to the version that is wanted", "wanted", wanted, "error", err, "said", string(out[max(0, len(out)-200):]))
	}
}

// updateLimit is how long an update may take.
const updateLimit = 10 * time.Minute
