package gatt

import (
	"vigil/devices"
	"vigil/vitals"
)

func init() {
	devices.Register("gatt/2a56", digitalBatch)
	devices.Register("gatt/ffe1", simpleKeysBatch)
}

// Digital (0x2A56, AIO 1.0, 3.1.1.1): two bits for each input, the first in the lowest ones.
const (
	digitalActive = 1
	digitalMask   = 3
)

// digitalBatch hears a call for help when an input is active: the device is an emergency button that
// somebody wears. That it is let go says nothing.
func digitalBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	states := f.rest
	if f.u8("inputs"); f.err != nil {
		return vitals.Batch{}, f.err
	}
	pressed := false
	for _, four := range states {
		for shift := 0; shift < 8; shift += 2 {
			pressed = pressed || four>>shift&digitalMask == digitalActive
		}
	}
	return called(frame, pressed), nil
}

// simpleKeys are the buttons in the value of 0xFFE1 (Simple Keys Service of TI's SensorTag, which key fobs
// and pendants copied); the third bit is a reed switch.
const simpleKeys = 1<<0 | 1<<1

func simpleKeysBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	keys := f.u8("keys")
	if err := f.done(0); err != nil {
		return vitals.Batch{}, err
	}
	return called(frame, keys&simpleKeys != 0), nil
}

func called(frame devices.Frame, pressed bool) vitals.Batch {
	b := vitals.Batch{Device: frame.Device}
	if pressed {
		b.Events = []vitals.Event{{Code: vitals.SOS, Time: frame.Received}}
	}
	return b
}
