package gatt

import (
	"encoding/binary"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// CGMRecord is one record of a CGM Measurement (0x2AA7): glucose of the interstitial fluid.
type CGMRecord struct {
	Glucose     Number  // mg/dL
	Offset      uint16  // minutes since the session began
	Status      *uint8  // octets of the annunciation, bits 0 to 7 …
	Calibration *uint8  // … 8 to 15 …
	Warning     *uint8  // … and 16 to 23; none is there where all its bits are 0
	Trend       *Number // mg/dL per minute
	Quality     *Number // percent
	CRC         *uint16 // right wherever it is there
}

// Annunciation is the set of what a sensor announces (CGMS 1.0.2, 3.1.1.4).
type Annunciation uint32

// Annunciations that decide about a value. The others are about the patient (low, high, rising), or
// ask for something (a battery, a calibration) while the value holds.
const (
	CGMStopped             Annunciation = 1 << 0
	CGMTypeIncorrect       Annunciation = 1 << 2
	CGMMalfunction         Annunciation = 1 << 3
	CGMFault               Annunciation = 1 << 5
	CGMTimeUnsynced        Annunciation = 1 << 8
	CGMCalibrationRequired Annunciation = 1 << 11
	CGMTooHot              Annunciation = 1 << 12 // for a valid result
	CGMTooCold             Annunciation = 1 << 13
	CGMBelowRange          Annunciation = 1 << 22 // of the sensor
	CGMAboveRange          Annunciation = 1 << 23

	cgmFails  = CGMTypeIncorrect | CGMMalfunction | CGMFault | CGMTooHot | CGMTooCold
	cgmDoubts = CGMStopped | CGMTimeUnsynced | CGMCalibrationRequired
)

// Flags of a record of 0x2AA7 (CGMS 1.0.2, 3.1.1.2). Bits 2 to 4 are reserved.
const (
	cgmTrend       = 1 << 0
	cgmQuality     = 1 << 1
	cgmWarning     = 1 << 5
	cgmCalibration = 1 << 6
	cgmStatus      = 1 << 7

	cgmLeast = 6 // bytes of a record: size, flags, glucose, offset
	crcBytes = 2
)

// E2ECRC is the checksum that CGM values may end with: CRC-16/MCRF4XX, polynomial 0x1021 reflected,
// initial value 0xFFFF (CGMS 1.0.2, 3.11).
func E2ECRC(value []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range value {
		crc = crc>>8 ^ crcOfByte[byte(crc)^b]
	}
	return crc
}

// crcOfByte is what a byte does to the checksum.
var crcOfByte = func() (table [256]uint16) {
	const polynomial = 0x8408
	for b := range table {
		crc := uint16(b)
		for range 8 {
			odd := crc&1 != 0
			crc >>= 1
			if odd {
				crc ^= polynomial
			}
		}
		table[b] = crc
	}
	return table
}()

// checked takes the checksum off the end of a value.
func checked(what string, value []byte) (rest []byte, crc uint16, err error) {
	rest = value[:len(value)-crcBytes]
	crc = binary.LittleEndian.Uint16(value[len(rest):])
	if want := E2ECRC(rest); crc != want {
		return nil, 0, malformed("checksum of %s is %#04x, not %#04x", what, crc, want)
	}
	return rest, crc, nil
}

// DecodeCGM reads a CGM Measurement: one record or more.
func DecodeCGM(value []byte) ([]CGMRecord, error) {
	f := fieldsOf(value)
	var records []CGMRecord
	for more := true; more; more = len(f.rest) > 0 {
		r, err := f.nextCGM()
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// nextCGM reads the next record, of which there is one at least.
func (f *fields) nextCGM() (CGMRecord, error) {
	switch {
	case f.err != nil:
		return CGMRecord{}, f.err
	case len(f.rest) == 0:
		return CGMRecord{}, malformed("no record")
	}
	size := int(f.rest[0])
	if size < cgmLeast {
		return CGMRecord{}, malformed("record of %d bytes", size)
	}
	record := f.take("record", size)
	if f.err != nil {
		return CGMRecord{}, f.err
	}
	return f.cgmRecord(record)
}

// cgmRecord reads one record whose size is right. That it carries a checksum shows in its
// size alone.
func (f *fields) cgmRecord(record []byte) (CGMRecord, error) {
	flags := record[1]
	size := cgmSize(flags)
	var r CGMRecord
	switch len(record) {
	case size:
	case size + crcBytes:
		unchecked, crc, err := checked("record", record)
		if err != nil {
			return CGMRecord{}, err
		}
		record, r.CRC = unchecked, f.room.word(crc)
	default:
		return CGMRecord{}, malformed("record of %d bytes, its flags make %d", len(record), size)
	}
	behind := f.rest // the rest of the value
	f.rest = record[2:]
	r.Glucose, r.Offset = f.sfloat("glucose"), f.u16("time offset")
	r.Status = f.octetIf(flags&cgmStatus != 0)
	r.Calibration = f.octetIf(flags&cgmCalibration != 0)
	r.Warning = f.octetIf(flags&cgmWarning != 0)
	if flags&cgmTrend != 0 {
		r.Trend = f.optionalNumber("trend")
	}
	if flags&cgmQuality != 0 {
		r.Quality = f.optionalNumber("quality")
	}
	err := f.done(0)
	f.rest = behind
	return r, err
}

func (f *fields) octetIf(is bool) *uint8 {
	if !is {
		return nil
	}
	return f.optionalU8("annunciation")
}

// EncodeCGM writes records without a checksum; it fails where a number does not fit.
func EncodeCGM(records []CGMRecord) ([]byte, error) {
	var value []byte
	for _, r := range records {
		w := writer{value: []byte{0}}
		w.numbers(0, r.Glucose)
		w.u16(0, r.Offset)
		w.optionalU8(cgmStatus, r.Status)
		w.optionalU8(cgmCalibration, r.Calibration)
		w.optionalU8(cgmWarning, r.Warning)
		w.optionalNumber(cgmTrend, r.Trend)
		w.optionalNumber(cgmQuality, r.Quality)
		record, err := w.done()
		if err != nil {
			return nil, err
		}
		value = append(append(value, byte(len(record)+1)), record...)
	}
	return value, nil
}

// cgmSize is the size of a record with these flags and without a checksum.
func cgmSize(flags uint8) int {
	size := cgmLeast
	for _, field := range []struct {
		flag  uint8
		bytes int
	}{{cgmStatus, 1}, {cgmCalibration, 1}, {cgmWarning, 1}, {cgmTrend, 2}, {cgmQuality, 2}} {
		if flags&field.flag != 0 {
			size += field.bytes
		}
	}
	return size
}

// Annunciation joins the octets.
func (r CGMRecord) Annunciation() Annunciation {
	var all Annunciation
	for i, octet := range []*uint8{r.Status, r.Calibration, r.Warning} {
		if octet != nil {
			all |= Annunciation(*octet) << (8 * i)
		}
	}
	return all
}

func (a Annunciation) absence() vitals.Absence {
	switch {
	case a&cgmFails != 0:
		return vitals.DeviceError
	case a&CGMAboveRange != 0:
		return vitals.PositiveInfinity
	case a&CGMBelowRange != 0:
		return vitals.NegativeInfinity
	default:
		return vitals.Present
	}
}

// SessionStart is the value of a CGM Session Start Time (0x2AAA). The time of a record is minutes
// from it, so who holds the connection reads it first and lets it chart the records.
type SessionStart struct {
	At   DateTime
	Zone int8  // of At in quarters of an hour, UnknownZone where it does not know
	DST  uint8 // quarters of an hour that summer time adds: 0, 2, 4 or 8; UnknownDST
	CRC  *uint16
}

// What a sensor says that does not know its zone (GSS, Time Zone and DST Offset).
const (
	UnknownZone = -128
	UnknownDST  = 255
)

// DecodeSessionStart reads a CGM Session Start Time.
func DecodeSessionStart(value []byte) (SessionStart, error) {
	const plain = 9
	var s SessionStart
	if len(value) == plain+crcBytes {
		rest, crc, err := checked("session start", value)
		if err != nil {
			return SessionStart{}, err
		}
		value, s.CRC = rest, &crc
	}
	f := fieldsOf(value)
	s.At, s.Zone, s.DST = f.dateTime("session start"), int8(f.u8("time zone")), f.u8("DST offset")
	if err := f.done(0); err != nil {
		return SessionStart{}, err
	}
	return s, nil
}

// EncodeSessionStart writes the start of a session at t, as a clock in t's zone shows it, without a
// checksum. Go's zones do not tell summer time apart by its amount, so the zone has all of the offset.
func EncodeSessionStart(t time.Time) []byte {
	const quarter = 15 * 60 // seconds
	_, offset := t.Zone()
	return append(DateTimeOf(t).append(nil), byte(int8(offset/quarter)), 0)
}

// Time is when the session began, by the sensor's clock: in UTC where it knows its zone, as if it
// stood in UTC else. ok is false where its clock was not set.
func (s SessionStart) Time() (t time.Time, ok bool) {
	t, ok = s.At.Time()
	if !ok || s.Zone == UnknownZone {
		return t, ok
	}
	quarters := int(s.Zone)
	if s.DST != UnknownDST {
		quarters += int(s.DST)
	}
	return t.Add(-time.Duration(quarters) * 15 * time.Minute), true
}

// Batch charts a CGM Measurement of the session, live or from the sensor's memory. Where the start is
// not known, the newest record is as old as its arrival, and nobody knows whether that is true: all
// are questionable.
func (s SessionStart) Batch(frame devices.Frame) (vitals.Batch, error) {
	start, started := s.Time()
	if !started {
		start = frame.Received
	}
	b := sheet(frame.Device, len(frame.Bytes)/cgmLeast)
	f := fieldsOf(frame.Bytes)
	var newest time.Duration
	for more := true; more; more = len(f.rest) > 0 {
		record, err := f.nextCGM()
		if err != nil {
			return vitals.Batch{}, err
		}
		offset := time.Duration(record.Offset) * time.Minute
		newest = max(newest, offset)
		b.Readings = append(b.Readings, record.reading(start.Add(offset), started))
	}
	for i := range b.Readings {
		if !started {
			b.Readings[i].Time = b.Readings[i].Time.Add(-newest)
		}
	}
	return b, nil
}

// reading is the record's glucose at its time, which is the sensor's own where the session's start is known.
func (r CGMRecord) reading(at time.Time, started bool) vitals.Reading {
	reading := vitals.Reading{Time: at, TimeQuality: vitals.TimeDeviceUnverified}
	if started {
		reading.DeviceTime = at
	}
	a := r.Annunciation()
	if !started || a&cgmDoubts != 0 {
		reading.Quality = vitals.Questionable
	}
	return replaced(charted(reading, vitals.GlucoseInterstitial, r.Glucose, r.Glucose.Decimal()), a.absence())
}

// cgmBatch charts records of a session that nobody read the start of.
func cgmBatch(frame devices.Frame) (vitals.Batch, error) { return SessionStart{}.Batch(frame) }
