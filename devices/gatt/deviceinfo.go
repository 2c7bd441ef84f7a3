package gatt

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"vigil/devices"
	"vigil/vitals"
)

// DecodeBattery reads a Battery Level (0x2A19), in percent.
func DecodeBattery(value []byte) (uint8, error) {
	const full = 100
	f := fieldsOf(value)
	level := f.u8("battery level")
	if err := f.done(0); err != nil {
		return 0, err
	}
	if level > full {
		return 0, malformed("battery level of %d %%", level)
	}
	return level, nil
}

func batteryBatch(frame devices.Frame) (vitals.Batch, error) {
	level, err := DecodeBattery(frame.Bytes)
	if err != nil {
		return vitals.Batch{}, err
	}
	charge := vitals.Event{Code: vitals.BatteryLevel, Time: frame.Received, Value: vitals.Int(int64(level))}
	return vitals.Batch{Device: frame.Device, Events: []vitals.Event{charge}}, nil
}

// DecodeSystemID reads a System ID (0x2A23): the EUI-64 of a device, least significant byte first. It
// stays the same where the Bluetooth address changes.
func DecodeSystemID(value []byte) (vitals.DeviceID, error) {
	const bytes = 8
	f := fieldsOf(value)
	id := slices.Clone(f.take("system id", bytes))
	if err := f.done(0); err != nil {
		return "", err
	}
	slices.Reverse(id)
	return vitals.DeviceID(hex.EncodeToString(id)), nil
}

// Bounds of what a device says of itself. Serial numbers and names of models have some twenty signs; a
// UDI of GS1 with all its parts, some eighty.
const (
	MaxText = 64  // bytes of a text
	MaxUDI  = 128 // bytes of a part of a UDI
)

// DecodeText reads a text of the Device Information Service (0x2A24 to 0x2A29), which is UTF-8 without an
// end. A device may send anything: a text ends at the first NUL, with which many fill it up, what is no
// sign of a script is left out, and what is too long is cut.
func DecodeText(value []byte) string {
	text := clean(value)
	if len(text) <= MaxText {
		return text
	}
	end := MaxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimSpace(text[:end])
}

func clean(value []byte) string {
	value, _, _ = bytes.Cut(value[:min(len(value), maxValue)], []byte{0})
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, string(value)))
}

// DecodeUDI reads a UDI for Medical Devices (0x2BFF): flags that say which parts there are, and each of
// them as a text that ends with a NUL (Device Information Service 1.2). A part that is too long is
// left out: cut, it would be the identifier of something else.
func DecodeUDI(value []byte) (vitals.UDI, error) {
	var u vitals.UDI
	f := fieldsOf(value[:min(len(value), maxValue)])
	flags := f.u8("flags")
	if f.err != nil {
		return u, f.err
	}
	rest := f.rest
	for bit, part := range []*string{&u.Label, &u.Identifier, &u.Issuer, &u.Authority} {
		if flags>>bit&1 == 0 {
			continue
		}
		if len(rest) == 0 {
			return vitals.UDI{}, malformed("UDI ends before part %d", bit)
		}
		text, behind, _ := bytes.Cut(rest, []byte{0}) // the last one may lack its end
		if rest = behind; len(text) <= MaxUDI {
			*part = clean(text)
		}
	}
	return u, nil
}
