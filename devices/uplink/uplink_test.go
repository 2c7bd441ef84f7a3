package uplink_test

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices/uplink"
	"vigil/vitals"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const patch = vitals.DeviceID("a09e1a000001")

func anyTime(t *rapid.T) time.Time {
	return time.UnixMicro(rapid.Int64Range(0, 253402300799999999).Draw(t, "micros")).UTC()
}

func anyDecimal(t *rapid.T) vitals.Decimal {
	return vitals.NewDecimal(rapid.Int64().Draw(t, "mantissa"), rapid.Int8().Draw(t, "exp"))
}

func anyDevice(t *rapid.T) vitals.DeviceID {
	n := rapid.SampledFrom([]int{6, 8}).Draw(t, "device bytes")
	return vitals.DeviceID(hex.EncodeToString(rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "device")))
}

func kindWhere(sampled bool) *rapid.Generator[vitals.Kind] {
	return rapid.SampledFrom(vitals.Kinds()).Filter(func(k vitals.Kind) bool {
		return sampled == (k.Info().Shape == vitals.Sampled)
	})
}

func anyReading(t *rapid.T) vitals.Reading {
	r := vitals.Reading{
		Kind: kindWhere(false).Draw(t, "kind"), Time: anyTime(t),
		Quality:     rapid.SampledFrom([]vitals.Quality{vitals.Good, vitals.Questionable}).Draw(t, "quality"),
		TimeQuality: vitals.TimeQuality(rapid.IntRange(0, 3).Draw(t, "time quality")),
	}
	if rapid.Bool().Draw(t, "device clock") {
		r.DeviceTime = anyTime(t)
	}
	r.Absent = rapid.SampledFrom([]vitals.Absence{
		vitals.Present, vitals.NotANumber, vitals.PositiveInfinity, vitals.NegativeInfinity, vitals.DeviceError,
	}).Draw(t, "absent")
	if r.Absent == vitals.Present {
		r.Value = anyDecimal(t)
	}
	return r
}

func anyWaveform(t *rapid.T) vitals.Waveform {
	return vitals.Waveform{
		Kind: kindWhere(true).Draw(t, "wave kind"), Start: anyTime(t),
		Rate:    vitals.Rate{Num: rapid.Uint32Range(50, 1000).Draw(t, "num"), Den: rapid.Uint32Range(1, 3).Draw(t, "den")},
		Scale:   vitals.NewDecimal(rapid.Int64Range(1, math.MaxInt64).Draw(t, "scale"), rapid.Int8().Draw(t, "scale exp")),
		First:   rapid.Uint64Range(0, 1<<62-1).Draw(t, "first"),
		Samples: rapid.SliceOfN(rapid.Int16(), 1, 300).Draw(t, "samples"),
	}
}

func anyEvent(t *rapid.T) vitals.Event {
	e := vitals.Event{
		Code: rapid.SampledFrom(vitals.EventCodes).Draw(t, "event"), Time: anyTime(t),
		Detail: rapid.StringMatching(`[a-zµ ]{0,40}`).Draw(t, "detail"),
	}
	if rapid.Bool().Draw(t, "has value") {
		e.Value = anyDecimal(t)
	}
	return e
}

func some[T any](t *rapid.T, label string, draw func(*rapid.T) T) []T {
	return rapid.SliceOfN(rapid.Custom(draw), 0, 4).Draw(t, label)
}

