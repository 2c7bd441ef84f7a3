package gatt

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Contact says whether the sensor touches the skin.
type Contact uint8

// What a sensor says of its contact.
const (
	ContactUnsupported Contact = iota // the sensor cannot tell
	ContactMissing
	ContactDetected
)

// HeartRate is the value of a Heart Rate Measurement (0x2A37).
type HeartRate struct {
	BPM     uint16
	Contact Contact
	Energy  *uint16  // kJ since the last reset
	RR      []uint16 // intervals between beats in 1/1024 s, oldest first
}

// Flags of 0x2A37 (HRS 1.0, 3.1.1.1). Bits 5 to 7 are reserved; real devices set them.
const (
	hrWide             = 1 << 0
	hrContactDetected  = 1 << 1
	hrContactSupported = 1 << 2
	hrEnergy           = 1 << 3
	hrRR               = 1 << 4
	hrReserved         = 0xE0
)

// DecodeHeartRate reads a Heart Rate Measurement.
func DecodeHeartRate(value []byte) (HeartRate, error) {
	f := fieldsOf(value)
	return f.heartRate()
}

func (f *fields) heartRate() (HeartRate, error) {
	flags := f.u8("flags")
	var h HeartRate
	if flags&hrWide != 0 {
		h.BPM = f.u16("heart rate")
	} else {
		h.BPM = uint16(f.u8("heart rate"))
	}
	if flags&hrContactSupported != 0 {
		h.Contact = ContactMissing
		if flags&hrContactDetected != 0 {
			h.Contact = ContactDetected
		}
	}
	if flags&hrEnergy != 0 {
		h.Energy = f.optionalU16("energy")
	}
	if flags&hrRR != 0 && len(f.rest) > 0 {
		h.RR = f.room.intervals[:0]
	}
	for flags&hrRR != 0 && f.err == nil && len(f.rest) > 0 {
		h.RR = append(h.RR, f.u16("RR interval"))
	}
	if err := f.done(flags & hrReserved); err != nil {
		return HeartRate{}, err
	}
	return h, nil
}

// EncodeHeartRate writes a Heart Rate Measurement.
func EncodeHeartRate(h HeartRate) ([]byte, error) {
	flags := [...]byte{ContactUnsupported: 0, ContactMissing: hrContactSupported, ContactDetected: hrContactSupported | hrContactDetected}[h.Contact]
	value := []byte{0}
	if h.BPM > math.MaxUint8 {
		flags |= hrWide
		value = binary.LittleEndian.AppendUint16(value, h.BPM)
	} else {
		value = append(value, byte(h.BPM))
	}
	if h.Energy != nil {
		flags |= hrEnergy
		value = binary.LittleEndian.AppendUint16(value, *h.Energy)
	}
	if len(h.RR) > 0 {
		flags |= hrRR
	}
	for _, rr := range h.RR {
		value = binary.LittleEndian.AppendUint16(value, rr)
	}
	value[0] = flags
	if len(value) > maxValue {
		return nil, malformed("%d RR intervals are too many for one value", len(h.RR))
	}
	return value, nil
}

// heartRateBatch charts the rate at arrival and each interval at the beat that ended it, the last
// beat being the one that made the strap report.
func heartRateBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	h, err := f.heartRate()
	if err != nil {
		return vitals.Batch{}, err
	}
	quality := vitals.Good
	if h.Contact == ContactMissing { // a strap without contact repeats its last value for a while
		quality = vitals.Questionable
	}
	rate := vitals.Reading{Kind: vitals.HeartRate, Time: frame.Received, Quality: quality}
	if h.BPM == 0 { // straps send 0 until they have found the beat; it is not a heart rate of nought
		rate.Absent = vitals.DeviceError
	} else {
		rate.Value = vitals.Int(int64(h.BPM))
	}
	b := contactSheet(frame.Device, 1+len(h.RR))
	b.Readings, b.Events = append(b.Readings, rate), contactEvents(b.Events, frame, h.Contact)
	at := frame.Received
	for _, rr := range slices.Backward(h.RR) {
		b.Readings = append(b.Readings, vitals.Reading{
			Kind: vitals.RRInterval, Time: at.Truncate(time.Microsecond), Value: rrMillis(rr), Quality: quality,
		})
		at = at.Add(-time.Duration(rr) * time.Second / 1024)
	}
	slices.Reverse(b.Readings[1:]) // oldest first
	return b, nil
}

// rrMillis is an interval in ms with one decimal: finer than the 1/1024 s that the strap resolves,
// so every interval keeps a value of its own.
func rrMillis(rr uint16) vitals.Decimal {
	return vitals.NewDecimal((int64(rr)*10_000+512)/1024, -1)
}

// contactEvents adds the state of the contact, whichever it is, in each frame: a decoder does not
// know the frame before. Who holds a connection hands on changes only.
func contactEvents(events []vitals.Event, frame devices.Frame, c Contact) []vitals.Event {
	switch c {
	case ContactMissing:
		return append(events, vitals.Event{Code: vitals.ContactLost, Time: frame.Received})
	case ContactDetected:
		return append(events, vitals.Event{Code: vitals.ContactMade, Time: frame.Received})
	default:
		return events
	}
}
