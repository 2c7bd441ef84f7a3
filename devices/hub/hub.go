package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/devices/hub/bluez"
	"vigil/devices/hub/link"
	"vigil/devices/hub/spool"
	"vigil/devices/uplink"
	"vigil/vitals"
)

const (
	syncEvery = 250 * time.Millisecond
	tickEvery = time.Second
	// stepAt is how far the clock must jump to be told of; the network's time moves it by less.
	stepAt = time.Second
	// highAt is how full the spool is when the server is told.
	highAt = 80 // percent
)

// hub is the agent: what wearables send goes to the watch, which may sound an alarm, and to the
// spool, from where the link carries it to the server.
type hub struct {
	config config
	log    *slog.Logger
	spool  *spool.Spool
	link   *link.Link
	siren  *siren
	clock  func() uplink.ClockQuality
	began  time.Time
	zone   *time.Location
	anew   chan struct{} // Bluetooth is to begin anew

	obeying sync.Mutex
	obeyed  map[string]obeyed // commands, by their id

	mu    sync.Mutex
	watch *watch
	state map[vitals.DeviceID]deviceState
	high  bool
	end   context.CancelCauseFunc
}

// newHub opens the spool. The caller runs the hub, which closes it.
func newHub(c config, log *slog.Logger, now time.Time) (*hub, error) {
	roots, err := trust(c.CAFile)
	if err != nil {
		return nil, err
	}
	mqtt, err := url.Parse(c.MQTT)
	if err != nil {
		return nil, fmt.Errorf("read the MQTT address: %w", err)
	}
	boot, err := bootNumber()
	if err != nil {
		return nil, err
	}
	kept, err := spool.Open(spool.Config{Dir: c.Spool, Boot: boot, Limit: c.SpoolBytes}, now)
	if err != nil {
		return nil, err
	}
	h := &hub{
		config: c, log: log, spool: kept, clock: clockQuality, began: now, zone: c.zone,
		siren: &siren{command: c.Alarm, log: log}, state: map[vitals.DeviceID]deviceState{},
		link: &link.Link{
			Hub: c.Hub, Secret: c.secret, Spare: c.spare, MQTT: mqtt, TLS: roots, Spool: kept, Clock: clockQuality, Log: log,
			Version: version, Began: now,
		},
	}
	h.anew, h.obeyed = make(chan struct{}, 1), map[string]obeyed{}
	if len(c.serverKey) > 0 {
		h.link.Manage, h.link.Report = manager{h}, manager{h}.Report
	}
	h.watch = newWatch(h.ids(), func(alerts.Alarm) {}, now) // run gives it a voice
	if c.Server != "" {
		if h.link.HTTPS, err = serverURL(c.Server); err != nil {
			return nil, errors.Join(err, kept.Close())
		}
	}
	return h, nil
}

func bootNumber() (uint64, error) {
	var random [4]byte // it goes along with every message
	if _, err := rand.Read(random[:]); err != nil {
		return 0, fmt.Errorf("draw the number of this start: %w", err)
	}
	return uint64(binary.LittleEndian.Uint32(random[:])), nil
}

func (h *hub) ids() []vitals.DeviceID {
	return lo.Map(h.config.Devices, func(d deviceConfig, _ int) vitals.DeviceID { return d.id })
}

// run works until the context ends or the disk fails, then stops the straps and closes the spool.
func (h *hub) run(ctx context.Context) error {
	ctx, h.end = context.WithCancelCause(ctx)
	defer h.end(nil)
	h.mu.Lock()
	h.watch.sound = func(a alerts.Alarm) { h.siren.sound(ctx, a) }
	h.mu.Unlock()
	var wearables, rest sync.WaitGroup
	wearables.Go(func() { h.bluetooth(ctx) })
	linked, unlink := context.WithCancel(context.WithoutCancel(ctx))
	defer unlink()
	rest.Go(func() {
		if err := h.link.Run(linked); err != nil {
			h.end(err)
		}
	})
	rest.Go(func() { h.tick(ctx) })
	rest.Go(func() { h.update(ctx) })
	if h.config.Status != "" {
		rest.Go(func() { h.serveStatus(ctx) })
	}
	h.sync(ctx)
	wearables.Wait() // they say goodbye, which is kept and perhaps still sent
	err := h.spool.Sync(time.Now())
	unlink()
	rest.Wait()
	h.siren.running.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return errors.Join(err, h.spool.Close())
}

// sync makes durable, again and again, what was added; a disk that fails ends the hub, so that it
// is started anew.
func (h *hub) sync(ctx context.Context) {
	ticker := time.NewTicker(syncEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := h.spool.Sync(time.Now()); err != nil {
				h.end(err)
				return
			}
		}
	}
}

