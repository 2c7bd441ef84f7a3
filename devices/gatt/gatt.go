// Package gatt reads and writes the values of Bluetooth characteristics that wearables send: the
// assigned ones of the Bluetooth SIG, Polar's PMD stream and Movesense's GSP stream. One decoder serves every gateway that
// hands on raw characteristic values. The encoders are the inverse; simulated homes send through
// them, so that what is tested is what a wearable sends.
//
// Layouts: Bluetooth GATT Specification Supplement and the services' specifications (HRS 1.0,
// PLXS 1.0), IEEE 11073-20601 for numbers, Polar BLE SDK "online measurement" for PMD.
//
// The package knows no Bluetooth stack and no clock: the time of arrival comes with the frame.
package gatt

import (
	"encoding/binary"
	"fmt"

	"vigil/devices"
	"vigil/vitals"
)

// maxValue is the longest attribute value (Bluetooth Core 5.4, Vol 3, Part F, 3.2.9).
const maxValue = 512

func init() {
	for name, decode := range map[string]devices.Decoder{
		"2a18": glucoseBatch, "2a19": batteryBatch, "2a1c": thermometerBatch, "2a1e": risingBatch, "2a34": glucoseContextBatch,
		"2a35": pressureBatch, "2a36": cuffBatch, "2a37": heartRateBatch,
		"2a5e": spotOximeterBatch, "2a5f": oximeterBatch, "2a9c": bodyCompositionBatch, "2a9d": weightBatch, "2aa7": cgmBatch,
		"movesense": movesenseBatch, "pmd": pmdBatch,
	} {
		devices.Register("gatt/"+name, decode)
	}
}

// fields takes little-endian fields from the front of a value; after the first fault it only
// yields zeros.
type fields struct {
	rest []byte
	err  error
}

func fieldsOf(value []byte) *fields {
	f := &fields{rest: value}
	if len(value) > maxValue {
		f.err = malformed("value of %d bytes is longer than a characteristic can be", len(value))
	}
	return f
}

func (f *fields) take(what string, n int) []byte {
	if f.err == nil && len(f.rest) < n {
		f.err = malformed("%s needs %d bytes, %d are left", what, n, len(f.rest))
	}
	if f.err != nil {
		return make([]byte, n)
	}
	field := f.rest[:n]
	f.rest = f.rest[n:]
	return field
}

func (f *fields) u8(what string) uint8 { return f.take(what, 1)[0] }

func (f *fields) u16(what string) uint16 { return binary.LittleEndian.Uint16(f.take(what, 2)) }

func (f *fields) u24(what string) uint32 {
	b := f.take(what, 3)
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

func (f *fields) u32(what string) uint32 { return binary.LittleEndian.Uint32(f.take(what, 4)) }

func (f *fields) u64(what string) uint64 { return binary.LittleEndian.Uint64(f.take(what, 8)) }

func (f *fields) nibbles(what string) (low, high uint8) {
	b := f.u8(what)
	return b & 0x0F, b >> 4
}

func (f *fields) sfloat(what string) Number { return SFLOAT(f.u16(what)) }

// charted completes a reading that knows its time and quality with a kind and a value.
func charted(r vitals.Reading, kind vitals.Kind, n Number, convert func(Number) vitals.Decimal) vitals.Reading {
	r.Kind, r.Absent = kind, n.Absence()
	if r.Absent == vitals.Present {
		r.Value = convert(n)
	}
	return r
}

// discarded tells of data that is nobody's value.
func discarded(frame devices.Frame, what string) []vitals.Event {
	return []vitals.Event{{Code: vitals.DecodeFault, Time: frame.Received, Detail: what}}
}

// done is the first fault. Bytes that are left over are one, unless a flag that was reserved when
// the layout was written announces them.
func (f *fields) done(reservedFlags uint8) error {
	if f.err == nil && len(f.rest) > 0 && reservedFlags == 0 {
		f.err = malformed("%d bytes follow the last field", len(f.rest))
	}
	return f.err
}

// writer adds little-endian fields to a value that begins with its flags; a field that is there
// sets its flag. It keeps the first fault.
type writer struct {
	value []byte
	err   error
}

func (w *writer) flag(flag byte, is bool) {
	if is {
		w.value[0] |= flag
	}
}

func (w *writer) numbers(flag byte, numbers ...Number) {
	w.value[0] |= flag
	for _, n := range numbers {
		word, err := n.SFLOAT()
		if err != nil && w.err == nil {
			w.err = err
		}
		w.value = binary.LittleEndian.AppendUint16(w.value, word)
	}
}

func (w *writer) u16(flag byte, v uint16) {
	w.value[0] |= flag
	w.value = binary.LittleEndian.AppendUint16(w.value, v)
}

func (w *writer) optionalNumber(flag byte, n *Number) {
	if n != nil {
		w.numbers(flag, *n)
	}
}

func (w *writer) optionalU8(flag byte, v *uint8) {
	if v != nil {
		w.value[0] |= flag
		w.value = append(w.value, *v)
	}
}

func (w *writer) optionalTime(flag byte, d *DateTime) {
	if d != nil {
		w.value[0] |= flag
		w.value = d.append(w.value)
	}
}

// done is the value, or the first fault.
func (w *writer) done() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.value, nil
}

// malformed is an error that wraps devices.ErrMalformed.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), devices.ErrMalformed)
}
