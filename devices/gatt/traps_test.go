package gatt_test

import (
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

// The traps are what real devices send, or published code gets wrong.

func bytesOf(t *testing.T, digits string) []byte {
	t.Helper()
	value, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// decoder is a registered decoder of frames that arrive at noon.
func decoder(name string) func([]byte) (vitals.Batch, error) {
	decode, _ := devices.Lookup(name)
	return func(value []byte) (vitals.Batch, error) {
		return decode(devices.Frame{Device: "a09e1a000001", Received: noon, Bytes: value})
	}
}

func TestTrapExponentIsInTwosComplement(t *testing.T) {
	for word, want := range map[uint16]string{0x8062: "0.00000098", 0xF062: "9.8", 0x0062: "98", 0x7001: "10000000"} {
		if got := gatt.SFLOAT(word).Decimal().String(); got != want { // published code reads the first as 98.0
			t.Errorf("%#04x is %s", word, got)
		}
	}
	if gatt.SFLOAT(0x0800).Special != gatt.NotAtResolution { // published code reads it as -2048
		t.Error("0x0800 passes for a number")
	}
	if got := gatt.FLOAT(0xFF00016D).Decimal().String(); got != "36.5" {
		t.Errorf("0xFF00016D is %s", got)
	}
}

func TestTrapAllOnesIsANumber(t *testing.T) {
	if n := gatt.SFLOAT(0xFFFF); n != (gatt.Number{Mantissa: -1, Exp: -1}) {
		t.Errorf("%+v", n)
	}
	r := decode(t, "gatt/2a18", bytesOf(t, "030100e407030e1717000000ffff11")).Readings[0]
	if err := r.Plausible(); !errors.Is(err, vitals.ErrImplausible) {
		t.Errorf("glucose of %s: %v", r.Value, err)
	}
}

func TestTrapMeanPressureIsMissingAndReservedBitsAreSet(t *testing.T) {
	b := decode(t, "gatt/2a35", bytesOf(t, "def6f416f3ff07e4070114082b00b2f2018000"))
	if len(b.Readings) != 3 || len(b.Events) != 0 {
		t.Fatalf("%+v", b)
	}
	for i, want := range []string{"127.0", "79.0", "69.0"} {
		if r := b.Readings[i]; r.Value.String() != want || r.Quality != vitals.Good || r.Absent != vitals.Present {
			t.Errorf("%+v", r)
		}
	}
}

func TestTrapClocksOfDevicesAreWrong(t *testing.T) {
	for story, tc := range map[string]struct {
		name, hex string
		device    time.Time
	}{
		"a thermometer of 2011":                 {"gatt/2a1c", "066d0100ffdb070115141b0001", time.Date(2011, 1, 21, 20, 27, 0, 0, time.UTC)},
		"an oximeter whose clock was never set": {"gatt/2a5e", "1761006000e10701010122132000200000", time.Time{}},
		"a monitor that does not know the year": {"gatt/2a35", "1e8a00580078000000041114293b3c00012700", time.Time{}},
		"a scale at the beginning of its time":  {"gatt/2a9d", "0200fae8070101000000", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(story, func(t *testing.T) {
			for _, r := range decode(t, tc.name, bytesOf(t, tc.hex)).Readings {
				if !r.Time.Equal(noon) || !r.DeviceTime.Equal(tc.device) {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestTrapXiaomiHasALayoutOfItsOwn(t *testing.T) {
	for story, tc := range map[string]struct{ hex, want string }{
		"settled":      {"0624b2070101002e3800004c04", "5.500"},
		"stepped off":  {"02a4b2070213063335fdffec09", ""},
		"still swings": {"0204b2070213063335fdffec09", ""},
		"in pounds":    {"0324b2070213063335fdffec09", ""},
		"in catty":     {"0264b2070213063335fdffec09", ""},
	} {
		t.Run(story, func(t *testing.T) {
			value := bytesOf(t, tc.hex)
			if _, err := gatt.DecodeBodyComposition(value); !errors.Is(err, devices.ErrMalformed) {
				t.Errorf("taken for a body composition: %v", err)
			}
			got := decode(t, "gatt/2a9c", value).Readings
			if tc.want == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || got[0].Kind != vitals.Weight || got[0].Value.String() != tc.want || got[0].Quality != vitals.Questionable {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTrapBeurerSendsPlaceholders(t *testing.T) {
	for _, digits := range []string{"00000000", "000200000000", "980300000000000000000000" + "0000"} {
		if b := decode(t, "gatt/2a9c", bytesOf(t, digits)); !b.Empty() {
			t.Errorf("%s is charted: %+v", digits, b)
		}
	}
}

func TestTrapGlucoseTimeIsBaseAndOffset(t *testing.T) {
	base := gatt.DateTime{2026, 11, 19, 23, 50, 0}
	for offset, want := range map[int16]time.Time{ // +334 and +602 minutes were seen
		0: time.Date(2026, 11, 19, 23, 50, 0, 0, time.UTC), 334: time.Date(2026, 11, 20, 5, 24, 0, 0, time.UTC),
		602: time.Date(2026, 11, 20, 9, 52, 0, 0, time.UTC), -60: time.Date(2026, 11, 19, 22, 50, 0, 0, time.UTC),
	} {
		r := glucoseAt(t, base, offset)
		if !r.Time.Equal(want) || !r.DeviceTime.Equal(want) || r.TimeQuality != vitals.TimeDeviceUnverified || r.Quality != vitals.Good {
			t.Errorf("%d min: %+v", offset, r)
		}
	}
	for _, beyond := range []int16{math.MaxInt16, math.MinInt16} { // overrun and underrun
		if r := glucoseAt(t, base, beyond); !r.Time.Equal(noon) || !r.DeviceTime.IsZero() || r.Quality != vitals.Questionable {
			t.Errorf("%d min: %+v", beyond, r)
		}
	}
}

func glucoseAt(t *testing.T, base gatt.DateTime, offset int16) vitals.Reading {
	t.Helper()
	value, err := gatt.EncodeGlucose(gatt.Glucose{
		Base: base, Offset: &offset, Sample: &gatt.GlucoseSample{Concentration: gatt.Number{Mantissa: 110, Exp: -5}, Type: gatt.CapillaryBlood},
	})
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, "gatt/2a18", value).Readings[0]
}

func TestTrapControlSolutionIsNobodysGlucose(t *testing.T) {
	for _, sample := range []gatt.GlucoseSample{
		{Concentration: gatt.Number{Mantissa: 1, Exp: -3}, Type: gatt.ControlSolution, Site: gatt.FromFinger},
		{Concentration: gatt.Number{Mantissa: 1, Exp: -3}, Type: gatt.CapillaryBlood, Site: gatt.FromControlSolution},
	} {
		value, err := gatt.EncodeGlucose(gatt.Glucose{Base: gatt.DateTimeOf(noon), Sample: &sample})
		if err != nil {
			t.Fatal(err)
		}
		b := decode(t, "gatt/2a18", value)
		if len(b.Readings) != 0 || len(b.Events) != 1 || b.Events[0].Code != vitals.DecodeFault {
			t.Errorf("%+v", b)
		}
	}
}

func TestTrapChecksumOfACGMRecord(t *testing.T) {
	if crc := gatt.E2ECRC([]byte("123456789")); crc != 0x6F91 { // check value of CRC-16/MCRF4XX
		t.Errorf("%#04x", crc)
	}
	record := bytesOf(t, "0d4373002c010324001a003e04")
	for bit := range len(record) * 8 { // whatever bit the air turns
		record[bit/8] ^= 1 << (bit % 8)
		if _, err := decoder("gatt/2aa7")(record); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("bit %d is turned: %v", bit, err)
		}
		record[bit/8] ^= 1 << (bit % 8)
	}
}

func TestTrapZoneOfASessionIsInQuartersOfAnHour(t *testing.T) {
	s, err := gatt.DecodeSessionStart(bytesOf(t, "e20704180d08180804e0c2"))
	if err != nil {
		t.Fatal(err)
	}
	// 13:08:24 at UTC+2:00 and an hour of summer time; published code takes the 8 for 8 minutes or hours.
	if at, ok := s.Time(); !ok || !at.Equal(time.Date(2018, 4, 24, 10, 8, 24, 0, time.UTC)) {
		t.Errorf("%s, %t", at, ok)
	}

	s, err = gatt.DecodeSessionStart(bytesOf(t, "e20704180d08188004")) // zone -128: it does not know, whatever summer adds
	if at, ok := s.Time(); err != nil || s.Zone != gatt.UnknownZone || !ok || !at.Equal(time.Date(2018, 4, 24, 13, 8, 24, 0, time.UTC)) {
		t.Errorf("%+v at %s, %t, %v", s, at, ok, err)
	}
}

func TestTrapStrapIsNotOf130HertzAndShowsNoLead(t *testing.T) {
	if hz := gatt.PMDRate.Hz(); hz < 130.02 || hz > 130.07 {
		t.Errorf("%v Hz", hz)
	}
	value, err := gatt.EncodePMD(gatt.PMDFrame{Microvolts: []int32{1}})
	if err != nil {
		t.Fatal(err)
	}
	if w := decode(t, "gatt/pmd", value).Waveforms[0]; w.Kind != vitals.ECG || w.Kind.Info().MDC != 131328 {
		t.Errorf("the strap's lead is %s, %d", w.Kind, w.Kind.Info().MDC)
	}
}

func TestTrapGlucoseIsInKilogramsOrMolesPerLitre(t *testing.T) {
	for story, tc := range map[string]struct {
		molar bool
		n     gatt.Number
		want  string
	}{
		"1.10 g/L is 110 mg/dL":     {false, gatt.Number{Mantissa: 110, Exp: -5}, "110"},
		"5.5 mmol/L is 99 mg/dL":    {true, gatt.Number{Mantissa: 55, Exp: -4}, "99"},
		"0.98 g/L keeps its digits": {false, gatt.Number{Mantissa: 980, Exp: -6}, "98.0"},
	} {
		value, err := gatt.EncodeGlucose(gatt.Glucose{
			Base: gatt.DateTimeOf(noon), Molar: tc.molar, Sample: &gatt.GlucoseSample{Concentration: tc.n, Type: gatt.CapillaryBlood, Site: gatt.FromFinger},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := decode(t, "gatt/2a18", value).Readings[0].Value.String(); got != tc.want {
			t.Errorf("%s: %s", story, got)
		}
	}
}

func TestTrapLeadsHaveTheirOwnCodes(t *testing.T) {
	for kind, code := range map[vitals.Kind]uint32{
		vitals.ECG: 131328, vitals.ECGI: 131329, vitals.ECGII: 131330, vitals.ECGIII: 131389, // published code takes the first for lead II
	} {
		if got := kind.Info().MDC; got != code {
			t.Errorf("%s is %d", kind, got)
		}
	}
}

func TestTrapOnlySDNNIsCodedAsTheDeviationOfBeats(t *testing.T) {
	const sdnn = "80404-7" // public mappers give it to RMSSD
	for _, kind := range vitals.Kinds() {
		if slices.Contains(kind.Info().LOINC, sdnn) != (kind == vitals.SDNN) {
			t.Errorf("%s has the codes %v", kind, kind.Info().LOINC)
		}
	}
}
