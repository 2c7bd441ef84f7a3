package gatt

import (
	"encoding/binary"

	"vigil/devices"
	"vigil/vitals"
)

// Weight is the value of a Weight Measurement (0x2A9D).
type Weight struct {
	Imperial bool   // steps of 0.01 lb and 0.1 in, else of 0.005 kg and 0.001 m
	Steps    uint16 // Unsuccessful where there is no weight
	At       *DateTime
	User     *uint8 // index of the scale's user, UnknownUser where it does not know
	Body     *BodyMass
}

// BodyMass is a body mass index with the height that it was made from, which somebody told the scale.
type BodyMass struct {
	Index  uint16 // in 0.1 kg/m²
	Height uint16 // steps of Weight
}

// Unsuccessful is the number that a scale sends where it could not measure (WSS 1.0, BCS 1.0).
const Unsuccessful = 0xFFFF

// Flags of 0x2A9D (WSS 1.0, 3.2.1.1).
const (
	wssImperial = 1 << 0
	wssTime     = 1 << 1
	wssUser     = 1 << 2
	wssBody     = 1 << 3
	wssReserved = 0xF0
)

// DecodeWeight reads a Weight Measurement.
func DecodeWeight(value []byte) (Weight, error) {
	f := fieldsOf(value)
	return f.weight()
}

func (f *fields) weight() (Weight, error) {
	flags := f.u8("flags")
	w := Weight{Imperial: flags&wssImperial != 0, Steps: f.u16("weight")}
	if flags&wssTime != 0 {
		w.At = f.optionalTime()
	}
	if flags&wssUser != 0 {
		w.User = f.optionalU8("user")
	}
	if flags&wssBody != 0 {
		f.room.body = BodyMass{Index: f.u16("body mass index"), Height: f.u16("height")}
		w.Body = &f.room.body
	}
	if err := f.done(flags & wssReserved); err != nil {
		return Weight{}, err
	}
	return w, nil
}

// EncodeWeight writes a Weight Measurement.
func EncodeWeight(m Weight) []byte {
	w := writer{value: binary.LittleEndian.AppendUint16([]byte{0}, m.Steps)}
	w.flag(wssImperial, m.Imperial)
	w.optionalTime(wssTime, m.At)
	w.optionalU8(wssUser, m.User)
	if m.Body != nil {
		w.u16(wssBody, m.Body.Index)
		w.u16(wssBody, m.Body.Height)
	}
	return w.value
}

// weightBatch charts a weight at its arrival. A body mass index or height of nought is of a user of
// whom the scale was told nothing.
func weightBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	m, err := f.weight()
	if err != nil {
		return vitals.Batch{}, err
	}
	r := vitals.Reading{Time: frame.Received, DeviceTime: timeOf(m.At)}
	b := sheet(frame.Device, scaleReadings)
	b.Readings = append(b.Readings, massReading(r, m.Steps, m.Imperial))
	if m.Steps == Unsuccessful || m.Body == nil {
		return b, nil
	}
	if m.Body.Index > 0 {
		b.Readings = append(b.Readings, valued(r, vitals.BodyMassIndex, tenths(m.Body.Index)))
	}
	if m.Body.Height > 0 {
		b.Readings = append(b.Readings, valued(r, vitals.Height, centimetres(m.Body.Height, m.Imperial)))
	}
	return b, nil
}

// scaleReadings are weight or fat, and at most two others.
const scaleReadings = 3

// massReading completes r with a weight.
func massReading(r vitals.Reading, steps uint16, imperial bool) vitals.Reading {
	if steps == Unsuccessful {
		r.Kind, r.Absent = vitals.Weight, vitals.DeviceError
		return r
	}
	return valued(r, vitals.Weight, kilograms(steps, imperial))
}

// valued completes a reading that knows its time and quality with a kind and a value.
func valued(r vitals.Reading, kind vitals.Kind, value vitals.Decimal) vitals.Reading {
	r.Kind, r.Value = kind, value
	return r
}

func tenths(n uint16) vitals.Decimal { return vitals.NewDecimal(int64(n), -1) }
