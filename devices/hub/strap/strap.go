// Package strap starts and stops the ECG of chest straps and patches, and places their frames on the
// hub's time line: Polar's over PMD, Movesense's over GSP. Their bytes are read by package gatt.
//
// A Polar strap whose stream is not stopped stays on until its battery is empty (Polar BLE SDK, known
// issues): whoever starts an ECG stops it.
package strap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez"
	"vigil/vitals"
)

var (
	// ErrMTU says that the connection's packets are too small for a frame.
	ErrMTU = errors.New("packets of the connection are too small for the ECG")
	// ErrRefused says that the strap did not do what it was told.
	ErrRefused = errors.New("strap refused")
)

// Link is a connection to a strap.
type Link interface {
	Characteristic(uuid string) (bluez.Characteristic, error)
	Subscribe(ctx context.Context, uuid string) error
	Write(ctx context.Context, uuid string, value []byte) error
}

// ECG is a strap's ECG over one connection.
type ECG struct {
	Control string // is told to start and stop
	Data    string // notifies the frames

	start, stop []byte
	minMTU      int
	read        func(uuid string, value []byte, received time.Time) (vitals.Batch, error)
}

// Owns reports whether the ECG speaks through the characteristic.
func (e *ECG) Owns(uuid string) bool { return uuid == e.Control || uuid == e.Data }

// Start asks the strap for its ECG. Frames and answers come through what the ECG owns.
func (e *ECG) Start(ctx context.Context, l Link) error {
	c, err := l.Characteristic(e.Data)
	if err != nil {
		return fmt.Errorf("start the ECG: %w", err)
	}
	if c.MTU != 0 && c.MTU < e.minMTU { // zero: too old a BlueZ to tell; the strap then refuses by itself
		return fmt.Errorf("start the ECG with an MTU of %d, needs %d: %w", c.MTU, e.minMTU, ErrMTU)
	}
	for _, uuid := range []string{e.Control, e.Data} {
		if c, err := l.Characteristic(uuid); err == nil && !c.Notifies() {
			continue // Movesense answers through the data
		}
		if err := l.Subscribe(ctx, uuid); err != nil {
			return fmt.Errorf("start the ECG: %w", err)
		}
	}
	if err := l.Write(ctx, e.Control, e.start); err != nil {
		return fmt.Errorf("start the ECG: %w", err)
	}
	return nil
}

// Stop lets the strap go to sleep.
func (e *ECG) Stop(ctx context.Context, l Link) error {
	if err := l.Write(ctx, e.Control, e.stop); err != nil {
		return fmt.Errorf("stop the ECG: %w", err)
	}
	return nil
}

// Read is what a value of the ECG says, with its samples on the hub's time line. The batch is empty for
// an answer that the strap did what it was told, and the error wraps ErrRefused where it did not.
func (e *ECG) Read(uuid string, value []byte, received time.Time) (vitals.Batch, error) {
	return e.read(uuid, value, received)
}

// batch is a frame as a hub hands it on.
func batch(w vitals.Waveform, fault vitals.Event, faulty bool) vitals.Batch {
	b := vitals.Batch{Waveforms: []vitals.Waveform{w}}
	if faulty {
		b.Events = []vitals.Event{fault}
	}
	return b
}

func command(encode func() ([]byte, error)) []byte {
	value, err := encode()
	if err != nil {
		panic(fmt.Sprintf("strap: %v", err)) // constants: a fault of the program
	}
	return value
}

// Characteristics of Polar Measurement Data.
const (
	PolarControl = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
	PolarData    = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
)

// polarMTU fits a frame of 73 samples: 229 bytes and 3 of ATT's own, and what the strap itself asks
// for (error 10 below 232). Source: Polar BLE SDK, online measurement; recorded session of an H10.
const polarMTU = 235

// Polar is the ECG of a Polar H10: 130 Hz, 14 bits.
func Polar() *ECG {
	var clock gatt.PMDClock
	return &ECG{
		Control: PolarControl, Data: PolarData, minMTU: polarMTU,
		start: command(func() ([]byte, error) { return gatt.EncodePMDCommand(gatt.PMDStart) }),
		stop:  command(func() ([]byte, error) { return gatt.EncodePMDCommand(gatt.PMDStop) }),
		read: func(uuid string, value []byte, received time.Time) (vitals.Batch, error) {
			if uuid == PolarControl {
				return vitals.Batch{}, polarAnswer(value)
			}
			f, err := gatt.DecodePMD(value)
			if err != nil {
				return vitals.Batch{}, fmt.Errorf("read an ECG frame: %w", err)
			}
			fault, faulty := f.Fault(received)
			return batch(clock.Place(f, received), fault, faulty), nil
		},
	}
}

// polarAnswer is nil where the strap did what it was told, or was so already.
func polarAnswer(value []byte) error {
	r, err := gatt.DecodePMDResponse(value)
	if err != nil || r.Command != gatt.PMDStart && r.Command != gatt.PMDStop {
		return nil //nolint:nilerr // what the control point says else, such as the strap's features
	}
	if r.Error != gatt.PMDSuccess && r.Error != gatt.PMDAlreadyInState {
		return fmt.Errorf("command %d, code %d: %w", r.Command, r.Error, ErrRefused)
	}
	return nil
}

// Characteristics of Movesense's GATT SensorData Protocol.
const (
	MovesenseControl = "34800001-7185-4d5d-b431-630e7050e8f0"
	MovesenseData    = "34800002-7185-4d5d-b431-630e7050e8f0"
)

const (
	// movesenseHz is what most ECG patches sample at; the sensor has 125 to 512.
	movesenseHz = 250
	// movesenseMTU fits a notification of 70 bytes and 3 of ATT's own.
	movesenseMTU = 73
)

// Movesense is the ECG of a Movesense sensor.
func Movesense() *ECG {
	var clock gatt.MovesenseClock
	return &ECG{
		Control: MovesenseControl, Data: MovesenseData, minMTU: movesenseMTU,
		start: command(func() ([]byte, error) { return gatt.EncodeMovesenseStart(movesenseHz) }),
		stop:  command(func() ([]byte, error) { return gatt.EncodeMovesenseStop(movesenseHz) }),
		read: func(_ string, value []byte, received time.Time) (vitals.Batch, error) {
			if r, err := gatt.DecodeMovesenseReply(value); err == nil {
				return vitals.Batch{}, movesenseAnswer(r)
			}
			m, err := gatt.DecodeMovesense(value)
			if err != nil {
				return vitals.Batch{}, fmt.Errorf("read an ECG notification: %w", err)
			}
			fault, faulty := m.Fault(received)
			return batch(clock.Place(m, received), fault, faulty), nil
		},
	}
}

func movesenseAnswer(r gatt.MovesenseReply) error {
	const ok, beyond = 200, 300 // as in HTTP
	if r.Status < ok || r.Status >= beyond {
		return fmt.Errorf("status %d: %w", r.Status, ErrRefused)
	}
	return nil
}
