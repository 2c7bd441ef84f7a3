package gatt_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func decode(t *testing.T, name string, value []byte) vitals.Batch {
	t.Helper()
	decoder, ok := devices.Lookup(name)
	if !ok {
		t.Fatalf("decoder %s is not registered", name)
	}
	b, err := decoder(devices.Frame{Device: "a09e1a000001", Received: noon, Bytes: value})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func optional[T any](t *rapid.T, label string, draw func() T) *T {
	if rapid.Bool().Draw(t, label) {
		return new(draw())
	}
	return nil
}

func TestEverySFLOATSurvives(t *testing.T) {
	for word := range 1 << 16 {
		n := gatt.SFLOAT(uint16(word))
		back, err := n.SFLOAT()
		if err != nil || back != uint16(word) {
			t.Fatalf("%#04x is %+v and comes back as %#04x, %v", word, n, back, err)
		}
	}
}

func TestEveryFLOATSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0x7FFFF0, 0x80000F)).Draw(t, "word")
		n := gatt.FLOAT(word)
		back, err := n.FLOAT()
		if err != nil || back != word {
			t.Fatalf("%#08x is %+v and comes back as %#08x, %v", word, n, back, err)
		}
	})
}

func TestNumbersThatDoNotFitAreRefused(t *testing.T) {
	for _, n := range []gatt.Number{
		{Mantissa: 2048}, {Mantissa: -2049}, {Exp: 8}, {Exp: -9}, {Mantissa: 2047}, {Mantissa: -2048}, {Special: 99},
	} {
		if word, err := n.SFLOAT(); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%+v became %#04x, %v", n, word, err)
		}
	}
	for _, n := range []gatt.Number{{Mantissa: 1 << 23}, {Mantissa: 1<<23 - 1}, {Mantissa: -1 << 24}} {
		if word, err := n.FLOAT(); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%+v became %#08x, %v", n, word, err)
		}
	}
}

func TestPrecisionOfAMedicalFloatIsKept(t *testing.T) {
	for word, text := range map[uint16]string{
		0xE0C8: "2.00", 0xF014: "2.0", 0x0002: "2", 0xFFFF: "-0.1", 0xF3D4: "98.0", 0x1002: "20", 0xB06E: "0.00110",
	} {
		if got := gatt.SFLOAT(word).Decimal().String(); got != text {
			t.Errorf("%#04x is %s, not %s", word, got, text)
		}
	}
}

