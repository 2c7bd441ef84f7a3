// Package polar starts and stops the ECG of Polar's chest straps (Polar Measurement Data over GATT).
// What the strap then sends is read by package gatt.
//
// A strap whose stream is not stopped stays on until its battery is empty (Polar BLE SDK, known
// issues): whoever starts it stops it.
package polar

import (
	"context"
	"errors"
	"fmt"

	"vigil/devices/hub/bluez"
)

// Characteristics of Polar Measurement Data.
const (
	Control = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
	Data    = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
)

// minMTU fits a frame of 73 samples: 229 bytes and 3 of ATT's own, and what the strap itself asks
// for (error 10 below 232). Source: Polar BLE SDK, online measurement; recorded session of an H10.
const minMTU = 235

var (
	// ErrMTU says that the connection's packets are too small for a frame.
	ErrMTU = errors.New("packets of the connection are too small for the ECG")
	// ErrRefused says that the strap did not do what it was told.
	ErrRefused = errors.New("strap refused")
)

// Operations of the control point, and the settings of the ECG: 130 Hz, 14 bits.
var (
	start = []byte{opStart, ecg, 0x00, 0x01, 130, 0x00, 0x01, 0x01, 14, 0x00}
	stop  = []byte{opStop, ecg}
)

const (
	ecg          = 0x00
	opStart      = 0x02
	opStop       = 0x03
	answer       = 0xF0
	success      = 0
	alreadyThere = 6 // it was on, or off, already
)

// Link is a connection to a strap.
type Link interface {
	Characteristic(uuid string) (bluez.Characteristic, error)
	Subscribe(ctx context.Context, uuid string) error
	Write(ctx context.Context, uuid string, value []byte) error
}

// Start asks the strap for its ECG. The frames come on Data; the strap's answer comes on Control.
func Start(ctx context.Context, l Link) error {
	c, err := l.Characteristic(Data)
	if err != nil {
		return fmt.Errorf("start the ECG: %w", err)
	}
	if c.MTU != 0 && c.MTU < minMTU { // zero: too old a BlueZ to tell; the strap then refuses by itself
		return fmt.Errorf("start the ECG with an MTU of %d, needs %d: %w", c.MTU, minMTU, ErrMTU)
	}
	for _, uuid := range []string{Control, Data} {
		if err := l.Subscribe(ctx, uuid); err != nil {
			return fmt.Errorf("start the ECG: %w", err)
		}
	}
	if err := l.Write(ctx, Control, start); err != nil {
		return fmt.Errorf("start the ECG: %w", err)
	}
	return nil
}

// Stop lets the strap go to sleep.
func Stop(ctx context.Context, l Link) error {
	if err := l.Write(ctx, Control, stop); err != nil {
		return fmt.Errorf("stop the ECG: %w", err)
	}
	return nil
}

// Answer is what the strap said on Control: nil where it did what it was told.
func Answer(value []byte) error {
	const length = 4
	if len(value) < length || value[0] != answer {
		return nil // not an answer to us
	}
	if op, code := value[1], value[3]; (op == opStart || op == opStop) && code != success && code != alreadyThere {
		return fmt.Errorf("operation %d, code %d: %w", op, code, ErrRefused)
	}
	return nil
}