// absent makes an empty slice nil, as Decode returns it.
func absent[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func anyMessage(t *rapid.T) uplink.Message {
	m := uplink.Message{
		Stream: rapid.Uint32().Draw(t, "stream"), Seq: rapid.Uint64Min(1).Draw(t, "seq"), HubTime: anyTime(t),
		Clock: uplink.ClockQuality{
			Source: uplink.ClockSource(rapid.IntRange(0, 2).Draw(t, "clock")),
			Bound:  time.Duration(rapid.Uint32().Draw(t, "bound")) * time.Millisecond,
		},
		Boot: rapid.Uint64().Draw(t, "boot"),
		Batch: vitals.Batch{
			Device:    anyDevice(t),
			Readings:  absent(some(t, "readings", anyReading)),
			Waveforms: absent(some(t, "waveforms", anyWaveform)),
			Events:    absent(some(t, "events", anyEvent)),
		},
	}
	if m.Batch.Empty() {
		m.Batch.Events = []vitals.Event{anyEvent(t)}
	}
	return m
}

func TestEveryMessageSurvivesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := anyMessage(t)
		b, err := sent.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := uplink.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func oneReading() uplink.Message {
	return uplink.Message{
		Stream: 7, Seq: 41, HubTime: noon, Clock: uplink.ClockQuality{Source: uplink.ClockNTP, Bound: 20 * time.Millisecond}, Boot: 3,
		Batch: vitals.Batch{Device: patch, Readings: []vitals.Reading{
			{Kind: vitals.HeartRate, Time: noon, Value: vitals.Int(72)},
		}},
	}
}

func TestDamagedBytesAreRefusedWithTheirReason(t *testing.T) {
	good, err := oneReading().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		story  string
		bytes  []byte
		reason string
	}{
		{"nothing", nil, "end too early"},
		{"cut in the middle", good[:len(good)/2], "end too early"},
		{"something behind the end", append(slices.Clip(good), 0), "bytes follow the end"},
		{"a key twice", []byte{0xa2, 0x00, 0x01, 0x00, 0x01}, "key 0 stands twice"},
		{"a map of unknown length", []byte{0xbf, 0x00, 0x01, 0xff}, "indefinite"},
		{"an array that claims four thousand million", []byte{0xa1, 0x07, 0x9a, 0xff, 0xff, 0xff, 0xff}, "exceeded max number of elements"},
		{"a map that claims as much", []byte{0xba, 0xff, 0xff, 0xff, 0xff}, "exceeded max number"},
		{"an attachment", make([]byte, uplink.MaxMessage+1), "exceeds 65536"},
		{"arrays in arrays", []byte(strings.Repeat("\x81", 30) + "\x00"), "exceeded max nested level"},
	} {
		t.Run(tc.story, func(t *testing.T) {
			_, err := uplink.Decode(tc.bytes)
			refused(t, err, tc.reason)
		})
	}
}

func TestSenderLearnsOfItsOwnFaults(t *testing.T) {
	for _, tc := range []struct {
		story  string
		change func(*uplink.Message)
		reason string
	}{
		{"a device that is no address", func(m *uplink.Message) { m.Batch.Device = "patch" }, "hexadecimal"},
		{"a message that was not numbered", func(m *uplink.Message) { m.Seq = 0 }, "counting begins at 1"},
		{"an invented absence", func(m *uplink.Message) { m.Batch.Readings[0].Absent = "asleep" }, "asleep"},
		{"an empty batch", func(m *uplink.Message) { m.Batch.Readings = nil }, "carries nothing"},
		{"a waveform without rate", func(m *uplink.Message) {
			m.Batch.Waveforms = []vitals.Waveform{{Kind: vitals.ECGII, Start: noon, Samples: []int16{1}}}
		}, "rate 0/0"},
		{"too long for one message", func(m *uplink.Message) {
			noise := make([]int16, 40_000)
			for i := range noise {
				noise[i] = int16(i * 12_345)
			}
			m.Batch.Waveforms = []vitals.Waveform{{
				Kind: vitals.ECGII, Start: noon, Rate: vitals.Rate{Num: 1000, Den: 1}, Scale: vitals.Int(1), Samples: noise,
			}}
		}, "exceeds 65536"},
	} {
		t.Run(tc.story, func(t *testing.T) {
			m := oneReading()
			tc.change(&m)
			_, err := m.Encode()
			refused(t, err, tc.reason)
		})
	}
}

