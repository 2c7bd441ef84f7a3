package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/hub/bluez"
	"vigil/devices/hub/strap"
	"vigil/vitals"
)

const (
	// sleepAfter is how long a strap may lie beside the patient before its ECG is stopped, which
	// would else drain its battery.
	sleepAfter  = 5 * time.Minute
	lookEvery   = time.Second
	stopTimeout = 3 * time.Second
	faultEvery  = time.Minute
)

// session is one connection to one wearable.
type session struct {
	hub    *hub
	device deviceConfig
	link   *bluez.Peripheral
	log    *slog.Logger

	decoders map[string]devices.Decoder // by UUID
	clock    deviceClock
	memory   *memory           // nil where the device has none
	cgm      gatt.SessionStart // of a sensor that is read
	heard    time.Time         // when the last value came
	battery  vitals.Decimal

	ecg     *strap.ECG // nil where none is read
	started bool
	contact vitals.EventCode
	without time.Time // since when the strap is without contact; zero while it has it
	faulted time.Time
}

// session reads a wearable until it is gone or the hub stops.
func (h *hub) session(ctx context.Context, d deviceConfig, p *bluez.Peripheral) error {
	s := &session{
		hub: h, device: d, link: p, decoders: map[string]devices.Decoder{}, log: h.log.With("device", d.id), heard: time.Now(),
	}
	defer p.Close(ctx) //nolint:errcheck // waits only
	if err := s.begin(ctx); err != nil {
		h.note(d.id, false, err)
		return err
	}
	h.note(d.id, true, nil)
	s.lookAtLink()
	s.log.Info("device is connected", "link", linkNames[s.security()])
	s.event(vitals.DeviceConnected, linkNames[s.security()])
	describing, enough := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { s.describe(describing) })
	err := s.read(ctx)
	enough()
	beside.Wait()
	if ctx.Err() != nil {
		s.memory.abort(ctx)
		s.stopECG(ctx)
	}
	s.event(vitals.DeviceLost, "")
	h.note(d.id, false, err)
	return err
}

func (s *session) event(code vitals.EventCode, detail string) {
	now := micros(time.Now())
	s.hub.keep(vitals.Batch{Device: s.device.id, Events: []vitals.Event{{Code: code, Time: now, Detail: detail}}}, now)
}

// begin pairs, reads the clock, and lets the device send: first what it measures, then what it has
// stored. What it sends meanwhile waits until it is read.
func (s *session) begin(ctx context.Context) error {
	if s.device.Pair {
		if err := s.link.Pair(ctx); err != nil {
			return err
		}
	}
	s.readClock(ctx)
	for _, name := range s.device.Read {
		p := profiles[name]
		if p.ecg != nil {
			s.ecg = p.ecg()
			continue // started below, when the others are heard
		}
		s.decoders[p.uuid], _ = devices.Lookup(p.decoder) // that it is there was checked at the start
		if err := s.link.Subscribe(ctx, p.uuid); err != nil {
			return err
		}
		if err := s.remember(ctx, p.uuid); err != nil {
			return err
		}
	}
	s.readBattery(ctx)
	return s.startECG(ctx)
}

// readBattery reads the level, and hears of its changes where the device tells them. A device without
// one is as good.
func (s *session) readBattery(ctx context.Context) {
	c, err := s.link.Characteristic(batteryLevel)
	if err != nil {
		return
	}
	s.decoders[batteryLevel], _ = devices.Lookup("gatt/2a19")
	if c.Notifies() {
		err = s.link.Subscribe(ctx, batteryLevel)
	}
	if c.Readable() {
		var value []byte
		if value, err = s.link.Read(ctx, batteryLevel); err == nil {
			err = s.value(bluez.Notification{UUID: batteryLevel, Value: value}, micros(time.Now()))
		}
	}
	if err != nil {
		s.log.Info("device's battery is not known", "error", err)
	}
}

