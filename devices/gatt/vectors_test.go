package gatt_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

// vector is a recorded or published value and what it means.
type vector struct {
	ID             string                     `json:"id"`
	Characteristic string                     `json:"characteristic"`
	Hex            string                     `json:"hex"`
	Quirk          any                        `json:"quirk_not_standard"`
	Expected       map[string]json.RawMessage `json:"expected"`
}

// vectors are recorded and published values. They are not part of the repository; VIGIL_VECTORS
// names the folder that holds gatt.json.
func vectors(t *testing.T) []vector {
	t.Helper()
	folder := os.Getenv("VIGIL_VECTORS")
	if folder == "" {
		t.Skip("VIGIL_VECTORS is not set: no recorded values to compare with")
	}
	text, err := os.ReadFile(filepath.Join(folder, "gatt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

func TestVectors(t *testing.T) {
	checks := map[string]func(*testing.T, vector, []byte){
		"SFLOAT": checkSFLOAT, "FLOAT": checkFLOAT, "2A37": checkHeartRate, "2A5F": checkOximeter,
		"2A5E": checkSpotOximeter, "2A35": checkBloodPressure, "2A36": checkCuff, "2A1C": checkThermometer, "2A1E": checkThermometer,
		"2A18": checkGlucose, "2A34": checkGlucoseContext, "2A9D": checkWeight, "2A9C": checkBodyComposition,
		"2AA7": checkCGM, "2AAA": checkSessionStart, "CRC-MCRF4XX": checkCRC, "2A19": checkBattery, "2A2B": checkCurrentTime,
		"PMD-CP":       checkPMDControl,
		"PMD-DATA/ECG": checkPMD, "PMD-DATA/ACC1": checkNoECG, "PMD-DATA/PPI0": checkNoECG,
	}
	seen := map[string]int{}
	for _, v := range vectors(t) {
		check, ours := checks[v.Characteristic]
		if !ours {
			continue
		}
		seen[v.Characteristic]++
		t.Run(v.ID, func(t *testing.T) {
			value, err := hex.DecodeString(v.Hex)
			if err != nil {
				t.Fatal(err)
			}
			check(t, v, value)
		})
	}
	for _, v := range vectors(t) {
		if checks[v.Characteristic] == nil {
			t.Errorf("%s: nothing here reads %s", v.ID, v.Characteristic)
		}
	}
	for characteristic := range checks {
		if seen[characteristic] == 0 {
			t.Errorf("no vector of %s in the file", characteristic)
		}
	}
}

// expect compares a field that the vector states; null states that the field is absent.
func expect[T any](t *testing.T, v vector, field string, got T) {
	t.Helper()
	raw, stated := v.Expected[field]
	if !stated {
		return
	}
	var want T
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatalf("%s: %v", field, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("%s: %s", field, diff)
	}
}

// refusal checks an expected error and reports whether there was one.
func refusal(t *testing.T, v vector, err error) bool {
	t.Helper()
	if _, expected := v.Expected["error"]; !expected {
		if err != nil {
			t.Fatal(err)
		}
		return false
	}
	if !errors.Is(err, devices.ErrMalformed) {
		t.Errorf("error %v, want a refusal: %s", err, v.Expected["error"])
	}
	return true
}

// meaning is a number as the vectors write it: a number, or the name of a special value.
func meaning(n gatt.Number) any {
	switch n.Special {
	case gatt.NotANumber:
		return "NaN"
	case gatt.NotAtResolution:
		return "NRes"
	case gatt.PositiveInfinity:
		return "+INF"
	case gatt.NegativeInfinity:
		return "-INF"
	case gatt.Reserved:
		return "RFU"
	default:
		return n.Decimal().Float()
	}
}

func checkSFLOAT(t *testing.T, v vector, value []byte) {
	t.Helper()
	expect(t, v, "value", meaning(gatt.SFLOAT(uint16(value[0])|uint16(value[1])<<8)))
}

func checkFLOAT(t *testing.T, v vector, value []byte) {
	t.Helper()
	word := uint32(value[0]) | uint32(value[1])<<8 | uint32(value[2])<<16 | uint32(value[3])<<24
	n := gatt.FLOAT(word)
	expect(t, v, "value", meaning(n))
	if v.ID == "float-19" { // a published expectation that misreads the exponent: the gate must catch it
		r := vitals.Reading{Kind: vitals.Temperature, Time: noon, Value: n.Decimal()}
		if !errors.Is(r.Plausible(), vitals.ErrImplausible) {
			t.Errorf("%s passes for a temperature", n.Decimal())
		}
	}
}

func checkHeartRate(t *testing.T, v vector, value []byte) {
	t.Helper()
	h, err := gatt.DecodeHeartRate(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "hr_bpm", h.BPM)
	expect(t, v, "contact", [...]string{"not_supported", "not_detected", "detected"}[h.Contact])
	expect(t, v, "energy_kj", h.Energy)
	expect(t, v, "rr_1024", h.RR)
	back, err := gatt.EncodeHeartRate(h)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := gatt.DecodeHeartRate(back); err != nil || !cmp.Equal(h, again) {
		t.Errorf("written and read again: %+v, %v", again, err)
	}
	decode(t, "gatt/2a37", value)
}

func checkOximeter(t *testing.T, v vector, value []byte) {
	t.Helper()
	p, err := gatt.DecodePulseOximeter(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "flags", value[0])
	expect(t, v, "spo2_pct", meaning(p.Normal.SpO2))
	expect(t, v, "pulse_bpm", meaning(p.Normal.Pulse))
	expectPair(t, v, "fast", p.Fast)
	expectPair(t, v, "slow", p.Slow)
	expect(t, v, "measurement_status", p.Status)
	expect(t, v, "device_sensor_status", p.Sensor)
	if p.Amplitude != nil {
		expect(t, v, "pulse_amplitude_index_pct", meaning(*p.Amplitude))
	}
	back, err := gatt.EncodePulseOximeter(p)
	if err != nil || !slices.Equal(back, value) {
		t.Errorf("written again: %x, %v", back, err)
	}
	decode(t, "gatt/2a5f", value)
}

func expectPair(t *testing.T, v vector, field string, p *gatt.SpO2PR) {
	t.Helper()
	if _, stated := v.Expected[field]; stated != (p != nil) {
		t.Errorf("%s is %v", field, p)
	} else if stated {
		expect(t, v, field, []any{meaning(p.SpO2), meaning(p.Pulse)})
	}
}

func checkPMD(t *testing.T, v vector, value []byte) {
	t.Helper()
	h, err := gatt.DecodePMDHeader(value)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, v, "measurement_type", h.Type)
	expect(t, v, "timestamp_ns", h.Clock)
	expect(t, v, "frame_type", h.FrameType)
	expect(t, v, "compressed", h.Compressed)
	f, err := gatt.DecodePMD(value)
	if h.FrameType != 0 { // other layouts are refused by name
		if !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("frame type %d: %v", h.FrameType, err)
		}
		return
	}
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "n_samples", len(f.Microvolts))
	expect(t, v, "first6_uv", f.Microvolts[:6])
	expect(t, v, "last3_uv", f.Microvolts[len(f.Microvolts)-3:])
	expect(t, v, "min_uv", slices.Min(f.Microvolts))
	expect(t, v, "max_uv", slices.Max(f.Microvolts))
	sum := 0
	for _, uv := range f.Microvolts {
		sum += int(uv)
	}
	expect(t, v, "sum_uv", sum)
	back, err := gatt.EncodePMD(f)
	if err != nil || !slices.Equal(back, value) {
		t.Errorf("written again: %x, %v", back, err)
	}
	decode(t, "gatt/pmd", value)
}