func TestSequenceIsTakenApart(t *testing.T) {
	one, err := oneReading().Encode()
	if err != nil {
		t.Fatal(err)
	}
	parts, err := uplink.Split(append(append([]byte{}, one...), one...))
	if err != nil || len(parts) != 2 || string(parts[1]) != string(one) {
		t.Fatalf("parts %d, error %v", len(parts), err)
	}
	_, err = uplink.Split(append(append([]byte{}, one...), one[:9]...))
	refused(t, err, "message 2 of the sequence: the bytes end too early")
	_, err = uplink.Split(make([]byte, uplink.MaxSequence+1))
	refused(t, err, "more than 1000 messages")
}

func ecgSecond() uplink.Message {
	m := oneReading()
	samples := make([]int16, 250)
	for i := range samples {
		samples[i] = int16(800 * math.Sin(float64(i)/9))
	}
	m.Batch = vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{{
		Kind: vitals.ECGII, Start: noon, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: samples,
	}}}
	return m
}

func BenchmarkEncodeOneSecondOfECG(b *testing.B) {
	m := ecgSecond()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeOneSecondOfECG(b *testing.B) {
	payload, err := ecgSecond().Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := uplink.Decode(payload); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheSmallerDifferencesAreSent(t *testing.T) {
	for name, c := range map[string]struct {
		samples  func(i int) int16
		encoding uint8
	}{
		"a straight line":                     {func(i int) int16 { return int16(100 * i) }, 3},
		"a smooth wave":                       {func(i int) int16 { return int16(1000 * math.Sin(float64(i)/20)) }, 3},
		"a flat line":                         {func(int) int16 { return 40 }, 2},
		"a flat line with a single tooth":     {func(i int) int16 { return int16(500 * (i / 100 % 2)) }, 2},
		"noise, for which nothing is smaller": {func(i int) int16 { return int16(i * i * 7919) }, 0},
		"from end to end of all numbers":      {func(i int) int16 { return [2]int16{math.MinInt16, math.MaxInt16}[i%2] }, 0},
	} {
		w := vitals.Waveform{Kind: vitals.ECG, Start: noon, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1)}
		for i := range 250 {
			w.Samples = append(w.Samples, c.samples(i))
		}
		b, err := uplink.Message{Stream: 1, Seq: 1, HubTime: noon, Batch: vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var shown struct {
			Waves []struct {
				Encoding uint8 `cbor:"5,keyasint"`
			} `cbor:"8,keyasint"`
		}
		if err := cbor.Unmarshal(b, &shown); err != nil || shown.Waves[0].Encoding != c.encoding {
			t.Errorf("%s: encoding %d, %v", name, shown.Waves[0].Encoding, err)
		}
		if m, err := uplink.Decode(b); err != nil || !slices.Equal(m.Batch.Waveforms[0].Samples, w.Samples) {
			t.Errorf("%s: other samples come out, %v", name, err)
		}
	}
}

func TestSmoothSignalsSurviveTheWireWhereverTheyJump(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := vitals.Waveform{Kind: vitals.ECG, Start: noon, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1)}
		slope := rapid.IntRange(-200, 200).Draw(t, "slope")
		for i := range 200 {
			w.Samples = append(w.Samples, int16(slope*(i-100)))
		}
		for range rapid.IntRange(0, 3).Draw(t, "jumps") { // more bits than k: the whole number stands
			w.Samples[rapid.IntRange(0, 199).Draw(t, "at")] = rapid.Int16().Draw(t, "to")
		}
		b, err := uplink.Message{Stream: 1, Seq: 1, HubTime: noon, Batch: vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if m, err := uplink.Decode(b); err != nil || !slices.Equal(m.Batch.Waveforms[0].Samples, w.Samples) {
			t.Errorf("other samples come out, %v", err)
		}
	})
}
