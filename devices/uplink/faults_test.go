package uplink_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"vigil/devices"
	"vigil/devices/uplink"
)

// fields is a message as a third party would build it, so that each fault can be planted.
type fields map[int]any

func header() fields {
	return fields{
		0: 1, 1: 7, 2: 41, 3: noon.UnixMicro(), 4: map[int]any{0: 1}, 5: 3, 6: []byte{0xa0, 0x9e, 0x1a, 0, 0, 1},
		7: []any{reading()},
	}
}

func reading() fields { return fields{1: 147842, 2: 72, 3: 0, 6: noon.UnixMicro()} }

func wave() fields {
	return fields{
		1: 131330, 2: []int{250, 1}, 3: noon.UnixMicro(), 4: 2, 5: 0, 6: []int{1, 0}, 7: []byte{1, 0, 2, 0}, 8: 500,
	}
}

func with(f fields, key int, value any) fields {
	f[key] = value
	return f
}

func without(f fields, key int) fields {
	delete(f, key)
	return f
}

func withWave(w fields) fields { return with(header(), 8, []any{w}) }

func withReading(r fields) fields { return with(header(), 7, []any{r}) }

func TestFaultsAreRefusedWithTheirReason(t *testing.T) {
	event := func(f fields) fields { return with(header(), 9, []any{f}) }
	for _, tc := range []struct {
		story  string
		fields any
		reason string
		named  bool // the refusal can name the message
	}{
		{"a later version of the protocol", with(header(), 0, 2), "version 2 is not 1", true},
		{"more than 64 KiB", with(header(), 9, make([]byte, uplink.MaxMessage)), "exceeds 65536", true},
		{"no version", without(header(), 0), "version is missing", true},
		{"no stream", without(header(), 1), "stream is missing", false},
		{"counting from nought", with(header(), 2, 0), "counting begins at 1", false},
		{"no hub time", without(header(), 3), "hub time is missing", true},
		{"a hub whose clock says year 30000", with(header(), 3, int64(885000000000000000)), "outside 1970 to 9999", true},
		{"no clock quality", without(header(), 4), "clock quality is missing", true},
		{"an unknown clock source", with(header(), 4, fields{0: 9}), "clock source 9", true},
		{"no boot id", without(header(), 5), "boot is missing", true},
		{"no device", without(header(), 6), "device is missing", false},
		{"a device of five bytes", with(header(), 6, []byte{1, 2, 3, 4, 5}), "device has 5 bytes", false},
		{"a device as a list of numbers", with(header(), 6, []int{1, 2, 3, 4, 5, 6}), "byte string belongs", false},
		{"nothing inside", without(header(), 7), "carries nothing", true},
		{"a field nobody knows", with(header(), 12, 1), "is unknown", true},
		{"a text for the stream", with(header(), 1, "seven"), "cannot stand in field", false},
		{"not a map", []int{1, 2}, "stands where something else belongs", false},
		{"null for the sequence", with(header(), 2, nil), "simple value 22", false},
		{"a tagged time", with(header(), 3, cbor.Tag{Number: 1, Content: 5}), "tag", true},

		{"a code that is not measured", withReading(with(reading(), 1, 1)), "reading 0: code 1 is not one", true},
		{"an ECG among the readings", withReading(with(reading(), 1, 131330)), "ecg_ii stands among the wrong items", true},
		{"not a number as value", withReading(with(reading(), 2, math.NaN())), "NaN", true},
		{"a floating value", withReading(with(reading(), 2, 72.5)), "cannot stand in field", true},
		{"a value and a reason for none", withReading(with(reading(), 12, 1)), "both a value and a reason", true},
		{"no value", withReading(without(reading(), 2)), "value is missing", true},
		{"special value nought", withReading(with(without(without(reading(), 2), 3), 12, 0)), "special value 0", true},
		{"an exponent beyond eight bits", withReading(with(reading(), 3, 300)), "cannot stand in field", true},
		{"temperature unit on a heart rate", withReading(with(reading(), 4, 268192)), "unit 268192", true},
		{"no time", withReading(without(reading(), 6)), "time is missing", true},
		{"a device clock before 1970", withReading(with(reading(), 5, -1)), "device time -1", true},
		{"an unknown quality", withReading(with(reading(), 8, 7)), "quality 7", true},
		{"an unknown time quality", withReading(with(reading(), 7, 7)), "time quality 7", true},
		{"a reading that is a number", with(header(), 7, []any{1}), "reading 0: ", true},

		{"more samples than the bytes can hold", withWave(with(with(wave(), 4, 60000), 5, 1)), "60000 samples cannot fit in 4 bytes", true},
		{"a count beyond 32 bits", withWave(with(wave(), 4, uint64(1)<<40)), "cannot stand in field", true},
		{"no samples", withWave(with(wave(), 4, 0)), "0 samples", true},
		{"one byte too many for the count", withWave(with(wave(), 7, []byte{1, 0, 2, 0, 3})), "2 samples need 4 bytes, not 5", true},
		{"bytes behind the differences", withWave(with(with(wave(), 5, 1), 7, []byte{2, 2, 2})), "1 bytes follow", true},
		{"a difference cut off", withWave(with(with(wave(), 5, 1), 7, []byte{2, 0x80})), "sample 1 is cut off", true},
		{"a padded difference", withWave(with(with(wave(), 5, 1), 7, []byte{0x82, 0, 2})), "no shortest varint", true},
		{"a difference out of range", withWave(with(with(wave(), 5, 1), 7, []byte{0xfe, 0xff, 0x07, 0})), "beyond 16 bits", true},
		{"an encoding of the future", withWave(with(wave(), 5, 4)), "encoding 4", true},
		{"a rate of nought", withWave(with(wave(), 2, []int{0, 1})), "rate 0/1", true},
		{"a rate with three parts", withWave(with(wave(), 2, []int{1, 1, 1})), "waveform 0: ", true},
		{"an hour in one chunk", withWave(with(wave(), 2, []int{1, 1800})), "covers 1h0m0s", true},
		{"a scale of nought", withWave(with(wave(), 6, []int{0, 0})), "scale 0", true},
		{"a heart rate among the waveforms", withWave(with(wave(), 1, 147842)), "heart_rate stands among the wrong", true},
		{"no first index", withWave(without(wave(), 8)), "first index is missing", true},
		{"a first index near the end of numbers", withWave(with(wave(), 8, uint64(math.MaxUint64))), "too large", true},

		{"an event nobody knows", event(fields{1: "party", 2: 1}), `event "party" is unknown`, true},
		{"an event with a novel in it", event(fields{1: "battery", 2: 1, 4: strings.Repeat("x", 300)}), "event detail has 300 bytes", true},
		{"an event without a time", event(fields{1: "battery"}), "event time is missing", true},
	} {
		t.Run(tc.story, func(t *testing.T) {
			b, err := cbor.Marshal(tc.fields)
			if err != nil {
				t.Fatal(err)
			}
			_, err = uplink.Decode(b)
			refused(t, err, tc.reason)
			place, named := errors.AsType[*uplink.HeaderError](err)
			if named != tc.named {
				t.Errorf("named = %v (%v)", named, err)
			}
			if named && (place.Device != patch || place.Stream != 7 || place.Seq != 41) {
				t.Errorf("named %+v", place)
			}
		})
	}
}

