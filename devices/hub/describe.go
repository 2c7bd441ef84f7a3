package main

import (
	"context"
	"errors"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// describeTimeout bounds what is read of a device beside its values. One that does not answer is heard all
// the same, and not asked again before the hub starts anew.
const describeTimeout = 10 * time.Second

// texts are the characteristics of the Device Information Service (0x180A) that are texts, and where
// they belong.
var texts = map[string]func(*vitals.Description) *string{
	short("2a24"): func(d *vitals.Description) *string { return &d.Model },
	short("2a25"): func(d *vitals.Description) *string { return &d.Serial },
	short("2a26"): func(d *vitals.Description) *string { return &d.Firmware },
	short("2a27"): func(d *vitals.Description) *string { return &d.Hardware },
	short("2a28"): func(d *vitals.Description) *string { return &d.Software },
	short("2a29"): func(d *vitals.Description) *string { return &d.Manufacturer },
}

var (
	systemID = short("2a23")
	deviceID = short("2bff") // UDI for Medical Devices
)

// describe reads what the device says of itself, for the registry, beside the session: nothing that is
// measured waits for it.
func (s *session) describe(ctx context.Context) {
	if s.hub.knows(s.device.id).mute {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	d := s.description(ctx)
	s.hub.learn(s.device.id, func(state *deviceState) {
		// A request that is never answered costs the connection (Bluetooth Core 5.4, Vol 3, Part F, 3.3.3).
		state.mute = errors.Is(ctx.Err(), context.DeadlineExceeded)
		if d != (vitals.Description{}) { // else what it said before stands
			state.said = d
			state.said.Read = micros(time.Now())
		}
	})
}

func (s *session) description(ctx context.Context) vitals.Description {
	var d vitals.Description
	for uuid, place := range texts {
		*place(&d) = gatt.DecodeText(s.tell(ctx, uuid))
	}
	if value := s.tell(ctx, systemID); value != nil {
		id, err := gatt.DecodeSystemID(value)
		s.unless(err, systemID)
		d.SystemID = id
	}
	if value := s.tell(ctx, deviceID); value != nil {
		udi, err := gatt.DecodeUDI(value)
		s.unless(err, deviceID)
		d.UDI = udi
	}
	return d
}

// tell is a value that the device may have; nil where it does not, or does not say.
func (s *session) tell(ctx context.Context, uuid string) []byte {
	c, err := s.link.Characteristic(uuid)
	if err != nil || !c.Readable() || ctx.Err() != nil {
		return nil
	}
	value, err := s.link.Read(ctx, uuid)
	s.unless(err, uuid)
	return value
}

func (s *session) unless(err error, uuid string) {
	if err != nil {
		s.log.Info("device does not say what it is", "characteristic", uuid, "error", err)
	}
}

// security says how far the link to the device can be trusted, as BlueZ has it.
func (s *session) security() uplink.LinkSecurity {
	switch s.link.Security() {
	case bluez.Bonded:
		return uplink.LinkBonded
	case bluez.Encrypted:
		return uplink.LinkEncrypted
	default:
		return uplink.LinkOpen
	}
}

// linkNames are how the connection's event tells of the link.
var linkNames = []string{uplink.LinkOpen: "open link", uplink.LinkEncrypted: "encrypted link", uplink.LinkBonded: "bonded link"}

// lookAtLink notes how far the link can be trusted: it may change while it is up, where the device asks to be
// paired.
func (s *session) lookAtLink() {
	security := s.security()
	s.hub.learn(s.device.id, func(state *deviceState) { state.link = security })
}
