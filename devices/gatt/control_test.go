package gatt_test

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

func TestAskingForRecords(t *testing.T) {
	for story, tc := range map[string]struct {
		ask  gatt.RecordRequest
		want string
	}{
		"all":                   {gatt.RecordRequest{Op: gatt.ReportRecords}, "0101"},
		"from the 300th on":     {gatt.RecordRequest{Op: gatt.ReportRecords, From: new(uint16(300))}, "0103012c01"},
		"how many":              {gatt.RecordRequest{Op: gatt.CountRecords}, "0401"},
		"how many new ones":     {gatt.RecordRequest{Op: gatt.CountRecords, From: new(uint16(1))}, "0403010100"},
		"no more":               {gatt.RecordRequest{Op: gatt.AbortRecords}, "0300"},
		"to forget them":        {gatt.RecordRequest{Op: 2}, ""},
		"nothing that there is": {gatt.RecordRequest{}, ""},
	} {
		value, err := gatt.EncodeRecordRequest(tc.ask)
		if got := hex.EncodeToString(value); got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s: %s, %v", story, got, err)
		}
	}
}

func TestAnswersAboutRecords(t *testing.T) {
	for story, tc := range map[string]struct {
		hex  string
		want gatt.RecordAnswer
		ok   bool
	}{
		"three records":       {"05000300", gatt.RecordAnswer{Count: new(uint16(3))}, true},
		"all were sent":       {"06000101", gatt.RecordAnswer{Op: gatt.ReportRecords, Code: gatt.RecordsDone}, true},
		"there are none":      {"06000106", gatt.RecordAnswer{Op: gatt.ReportRecords, Code: gatt.NoRecordsFound}, true},
		"the meter went away": {"06000108", gatt.RecordAnswer{Op: gatt.ReportRecords, Code: gatt.RecordsIncomplete}, true},
		"a request":           {"0101", gatt.RecordAnswer{}, false},
		"an operator":         {"05010300", gatt.RecordAnswer{}, false},
		"cut off":             {"0600", gatt.RecordAnswer{}, false},
		"a byte too many":     {"0600010100", gatt.RecordAnswer{}, false},
		"nothing":             {"", gatt.RecordAnswer{}, false},
	} {
		got, err := gatt.DecodeRecordAnswer(bytesOf(t, tc.hex))
		if diff := cmp.Diff(tc.want, got); diff != "" || (err == nil) != tc.ok || (err != nil && !errors.Is(err, devices.ErrMalformed)) {
			t.Errorf("%s: %v %s", story, err, diff)
		}
	}
}

func TestSystemIDIsTheEUI64(t *testing.T) {
	// Manufacturer's part 0xFFFE000001, then the organisation's 0xA09E1A, both little-endian.
	id, err := gatt.DecodeSystemID(bytesOf(t, "010000feff1a9ea0"))
	if err != nil || id != "a09e1afffe000001" {
		t.Errorf("%s, %v", id, err)
	}
	if parsed, err := vitals.ParseDeviceID(string(id)); err != nil || parsed != id {
		t.Errorf("%s is no device id: %v", id, err)
	}
	for _, digits := range []string{"010000feff1a9e", "010000feff1a9ea000", ""} {
		if id, err := gatt.DecodeSystemID(bytesOf(t, digits)); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s is %s, %v", digits, id, err)
		}
	}
}

func TestSettingAClock(t *testing.T) {
	berlin := time.FixedZone("Berlin", 3600)
	c := gatt.CurrentTimeOf(time.Date(2026, 11, 22, 12, 0, 0, 500_000_000, berlin), gatt.AdjustedByExternal)
	value := gatt.EncodeCurrentTime(c)
	if got := hex.EncodeToString(value); got != "ea070b160c0000078002" { // a Sunday
		t.Errorf("written as %s", got)
	}
	back, err := gatt.DecodeCurrentTime(value)
	if err != nil || back != c {
		t.Errorf("%+v, %v", back, err)
	}
	if at, ok := back.Time(); !ok || !at.Equal(time.Date(2026, 11, 22, 12, 0, 0, 500_000_000, time.UTC)) {
		t.Errorf("%s, %t", at, ok)
	}
	if at, ok := (gatt.CurrentTime{}).Time(); ok || !at.IsZero() {
		t.Errorf("a clock that was never set shows %s", at)
	}
}

