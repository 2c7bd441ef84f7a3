package gatt

import (
	"vigil/devices"
	"vigil/vitals"
)

// SpO2PR is a pair of oxygen saturation in percent and pulse rate per minute.
type SpO2PR struct{ SpO2, Pulse Number }

// PulseOximeter is the value of a PLX Continuous Measurement (0x2A5F).
type PulseOximeter struct {
	Normal     SpO2PR
	Fast, Slow *SpO2PR // quicker and steadier averages, where the device has them
	Status     *MeasurementStatus
	Sensor     *SensorStatus
	Amplitude  *Number // pulse amplitude index in percent
}

// MeasurementStatus is the set of measurement status bits (PLXS 1.0, 3.1.1.5).
type MeasurementStatus uint16

// Measurement status bits that decide about a value.
const (
	MeasurementFromStorage  MeasurementStatus = 1 << 9
	MeasurementDemo         MeasurementStatus = 1 << 10
	MeasurementTesting      MeasurementStatus = 1 << 11
	MeasurementCalibrating  MeasurementStatus = 1 << 12
	MeasurementUnavailable  MeasurementStatus = 1 << 13
	MeasurementQuestionable MeasurementStatus = 1 << 14
	MeasurementInvalid      MeasurementStatus = 1 << 15
)

// SensorStatus is the set of device and sensor status bits, 24 of them (PLXS 1.0, 3.1.1.6).
type SensorStatus uint32

// Device and sensor status bits that decide about a value.
const (
	SensorDeviceMalfunction SensorStatus = 1 << 1
	SensorIrregular         SensorStatus = 1 << 2
	SensorInadequateSignal  SensorStatus = 1 << 3
	SensorPoorSignal        SensorStatus = 1 << 4
	SensorLowPerfusion      SensorStatus = 1 << 5
	SensorErratic           SensorStatus = 1 << 6
	SensorNonPulsatile      SensorStatus = 1 << 7
	SensorQuestionablePulse SensorStatus = 1 << 8
	SensorInterference      SensorStatus = 1 << 10
	SensorUnconnected       SensorStatus = 1 << 11 // not on the user
	SensorUnknown           SensorStatus = 1 << 12
	SensorDisplaced         SensorStatus = 1 << 13
	SensorMalfunction       SensorStatus = 1 << 14
	SensorDisconnected      SensorStatus = 1 << 15 // not on the device
)

// What the bits mean for a value.
const (
	testData     = MeasurementDemo | MeasurementTesting
	noValue      = MeasurementUnavailable | MeasurementInvalid
	doubtful     = MeasurementQuestionable | MeasurementCalibrating | MeasurementFromStorage
	sensorOff    = SensorUnconnected | SensorDisconnected
	sensorFails  = SensorDeviceMalfunction | SensorMalfunction | sensorOff
	sensorDoubts = SensorIrregular | SensorInadequateSignal | SensorPoorSignal | SensorLowPerfusion | SensorErratic |
		SensorNonPulsatile | SensorQuestionablePulse | SensorInterference | SensorUnknown | SensorDisplaced
)

// Flags of 0x2A5F (PLXS 1.0, 3.2.1.1).
const (
	plxFast      = 1 << 0
	plxSlow      = 1 << 1
	plxStatus    = 1 << 2
	plxSensor    = 1 << 3
	plxAmplitude = 1 << 4
	plxReserved  = 0xE0
)

// DecodePulseOximeter reads a PLX Continuous Measurement.
func DecodePulseOximeter(value []byte) (PulseOximeter, error) {
	f := fieldsOf(value)
	return f.pulseOximeter()
}

func (f *fields) pulseOximeter() (PulseOximeter, error) {
	flags := f.u8("flags")
	p := PulseOximeter{Normal: f.pair("normal SpO2", "normal pulse rate")}
	if flags&plxFast != 0 {
		p.Fast = f.optionalPair("fast SpO2", "fast pulse rate")
	}
	if flags&plxSlow != 0 {
		p.Slow = f.optionalPair("slow SpO2", "slow pulse rate")
	}
	if flags&plxStatus != 0 {
		p.Status = (*MeasurementStatus)(f.optionalU16("measurement status"))
	}
	if flags&plxSensor != 0 {
		p.Sensor = f.optionalSensor("device and sensor status")
	}
	if flags&plxAmplitude != 0 {
		p.Amplitude = f.optionalNumber("pulse amplitude index")
	}
	if err := f.done(flags & plxReserved); err != nil {
		return PulseOximeter{}, err
	}
	return p, nil
}

