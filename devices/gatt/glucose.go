package gatt

import (
	"encoding/binary"
	"math"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Glucose is the value of a Glucose Measurement (0x2A18), one record of a meter.
type Glucose struct {
	Sequence uint16
	Base     DateTime
	Offset   *int16 // minutes from Base to the measurement: the user set the clock meanwhile
	Molar    bool   // Sample is in mol/L, else kg/L
	Sample   *GlucoseSample
	Status   *GlucoseStatus
	Context  bool // a Glucose Measurement Context of the same sequence number follows
}

// GlucoseSample is a concentration and of what it is one.
type GlucoseSample struct {
	Concentration Number
	Type          GlucoseType // 4 bits
	Site          GlucoseSite // 4 bits
}

// GlucoseType is the fluid that was measured.
type GlucoseType uint8

// Fluids of a glucose measurement.
const (
	CapillaryBlood GlucoseType = iota + 1
	CapillaryPlasma
	VenousBlood
	VenousPlasma
	ArterialBlood
	ArterialPlasma
	UndeterminedBlood
	UndeterminedPlasma
	InterstitialFluid
	ControlSolution // the meter's own test, not the patient
)

// GlucoseSite is where the fluid was taken.
type GlucoseSite uint8

// Sites of a glucose measurement.
const (
	FromFinger GlucoseSite = iota + 1
	FromAlternateSite
	FromEarlobe
	FromControlSolution             // not the patient
	FromUnknownSite     GlucoseSite = 15
)

// GlucoseStatus is the set of sensor status bits (GLS 1.0.1, 3.1.1.6).
type GlucoseStatus uint16

// Status bits of a glucose meter. A low battery says nothing about the value.
const (
	GlucoseBatteryLow  GlucoseStatus = 1 << 0
	GlucoseMalfunction GlucoseStatus = 1 << 1
	GlucoseSampleSize  GlucoseStatus = 1 << 2 // too little blood
	GlucoseStripFault  GlucoseStatus = 1 << 3
	GlucoseStripType   GlucoseStatus = 1 << 4
	GlucoseTooHigh     GlucoseStatus = 1 << 5 // for the meter
	GlucoseTooLow      GlucoseStatus = 1 << 6
	GlucoseTooHot      GlucoseStatus = 1 << 7 // for a valid result
	GlucoseTooCold     GlucoseStatus = 1 << 8
	GlucoseInterrupted GlucoseStatus = 1 << 9
	GlucoseFault       GlucoseStatus = 1 << 10
	GlucoseTimeFault   GlucoseStatus = 1 << 11

	glucoseFails = GlucoseMalfunction | GlucoseSampleSize | GlucoseStripFault | GlucoseStripType |
		GlucoseTooHot | GlucoseTooCold | GlucoseInterrupted | GlucoseFault
)

// Flags of 0x2A18 (GLS 1.0.1, 3.1.1.1).
const (
	glsOffset   = 1 << 0
	glsSample   = 1 << 1
	glsMolar    = 1 << 2
	glsStatus   = 1 << 3
	glsContext  = 1 << 4
	glsReserved = 0xE0
)

// DecodeGlucose reads a Glucose Measurement.
func DecodeGlucose(value []byte) (Glucose, error) {
	f := fieldsOf(value)
	return f.glucose()
}

func (f *fields) glucose() (Glucose, error) {
	flags := f.u8("flags")
	g := Glucose{
		Sequence: f.u16("sequence number"), Base: f.dateTime("base time"),
		Molar: flags&glsMolar != 0, Context: flags&glsContext != 0,
	}
	if flags&glsOffset != 0 {
		f.room.offset = int16(f.u16("time offset"))
		g.Offset = &f.room.offset
	}
	if flags&glsSample != 0 {
		s := GlucoseSample{Concentration: f.sfloat("concentration")}
		low, high := f.nibbles("type and location")
		s.Type, s.Site = GlucoseType(low), GlucoseSite(high)
		f.room.sample = s
		g.Sample = &f.room.sample
	}
	if flags&glsStatus != 0 {
		g.Status = (*GlucoseStatus)(f.optionalU16("sensor status"))
	}
	if err := f.done(flags & glsReserved); err != nil {
		return Glucose{}, err
	}
	return g, nil
}

// EncodeGlucose writes a Glucose Measurement; it fails where a number does not fit.
func EncodeGlucose(g Glucose) ([]byte, error) {
	w := writer{value: g.Base.append(binary.LittleEndian.AppendUint16([]byte{0}, g.Sequence))}
	w.flag(glsMolar, g.Molar)
	w.flag(glsContext, g.Context)
	if g.Offset != nil {
		w.u16(glsOffset, uint16(*g.Offset))
	}
	if s := g.Sample; s != nil {
		if s.Type > 15 || s.Site > 15 {
			return nil, malformed("type %d or location %d does not fit 4 bits", s.Type, s.Site)
		}
		w.numbers(glsSample, s.Concentration)
		w.value = append(w.value, byte(s.Type)|byte(s.Site)<<4)
	}
	if g.Status != nil {
		w.u16(glsStatus, uint16(*g.Status))
	}
	return w.done()
}

// Time is when the glucose was measured, by the meter's clock: its base time and the offset from it.
// ok is false where the clock was not set or the offset did not fit.
func (g Glucose) Time() (t time.Time, ok bool) {
	t, ok = g.Base.Time()
	switch {
	case !ok || g.Offset == nil:
		return t, ok
	case *g.Offset == math.MaxInt16 || *g.Offset == math.MinInt16: // overrun and underrun (GSS, Time Offset)
		return time.Time{}, false
	}
	return t.Add(time.Duration(*g.Offset) * time.Minute), true
}

// kind is what the sample is charted as; doubtful where the meter uses a reserved fluid. Capillary
// blood and plasma are what home meters measure; LOINC tells the fluids of other sites apart by
// blood and plasma only.
func (s GlucoseSample) kind() (kind vitals.Kind, doubtful bool) {
	switch s.Type {
	case CapillaryBlood, CapillaryPlasma:
		return vitals.Glucose, false
	case VenousBlood, ArterialBlood, UndeterminedBlood:
		return vitals.GlucoseBlood, false
	case VenousPlasma, ArterialPlasma, UndeterminedPlasma:
		return vitals.GlucosePlasma, false
	case InterstitialFluid:
		return vitals.GlucoseInterstitial, false
	default:
		return vitals.GlucoseBlood, true
	}
}

func (s GlucoseSample) control() bool {
	return s.Type == ControlSolution || s.Site == FromControlSolution
}

// mgPerDL is the concentration of the sample, which there is.
func (g Glucose) mgPerDL() vitals.Decimal {
	if g.Molar {
		return mgPerDLOfMoles(g.Sample.Concentration)
	}
	return mgPerDLOfMass(g.Sample.Concentration)
}

// glucoseBatch charts a record at the time that the meter gave it: a meter sends its records when it
// is asked for them.
func glucoseBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	g, err := f.glucose()
	if err != nil {
		return vitals.Batch{}, err
	}
	switch {
	case g.Sample == nil:
		return vitals.Batch{Device: frame.Device}, nil
	case g.Sample.control():
		return vitals.Batch{Device: frame.Device, Events: discarded(frame, "a control solution was measured")}, nil
	}
	return vitals.Batch{Device: frame.Device, Readings: []vitals.Reading{g.reading(frame)}}, nil
}

