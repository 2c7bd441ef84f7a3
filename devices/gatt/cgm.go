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
	const polynomial = 0x8408
	crc := uint16(0xFFFF)
	for _, b := range value {
		crc ^= uint16(b)
		for range 8 {
			odd := crc&1 != 0
			crc >>= 1
			if odd {
				crc ^= polynomial
			}
		}
	}
	return crc
}

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
	for f.err == nil && len(f.rest) > 0 {
		size := int(f.rest[0])
		if size < cgmLeast {
			return nil, malformed("record of %d bytes", size)
		}
		record := f.take("record", size)
		if f.err != nil {
			break
		}
		r, err := decodeCGMRecord(record)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	switch {
	case f.err != nil:
		return nil, f.err
	case len(records) == 0:
		return nil, malformed("no record")
	}
	return records, nil
}

// decodeCGMRecord reads one record whose size is right. That it carries a checksum shows in its
// size alone.
func decodeCGMRecord(record []byte) (CGMRecord, error) {
	flags := record[1]
	size := cgmSize(flags)
	var r CGMRecord
	switch len(record) {
	case size:
	case size + crcBytes:
		rest, crc, err := checked("record", record)
		if err != nil {
			return CGMRecord{}, err
		}
		record, r.CRC = rest, &crc
	default:
		return CGMRecord{}, malformed("record of %d bytes, its flags make %d", len(record), size)
	}
	f := &fields{rest: record[2:]}
	r.Glucose, r.Offset = f.sfloat("glucose"), f.u16("time offset")
	for _, octet := range []struct {
		flag uint8
		to   **uint8
	}{{cgmStatus, &r.Status}, {cgmCalibration, &r.Calibration}, {cgmWarning, &r.Warning}} {
		if flags&octet.flag != 0 {
			*octet.to = new(f.u8("annunciation"))
		}
	}
	if flags&cgmTrend != 0 {
		r.Trend = new(f.sfloat("trend"))
	}
	if flags&cgmQuality != 0 {
		r.Quality = new(f.sfloat("quality"))
	}
	return r, f.done(0)
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
	records, err := DecodeCGM(frame.Bytes)
	if err != nil {
		return vitals.Batch{}, err
	}
	var newest uint16
	for _, r := range records {
		newest = max(newest, r.Offset)
	}
	b := vitals.Batch{Device: frame.Device}
	for _, record := range records {
		r := vitals.Reading{TimeQuality: vitals.TimeDeviceUnverified}
		if start, ok := s.Time(); ok {
			r.DeviceTime = start.Add(time.Duration(record.Offset) * time.Minute)
			r.Time = r.DeviceTime
		} else {
			r.Time = frame.Received.Add(-time.Duration(newest-record.Offset) * time.Minute)
			r.Quality = vitals.Questionable
		}
		b.Readings = append(b.Readings, record.reading(r))
	}
	return b, nil
}

func (r CGMRecord) reading(at vitals.Reading) vitals.Reading {
	a := r.Annunciation()
	if a&cgmDoubts != 0 {
		at.Quality = vitals.Questionable
	}
	return replaced(charted(at, vitals.GlucoseInterstitial, r.Glucose, Number.Decimal), a.absence())
}

// cgmBatch charts records of a session that nobody read the start of.
func cgmBatch(frame devices.Frame) (vitals.Batch, error) { return SessionStart{}.Batch(frame) }
