package gatt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

func TestRecordsOfASessionCountFromItsStart(t *testing.T) {
	berlin := gatt.DateTime{2026, 11, 19, 22, 30, 0}
	for story, tc := range map[string]struct {
		start gatt.SessionStart
		want  time.Time
	}{
		"in a zone":          {gatt.SessionStart{At: berlin, Zone: 4}, time.Date(2026, 11, 20, 2, 30, 0, 0, time.UTC)},
		"in summer":          {gatt.SessionStart{At: berlin, Zone: 4, DST: 4}, time.Date(2026, 11, 20, 1, 30, 0, 0, time.UTC)},
		"summer unknown":     {gatt.SessionStart{At: berlin, Zone: 4, DST: gatt.UnknownDST}, time.Date(2026, 11, 20, 2, 30, 0, 0, time.UTC)},
		"west of Greenwich":  {gatt.SessionStart{At: berlin, Zone: -20}, time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)},
		"in an unknown zone": {gatt.SessionStart{At: berlin, Zone: gatt.UnknownZone, DST: 4}, time.Date(2026, 11, 20, 3, 30, 0, 0, time.UTC)},
	} {
		t.Run(story, func(t *testing.T) {
			b, err := tc.start.Batch(devices.Frame{Device: "a09e1a000001", Received: noon, Bytes: bytesOf(t, "060078002c01")})
			if err != nil {
				t.Fatal(err)
			}
			want := []vitals.Reading{{
				Kind: vitals.GlucoseInterstitial, Time: tc.want, DeviceTime: tc.want,
				Value: vitals.Int(120), TimeQuality: vitals.TimeDeviceUnverified,
			}}
			if diff := cmp.Diff(want, b.Readings); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordsWithoutAStartAreAsOldAsTheirArrival(t *testing.T) {
	for story, start := range map[string]gatt.SessionStart{
		"nobody read it": {}, "the clock was not set": {At: gatt.DateTime{0, 4, 24, 13, 8, 24}, Zone: 8},
	} {
		b, err := start.Batch(devices.Frame{Received: noon, Bytes: bytesOf(t, "060078000a00"+"060079000500")})
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range []time.Time{noon, noon.Add(-5 * time.Minute)} {
			if r := b.Readings[i]; !r.Time.Equal(at) || r.Quality != vitals.Questionable || !r.DeviceTime.IsZero() {
				t.Errorf("%s: %+v", story, r)
			}
		}
	}
}

func TestWhatASensorAnnounces(t *testing.T) {
	start := gatt.SessionStart{At: gatt.DateTimeOf(noon.Add(-time.Hour))}
	for _, tc := range []struct {
		story   string
		octets  [3]byte // status, calibration and temperature, warning
		absent  vitals.Absence
		quality vitals.Quality
	}{
		{"nothing", [3]byte{}, vitals.Present, vitals.Good},
		{"a low battery", [3]byte{1 << 1}, vitals.Present, vitals.Good},
		{"an alert of its maker", [3]byte{1 << 4}, vitals.Present, vitals.Good},
		{"a session that ended", [3]byte{1 << 0}, vitals.Present, vitals.Questionable},
		{"the wrong sensor", [3]byte{1 << 2}, vitals.DeviceError, vitals.Good},
		{"a broken sensor", [3]byte{1 << 3}, vitals.DeviceError, vitals.Good},
		{"a fault", [3]byte{1 << 5}, vitals.DeviceError, vitals.Good},
		{"that its clock drifts", [3]byte{0, 1 << 0}, vitals.Present, vitals.Questionable},
		{"that it would like a calibration", [3]byte{0, 1 << 2}, vitals.Present, vitals.Good},
		{"that it must be calibrated", [3]byte{0, 1 << 3}, vitals.Present, vitals.Questionable},
		{"that it is too hot", [3]byte{0, 1 << 4}, vitals.DeviceError, vitals.Good},
		{"that it is too cold", [3]byte{0, 1 << 5}, vitals.DeviceError, vitals.Good},
		{"a patient who is low", [3]byte{0, 0, 1<<0 | 1<<2}, vitals.Present, vitals.Good},
		{"a patient who is high", [3]byte{0, 0, 1<<1 | 1<<3}, vitals.Present, vitals.Good},
		{"a patient who falls fast", [3]byte{0, 0, 1 << 4}, vitals.Present, vitals.Good},
		{"less than it can measure", [3]byte{0, 0, 1 << 6}, vitals.NegativeInfinity, vitals.Good},
		{"more than it can measure", [3]byte{0, 0, 1 << 7}, vitals.PositiveInfinity, vitals.Good},
	} {
		t.Run(tc.story, func(t *testing.T) {
			value := append([]byte{9, 0xE0, 120, 0, 60, 0}, tc.octets[:]...)
			b, err := start.Batch(devices.Frame{Received: noon, Bytes: value})
			if err != nil {
				t.Fatal(err)
			}
			if r := b.Readings[0]; r.Absent != tc.absent || r.Quality != tc.quality || !r.Time.Equal(noon) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestSessionStartThatIsNone(t *testing.T) {
	for story, digits := range map[string]string{
		"cut off": "e20704180d081808", "a byte too many": "e20704180d0818080400", "a wrong checksum": "e20704180d08180804e0c3",
	} {
		if s, err := gatt.DecodeSessionStart(bytesOf(t, digits)); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s: %+v, %v", story, s, err)
		}
	}
}