func checkNoECG(t *testing.T, _ vector, value []byte) {
	t.Helper()
	if _, err := gatt.DecodePMD(value); !errors.Is(err, devices.ErrMalformed) {
		t.Errorf("taken for an ECG: %v", err)
	}
}

// TestFramesOfARecordingFormOneLine places frames of a real strap; between the second and the third
// of them the recording lacks two.
func TestFramesOfARecordingFormOneLine(t *testing.T) {
	var clock gatt.PMDClock
	var before vitals.Waveform
	var origin uint64
	for i, id := range []string{"pmd-data-ecg-01", "pmd-data-ecg-02", "pmd-data-ecg-05"} {
		v, known := lo.Find(vectors(t), func(v vector) bool { return v.ID == id })
		value, err := hex.DecodeString(v.Hex)
		if err != nil || !known {
			t.Fatalf("vector %s: known %t, %v", id, known, err)
		}
		f, err := gatt.DecodePMD(value)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			origin = f.Clock
		}
		w := clock.Place(f, noon.Add(time.Duration(f.Clock-origin)))
		lost := []uint64{0, 0, 2 * gatt.PMDSamples}[i]
		if i > 0 && w.First != before.First+gatt.PMDSamples+lost {
			t.Errorf("%s begins at sample %d, the one before at %d", id, w.First, before.First)
		}
		if off := w.Start.Sub(before.End()) - gatt.PMDRate.Span(int(lost)); i > 0 && off.Abs() > 2*time.Millisecond {
			t.Errorf("%s is placed %v off", id, off)
		}
		before = w
	}
}
