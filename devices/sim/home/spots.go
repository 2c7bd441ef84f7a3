package home

import (
	"fmt"
	"math"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/sim/fault"
	"vigil/vitals"
)

// Spot is a device that measures now and then: a cuff, a thermometer, a meter, a scale.
type Spot struct {
	ID      vitals.DeviceID
	Period  time.Duration
	Decoder string
	Send    func(n int, at time.Time) ([]byte, error) // the nth value, as bytes
	Air     *fault.Home

	n int
}

// Device names the device.
func (s *Spot) Device() vitals.DeviceID { return s.ID }

// Every is the time between two measurements.
func (s *Spot) Every() time.Duration { return s.Period }

// Measure is the next value.
func (s *Spot) Measure(at time.Time) (vitals.Batch, error) {
	value, err := s.Send(s.n, at)
	s.n++
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("send a value: %w", err)
	}
	return receive(s.Decoder, devices.Frame{Device: s.ID, Received: at, Bytes: s.Air.Carry(value)})
}

// Person is what spot measurements of somebody waver about.
type Person struct {
	Systolic, Diastolic float64 // mmHg
	Celsius             float64
	Milligrams          float64 // of glucose per dL
	Kilograms           float64
}

// How far values waver, and how soon they come back: slow enough to look like somebody.
const (
	swing     = 6.0 // measurements
	swingMMHg = 7.0
	swingCels = 0.25
	swingMg   = 18.0
	swingKg   = 0.4
)

func waver(n int, by float64) float64 { return by * math.Sin(2*math.Pi*float64(n)/swing) }

func number(v float64, exp int8) gatt.Number {
	return gatt.Number{Mantissa: int32(math.Round(v * math.Pow10(-int(exp)))), Exp: exp}
}

// Cuff is a blood pressure monitor. Without a pulse it finds no pressure.
func Cuff(id vitals.DeviceID, period time.Duration, p Patient, who Person) *Spot {
	return &Spot{ID: id, Period: period, Decoder: "gatt/2a35", Send: func(n int, at time.Time) ([]byte, error) {
		none := gatt.Number{Special: gatt.NotANumber}
		m := gatt.BloodPressure{
			Systolic: number(who.Systolic+waver(n, swingMMHg), 0), Diastolic: number(who.Diastolic+waver(n, swingMMHg/2), 0),
			Mean: none, At: new(gatt.DateTimeOf(at)), Pulse: new(number(p.Rate(), 0)),
		}
		if !p.Rhythm().Beats() {
			m.Systolic, m.Diastolic, m.Pulse = none, none, nil
		}
		return gatt.EncodeBloodPressure(m)
	}}
}

// SpotOximeter is an oximeter that somebody puts on now and then.
func SpotOximeter(id vitals.DeviceID, period time.Duration, p Patient) *Spot {
	return &Spot{ID: id, Period: period, Decoder: "gatt/2a5e", Send: func(_ int, at time.Time) ([]byte, error) {
		shown := gatt.SpO2PR{SpO2: number(p.SpO2(), 0), Pulse: number(p.Rate(), 0)}
		if !p.Rhythm().Beats() {
			none := gatt.Number{Special: gatt.NotANumber}
			shown = gatt.SpO2PR{SpO2: none, Pulse: none}
		}
		return gatt.EncodeSpotOximeter(gatt.SpotOximeter{SpO2PR: shown, At: new(gatt.DateTimeOf(at))})
	}}
}

// Thermometer is an ear thermometer.
func Thermometer(id vitals.DeviceID, period time.Duration, who Person) *Spot {
	return &Spot{ID: id, Period: period, Decoder: "gatt/2a1c", Send: func(n int, _ time.Time) ([]byte, error) {
		return gatt.EncodeThermometer(gatt.Thermometer{Temperature: number(who.Celsius+waver(n, swingCels), -1), Site: new(gatt.AtEar)})
	}}
}

// GlucoseMeter is a meter with strips, which the hub asks for each record at once.
func GlucoseMeter(id vitals.DeviceID, period time.Duration, who Person) *Spot {
	return &Spot{ID: id, Period: period, Decoder: "gatt/2a18", Send: func(n int, at time.Time) ([]byte, error) {
		const perKg = 1e-5 // kg/L in a mg/dL
		return gatt.EncodeGlucose(gatt.Glucose{
			Sequence: uint16(n), Base: gatt.DateTimeOf(at.UTC()),
			Sample: &gatt.GlucoseSample{Concentration: number((who.Milligrams+waver(n, swingMg))*perKg, -5), Type: gatt.CapillaryBlood, Site: gatt.FromFinger},
		})
	}}
}

// Sensor is a CGM sensor, which measures the fluid between the cells all along. Its session began when
// it was put on.
func Sensor(id vitals.DeviceID, period time.Duration, who Person) *Sensing {
	return &Sensing{id: id, period: period, who: who}
}

// Sensing is a CGM sensor at work.
type Sensing struct {
	id     vitals.DeviceID
	period time.Duration
	who    Person
	Air    *fault.Home

	began time.Time
	n     int
}

// Device names the sensor.
func (s *Sensing) Device() vitals.DeviceID { return s.id }

// Every is the time between two measurements.
func (s *Sensing) Every() time.Duration { return s.period }

// Measure is the record of that minute, which the hub places by the start of the session.
func (s *Sensing) Measure(at time.Time) (vitals.Batch, error) {
	if s.began.IsZero() {
		s.began = at.UTC().Truncate(time.Second)
	}
	value, err := gatt.EncodeCGM([]gatt.CGMRecord{{
		Glucose: number(s.who.Milligrams+waver(s.n, swingMg/2), 0), Offset: uint16(at.Sub(s.began) / time.Minute),
	}})
	s.n++
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("send a CGM record: %w", err)
	}
	start, err := gatt.DecodeSessionStart(gatt.EncodeSessionStart(s.began))
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("read the session's start: %w", err)
	}
	f := devices.Frame{Device: s.id, Received: at, Bytes: s.Air.Carry(value)}
	b, err := start.Batch(f)
	return received(b, err, f)
}

// Scale is a bathroom scale.
func Scale(id vitals.DeviceID, period time.Duration, who Person) *Spot {
	return &Spot{ID: id, Period: period, Decoder: "gatt/2a9d", Send: func(n int, at time.Time) ([]byte, error) {
		const step = 0.005 // kg
		return gatt.EncodeWeight(gatt.Weight{
			Steps: uint16(math.Round((who.Kilograms + waver(n, swingKg)) / step)), At: new(gatt.DateTimeOf(at)),
		}), nil
	}}
}
