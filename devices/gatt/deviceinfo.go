package gatt

import (
	"encoding/hex"
	"slices"

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
	b := sheet(frame.Device, 0)
	b.Events = append(b.Events, vitals.Event{Code: vitals.BatteryLevel, Time: frame.Received, Value: vitals.Int(int64(level))})
	return b, nil
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
