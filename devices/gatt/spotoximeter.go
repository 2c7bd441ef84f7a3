package gatt

import (
	"vigil/devices"
	"vigil/vitals"
)

// SpotOximeter is the value of a PLX Spot-Check Measurement (0x2A5E).
type SpotOximeter struct {
	SpO2PR
	At         *DateTime
	Status     *MeasurementStatus
	Sensor     *SensorStatus
	Amplitude  *Number // pulse amplitude index in percent
	ClockUnset bool    // the device knows that At is wrong
}

// Flags of 0x2A5E (PLXS 1.0, 3.1.1.1).
const (
	spotTime       = 1 << 0
	spotStatus     = 1 << 1
	spotSensor     = 1 << 2
	spotAmplitude  = 1 << 3
	spotClockUnset = 1 << 4
	spotReserved   = 0xE0
)

// DecodeSpotOximeter reads a PLX Spot-Check Measurement.
func DecodeSpotOximeter(value []byte) (SpotOximeter, error) {
	f := fieldsOf(value)
	return f.spotOximeter()
}

func (f *fields) spotOximeter() (SpotOximeter, error) {
	flags := f.u8("flags")
	p := SpotOximeter{SpO2PR: f.pair("spot SpO2", "spot pulse rate"), ClockUnset: flags&spotClockUnset != 0}
	if flags&spotTime != 0 {
		p.At = f.optionalTime()
	}
	if flags&spotStatus != 0 {
		p.Status = (*MeasurementStatus)(f.optionalU16("measurement status"))
	}
	if flags&spotSensor != 0 {
		p.Sensor = f.optionalSensor("device and sensor status")
	}
	if flags&spotAmplitude != 0 {
		p.Amplitude = f.optionalNumber("pulse amplitude index")
	}
	if err := f.done(flags & spotReserved); err != nil {
		return SpotOximeter{}, err
	}
	return p, nil
}

// EncodeSpotOximeter writes a PLX Spot-Check Measurement; it fails where a number does not fit.
func EncodeSpotOximeter(p SpotOximeter) ([]byte, error) {
	w := writer{value: []byte{0}}
	w.flag(spotClockUnset, p.ClockUnset)
	w.numbers(0, p.SpO2, p.Pulse)
	w.optionalTime(spotTime, p.At)
	w.status(spotStatus, p.Status)
	w.sensor(spotSensor, p.Sensor)
	w.optionalNumber(spotAmplitude, p.Amplitude)
	return w.done()
}

// Trust judges the values by the status bits, as for a continuous measurement.
func (p SpotOximeter) Trust() Trust { return trust(p.Status, p.Sensor) }

// stored reports whether the value was taken earlier and comes from the device's memory.
func (p SpotOximeter) stored() bool { return p.Status != nil && *p.Status&MeasurementFromStorage != 0 }

// spotOximeterBatch charts a check at its arrival, or a stored one at the time that it carries. It
// tells nothing about contact: after a check the finger is out, and that is as it should be.
func spotOximeterBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	p, err := f.spotOximeter()
	if err != nil {
		return vitals.Batch{}, err
	}
	trust := p.Trust()
	if trust == TestData {
		return vitals.Batch{Device: frame.Device, Events: discarded(frame, demonstration)}, nil
	}
	r := vitals.Reading{Time: frame.Received}
	if !p.ClockUnset {
		r.DeviceTime = timeOf(p.At)
	}
	if p.stored() {
		r = fromStorage(r)
	}
	b := sheet(frame.Device, oximeterReadings)
	b.Readings = trust.readings(b.Readings, r, p.SpO2PR, p.Amplitude)
	return b, nil
}

// fromStorage places a stored value at the device's own time, which nobody could check. Without
// one, nobody knows when it was true: it stays at its arrival and is questionable.
func fromStorage(r vitals.Reading) vitals.Reading {
	r.TimeQuality = vitals.TimeDeviceUnverified
	if r.DeviceTime.IsZero() {
		r.Quality = vitals.Questionable
		return r
	}
	r.Time = r.DeviceTime
	return r
}