func TestHeartRateSurvivesTheAir(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := gatt.HeartRate{
			BPM:     rapid.Uint16().Draw(t, "bpm"),
			Contact: gatt.Contact(rapid.IntRange(0, 2).Draw(t, "contact")),
			Energy:  optional(t, "energy", func() uint16 { return rapid.Uint16().Draw(t, "kJ") }),
		}
		if rr := rapid.SliceOfN(rapid.Uint16(), 0, 9).Draw(t, "rr"); len(rr) > 0 {
			sent.RR = rr
		}
		value, err := gatt.EncodeHeartRate(sent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := gatt.DecodeHeartRate(value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func anyNumber(t *rapid.T) gatt.Number { return gatt.SFLOAT(rapid.Uint16().Draw(t, "sfloat")) }

func anyPair(t *rapid.T) gatt.SpO2PR {
	return gatt.SpO2PR{SpO2: anyNumber(t), Pulse: anyNumber(t)}
}

func TestPulseOximeterSurvivesTheAir(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := gatt.PulseOximeter{
			Normal: anyPair(t),
			Fast:   optional(t, "fast", func() gatt.SpO2PR { return anyPair(t) }),
			Slow:   optional(t, "slow", func() gatt.SpO2PR { return anyPair(t) }),
			Status: optional(t, "status", func() gatt.MeasurementStatus {
				return gatt.MeasurementStatus(rapid.Uint16().Draw(t, "status bits"))
			}),
			Sensor: optional(t, "sensor", func() gatt.SensorStatus {
				return gatt.SensorStatus(rapid.Uint32Range(0, 1<<24-1).Draw(t, "sensor bits"))
			}),
			Amplitude: optional(t, "amplitude", func() gatt.Number { return anyNumber(t) }),
		}
		value, err := gatt.EncodePulseOximeter(sent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := gatt.DecodePulseOximeter(value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestECGFrameSurvivesTheAir(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := gatt.PMDFrame{
			Clock:      rapid.Uint64().Draw(t, "clock"),
			Microvolts: rapid.SliceOfN(rapid.Int32Range(-1<<23, 1<<23-1), 1, 167).Draw(t, "µV"),
		}
		value, err := gatt.EncodePMD(sent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := gatt.DecodePMD(value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWhatDoesNotFitIsNotSent(t *testing.T) {
	for story, encode := range map[string]func() ([]byte, error){
		"frame without samples":  func() ([]byte, error) { return gatt.EncodePMD(gatt.PMDFrame{}) },
		"frame with 168 samples": func() ([]byte, error) { return gatt.EncodePMD(gatt.PMDFrame{Microvolts: make([]int32, 168)}) },
		"sample of 25 bits":      func() ([]byte, error) { return gatt.EncodePMD(gatt.PMDFrame{Microvolts: []int32{1 << 23}}) },
		"300 RR intervals":       func() ([]byte, error) { return gatt.EncodeHeartRate(gatt.HeartRate{RR: make([]uint16, 300)}) },
		"saturation of 2,500 %": func() ([]byte, error) {
			return gatt.EncodePulseOximeter(gatt.PulseOximeter{Normal: gatt.SpO2PR{SpO2: gatt.Number{Mantissa: 2500}}})
		},
		"sensor status of 25 bit": func() ([]byte, error) {
			return gatt.EncodePulseOximeter(gatt.PulseOximeter{Sensor: new(gatt.SensorStatus(1 << 24))})
		},
	} {
		if _, err := encode(); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s: %v", story, err)
		}
	}
}

func TestStatusBitsDecideWhatAnOximeterValueIsWorth(t *testing.T) {
	for _, tc := range []struct {
		story   string
		status  gatt.MeasurementStatus
		sensor  gatt.SensorStatus
		quality vitals.Quality
		absent  vitals.Absence
	}{
		{"a quiet finger", 1 << 8, 0, vitals.Good, vitals.Present},
		{"an early estimate", 1 << 6, 0, vitals.Good, vitals.Present},
		{"the device doubts itself", gatt.MeasurementQuestionable, 0, vitals.Questionable, vitals.Present},
		{"a stored value: nobody knows when it was true", gatt.MeasurementFromStorage, 0, vitals.Questionable, vitals.Present},
		{"a cold hand", 0, gatt.SensorLowPerfusion, vitals.Questionable, vitals.Present},
		{"a moving hand", 0, gatt.SensorErratic, vitals.Questionable, vitals.Present},
		{"a sensor that slipped", 0, gatt.SensorDisplaced, vitals.Questionable, vitals.Present},
		{"no measurement", gatt.MeasurementUnavailable, 0, vitals.Good, vitals.DeviceError},
		{"a value declared invalid", gatt.MeasurementInvalid, 0, vitals.Good, vitals.DeviceError},
		{"a sensor on the table", 0, gatt.SensorUnconnected, vitals.Good, vitals.DeviceError},
		{"an unplugged sensor", 0, gatt.SensorDisconnected, vitals.Good, vitals.DeviceError},
		{"a broken sensor", 0, gatt.SensorMalfunction, vitals.Good, vitals.DeviceError},
		{"invalid outweighs doubtful", gatt.MeasurementInvalid, gatt.SensorLowPerfusion, vitals.Good, vitals.DeviceError},
	} {
		t.Run(tc.story, func(t *testing.T) {
			value, err := gatt.EncodePulseOximeter(gatt.PulseOximeter{
				Normal: gatt.SpO2PR{SpO2: gatt.Number{Mantissa: 97}, Pulse: gatt.Number{Mantissa: 71}},
				Status: &tc.status, Sensor: &tc.sensor,
			})
			if err != nil {
				t.Fatal(err)
			}
			b := decode(t, "gatt/2a5f", value)
			if len(b.Readings) != 2 {
				t.Fatalf("readings %+v", b.Readings)
			}
			for _, r := range b.Readings {
				if r.Quality != tc.quality || r.Absent != tc.absent || (r.Absent != "" && r.Value != vitals.Decimal{}) {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestDemonstrationDataIsNobodysSaturation(t *testing.T) {
	for _, status := range []gatt.MeasurementStatus{gatt.MeasurementDemo, gatt.MeasurementTesting | gatt.MeasurementInvalid} {
		value, err := gatt.EncodePulseOximeter(gatt.PulseOximeter{Status: &status})
		if err != nil {
			t.Fatal(err)
		}
		b := decode(t, "gatt/2a5f", value)
		if len(b.Readings) != 0 || len(b.Events) != 1 || b.Events[0].Code != vitals.DecodeFault {
			t.Errorf("%+v", b)
		}
	}
}

func TestAStrapWithoutAHeartBeatReportsNoRate(t *testing.T) {
	b := decode(t, "gatt/2a37", []byte{0x04, 0})
	if r := b.Readings[0]; r.Absent != vitals.DeviceError || r.Quality != vitals.Questionable {
		t.Errorf("%+v", r)
	}
	if len(b.Events) != 1 || b.Events[0].Code != vitals.ContactLost {
		t.Errorf("%+v", b.Events)
	}
}

func TestIntervalsEndAtTheirBeats(t *testing.T) {
	value, err := gatt.EncodeHeartRate(gatt.HeartRate{BPM: 60, RR: []uint16{512, 1024}})
	if err != nil {
		t.Fatal(err)
	}
	rr := decode(t, "gatt/2a37", value).Readings[1:]
	want := []vitals.Reading{
		{Kind: vitals.RRInterval, Time: noon.Add(-time.Second), Value: vitals.NewDecimal(5000, -1)},
		{Kind: vitals.RRInterval, Time: noon, Value: vitals.NewDecimal(10000, -1)},
	}
	if diff := cmp.Diff(want, rr); diff != "" {
		t.Error(diff)
	}
}

func TestSamplesBeyondTheStrapsRangeAreMissing(t *testing.T) {
	value, err := gatt.EncodePMD(gatt.PMDFrame{Clock: 1, Microvolts: []int32{20_000, 20_001, -20_000, -8_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	b := decode(t, "gatt/pmd", value)
	if diff := cmp.Diff([]int16{20_000, vitals.Missing, -20_000, vitals.Missing}, b.Waveforms[0].Samples); diff != "" {
		t.Error(diff)
	}
	if len(b.Events) != 1 || b.Events[0].Code != vitals.DecodeFault || b.Events[0].Value != vitals.Int(2) {
		t.Errorf("%+v", b.Events)
	}
}

func TestLastSampleIsAsOldAsItsArrival(t *testing.T) {
	value, err := gatt.EncodePMD(gatt.PMDFrame{Clock: 1, Microvolts: make([]int32, gatt.PMDSamples)})
	if err != nil {
		t.Fatal(err)
	}
	w := decode(t, "gatt/pmd", value).Waveforms[0]
	last := w.Start.Add(w.Rate.Span(gatt.PMDSamples - 1))
	if off := noon.Sub(last); off < 0 || off > time.Microsecond {
		t.Errorf("last sample is %v off", off)
	}
	if math.Abs(w.Rate.Hz()-130.045) > 1e-9 {
		t.Errorf("rate %v", w.Rate.Hz())
	}
}
