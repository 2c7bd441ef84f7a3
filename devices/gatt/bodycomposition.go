package gatt

import (
	"encoding/binary"

	"vigil/devices"
	"vigil/vitals"
)

// BodyComposition is the value of a Body Composition Measurement (0x2A9C). Masses are in steps of
// 0.005 kg or 0.01 lb, the height in steps of 0.001 m or 0.1 in.
type BodyComposition struct {
	Imperial   bool
	Fat        uint16 // in 0.1 %, Unsuccessful where there is no measurement
	At         *DateTime
	User       *uint8  // index of the scale's user, UnknownUser where it does not know
	Basal      *uint16 // metabolism in kJ
	Muscle     *uint16 // in 0.1 %
	MuscleMass *uint16
	FatFree    *uint16
	SoftLean   *uint16
	Water      *uint16
	Impedance  *uint16 // in 0.1 Ω
	Weight     *uint16
	Height     *uint16
	More       bool // the rest of the measurement follows in another value
}

// Flags of 0x2A9C (BCS 1.0, 3.2.1.1).
const (
	bcsImperial   = 1 << 0
	bcsTime       = 1 << 1
	bcsUser       = 1 << 2
	bcsBasal      = 1 << 3
	bcsMuscle     = 1 << 4
	bcsMuscleMass = 1 << 5
	bcsFatFree    = 1 << 6
	bcsSoftLean   = 1 << 7
	bcsWater      = 1 << 8
	bcsImpedance  = 1 << 9
	bcsWeight     = 1 << 10
	bcsHeight     = 1 << 11
	bcsMore       = 1 << 12
	bcsReserved   = 0xE000
)

// allFat is a body of nothing but fat. Beyond it the value is of another layout, and its weight is
// none either.
const allFat = 1000

// DecodeBodyComposition reads a Body Composition Measurement.
func DecodeBodyComposition(value []byte) (BodyComposition, error) {
	f := fieldsOf(value)
	return f.bodyComposition()
}

func (f *fields) bodyComposition() (BodyComposition, error) {
	flags := f.u16("flags")
	c := BodyComposition{Imperial: flags&bcsImperial != 0, More: flags&bcsMore != 0, Fat: f.u16("body fat")}
	if flags&bcsTime != 0 {
		c.At = f.optionalTime()
	}
	if flags&bcsUser != 0 {
		c.User = f.optionalU8("user")
	}
	c.Basal = f.u16If(flags&bcsBasal != 0, "basal metabolism")
	c.Muscle = f.u16If(flags&bcsMuscle != 0, "muscle percentage")
	c.MuscleMass = f.u16If(flags&bcsMuscleMass != 0, "muscle mass")
	c.FatFree = f.u16If(flags&bcsFatFree != 0, "fat-free mass")
	c.SoftLean = f.u16If(flags&bcsSoftLean != 0, "soft lean mass")
	c.Water = f.u16If(flags&bcsWater != 0, "body water mass")
	c.Impedance = f.u16If(flags&bcsImpedance != 0, "impedance")
	c.Weight = f.u16If(flags&bcsWeight != 0, "weight")
	c.Height = f.u16If(flags&bcsHeight != 0, "height")
	if err := f.done(uint8(flags & bcsReserved >> 8)); err != nil {
		return BodyComposition{}, err
	}
	if c.Fat > allFat && c.Fat != Unsuccessful {
		return BodyComposition{}, malformed("body fat of %s %%", tenths(c.Fat))
	}
	return c, nil
}

func (f *fields) u16If(is bool, what string) *uint16 {
	if !is {
		return nil
	}
	return f.optionalU16(what)
}

// placeholder reports whether the scale only says that it is there: Beurer sends such values all
// along, of nothing but noughts.
func (c BodyComposition) placeholder() bool {
	return c.Fat == 0 && (c.Impedance == nil || *c.Impedance == 0)
}

// bodyCompositionBatch charts fat, weight and height at their arrival. What else a scale derives from
// the impedance is decoded, not charted.
func bodyCompositionBatch(frame devices.Frame) (vitals.Batch, error) {
	if isXiaomi(frame.Bytes) {
		return xiaomiBatch(frame)
	}
	f := fieldsOf(frame.Bytes)
	c, err := f.bodyComposition()
	if err != nil {
		return vitals.Batch{}, err
	}
	if c.placeholder() {
		return vitals.Batch{Device: frame.Device}, nil
	}
	b := sheet(frame.Device, scaleReadings)
	r := vitals.Reading{Time: frame.Received, DeviceTime: timeOf(c.At)}
	if c.Fat == Unsuccessful {
		r.Kind, r.Absent = vitals.BodyFat, vitals.DeviceError
		b.Readings = append(b.Readings, r)
		return b, nil
	}
	b.Readings = append(b.Readings, valued(r, vitals.BodyFat, tenths(c.Fat)))
	if c.Weight != nil {
		b.Readings = append(b.Readings, massReading(r, *c.Weight, c.Imperial))
	}
	if c.Height != nil && *c.Height > 0 {
		b.Readings = append(b.Readings, valued(r, vitals.Height, centimetres(*c.Height, c.Imperial)))
	}
	return b, nil
}

// XiaomiScale is what a Xiaomi Mi body composition scale sends under 0x2A9C: 13 bytes of its own
// layout, without body fat. Read as the standard says, they give a body fat of 197 % and more.
type XiaomiScale struct {
	Control   uint16
	At        DateTime
	Impedance uint16 // raw; 0 and 0xFFFD are none
	Steps     uint16 // of 0.005 kg, unless Control says another unit
}

// Control bits of a Xiaomi scale, as owners of scales found them out.
const (
	XiaomiPounds     = 1 << 0
	XiaomiStable     = 1 << 13
	XiaomiCatty      = 1 << 14
	XiaomiLoadGone   = 1 << 15 // the weight is that of who stepped off
	xiaomiLength     = 13
	xiaomiOtherUnits = XiaomiPounds | XiaomiCatty
)

// isXiaomi tells the layout by its length and by the year in the place of body fat: no year since
// scales have clocks is less than 100 %.
func isXiaomi(value []byte) bool {
	if len(value) != xiaomiLength {
		return false
	}
	year := binary.LittleEndian.Uint16(value[2:])
	return year > allFat && year != Unsuccessful
}

// DecodeXiaomiScale reads a value in Xiaomi's own layout.
func DecodeXiaomiScale(value []byte) (XiaomiScale, error) {
	if !isXiaomi(value) {
		return XiaomiScale{}, malformed("%d bytes are not in Xiaomi's own layout", len(value))
	}
	f := fieldsOf(value)
	return XiaomiScale{
		Control: f.u16("control"), At: f.dateTime("timestamp"), Impedance: f.u16("impedance"), Steps: f.u16("weight"),
	}, f.done(0)
}

// xiaomiBatch charts a weight that has settled as questionable: nobody has published the layout, and
// the scale is no medical device. What the scale repeats after the load is gone is not charted again.
func xiaomiBatch(frame devices.Frame) (vitals.Batch, error) {
	s, err := DecodeXiaomiScale(frame.Bytes)
	if err != nil {
		return vitals.Batch{}, err
	}
	if s.Control&XiaomiStable == 0 || s.Control&(XiaomiLoadGone|xiaomiOtherUnits) != 0 {
		return vitals.Batch{Device: frame.Device}, nil
	}
	r := vitals.Reading{Time: frame.Received, DeviceTime: timeOf(&s.At), Quality: vitals.Questionable}
	return vitals.Batch{Device: frame.Device, Readings: []vitals.Reading{massReading(r, s.Steps, false)}}, nil
}