func TestTalkingToAStrap(t *testing.T) {
	for command, want := range map[gatt.PMDCommand]string{
		gatt.PMDSettings: "0100", gatt.PMDStart: "02000001820001010e00", gatt.PMDStop: "0300", 9: "",
	} {
		value, err := gatt.EncodePMDCommand(command)
		if got := hex.EncodeToString(value); got != want || (err != nil) != (want == "") {
			t.Errorf("%d: %s, %v", command, got, err)
		}
	}
	for digits, want := range map[string]bool{"0f05000000": true, "0f04000000": false} {
		if ecg, err := gatt.DecodePMDFeatures(bytesOf(t, digits)); err != nil || ecg != want {
			t.Errorf("%s: %t, %v", digits, ecg, err)
		}
	}
	for _, digits := range []string{"", "0f", "f0010000"} {
		if _, err := gatt.DecodePMDFeatures(bytesOf(t, digits)); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("features %s: %v", digits, err)
		}
	}
	for _, digits := range []string{"", "f00100", "0f010000"} {
		if _, err := gatt.DecodePMDResponse(bytesOf(t, digits)); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("response %s: %v", digits, err)
		}
	}
}

// TestNoValueBreaksAReader gives any bytes to the readers that make no batch; the others are fuzzed
// where they are registered.
func TestNoValueBreaksAReader(t *testing.T) {
	readers := map[string]func([]byte) error{
		"2a08":         func(b []byte) error { _, err := gatt.DecodeDateTime(b); return err },
		"2a23":         func(b []byte) error { _, err := gatt.DecodeSystemID(b); return err },
		"2a2b":         func(b []byte) error { _, err := gatt.DecodeCurrentTime(b); return err },
		"2a52":         func(b []byte) error { _, err := gatt.DecodeRecordAnswer(b); return err },
		"2aaa":         func(b []byte) error { _, err := gatt.DecodeSessionStart(b); return err },
		"pmd":          func(b []byte) error { _, err := gatt.DecodePMDResponse(b); return err },
		"pmd features": func(b []byte) error { _, err := gatt.DecodePMDFeatures(b); return err },
		"xiaomi":       func(b []byte) error { _, err := gatt.DecodeXiaomiScale(b); return err },
	}
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				value := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "value")
				if err := read(value); err != nil && !errors.Is(err, devices.ErrMalformed) {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestStoredReadingsAreOfTheHubsZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zones on this machine")
	}
	for story, tc := range map[string]struct {
		shows time.Time // by the meter's clock
		want  time.Time
		sure  bool
	}{
		"in winter":                 {time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC), true},
		"in summer":                 {time.Date(2026, 7, 20, 8, 0, 0, 0, time.UTC), time.Date(2026, 7, 20, 6, 0, 0, 0, time.UTC), true},
		"in the hour before":        {time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC), true},
		"in the hour that is twice": {time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), false},
		"in the hour that is not":   {time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), false},
	} {
		r := vitals.Reading{Time: tc.shows, DeviceTime: tc.shows, TimeQuality: vitals.TimeDeviceUnverified}
		live := vitals.Reading{Time: noon, DeviceTime: tc.shows}
		got := gatt.Zoned(vitals.Batch{Readings: []vitals.Reading{r, live}}, berlin).Readings
		if !got[0].Time.Equal(tc.want) || (got[0].Quality == vitals.Good) != tc.sure || !got[0].DeviceTime.Equal(tc.shows) {
			t.Errorf("%s: %+v", story, got[0])
		}
		if got[1] != live {
			t.Errorf("%s: a live reading became %+v", story, got[1])
		}
	}
}