func (g Glucose) reading(frame devices.Frame) vitals.Reading {
	r := vitals.Reading{Time: frame.Received}
	if t, ok := g.Time(); ok {
		r.DeviceTime = t
	}
	kind, doubtful := g.Sample.kind()
	r = charted(fromStorage(r), kind, g.Sample.Concentration, g.mgPerDL())
	var status GlucoseStatus
	if g.Status != nil {
		status = *g.Status
	}
	if doubtful || status&GlucoseTimeFault != 0 {
		r.Quality = vitals.Questionable
	}
	return replaced(r, glucoseAbsence(status))
}

// glucoseAbsence is why the meter gives no value.
func glucoseAbsence(status GlucoseStatus) vitals.Absence {
	switch {
	case status&glucoseFails != 0:
		return vitals.DeviceError
	case status&GlucoseTooHigh != 0:
		return vitals.PositiveInfinity
	case status&GlucoseTooLow != 0:
		return vitals.NegativeInfinity
	default:
		return vitals.Present
	}
}

// replaced takes the value away where there is a reason to.
func replaced(r vitals.Reading, why vitals.Absence) vitals.Reading {
	if why != vitals.Present && r.Absent == vitals.Present {
		r.Value, r.Absent = vitals.Decimal{}, why
	}
	return r
}
