package uplink

import (
	"fmt"
	"time"

	"vigil/vitals"
)

type (
	wireStatus struct {
		Online  *bool        `cbor:"0,keyasint,omitempty"`
		Version *string      `cbor:"1,keyasint,omitempty"`
		Uptime  *uint32      `cbor:"2,keyasint,omitempty"` // s
		Queue   *uint32      `cbor:"3,keyasint,omitempty"`
		Oldest  *int64       `cbor:"4,keyasint,omitempty"`
		Clock   *wireClock   `cbor:"5,keyasint,omitempty"`
		Config  *uint64      `cbor:"6,keyasint,omitempty"`
		Devices []wireDevice `cbor:"7,keyasint,omitempty"`
		Time    *int64       `cbor:"8,keyasint,omitempty"`
	}
	wireDevice struct {
		Device       octets  `cbor:"0,keyasint,omitempty"`
		Manufacturer *string `cbor:"1,keyasint,omitempty"`
		Model        *string `cbor:"2,keyasint,omitempty"`
		Serial       *string `cbor:"3,keyasint,omitempty"`
		Firmware     *string `cbor:"4,keyasint,omitempty"`
		UDI          *string `cbor:"5,keyasint,omitempty"`
		Battery      *uint8  `cbor:"6,keyasint,omitempty"` // %
		Heard        *int64  `cbor:"7,keyasint,omitempty"`
		Link         *uint8  `cbor:"8,keyasint,omitempty"`
		Hardware     *string `cbor:"9,keyasint,omitempty"`
		Software     *string `cbor:"10,keyasint,omitempty"`
		SystemID     octets  `cbor:"11,keyasint,omitempty"`
		Read         *int64  `cbor:"12,keyasint,omitempty"`
		Identifier   *string `cbor:"13,keyasint,omitempty"` // of the UDI, whose label is 5
		Issuer       *string `cbor:"14,keyasint,omitempty"`
		Authority    *string `cbor:"15,keyasint,omitempty"`
	}
)

// Status is what a hub says about itself, retained by the broker. The hub's last will is a Status
// with Online false.
type Status struct {
	Online  bool
	Version string
	Uptime  time.Duration // whole seconds
	Queue   int           // messages kept that are not stored yet
	Oldest  time.Time     // hub time of the oldest of them; zero when there is none
	Clock   ClockQuality
	Config  uint64         // version of the desired state that it is in; zero: its own file
	Devices []DeviceStatus // those that it reads
	Time    time.Time      // what its clock shows; zero when it does not tell
}

// LinkSecurity says how far the link between a hub and a device can be trusted.
type LinkSecurity uint8

// Security of a link.
const (
	LinkOpen LinkSecurity = iota // anybody near can listen, and pretend to be the device
	LinkEncrypted
	LinkBonded // with a key of an earlier pairing
)

// DeviceStatus is what a hub knows of a device beside its values.
type DeviceStatus struct {
	vitals.Description

	Device  vitals.DeviceID
	Battery *uint8    // percent; nil where it does not tell
	Heard   time.Time // zero: not since the hub started
	Link    LinkSecurity
}

// Encode is the status as bytes.
func (s Status) Encode() ([]byte, error) {
	w := wireStatus{
		Online: &s.Online, Version: unlessZero(cut(s.Version)), Uptime: unlessZero(uint32(s.Uptime / time.Second)),
		Queue: unlessZero(uint32(s.Queue)), Clock: wireClockOf(s.Clock),
	}
	if !s.Oldest.IsZero() {
		w.Oldest = microsOf(s.Oldest)
	}
	if !s.Time.IsZero() {
		w.Time = microsOf(s.Time)
	}
	if s.Config > 0 {
		w.Config = &s.Config
	}
	for _, d := range s.Devices {
		report, err := d.wire()
		if err != nil {
			return nil, fmt.Errorf("encode status: %w", err)
		}
		w.Devices = append(w.Devices, report)
	}
	return marshal("status", w)
}

