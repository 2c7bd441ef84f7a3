// Package gatt reads and writes the values of Bluetooth characteristics that wearables send: the
// assigned ones of the Bluetooth SIG and Polar's PMD stream. One decoder serves every gateway that
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
)

// maxValue is the longest attribute value (Bluetooth Core 5.4, Vol 3, Part F, 3.2.9).
const maxValue = 512

func init() {
	devices.Register("gatt/2a37", heartRateBatch)
	devices.Register("gatt/2a5f", oximeterBatch)
	devices.Register("gatt/pmd", pmdBatch)
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

func (f *fields) u64(what string) uint64 { return binary.LittleEndian.Uint64(f.take(what, 8)) }

func (f *fields) sfloat(what string) Number { return SFLOAT(f.u16(what)) }

// done is the first fault. Bytes that are left over are one, unless a flag that was reserved when
// the layout was written announces them.
func (f *fields) done(reservedFlags uint8) error {
	if f.err == nil && len(f.rest) > 0 && reservedFlags == 0 {
		f.err = malformed("%d bytes follow the last field", len(f.rest))
	}
	return f.err
}

// malformed is an error that wraps devices.ErrMalformed.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), devices.ErrMalformed)
}
