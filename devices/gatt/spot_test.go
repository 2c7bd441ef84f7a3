package gatt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

func anyDateTime(t *rapid.T) gatt.DateTime {
	return gatt.DateTime{
		Year: rapid.Uint16().Draw(t, "year"), Month: rapid.Byte().Draw(t, "month"), Day: rapid.Byte().Draw(t, "day"),
		Hour: rapid.Byte().Draw(t, "hour"), Minute: rapid.Byte().Draw(t, "minute"), Second: rapid.Byte().Draw(t, "second"),
	}
}

func anyByte(t *rapid.T) uint8 { return rapid.Byte().Draw(t, "byte") }

func maybe[T any](t *rapid.T, label string, draw func(*rapid.T) T) *T {
	return optional(t, label, func() T { return draw(t) })
}

// survives sends what draw makes through the air and compares what arrives.
func survives[T any](t *testing.T, draw func(*rapid.T) T, encode func(T) ([]byte, error), decode func([]byte) (T, error)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		sent := draw(t)
		value, err := encode(sent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSpotCheckSurvivesTheAir(t *testing.T) {
	survives(t, func(t *rapid.T) gatt.SpotOximeter {
		return gatt.SpotOximeter{
			SpO2PR: anyPair(t), At: maybe(t, "time", anyDateTime), Amplitude: maybe(t, "amplitude", anyNumber),
			Status: maybe(t, "status", func(t *rapid.T) gatt.MeasurementStatus {
				return gatt.MeasurementStatus(rapid.Uint16().Draw(t, "status bits"))
			}),
			Sensor: maybe(t, "sensor", func(t *rapid.T) gatt.SensorStatus {
				return gatt.SensorStatus(rapid.Uint32Range(0, 1<<24-1).Draw(t, "sensor bits"))
			}),
			ClockUnset: rapid.Bool().Draw(t, "clock unset"),
		}
	}, gatt.EncodeSpotOximeter, gatt.DecodeSpotOximeter)
}

func TestBloodPressureSurvivesTheAir(t *testing.T) {
	survives(t, func(t *rapid.T) gatt.BloodPressure {
		return gatt.BloodPressure{
			Kilopascal: rapid.Bool().Draw(t, "kPa"), Systolic: anyNumber(t), Diastolic: anyNumber(t), Mean: anyNumber(t),
			At: maybe(t, "time", anyDateTime), Pulse: maybe(t, "pulse", anyNumber), User: maybe(t, "user", anyByte),
			Status: maybe(t, "status", func(t *rapid.T) gatt.PressureStatus {
				return gatt.PressureStatus(rapid.Uint16().Draw(t, "status bits"))
			}),
		}
	}, gatt.EncodeBloodPressure, gatt.DecodeBloodPressure)
}

func TestTemperatureSurvivesTheAir(t *testing.T) {
	survives(t, func(t *rapid.T) gatt.Thermometer {
		return gatt.Thermometer{
			Fahrenheit: rapid.Bool().Draw(t, "°F"), Temperature: gatt.FLOAT(rapid.Uint32().Draw(t, "float")),
			At: maybe(t, "time", anyDateTime), Site: maybe(t, "site", func(t *rapid.T) gatt.TemperatureSite {
				return gatt.TemperatureSite(anyByte(t))
			}),
		}
	}, gatt.EncodeThermometer, gatt.DecodeThermometer)
}

func TestGlucoseSurvivesTheAir(t *testing.T) {
	survives(t, func(t *rapid.T) gatt.Glucose {
		return gatt.Glucose{
			Sequence: rapid.Uint16().Draw(t, "sequence"), Base: anyDateTime(t),
			Offset: maybe(t, "offset", func(t *rapid.T) int16 { return rapid.Int16().Draw(t, "minutes") }),
			Molar:  rapid.Bool().Draw(t, "molar"), Context: rapid.Bool().Draw(t, "context"),
			Sample: maybe(t, "sample", func(t *rapid.T) gatt.GlucoseSample {
				return gatt.GlucoseSample{
					Concentration: anyNumber(t), Type: gatt.GlucoseType(rapid.ByteMax(15).Draw(t, "type")),
					Site: gatt.GlucoseSite(rapid.ByteMax(15).Draw(t, "site")),
				}
			}),
			Status: maybe(t, "status", func(t *rapid.T) gatt.GlucoseStatus {
				return gatt.GlucoseStatus(rapid.Uint16().Draw(t, "status bits"))
			}),
		}
	}, gatt.EncodeGlucose, gatt.DecodeGlucose)
}

func TestSpotValuesThatDoNotFitAreNotSent(t *testing.T) {
	for story, encode := range map[string]func() ([]byte, error){
		"pressure of 3,000 mmHg": func() ([]byte, error) {
			return gatt.EncodeBloodPressure(gatt.BloodPressure{Systolic: gatt.Number{Mantissa: 3000}})
		},
		"temperature of 25 bits": func() ([]byte, error) {
			return gatt.EncodeThermometer(gatt.Thermometer{Temperature: gatt.Number{Mantissa: 1 << 24}})
		},
		"fluid of 5 bits": func() ([]byte, error) {
			return gatt.EncodeGlucose(gatt.Glucose{Sample: &gatt.GlucoseSample{Type: 16}})
		},
		"sensor status of 25 bits": func() ([]byte, error) {
			return gatt.EncodeSpotOximeter(gatt.SpotOximeter{Sensor: new(gatt.SensorStatus(1 << 24))})
		},
	} {
		t.Run(story, func(t *testing.T) {
			if value, err := encode(); !errors.Is(err, devices.ErrMalformed) || value != nil {
				t.Errorf("%x, %v", value, err)
			}
		})
	}
}

func TestWhatABloodPressureMonitorSaysOfItsValue(t *testing.T) {
	for _, tc := range []struct {
		story   string
		status  gatt.PressureStatus
		quality vitals.Quality
	}{
		{"a quiet patient", 0, vitals.Good},
		{"a patient who moved", gatt.PressureMoved, vitals.Questionable},
		{"a cuff that hangs", gatt.PressureCuffLoose, vitals.Questionable},
		{"an arm held too low", gatt.PressurePosition, vitals.Questionable},
		{"a patient in atrial fibrillation must be alarmed for", gatt.PressureIrregularPulse, vitals.Good},
		{"a racing heart", gatt.PressurePulseAbove, vitals.Good},
		{"a slow heart", gatt.PressurePulseBelow, vitals.Good},
		{"an irregular pulse and a moving arm", gatt.PressureIrregularPulse | gatt.PressureMoved, vitals.Questionable},
		{"a bit that nobody has given a meaning", 1 << 7, vitals.Good},
	} {
		t.Run(tc.story, func(t *testing.T) {
			value, err := gatt.EncodeBloodPressure(gatt.BloodPressure{
				Systolic: gatt.Number{Mantissa: 182}, Diastolic: gatt.Number{Mantissa: 104}, Mean: gatt.Number{Mantissa: 130}, Status: &tc.status,
			})
			if err != nil {
				t.Fatal(err)
			}
			b := decode(t, "gatt/2a35", value)
			if len(b.Readings) != 3 {
				t.Fatalf("%+v", b.Readings)
			}
			for _, r := range b.Readings {
				if r.Quality != tc.quality || r.Absent != vitals.Present {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestSystolicPressureExceedsTheDiastolic(t *testing.T) {
	for story, tc := range map[string]struct {
		pressure gatt.BloodPressure
		charted  bool
	}{
		"by one":          {gatt.BloodPressure{Systolic: gatt.Number{Mantissa: 81}, Diastolic: gatt.Number{Mantissa: 80}}, true},
		"not at all":      {gatt.BloodPressure{Systolic: gatt.Number{Mantissa: 80}, Diastolic: gatt.Number{Mantissa: 80}}, false},
		"the other way":   {gatt.BloodPressure{Systolic: gatt.Number{Mantissa: 80}, Diastolic: gatt.Number{Mantissa: 120}}, false},
		"in kPa":          {gatt.BloodPressure{Kilopascal: true, Systolic: gatt.Number{Mantissa: 120, Exp: -1}, Diastolic: gatt.Number{Mantissa: 13}}, false},
		"none of them is": {gatt.BloodPressure{Systolic: gatt.Number{Special: gatt.NotANumber}, Diastolic: gatt.Number{Special: gatt.NotANumber}, Mean: gatt.Number{Special: gatt.NotANumber}}, false},
	} {
		t.Run(story, func(t *testing.T) {
			value, err := gatt.EncodeBloodPressure(tc.pressure)
			if err != nil {
				t.Fatal(err)
			}
			b := decode(t, "gatt/2a35", value)
			for _, r := range b.Readings {
				if (r.Absent == vitals.Present) != tc.charted {
					t.Errorf("%+v", r)
				}
			}
			finite := tc.pressure.Systolic.Special == gatt.Finite
			if (len(b.Events) == 1) != (finite && !tc.charted) {
				t.Errorf("%+v", b.Events)
			}
		})
	}
}

func TestWhatAGlucoseMeterSaysOfItsValue(t *testing.T) {
	for _, tc := range []struct {
		story   string
		status  gatt.GlucoseStatus
		absent  vitals.Absence
		quality vitals.Quality
	}{
		{"nothing", 0, vitals.Present, vitals.Good},
		{"a low battery", gatt.GlucoseBatteryLow, vitals.Present, vitals.Good},
		{"its clock failed", gatt.GlucoseTimeFault, vitals.Present, vitals.Questionable},
		{"it failed", gatt.GlucoseMalfunction, vitals.DeviceError, vitals.Good},
		{"too little blood", gatt.GlucoseSampleSize, vitals.DeviceError, vitals.Good},
		{"the strip was pulled", gatt.GlucoseInterrupted, vitals.DeviceError, vitals.Good},
		{"the wrong strip", gatt.GlucoseStripType, vitals.DeviceError, vitals.Good},
		{"a strip put in badly", gatt.GlucoseStripFault, vitals.DeviceError, vitals.Good},
		{"a meter left in the sun", gatt.GlucoseTooHot, vitals.DeviceError, vitals.Good},
		{"a meter left in the car", gatt.GlucoseTooCold, vitals.DeviceError, vitals.Good},
		{"some fault", gatt.GlucoseFault, vitals.DeviceError, vitals.Good},
		{"HI", gatt.GlucoseTooHigh, vitals.PositiveInfinity, vitals.Good},
		{"LO", gatt.GlucoseTooLow, vitals.NegativeInfinity, vitals.Good},
		{"HI of a broken meter", gatt.GlucoseTooHigh | gatt.GlucoseMalfunction, vitals.DeviceError, vitals.Good},
	} {
		t.Run(tc.story, func(t *testing.T) {
			value, err := gatt.EncodeGlucose(gatt.Glucose{
				Base: gatt.DateTimeOf(noon), Status: &tc.status,
				Sample: &gatt.GlucoseSample{Concentration: gatt.Number{Mantissa: 110, Exp: -5}, Type: gatt.CapillaryBlood},
			})
			if err != nil {
				t.Fatal(err)
			}
			r := decode(t, "gatt/2a18", value).Readings[0]
			if r.Absent != tc.absent || r.Quality != tc.quality || (r.Absent != vitals.Present && r.Value != vitals.Decimal{}) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestGlucoseIsChartedAsWhatItIsGlucoseOf(t *testing.T) {
	for fluid, want := range map[gatt.GlucoseType]vitals.Kind{
		gatt.CapillaryBlood: vitals.Glucose, gatt.CapillaryPlasma: vitals.Glucose,
		gatt.VenousBlood: vitals.GlucoseBlood, gatt.ArterialBlood: vitals.GlucoseBlood, gatt.UndeterminedBlood: vitals.GlucoseBlood,
		gatt.VenousPlasma: vitals.GlucosePlasma, gatt.ArterialPlasma: vitals.GlucosePlasma, gatt.UndeterminedPlasma: vitals.GlucosePlasma,
		gatt.InterstitialFluid: vitals.GlucoseInterstitial, 0: vitals.GlucoseBlood, 15: vitals.GlucoseBlood,
	} {
		value, err := gatt.EncodeGlucose(gatt.Glucose{
			Base: gatt.DateTimeOf(noon), Sample: &gatt.GlucoseSample{Concentration: gatt.Number{Mantissa: 1, Exp: -3}, Type: fluid},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := decode(t, "gatt/2a18", value).Readings[0]
		doubtful := fluid == 0 || fluid == 15
		if r.Kind != want || (r.Quality == vitals.Questionable) != doubtful {
			t.Errorf("fluid %d is %+v", fluid, r)
		}
	}
}

func TestClockOfADevice(t *testing.T) {
	for _, tc := range []struct {
		story string
		clock gatt.DateTime
		ok    bool
	}{
		{"shows a time", gatt.DateTime{2026, 11, 20, 12, 0, 0}, true},
		{"shows a leap day", gatt.DateTime{2024, 2, 29, 23, 59, 59}, true},
		{"shows a leap day that is none", gatt.DateTime{2023, 2, 29, 23, 59, 59}, false},
		{"does not know the year", gatt.DateTime{0, 4, 17, 20, 41, 59}, false},
		{"does not know the month", gatt.DateTime{2026, 0, 20, 12, 0, 0}, false},
		{"does not know the day", gatt.DateTime{2026, 11, 0, 12, 0, 0}, false},
		{"is older than the calendar", gatt.DateTime{1581, 1, 1, 0, 0, 0}, false},
		{"shows a thirteenth month", gatt.DateTime{2026, 13, 1, 0, 0, 0}, false},
		{"shows 24 o'clock", gatt.DateTime{2026, 11, 20, 24, 0, 0}, false},
		{"shows a leap second", gatt.DateTime{2016, 12, 31, 23, 59, 60}, false},
		{"is beyond the calendar", gatt.DateTime{10000, 1, 1, 0, 0, 0}, false},
	} {
		t.Run(tc.story, func(t *testing.T) {
			at, ok := tc.clock.Time()
			if ok != tc.ok || at.IsZero() == ok {
				t.Errorf("%s is %s, %t", tc.clock, at, ok)
			}
			if back, err := gatt.DecodeDateTime(gatt.EncodeDateTime(tc.clock)); err != nil || back != tc.clock {
				t.Errorf("comes back as %s, %v", back, err)
			}
		})
	}
}

func TestDeviceTimeIsMovedToTheHubsTime(t *testing.T) {
	// A thermometer that shows 2011 and a pulse oximeter in Berlin that shows local time.
	for story, ahead := range map[string]time.Duration{"years behind": -15 * 365 * 24 * time.Hour, "an hour before UTC": time.Hour} {
		taken := noon.Add(-10 * time.Minute)
		b := vitals.Batch{Readings: []vitals.Reading{
			{Kind: vitals.Temperature, Time: noon, DeviceTime: taken.Add(ahead), TimeQuality: vitals.TimeDeviceUnverified},
			{Kind: vitals.Weight, Time: noon},
		}}
		got := gatt.Corrected(b, ahead)
		if r := got.Readings[0]; !r.Time.Equal(taken) || r.TimeQuality != vitals.TimeDevice || !r.DeviceTime.Equal(taken.Add(ahead)) {
			t.Errorf("%s: %+v", story, r)
		}
		if diff := cmp.Diff(b.Readings[1], got.Readings[1]); diff != "" {
			t.Errorf("%s: a reading without a device time changed: %s", story, diff)
		}
		if !b.Readings[0].Time.Equal(noon) {
			t.Errorf("%s: the batch itself was changed", story)
		}
	}
}
