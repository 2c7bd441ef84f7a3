package gatt

import (
	"encoding/binary"

	"vigil/devices"
	"vigil/vitals"
)

// Thermometer is the value of a Temperature Measurement (0x2A1C) or of an Intermediate Temperature
// (0x2A1E).
type Thermometer struct {
	Fahrenheit  bool // else °C
	Temperature Number
	At          *DateTime
	Site        *TemperatureSite
}

// TemperatureSite is where on the body the temperature was taken (Temperature Type, 0x2A1D).
type TemperatureSite uint8

// Sites of a temperature.
const (
	AtArmpit TemperatureSite = iota + 1
	AtBody
	AtEar
	AtFinger
	AtGut
	AtMouth
	AtRectum
	AtToe
	AtEardrum
)

// Flags of 0x2A1C and 0x2A1E (HTS 1.0, 3.1.1.1).
const (
	htsFahrenheit = 1 << 0
	htsTime       = 1 << 1
	htsSite       = 1 << 2
	htsReserved   = 0xF8
)

// DecodeThermometer reads a Temperature Measurement or an Intermediate Temperature.
func DecodeThermometer(value []byte) (Thermometer, error) {
	f := fieldsOf(value)
	return f.thermometer()
}

func (f *fields) thermometer() (Thermometer, error) {
	flags := f.u8("flags")
	m := Thermometer{Fahrenheit: flags&htsFahrenheit != 0, Temperature: FLOAT(f.u32("temperature"))}
	if flags&htsTime != 0 {
		m.At = f.optionalTime()
	}
	if flags&htsSite != 0 {
		m.Site = (*TemperatureSite)(f.optionalU8("temperature type"))
	}
	if err := f.done(flags & htsReserved); err != nil {
		return Thermometer{}, err
	}
	return m, nil
}

// EncodeThermometer writes a Temperature Measurement; it fails where the number does not fit.
func EncodeThermometer(m Thermometer) ([]byte, error) {
	word, err := m.Temperature.FLOAT()
	if err != nil {
		return nil, err
	}
	w := writer{value: binary.LittleEndian.AppendUint32([]byte{0}, word)}
	w.flag(htsFahrenheit, m.Fahrenheit)
	w.optionalTime(htsTime, m.At)
	w.optionalU8(htsSite, (*uint8)(m.Site))
	return w.done()
}

func thermometerBatch(frame devices.Frame) (vitals.Batch, error) {
	return temperature(frame, vitals.Good)
}

// risingBatch charts the values that lead up to a temperature as questionable: the sensor is not
// warm yet.
func risingBatch(frame devices.Frame) (vitals.Batch, error) {
	return temperature(frame, vitals.Questionable)
}

func temperature(frame devices.Frame, quality vitals.Quality) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	m, err := f.thermometer()
	if err != nil {
		return vitals.Batch{}, err
	}
	r := vitals.Reading{
		Kind: vitals.Temperature, Time: frame.Received, Quality: quality,
		Absent: m.Temperature.Absence(), DeviceTime: timeOf(m.At),
	}
	switch {
	case r.Absent != vitals.Present:
	case m.Fahrenheit:
		if r.Value, err = celsius(m.Temperature); err != nil {
			return vitals.Batch{}, err
		}
	default:
		r.Value = m.Temperature.Decimal()
	}
	return vitals.Batch{Device: frame.Device, Readings: []vitals.Reading{r}}, nil
}
