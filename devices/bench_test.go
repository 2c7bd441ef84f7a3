package devices_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vigil/devices"
)

// sound are the recorded frames of a decoder that it does not refuse.
func sound(tb testing.TB, name string) map[string]devices.Frame {
	tb.Helper()
	decode, _ := devices.Lookup(name)
	frames := map[string]devices.Frame{}
	for _, path := range recorded(tb, name) {
		f := devices.Frame{Device: "a09e1a000001", Received: received, Bytes: readFrame(tb, path)}
		if _, err := decode(f); err == nil {
			frames[filepath.Base(path)] = f
		}
	}
	return frames
}

func isGATT(name string) bool { return strings.HasPrefix(name, "gatt/") }

// TestFrameOfAWearableCostsOneAllocation holds for what a hub decodes all day. A frame that has to say
// in words what is wrong with it costs more.
func TestFrameOfAWearableCostsOneAllocation(t *testing.T) {
	for _, name := range devices.Names() {
		if !isGATT(name) {
			continue
		}
		decode, _ := devices.Lookup(name)
		for story, f := range sound(t, name) {
			b, err := decode(f)
			if err != nil || len(b.Events) > 0 && b.Events[0].Detail != "" {
				continue
			}
			if n := testing.AllocsPerRun(100, func() { _, _ = decode(f) }); n > 1 {
				t.Errorf("%s of %s costs %.0f allocations", story, name, n)
			}
		}
	}
}

// inARow is how many frames of one shape follow each other: a wearable always sends the same.
const inARow = 16

// BenchmarkFrame decodes what wearables sent, from the bytes to the batch.
func BenchmarkFrame(b *testing.B) {
	for _, name := range devices.Names() {
		if !isGATT(name) {
			continue
		}
		decode, _ := devices.Lookup(name)
		frames := slices.Collect(maps.Values(sound(b, name)))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range inARow * len(frames) {
					if _, err := decode(frames[i/inARow]); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(inARow*len(frames)), "ns/frame")
		})
	}
}