func (f *fields) pair(saturation, pulse string) SpO2PR {
	return SpO2PR{SpO2: f.sfloat(saturation), Pulse: f.sfloat(pulse)}
}

// EncodePulseOximeter writes a PLX Continuous Measurement; it fails where a number does not fit.
func EncodePulseOximeter(p PulseOximeter) ([]byte, error) {
	w := writer{value: []byte{0}}
	w.numbers(0, p.Normal.SpO2, p.Normal.Pulse)
	if p.Fast != nil {
		w.numbers(plxFast, p.Fast.SpO2, p.Fast.Pulse)
	}
	if p.Slow != nil {
		w.numbers(plxSlow, p.Slow.SpO2, p.Slow.Pulse)
	}
	w.status(plxStatus, p.Status)
	w.sensor(plxSensor, p.Sensor)
	w.optionalNumber(plxAmplitude, p.Amplitude)
	return w.done()
}

func (w *writer) status(flag byte, s *MeasurementStatus) {
	if s != nil {
		w.u16(flag, uint16(*s))
	}
}

func (w *writer) sensor(flag byte, s *SensorStatus) {
	switch {
	case s == nil:
		return
	case *s >= 1<<24 && w.err == nil:
		w.err = malformed("sensor status %#x has more than 24 bits", *s)
	}
	w.value[0] |= flag
	w.value = append(w.value, byte(*s), byte(*s>>8), byte(*s>>16))
}

// Trust is what the status bits leave of the values.
type Trust uint8

// Degrees of trust.
const (
	Trusted  Trust = iota
	Doubtful       // charted as questionable, never for alarms
	Invalid        // there is no value
	TestData       // not a patient's value at all
)

// Trust judges the values by the status bits. Beyond the bits that declare a value invalid, a
// sensor that is off the finger, unplugged or broken leaves none, whatever number it still shows.
func (p PulseOximeter) Trust() Trust { return trust(p.Status, p.Sensor) }

func trust(measurement *MeasurementStatus, device *SensorStatus) Trust {
	var status MeasurementStatus
	var sensor SensorStatus
	if measurement != nil {
		status = *measurement
	}
	if device != nil {
		sensor = *device
	}
	switch {
	case status&testData != 0:
		return TestData
	case status&noValue != 0 || sensor&sensorFails != 0:
		return Invalid
	case status&doubtful != 0 || sensor&sensorDoubts != 0:
		return Doubtful
	default:
		return Trusted
	}
}

// Contact is whether the sensor is on the finger, as far as the device tells.
func (p PulseOximeter) Contact() Contact {
	switch {
	case p.Sensor == nil:
		return ContactUnsupported
	case *p.Sensor&sensorOff != 0:
		return ContactMissing
	default:
		return ContactDetected
	}
}

// oximeterBatch charts the normal pair; the fast and slow averages describe the same moment.
func oximeterBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	p, err := f.pulseOximeter()
	if err != nil {
		return vitals.Batch{}, err
	}
	trust := p.Trust()
	if trust == TestData {
		return vitals.Batch{Device: frame.Device, Events: discarded(frame, demonstration)}, nil
	}
	b := contactSheet(frame.Device, oximeterReadings)
	b.Readings = trust.readings(b.Readings, vitals.Reading{Time: frame.Received}, p.Normal, p.Amplitude)
	b.Events = contactEvents(b.Events, frame, p.Contact())
	return b, nil
}

const demonstration = "demonstration or test data was discarded"

// oximeterReadings are saturation, pulse and amplitude.
const oximeterReadings = 3

// readings adds the values of one moment, as far as they can be trusted.
func (t Trust) readings(all []vitals.Reading, r vitals.Reading, p SpO2PR, amplitude *Number) []vitals.Reading {
	if t == Doubtful {
		r.Quality = vitals.Questionable
	}
	all = append(all, t.reading(r, vitals.SpO2, p.SpO2), t.reading(r, vitals.PulseRate, p.Pulse))
	if amplitude != nil {
		all = append(all, t.reading(r, vitals.PerfusionIndex, *amplitude))
	}
	return all
}

func (t Trust) reading(r vitals.Reading, kind vitals.Kind, n Number) vitals.Reading {
	r = charted(r, kind, n, n.Decimal())
	if t == Invalid {
		return replaced(r, vitals.DeviceError)
	}
	return r
}