// A hub does not send again what is refused: of a message, only what is at fault may be lost.
func TestAnItemThatCannotBeReadCostsNoOther(t *testing.T) {
	flat := func(n int) fields {
		return with(with(with(wave(), 4, n), 5, 2), 7, make([]byte, 1+(n+7)/8))
	}
	type list = []any
	for _, tc := range []struct {
		story    string
		message  fields
		readings int
		waves    int
		faults   []string
	}{
		{"nothing is wrong", header(), 1, 0, nil},
		{
			"a kind of a later version among the readings", with(header(), 7, list{reading(), with(reading(), 1, 1), reading()}), 2, 0,
			[]string{"reading 1: code 1 is not one that Vigil measures: malformed"},
		},
		{
			"not a number, null and a tag where values stand",
			with(header(), 7, list{with(reading(), 2, math.NaN()), reading(), with(reading(), 6, nil), with(reading(), 6, cbor.Tag{Number: 1, Content: 5})}), 1, 0,
			[]string{"reading 0: cbor: data item of cbor type primitives", "reading 2: cbor: data item of cbor type primitives", "reading 3: cbor: CBOR tag isn't allowed: malformed"},
		},
		{
			"a field of a later version in an ECG, beside a good one", with(header(), 8, list{with(wave(), 19, 1), wave()}), 1, 1,
			[]string{"waveform 0: field at place"},
		},
		{
			"a party among the events", with(header(), 9, list{fields{1: "party", 2: 1}, fields{1: "sos", 2: 1}}), 1, 0,
			[]string{`event 0: event "party" is unknown: malformed`},
		},
		{
			"more samples of a flat line than the journal takes in one message",
			with(header(), 8, list{flat(60_000), flat(60_000), flat(60_000), flat(60_000), flat(60_000), flat(60_000), flat(60_000), wave()}), 1, 7,
			[]string{"waveform 6: the message holds more than 400000 samples: malformed"},
		},
	} {
		t.Run(tc.story, func(t *testing.T) {
			b, err := cbor.Marshal(tc.message)
			if err != nil {
				t.Fatal(err)
			}
			m, err := uplink.Decode(b)
			if len(m.Batch.Readings) != tc.readings || len(m.Batch.Waveforms) != tc.waves || m.Seq != 41 || m.Batch.Device != patch {
				t.Errorf("read: %d readings, %d waveforms of %+v", len(m.Batch.Readings), len(m.Batch.Waveforms), m)
			}
			if tc.faults == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			partly, is := errors.AsType[*devices.ItemsError](err)
			if !is || len(partly.Faults) != len(tc.faults) {
				t.Fatalf("%v", err)
			}
			for i, f := range partly.Faults {
				if said := f.Item.String() + ": " + f.Err.Error(); !strings.HasPrefix(said, tc.faults[i]) || !errors.Is(f.Err, devices.ErrMalformed) {
					t.Errorf("%q, want %q", said, tc.faults[i])
				}
			}
		})
	}
}

func refused(t *testing.T, err error, reason string) {
	t.Helper()
	if !errors.Is(err, devices.ErrMalformed) {
		t.Fatalf("error %v does not wrap ErrMalformed", err)
	}
	if !strings.Contains(err.Error(), reason) {
		t.Errorf("reason %q does not say %q", err, reason)
	}
}
