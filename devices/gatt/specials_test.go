package gatt_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"vigil/vitals"
)

// TestAValueThatIsNoneIsChartedAsNone sends each special value as what each characteristic measures. The
// reading says why there is no number, and never shows one.
func TestAValueThatIsNoneIsChartedAsNone(t *testing.T) {
	specials := map[uint16]vitals.Absence{
		0x07FF: vitals.NotANumber, 0x07FE: vitals.PositiveInfinity, 0x0802: vitals.NegativeInfinity,
		0x0800: vitals.DeviceError, 0x0801: vitals.DeviceError, // not at this resolution, reserved
	}
	for _, tc := range []struct {
		name, frame string // with %s in the place of the number
		kind        vitals.Kind
	}{
		{"gatt/2a5e", "00%s4800", vitals.SpO2},
		{"gatt/2a5e", "006100%s", vitals.PulseRate},
		{"gatt/2a5f", "00%s4800", vitals.SpO2},
		{"gatt/2a5f", "1061004800%s", vitals.PerfusionIndex},
		{"gatt/2a35", "00%s5000ff07", vitals.Systolic},
		{"gatt/2a35", "01%s5000ff07", vitals.Systolic}, // in kPa
		{"gatt/2a35", "007800%sff07", vitals.Diastolic},
		{"gatt/2a35", "0478005000ff07%s", vitals.CuffPulseRate},
		{"gatt/2a18", "020100ea070b14080000%s11", vitals.Glucose},
		{"gatt/2a18", "060100ea070b14080000%s11", vitals.Glucose}, // in mol/L
		{"gatt/2aa7", "0600%s0500", vitals.GlucoseInterstitial},
		{"gatt/2a1c", "00%s", vitals.Temperature},
		{"gatt/2a1c", "01%s", vitals.Temperature}, // in °F
	} {
		for word, want := range specials {
			number := binary.LittleEndian.AppendUint16(nil, word)
			if tc.kind == vitals.Temperature { // the words of 32 bits lie around the middle, too
				number = binary.LittleEndian.AppendUint32(nil, 0x0080_0000+uint32(word)-0x0800)
			}
			found := false
			for _, r := range decode(t, tc.name, bytesOf(t, fmt.Sprintf(tc.frame, hex.EncodeToString(number)))).Readings {
				if r.Kind == tc.kind {
					found = true
					if r.Absent != want || r.Value != (vitals.Decimal{}) {
						t.Errorf("%s of %s: %+v, want %s", tc.name, tc.frame, r, want)
					}
				}
			}
			if !found {
				t.Errorf("%s of %s: %#04x has no reading", tc.name, tc.frame, word)
			}
		}
	}
}
