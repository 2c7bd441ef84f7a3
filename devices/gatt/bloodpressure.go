package gatt

import (
	"vigil/devices"
	"vigil/vitals"
)

// BloodPressure is the value of a Blood Pressure Measurement (0x2A35) or of an Intermediate Cuff
// Pressure (0x2A36), where Systolic is the pressure in the cuff and Diastolic and Mean are NaN.
type BloodPressure struct {
	Kilopascal                bool // else mmHg
	Systolic, Diastolic, Mean Number
	At                        *DateTime
	Pulse                     *Number // per minute
	User                      *uint8  // index of the device's user, UnknownUser where it does not know
	Status                    *PressureStatus
}

// UnknownUser is the user index of a device that does not know who was measured.
const UnknownUser = 255

// PressureStatus is the set of measurement status bits (BLS 1.1.1, 3.1.1.7). An irregular pulse or
// one out of the device's range is true of the patient and casts no doubt on the pressure: a
// patient in atrial fibrillation would never be alarmed for.
type PressureStatus uint16

// Status bits of a blood pressure. The bits above them are reserved; real devices set them.
const (
	PressureMoved          PressureStatus = 1 << 0
	PressureCuffLoose      PressureStatus = 1 << 1
	PressureIrregularPulse PressureStatus = 1 << 2
	PressurePulseAbove     PressureStatus = 1 << 3 // of the device's range
	PressurePulseBelow     PressureStatus = 1 << 4
	PressurePosition       PressureStatus = 1 << 5 // arm not at the height of the heart

	pressureDoubts = PressureMoved | PressureCuffLoose | PressurePosition
)

// Flags of 0x2A35 and 0x2A36 (BLS 1.1.1, 3.1.1.1). Bits 5 to 7 are reserved; real devices set them.
const (
	bpsKilopascal = 1 << 0
	bpsTime       = 1 << 1
	bpsPulse      = 1 << 2
	bpsUser       = 1 << 3
	bpsStatus     = 1 << 4
	bpsReserved   = 0xE0
)

// DecodeBloodPressure reads a Blood Pressure Measurement or an Intermediate Cuff Pressure.
func DecodeBloodPressure(value []byte) (BloodPressure, error) {
	f := fieldsOf(value)
	return f.bloodPressure()
}

func (f *fields) bloodPressure() (BloodPressure, error) {
	flags := f.u8("flags")
	p := BloodPressure{
		Kilopascal: flags&bpsKilopascal != 0,
		Systolic:   f.sfloat("systolic pressure"), Diastolic: f.sfloat("diastolic pressure"), Mean: f.sfloat("mean pressure"),
	}
	if flags&bpsTime != 0 {
		p.At = f.optionalTime()
	}
	if flags&bpsPulse != 0 {
		p.Pulse = f.optionalNumber("pulse rate")
	}
	if flags&bpsUser != 0 {
		p.User = f.optionalU8("user")
	}
	if flags&bpsStatus != 0 {
		p.Status = (*PressureStatus)(f.optionalU16("measurement status"))
	}
	if err := f.done(flags & bpsReserved); err != nil {
		return BloodPressure{}, err
	}
	return p, nil
}

// EncodeBloodPressure writes a Blood Pressure Measurement; it fails where a number does not fit.
func EncodeBloodPressure(p BloodPressure) ([]byte, error) {
	w := writer{value: []byte{0}}
	w.flag(bpsKilopascal, p.Kilopascal)
	w.numbers(0, p.Systolic, p.Diastolic, p.Mean)
	w.optionalTime(bpsTime, p.At)
	w.optionalNumber(bpsPulse, p.Pulse)
	w.optionalU8(bpsUser, p.User)
	if p.Status != nil {
		w.u16(bpsStatus, uint16(*p.Status))
	}
	return w.done()
}

// millimetres converts a pressure of p into mmHg.
func (p BloodPressure) millimetres(n Number) vitals.Decimal {
	if p.Kilopascal {
		return mmHg(n)
	}
	return n.Decimal()
}

// inverted reports whether the systolic pressure does not exceed the diastolic one, which no
// circulation can do.
func (p BloodPressure) inverted() bool {
	return p.Systolic.Special == Finite && p.Diastolic.Special == Finite &&
		p.millimetres(p.Systolic).Compare(p.millimetres(p.Diastolic)) <= 0
}

// pressureBatch charts a blood pressure at its arrival. Whether each value alone is plausible is
// judged where it is charted; that the two fit each other can only be judged here, where both are
// known to be of one measurement.
func pressureBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	p, err := f.bloodPressure()
	if err != nil {
		return vitals.Batch{}, err
	}
	b := sheet(frame.Device, pressureReadings)
	r := vitals.Reading{Time: frame.Received, DeviceTime: timeOf(p.At)}
	if p.Status != nil && *p.Status&pressureDoubts != 0 {
		r.Quality = vitals.Questionable
	}
	if p.inverted() {
		systolic, diastolic := p.millimetres(p.Systolic).String(), p.millimetres(p.Diastolic).String()
		b.Events = discarded(frame, "systolic "+systolic+" does not exceed diastolic "+diastolic+" mmHg")
		none := Number{Special: NotAtResolution}
		p.Systolic, p.Diastolic, p.Mean = none, none, none
	}
	pressure := func(kind vitals.Kind, n Number) vitals.Reading { return charted(r, kind, n, p.millimetres(n)) }
	b.Readings = append(b.Readings, pressure(vitals.Systolic, p.Systolic), pressure(vitals.Diastolic, p.Diastolic))
	if p.Mean.Special != NotANumber { // most monitors do not measure it
		b.Readings = append(b.Readings, pressure(vitals.MeanPressure, p.Mean))
	}
	if p.Pulse != nil {
		b.Readings = append(b.Readings, charted(r, vitals.CuffPulseRate, *p.Pulse, p.Pulse.Decimal()))
	}
	return b, nil
}

// pressureReadings are systolic, diastolic, mean and pulse.
const pressureReadings = 4

// cuffBatch charts nothing: the pressure in a cuff that fills is nobody's blood pressure. It is known
// so that its values are checked like all others.
func cuffBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	if _, err := f.bloodPressure(); err != nil {
		return vitals.Batch{}, err
	}
	return vitals.Batch{Device: frame.Device}, nil
}
