package devices_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
)

// TestReservedBitsChangeNothing sets the bits that the specifications reserve in every recorded frame:
// real devices set them, and a value must not be lost for it.
func TestReservedBitsChangeNothing(t *testing.T) {
	for _, tc := range []struct {
		name string
		at   int // of the octet with the reserved bits
		bits byte
	}{
		{"gatt/2a18", 0, 0xE0},
		{"gatt/2a1c", 0, 0xF8},
		{"gatt/2a1e", 0, 0xF8},
		{"gatt/2a35", 0, 0xE0},
		{"gatt/2a36", 0, 0xE0},
		{"gatt/2a37", 0, 0xE0},
		{"gatt/2a5e", 0, 0xE0},
		{"gatt/2a5f", 0, 0xE0},
		{"gatt/2a9c", 1, 0xE0},
		{"gatt/2a9d", 0, 0xF0},
	} {
		decode, _ := devices.Lookup(tc.name)
		for story, f := range sound(t, tc.name) {
			if strings.HasPrefix(story, "xiaomi") { // a layout of its own, in which they mean something
				continue
			}
			t.Run(tc.name+"/"+caseOf(story), func(t *testing.T) {
				want, err := decode(f)
				if err != nil {
					t.Fatal(err)
				}
				f.Bytes = slices.Clone(f.Bytes)
				f.Bytes[tc.at] |= tc.bits
				got, err := decode(f)
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Error(err, diff)
				}
			})
		}
	}
}

// TestAFrameThatIsCutShortIsRefusedOrSaysLess cuts every recorded frame of a wearable at every length. No
// value may come of a field of which a part is missing.
func TestAFrameThatIsCutShortIsRefusedOrSaysLess(t *testing.T) {
	for _, name := range devices.Names() {
		if !isGATT(name) {
			continue
		}
		decode, _ := devices.Lookup(name)
		for story, f := range sound(t, name) {
			whole, _ := decode(f)
			for n := range f.Bytes {
				cut := f
				cut.Bytes = f.Bytes[:n]
				b, err := decode(cut)
				if err == nil && (len(b.Readings) > len(whole.Readings) || len(b.Waveforms) > 0 && len(b.Waveforms[0].Samples) >= len(whole.Waveforms[0].Samples)) {
					t.Errorf("%s of %s, cut at %d: %+v", story, name, n, b)
				}
			}
		}
	}
}
