// Package records asks a device for what it has stored, through its Record Access Control Point
// (2A52): glucose meters, CGM sensors, and oximeters with a memory.
//
// It decides only: what is to be written, whether the device has answered, whether it has fallen
// silent. It knows no Bluetooth and no clock; who holds the connection writes, and tells what came.
package records

import (
	"errors"
	"fmt"
	"time"

	"vigil/devices/gatt"
)

const (
	// silence is how long a device may say nothing while it is asked (Bluetooth Core 5.4, Vol 3,
	// Part F, 3.3.3: an ATT transaction; GLS 1.0.1, 3.3.4, takes the same for a procedure).
	silence = 30 * time.Second
	// abortSilence is how long it may take to say that it stopped.
	abortSilence = 5 * time.Second
)

var (
	// ErrSilent says that the device did not answer. It is asked again at the next connection.
	ErrSilent = errors.New("device does not answer for its records")
	// ErrRefused says that the device answered with a fault.
	ErrRefused = errors.New("device refused to report its records")
)

// State is how far a fetch is.
type State uint8

// States of a fetch. Nothing is to be written in the last three.
const (
	Asking   State = iota
	Aborting       // it was told to stop
	Complete       // everything that was asked for has come
	Partial        // some has come: ask again from there
	Failed
)

// Fetch is one request and what becomes of it.
type Fetch struct {
	from  *uint16
	state State
	until time.Time // when the device has been silent for too long
	err   error
}

// Begin asks for all records, or for those from a number on. The request is to be written to the
// control point.
func Begin(from *uint16, now time.Time) (f *Fetch, request []byte, err error) {
	f = &Fetch{from: from}
	request, err = f.ask(now)
	return f, request, err
}

func (f *Fetch) ask(now time.Time) ([]byte, error) {
	f.until = now.Add(silence)
	request, err := gatt.EncodeRecordRequest(gatt.RecordRequest{Op: gatt.ReportRecords, From: f.from})
	if err != nil {
		return nil, fmt.Errorf("ask for records: %w", err)
	}
	return request, nil
}

// State is how far the fetch is.
func (f *Fetch) State() State { return f.state }

// Running reports whether the device may still send records.
func (f *Fetch) Running() bool { return f.state == Asking || f.state == Aborting }

// Err is why the fetch failed.
func (f *Fetch) Err() error { return f.err }

// Heard notes that a record came: the device is at work.
func (f *Fetch) Heard(now time.Time) {
	if f.state == Asking {
		f.until = now.Add(silence)
	}
}

// Answer takes what the control point indicated. A request that it returns is to be written.
func (f *Fetch) Answer(value []byte, now time.Time) (request []byte) {
	if !f.Running() {
		return nil
	}
	a, err := gatt.DecodeRecordAnswer(value)
	switch {
	case err != nil:
		f.fail(fmt.Errorf("read the answer for records: %w", err))
	case a.Op == gatt.AbortRecords:
		f.fail(ErrSilent)
	case a.Op != gatt.ReportRecords: // a count, which nobody asked for
	case a.Code == gatt.RecordsDone, a.Code == gatt.NoRecordsFound:
		f.state = Complete
	case a.Code == gatt.RecordsIncomplete:
		f.state = Partial
	case f.from != nil && unsupported(a.Code):
		f.from = nil // then all, of which the known ones are passed over
		request, err = f.ask(now)
		if err != nil {
			f.fail(err)
		}
	default:
		f.fail(fmt.Errorf("code %d: %w", a.Code, ErrRefused))
	}
	return request
}

// unsupported reports whether the device does not know the request, though it knows records.
func unsupported(c gatt.RecordCode) bool {
	switch c {
	case gatt.RecordsOperator, gatt.RecordsOperatorUnsupported, gatt.RecordsOperand, gatt.RecordsOperandUnsupported:
		return true
	default:
		return false
	}
}

func (f *Fetch) fail(err error) { f.state, f.err = Failed, err }

// Due lets time pass: a device that was silent for too long is told to stop, and given up when it
// does not answer that either. A request that it returns is to be written.
func (f *Fetch) Due(now time.Time) (request []byte) {
	switch {
	case !f.Running() || now.Before(f.until):
		return nil
	case f.state == Aborting:
		f.fail(ErrSilent)
		return nil
	default:
		return f.Abort(now)
	}
}

// Abort ends a fetch early: nobody is there any more to take what the device sends.
func (f *Fetch) Abort(now time.Time) (request []byte) {
	if f.state != Asking {
		return nil
	}
	f.state, f.until = Aborting, now.Add(abortSilence)
	request, err := gatt.EncodeRecordRequest(gatt.RecordRequest{Op: gatt.AbortRecords})
	if err != nil {
		f.fail(fmt.Errorf("abort: %w", err))
		return nil
	}
	return request
}