// DecodeStatus reads a status.
func DecodeStatus(b []byte) (Status, error) {
	if len(b) > MaxMessage {
		return Status{}, malformed("status of %d bytes exceeds %d", len(b), MaxMessage)
	}
	var w wireStatus
	if err := unmarshal(b, &w); err != nil {
		return Status{}, fmt.Errorf("read status: %w", err)
	}
	online, err := required("online", w.Online)
	version, versionErr := textOf("version", w.Version)
	clock, clockErr := w.Clock.quality()
	if err := firstOf(err, versionErr, clockErr); err != nil {
		return Status{}, err
	}
	s := Status{
		Online: online, Version: version, Uptime: time.Duration(orZero(w.Uptime)) * time.Second,
		Queue: int(orZero(w.Queue)), Clock: clock,
	}
	s.Config = orZero(w.Config)
	if w.Oldest != nil {
		if s.Oldest, err = timeOf("oldest", w.Oldest); err != nil {
			return Status{}, err
		}
	}
	if w.Time != nil {
		if s.Time, err = timeOf("time", w.Time); err != nil {
			return Status{}, err
		}
	}
	if len(w.Devices) > MaxDevices {
		return Status{}, malformed("%d devices, more than %d", len(w.Devices), MaxDevices)
	}
	for i, report := range w.Devices {
		d, err := report.status()
		if err != nil {
			return Status{}, fmt.Errorf("device %d: %w", i, err)
		}
		s.Devices = append(s.Devices, d)
	}
	return s, nil
}

func (d DeviceStatus) wire() (wireDevice, error) {
	device, err := octetsOf(d.Device)
	if err != nil {
		return wireDevice{}, err
	}
	w := wireDevice{
		Device: device, Manufacturer: unlessZero(cut(d.Manufacturer)), Model: unlessZero(cut(d.Model)), Serial: unlessZero(cut(d.Serial)),
		Firmware: unlessZero(cut(d.Firmware)), Hardware: unlessZero(cut(d.Hardware)), Software: unlessZero(cut(d.Software)),
		UDI: unlessZero(cut(d.UDI.Label)), Identifier: unlessZero(cut(d.UDI.Identifier)), Issuer: unlessZero(cut(d.UDI.Issuer)),
		Authority: unlessZero(cut(d.UDI.Authority)), Battery: d.Battery, Link: unlessZero(uint8(d.Link)),
	}
	if d.SystemID != "" {
		w.SystemID, err = octetsOf(d.SystemID)
	}
	if !d.Heard.IsZero() {
		w.Heard = microsOf(d.Heard)
	}
	if !d.Read.IsZero() {
		w.Read = microsOf(d.Read)
	}
	return w, err
}

func (w wireDevice) status() (d DeviceStatus, err error) {
	if d.Device, err = deviceOf(w.Device); err != nil {
		return d, err
	}
	for _, field := range []struct {
		what string
		from *string
		to   *string
	}{
		{"manufacturer", w.Manufacturer, &d.Manufacturer},
		{"model", w.Model, &d.Model},
		{"serial", w.Serial, &d.Serial},
		{"firmware", w.Firmware, &d.Firmware},
		{"hardware", w.Hardware, &d.Hardware},
		{"software", w.Software, &d.Software},
		{"udi", w.UDI, &d.UDI.Label},
		{"device identifier", w.Identifier, &d.UDI.Identifier},
		{"issuer", w.Issuer, &d.UDI.Issuer},
		{"authority", w.Authority, &d.UDI.Authority},
	} {
		if *field.to, err = textOf(field.what, field.from); err != nil {
			return d, err
		}
	}
	const full = 100
	if w.Battery != nil && *w.Battery > full {
		return d, malformed("battery %d %%", *w.Battery)
	}
	if orZero(w.Link) > uint8(LinkBonded) {
		return d, malformed("link security %d", *w.Link)
	}
	d.Battery, d.Link = w.Battery, LinkSecurity(orZero(w.Link))
	if w.SystemID != nil {
		if d.SystemID, err = deviceOf(w.SystemID); err != nil {
			return d, fmt.Errorf("system id: %w", err)
		}
	}
	if w.Read != nil {
		if d.Read, err = timeOf("read", w.Read); err != nil {
			return d, err
		}
	}
	if w.Heard != nil {
		d.Heard, err = timeOf("heard", w.Heard)
	}
	return d, err
}