func (s *session) startECG(ctx context.Context) error {
	if s.ecg == nil || s.started {
		return nil
	}
	if err := s.ecg.Start(ctx, s.link); err != nil {
		return err
	}
	s.started = true
	return nil
}

// stopECG lets the strap sleep, even when the hub is stopping.
func (s *session) stopECG(ctx context.Context) {
	if !s.started {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	s.started = false
	if err := s.ecg.Stop(ctx, s.link); err != nil {
		s.log.Warn("strap stays on", "error", err)
	}
}

func (s *session) read(ctx context.Context) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case n, open := <-s.link.Notifications():
			if !open {
				return bluez.ErrLost
			}
			if err := s.take(ctx, n, micros(time.Now())); err != nil {
				return err
			}
		case now := <-look.C:
			if err := s.look(ctx, micros(now)); err != nil {
				return err
			}
		}
	}
}

// look does what is due.
func (s *session) look(ctx context.Context, now time.Time) error {
	if s.started && !s.without.IsZero() && now.Sub(s.without) >= sleepAfter {
		s.log.Info("strap is without contact, its ECG is stopped")
		s.stopECG(ctx)
	}
	s.lookAtLink()
	s.setClock(ctx, now)
	return s.memory.due(ctx, now)
}

// take hands on what a notification says.
func (s *session) take(ctx context.Context, n bluez.Notification, received time.Time) error {
	s.heard = received
	if n.UUID == recordControl && s.memory != nil {
		return s.memory.answer(ctx, n.Value, received)
	}
	contact := s.contact
	if err := s.value(n, received); err != nil {
		return err
	}
	if s.contact == vitals.ContactMade && contact == vitals.ContactLost {
		return s.startECG(ctx)
	}
	return nil
}

// value keeps a value. What cannot be read is told to the server, once in a while; only a strap that
// refuses its ECG ends the session.
func (s *session) value(n bluez.Notification, received time.Time) error {
	stored := false
	var err error
	if s.memory != nil && n.UUID == s.memory.uuid {
		stored, err = s.memory.take(n.Value, received)
	}
	if !stored && err == nil {
		var b vitals.Batch
		if b, err = s.decode(n.UUID, n.Value, received); err == nil {
			b.Events = s.changes(b.Events, received)
			s.hub.keep(b, received)
		}
	}
	if err == nil || errors.Is(err, strap.ErrRefused) {
		return err
	}
	if received.Sub(s.faulted) >= faultEvery {
		s.faulted = received
		s.log.Warn("device sent what cannot be read", "characteristic", n.UUID, "error", err)
		s.event(vitals.DecodeFault, err.Error())
	}
	return nil
}

// decode reads a value and places it on the hub's time line.
func (s *session) decode(uuid string, value []byte, received time.Time) (vitals.Batch, error) {
	if s.ecg != nil && s.ecg.Owns(uuid) {
		b, err := s.ecg.Read(uuid, value, received)
		b.Device = s.device.id
		return b, err
	}
	f := devices.Frame{Device: s.device.id, Received: received, Bytes: value}
	decode, known := s.decoders[uuid]
	switch {
	case !known:
		return vitals.Batch{Device: s.device.id}, nil
	case uuid == cgmMeasurement:
		return s.cgmBatch(f)
	}
	b, err := decode(f)
	if err != nil {
		return b, err
	}
	return s.timed(b), nil
}

// changes keeps of the events those that tell something new: a decoder tells the state in each frame.
func (s *session) changes(events []vitals.Event, received time.Time) []vitals.Event {
	kept := events[:0]
	for _, e := range events {
		switch e.Code {
		case vitals.ContactLost, vitals.ContactMade:
			if e.Code == s.contact {
				continue
			}
			s.contact, s.without = e.Code, time.Time{}
			if e.Code == vitals.ContactLost {
				s.without = received
			}
		case vitals.BatteryLevel:
			if e.Value == s.battery {
				continue
			}
			s.battery = e.Value
		default:
		}
		kept = append(kept, e)
	}
	return kept
}
