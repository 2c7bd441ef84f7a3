package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/hub/bluez"
	"vigil/devices/hub/polar"
	"vigil/vitals"
)

const (
	// sleepAfter is how long a strap may lie beside the patient before its ECG is stopped, which
	// would else drain its battery.
	sleepAfter  = 5 * time.Minute
	lookEvery   = 10 * time.Second
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
	place    gatt.PMDClock
	contact  vitals.EventCode
	without  time.Time // since when the strap is without contact; zero while it has it
	ecg      bool
	faulted  time.Time
}

// session reads a wearable until it is gone or the hub stops.
func (h *hub) session(ctx context.Context, d deviceConfig, p *bluez.Peripheral) error {
	s := &session{
		hub: h, device: d, link: p, decoders: map[string]devices.Decoder{}, log: h.log.With("device", d.id),
	}
	defer p.Close(ctx) //nolint:errcheck // waits only
	if err := s.begin(ctx); err != nil {
		h.note(d.id, false, err)
		return err
	}
	h.note(d.id, true, nil)
	s.log.Info("device is connected")
	s.event(vitals.DeviceConnected, "")
	err := s.read(ctx)
	if s.ecg && ctx.Err() != nil {
		s.stopECG(ctx)
	}
	s.event(vitals.DeviceLost, "")
	h.note(d.id, false, err)
	return err
}

func (h *hub) note(d vitals.DeviceID, connected bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	state := h.state[d]
	state.Connected, state.Fault = connected, ""
	if err != nil {
		state.Fault = err.Error()
	}
	h.state[d] = state
}

func (s *session) event(code vitals.EventCode, detail string) {
	now := micros(time.Now())
	s.hub.keep(vitals.Batch{Device: s.device.id, Events: []vitals.Event{{Code: code, Time: now, Detail: detail}}}, now)
}

func (s *session) begin(ctx context.Context) error {
	if s.device.Pair {
		if err := s.link.Pair(ctx); err != nil {
			return err
		}
	}
	for _, profile := range s.device.Read {
		for uuid, name := range profiles[profile] {
			decoder, known := devices.Lookup(name)
			if !known {
				return fmt.Errorf("read %s of device %s: no decoder", profile, s.device.id)
			}
			s.decoders[uuid] = decoder
			if uuid == polar.Data {
				continue // started below, when the others are heard
			}
			if err := s.link.Subscribe(ctx, uuid); err != nil {
				return err
			}
		}
	}
	return s.startECG(ctx)
}

func (s *session) startECG(ctx context.Context) error {
	if s.decoders[polar.Data] == nil || s.ecg {
		return nil
	}
	if err := polar.Start(ctx, s.link); err != nil {
		return err
	}
	s.ecg = true
	return nil
}

// stopECG lets the strap sleep, even when the hub is stopping.
func (s *session) stopECG(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	s.ecg = false
	if err := polar.Stop(ctx, s.link); err != nil {
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
		case <-look.C:
			if s.ecg && !s.without.IsZero() && time.Since(s.without) >= sleepAfter {
				s.log.Info("strap is without contact, its ECG is stopped")
				s.stopECG(ctx)
			}
		}
	}
}

// take hands on what a notification says. What cannot be read is told to the server.
func (s *session) take(ctx context.Context, n bluez.Notification, received time.Time) error {
	if n.UUID == polar.Control {
		return polar.Answer(n.Value)
	}
	b, err := s.decode(n, received)
	if err != nil {
		if received.Sub(s.faulted) >= faultEvery {
			s.faulted = received
			s.log.Warn("device sent what cannot be read", "characteristic", n.UUID, "error", err)
			s.event(vitals.DecodeFault, err.Error())
		}
		return nil
	}
	contact := s.contact
	b.Events = s.changes(b.Events, received)
	s.hub.keep(b, received)
	if s.contact == vitals.ContactMade && contact == vitals.ContactLost {
		return s.startECG(ctx)
	}
	return nil
}

func (s *session) decode(n bluez.Notification, received time.Time) (vitals.Batch, error) {
	if n.UUID != polar.Data {
		decode, known := s.decoders[n.UUID]
		if !known {
			return vitals.Batch{Device: s.device.id}, nil
		}
		return decode(devices.Frame{Device: s.device.id, Received: received, Bytes: n.Value})
	}
	// Who sees all frames of a connection places them by the strap's own beat.
	f, err := gatt.DecodePMD(n.Value)
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("read an ECG frame: %w", err)
	}
	b := vitals.Batch{Device: s.device.id, Waveforms: []vitals.Waveform{s.place.Place(f, received)}}
	if e, ok := f.Fault(received); ok {
		b.Events = append(b.Events, e)
	}
	return b, nil
}

// changes keeps of the events about contact those that tell something new: a decoder tells the
// state in each frame.
func (s *session) changes(events []vitals.Event, received time.Time) []vitals.Event {
	kept := events[:0]
	for _, e := range events {
		if e.Code == vitals.ContactLost || e.Code == vitals.ContactMade {
			if e.Code == s.contact {
				continue
			}
			s.contact, s.without = e.Code, time.Time{}
			if e.Code == vitals.ContactLost {
				s.without = received
			}
		}
		kept = append(kept, e)
	}
	return kept
}
