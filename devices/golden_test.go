package devices_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
	_ "vigil/devices/gateway"
	_ "vigil/devices/gatt"
	_ "vigil/devices/pcd"
	_ "vigil/devices/uplink"
	"vigil/vitals"
)

var update = flag.Bool("update", false, "write the golden files anew")

// received is when every recorded frame arrives.
var received = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// TestRecordedFrames walks testdata/<decoder>/<case>.hex and compares what the decoder makes of it
// with <case>.golden. In a .hex file, white space is free and '#' begins a remark; in any other file
// (.json, .csv), the frame stands as it is.
func TestRecordedFrames(t *testing.T) {
	for _, name := range devices.Names() {
		cases := recorded(t, name)
		if len(cases) == 0 {
			t.Errorf("decoder %s has no recorded frame in testdata/%s", name, name)
		}
		for _, path := range cases {
			t.Run(caseOf(strings.TrimPrefix(path, "testdata/")), func(t *testing.T) {
				compareWithGolden(t, name, path)
			})
		}
	}
}

func TestEveryRecordedFrameHasItsDecoder(t *testing.T) {
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".golden" {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "testdata"+string(filepath.Separator)))
		if _, ok := devices.Lookup(name); !ok {
			t.Errorf("%s: no decoder %q", path, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func recorded(tb testing.TB, decoder string) []string {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", filepath.FromSlash(decoder), "*.*"))
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return filepath.Ext(path) == ".golden" })
}

// caseOf is a path without its ending.
func caseOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }

func compareWithGolden(t *testing.T, decoder, path string) {
	t.Helper()
	got := outcome(t, decoder, readFrame(t, path))
	golden := caseOf(path) + ".golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func readFrame(tb testing.TB, path string) []byte {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if filepath.Ext(path) != ".hex" {
		return text
	}
	var digits []byte
	for line := range bytes.Lines(text) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		digits = append(digits, bytes.Join(bytes.Fields(line), nil)...)
	}
	frame, err := hex.DecodeString(string(digits))
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return frame
}

func outcome(t *testing.T, decoder string, frame []byte) string {
	t.Helper()
	decode, _ := devices.Lookup(decoder)
	b, err := decode(devices.Frame{Device: "a09e1a000001", Received: received, Bytes: frame})
	if err != nil {
		if !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("error %v does not wrap ErrMalformed", err)
		}
		if b.Empty() {
			return fmt.Sprintf("refused: %v\n", err)
		}
		return fmt.Sprintf("%srefused: %v\n", describe(b), err)
	}
	return describe(b)
}

// describe is a batch as text that a reviewer can read.
func describe(b vitals.Batch) string {
	var s strings.Builder
	fmt.Fprintf(&s, "device %s\n", b.Device)
	for _, r := range b.Readings {
		value := r.Value.String() + " " + r.Kind.Info().UnitText
		if r.Absent != vitals.Present {
			value = "absent: " + string(r.Absent)
		}
		fmt.Fprintf(&s, "reading %s at %s: %s, quality %d, time quality %d\n",
			r.Kind, r.Time.Format(time.RFC3339Nano), value, r.Quality, r.TimeQuality)
		if !r.DeviceTime.IsZero() {
			fmt.Fprintf(&s, "  device time %s\n", r.DeviceTime.Format(time.RFC3339Nano))
		}
	}
	for _, w := range b.Waveforms {
		fmt.Fprintf(&s, "waveform %s from %s, %d/%d Hz, step %s %s, first %d, %d samples\n  %d\n", w.Kind,
			w.Start.Format(time.RFC3339Nano), w.Rate.Num, w.Rate.Den, w.Scale, w.Kind.Info().UnitText, w.First, len(w.Samples), w.Samples)
	}
	for _, e := range b.Events {
		fmt.Fprintf(&s, "event %s at %s, value %s, detail %q\n", e.Code, e.Time.Format(time.RFC3339Nano), e.Value, e.Detail)
	}
	return s.String()
}