// bluetooth keeps the wearables connected; it begins anew where D-Bus or BlueZ do.
func (h *hub) bluetooth(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		central, err := bluez.Open(ctx, bluez.Config{
			Bus: h.config.bus, Adapter: h.config.Adapter, Allow: h.ids(), Passkeys: h.passkeys(), Log: h.log,
		})
		if err != nil {
			h.log.Warn("bluetooth is not there", "error", err)
			bluez.Pause(ctx, attempt)
			continue
		}
		attempt = 0
		h.wear(ctx, central)
		_ = central.Close()
	}
}

func (h *hub) passkeys() map[vitals.DeviceID]uint32 {
	keys := map[vitals.DeviceID]uint32{}
	for _, d := range h.config.Devices {
		if d.Passkey != nil {
			keys[d.id] = *d.Passkey
		}
	}
	return keys
}

func (h *hub) wear(ctx context.Context, central *bluez.Central) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var keeping sync.WaitGroup
	for _, d := range h.config.Devices {
		keeping.Go(func() {
			bluez.Keep(ctx, central, d.id, func(ctx context.Context, p *bluez.Peripheral) error {
				return h.session(ctx, d, p)
			}, func(err error) { h.log.Info("device is not connected", "device", d.id, "error", err) })
		})
	}
	select {
	case <-ctx.Done():
	case <-central.Gone():
		cancel()
	case <-h.anew:
		h.log.Info("bluetooth begins anew")
		cancel()
	}
	keeping.Wait()
}

// synced reports whether the hub's clock follows the network's time.
func (h *hub) synced() bool { return h.clock().Source != uplink.ClockUnsynced }

// keep takes what a device sent.
func (h *hub) keep(b vitals.Batch, now time.Time) {
	if !b.Empty() {
		h.store(b, now, h.spool.Add)
	}
}

// keepRecord takes what a device had stored, and notes that it has it.
func (h *hub) keepRecord(b vitals.Batch, m spool.Mark, now time.Time) {
	h.store(b, now, func(b vitals.Batch, clock uplink.ClockQuality, now time.Time) error {
		return h.spool.AddRecord(b, m, clock, now)
	})
}

// store takes what a device sent: first the alarm, then the disk.
func (h *hub) store(b vitals.Batch, now time.Time, add func(vitals.Batch, uplink.ClockQuality, time.Time) error) {
	clock := h.clock()
	if clock.Source == uplink.ClockUnsynced {
		b.Readings = slices.Clone(b.Readings)
		for i := range b.Readings {
			if b.Readings[i].TimeQuality == vitals.TimeSynced {
				b.Readings[i].TimeQuality = vitals.TimeUnsynced
			}
		}
	}
	h.mu.Lock()
	h.remember(b, now)
	if !b.Empty() {
		h.watch.observe(b, now)
	}
	h.mu.Unlock()
	switch err := add(b, clock, now); {
	case errors.Is(err, spool.ErrFailed):
		h.end(err)
	case err != nil:
		h.log.Error("a message was not kept", "device", b.Device, "error", err)
	}
}

// tell keeps an event about each device.
func (h *hub) tell(e vitals.Event, now time.Time) {
	for _, d := range h.config.Devices {
		h.keep(vitals.Batch{Device: d.id, Events: []vitals.Event{e}}, now)
	}
}

// tick lets the watch act and looks after clock and spool.
func (h *hub) tick(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		h.lookAtClock(last, now)
		last = now
		h.mu.Lock()
		h.watch.tick(micros(now))
		h.mu.Unlock()
		h.lookAtSpool(micros(now))
	}
}

// micros is the time as all of Vigil has it.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// lookAtClock tells of a jump: what the clock shows against what has passed.
func (h *hub) lookAtClock(last, now time.Time) {
	step := now.Round(0).Sub(last.Round(0)) - now.Sub(last) // Round takes off the monotonic part
	if step.Abs() < stepAt {
		return
	}
	h.log.Info("clock was set", "step", step)
	h.tell(vitals.Event{
		Code: vitals.ClockStep, Time: micros(now), Value: vitals.NewDecimal(step.Milliseconds(), -3),
	}, micros(now))
}

func (h *hub) lookAtSpool(now time.Time) {
	stats := h.spool.Stats()
	percent := stats.Unstored * 100 / stats.Limit
	h.mu.Lock()
	crossed := percent >= highAt && !h.high
	h.high = percent >= highAt || h.high && percent >= highAt-10
	h.mu.Unlock()
	if crossed {
		h.log.Warn("spool is nearly full", "percent", percent)
		h.tell(vitals.Event{Code: vitals.SpoolHigh, Time: now, Value: vitals.Int(percent)}, now)
	}
}
