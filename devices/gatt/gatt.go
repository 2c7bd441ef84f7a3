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
// yields zeros. It has room for the fields that may be absent: where the caller of a decoder holds the
// fields, a frame costs no memory but what is made of it.
type fields struct {
	rest []byte
	err  error
	room room
}

// room has as many places as the characteristics that come often need; it is made with each frame, so
// it is no larger.
type room struct {
	u8s       places[uint8]
	u16s      [mostWords]uint16
	words     int // of u16s that are taken
	numbers   places[Number]
	pairs     places[SpO2PR]
	amounts   places[Amount]
	sensor    SensorStatus
	time      DateTime
	offset    int16
	sample    GlucoseSample
	body      BodyMass
	exercise  Exercise
	intervals [mostIntervals]uint16
}

// mostIntervals are the RR intervals of a packet of the least MTU (23), and those of a strap that
// reports every two seconds at 240 beats a minute.
const mostIntervals = 9

// mostWords are those of a body composition.
const mostWords = 9

func (r *room) word(v uint16) *uint16 {
	at := &r.u16s[min(r.words, mostWords-1)] // no characteristic has more
	r.words++
	*at = v
	return at
}

// places are handed out one by one; behind the last one the heap has more.
type places[T any] struct {
	of   [3]T
	next int
}

func (p *places[T]) put(v T) *T {
	if p.next == len(p.of) {
		more := new(T) // not &v, which would put every v on the heap
		*more = v
		return more
	}
	at := &p.of[p.next]
	p.next++
	*at = v
	return at
}

func fieldsOf(value []byte) fields {
	if len(value) > maxValue {
		return fields{err: malformed("value of %d bytes is longer than a characteristic can be", len(value))}
	}
	return fields{rest: value}
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

func (f *fields) optionalU8(what string) *uint8 { return f.room.u8s.put(f.u8(what)) }

func (f *fields) optionalU16(what string) *uint16 { return f.room.word(f.u16(what)) }

func (f *fields) optionalNumber(what string) *Number { return f.room.numbers.put(f.sfloat(what)) }

func (f *fields) optionalPair(saturation, pulse string) *SpO2PR {
	return f.room.pairs.put(f.pair(saturation, pulse))
}

func (f *fields) optionalAmount(what, amount string) *Amount {
	return f.room.amounts.put(Amount{f.u8(what), f.sfloat(amount)})
}

func (f *fields) optionalTime() *DateTime {
	f.room.time = f.dateTime("timestamp")
	return &f.room.time
}

func (f *fields) optionalSensor(what string) *SensorStatus {
	f.room.sensor = SensorStatus(f.u24(what))
	return &f.room.sensor
}

// charted completes a reading that knows its time and quality with a kind and with the value of a number
// in the kind's unit, unless the number is a special one.
func charted(r vitals.Reading, kind vitals.Kind, n Number, value vitals.Decimal) vitals.Reading {
	r.Kind, r.Absent = kind, n.Absence()
	if r.Absent == vitals.Present {
		r.Value = value
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
