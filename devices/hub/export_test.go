package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"vigil/alerts"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// What the tests see of the program.
var (
	Command    = command
	LoadConfig = loadConfig
	ErrRefused = errRefused
)

// Hub is a hub on a private bus.
type Hub struct{ *hub }

// NewHub makes a hub of the configuration at a path.
func NewHub(path, bus string, log *slog.Logger) (Hub, error) {
	c, err := loadConfig(path)
	if err != nil {
		return Hub{}, err
	}
	c.bus = bus
	h, err := newHub(c, log, time.Now())
	return Hub{h}, err
}

// Close gives up the spool of a hub that never ran.
func (h Hub) Close() error { return h.spool.Close() }

// Run runs the hub.
func (h Hub) Run(ctx context.Context) error { return h.run(ctx) }

// Pages is the status page.
func (h Hub) Pages() http.Handler { return h.pages() }

// SetClock makes the clock's quality known.
func (h Hub) SetClock(q uplink.ClockQuality) { h.clock = func() uplink.ClockQuality { return q } }

// Settled is the configuration at a path with what the server changed since.
func Settled(ctx context.Context, path string) (version uint64, devices int, secret string, err error) {
	c, err := loadConfig(path)
	if err == nil {
		c, err = settled(ctx, c)
	}
	return c.desired, len(c.Devices), c.secret, err
}

// Configure takes a desired state; it reports whether the hub is to begin anew.
func (h Hub) Configure(b []byte) (anew bool) {
	h.end = func(cause error) { anew = errors.Is(cause, errConfigured) }
	manager{h.hub}.Configure(b)
	return anew
}

// Obey carries out a command.
func (h Hub) Obey(ctx context.Context, b []byte) uplink.Result {
	h.end = func(error) {}
	return manager{h.hub}.Command(ctx, b)
}

// Shows is the secret that the hub shows.
func (h Hub) Shows() string { return h.link.Credentials().Secret }

// Report is the status that the hub tells.
func (h Hub) Report() (s uplink.Status) {
	manager{h.hub}.Report(&s)
	return s
}

// Watch is the alarm at home.
type Watch struct{ *watch }

// NewWatch watches devices.
func NewWatch(ids []vitals.DeviceID, sound func(alerts.Alarm), now time.Time) Watch {
	return Watch{newWatch(ids, sound, now)}
}

// Observe takes a batch.
func (w Watch) Observe(b vitals.Batch, now time.Time) { w.observe(b, now) }

// Tick lets time pass.
func (w Watch) Tick(now time.Time) { w.tick(now) }

// Siren makes alarms heard with a program; the second result waits until it has told of all of them.
func Siren(ctx context.Context, command ...string) (sound func(alerts.Alarm), wait func()) {
	s := &siren{command: command, log: slog.New(slog.DiscardHandler)}
	return func(a alerts.Alarm) { s.sound(ctx, a) }, s.running.Wait
}
