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
	flags := f.u16("flags")
	c := BodyComposition{Imperial: flags&bcsImperial != 0, More: flags&bcsMore != 0, Fat: f.u16("body fat")}
	if flags&bcsTime != 0 {
		c.At = new(f.dateTime("timestamp"))
	}
	if flags&bcsUser != 0 {
		c.User = new(f.u8("user"))
	}
	for _, field := range []struct {
		flag uint16
		what string
		to   **uint16
	}{
		{bcsBasal, "basal metabolism", &c.Basal},
		{bcsMuscle, "muscle percentage", &c.Muscle},
		{bcsMuscleMass, "muscle mass", &c.MuscleMass},
		{bcsFatFree, "fat-free mass", &c.FatFree},
		{bcsSoftLean, "soft lean mass", &c.SoftLean},
		{bcsWater, "body water mass", &c.Water},
		{bcsImpedance, "impedance", &c.Impedance},
		{bcsWeight, "weight", &c.Weight},
		{bcsHeight, "height", &c.Height},
	} {
		if flags&field.flag != 0 {
			*field.to = new(f.u16(field.what))
		}
	}
	if err := f.done(uint8(flags & bcsReserved >> 8)); err != nil {
		return BodyComposition{}, err
	}
	if c.Fat > allFat && c.Fat != Unsuccessful {
		return BodyComposition{}, malformed("body fat of %s %%", tenths(c.Fat))
	}
	return c, nil
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
	c, err := DecodeBodyComposition(frame.Bytes)
	if err != nil {
		return vitals.Batch{}, err
	}
	b := vitals.Batch{Device: frame.Device}
	if c.placeholder() {
		return b, nil
	}
	r := vitals.Reading{Time: frame.Received, DeviceTime: timeOf(c.At)}
	if c.Fat == Unsuccessful {
		r.Kind, r.Absent = vitals.BodyFat, vitals.DeviceError
		b.Readings = []vitals.Reading{r}
		return b, nil
	}
	b.Readings = []vitals.Reading{valued(r, vitals.BodyFat, tenths(c.Fat))}
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
	b := vitals.Batch{Device: frame.Device}
	if s.Control&XiaomiStable == 0 || s.Control&(XiaomiLoadGone|xiaomiOtherUnits) != 0 {
		return b, nil
	}
	r := vitals.Reading{Time: frame.Received, DeviceTime: timeOf(&s.At), Quality: vitals.Questionable}
	b.Readings = []vitals.Reading{massReading(r, s.Steps, false)}
	return b, nil
}
