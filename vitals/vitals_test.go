package vitals_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/vitals"
)

var midnight = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)

func TestParseDeviceIDTakesEverySpelling(t *testing.T) {
	tests := map[string]vitals.DeviceID{
		"A0:9E:1A:00:00:01":       "a09e1a000001",
		"a0-9e-1a-00-00-01":       "a09e1a000001",
		"A09E1A000001":            "a09e1a000001",
		"A0:9E:1A:FF:FE:00:00:01": "a09e1afffe000001",
	}
	for text, want := range tests {
		if got, err := vitals.ParseDeviceID(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "a09e1a00000", "a09e1a0000011", "g09e1a000001", "a0 9e 1a 00 00 01", "a09e1a00000é", "::::::::::::"} {
		if got, err := vitals.ParseDeviceID(text); !errors.Is(err, vitals.ErrDeviceID) {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
}

func TestADerivedIDIsStableAndNoRealDevices(t *testing.T) {
	a := vitals.DeriveDeviceID("tenovi", "e9c24a26-7d69-490f-9546-93c5a31486aa")
	if a != vitals.DeriveDeviceID("tenovi", "e9c24a26-7d69-490f-9546-93c5a31486aa") {
		t.Error("another id for the same device")
	}
	if a == vitals.DeriveDeviceID("withings", "e9c24a26-7d69-490f-9546-93c5a31486aa") || a == vitals.DeriveDeviceID("tenovi", "") {
		t.Error("two devices have one id")
	}
	rapid.Check(t, func(t *rapid.T) {
		id := vitals.DeriveDeviceID(rapid.String().Draw(t, "source"), rapid.String().Draw(t, "key"))
		first, err := strconv.ParseUint(string(id[:2]), 16, 8)
		if parsed, faulty := vitals.ParseDeviceID(string(id)); err != nil || faulty != nil || parsed != id || first&3 != 2 {
			t.Fatalf("id %s: %v, %v", id, err, faulty)
		}
	})
}

// FuzzParseDeviceID proves that an accepted address is plain hexadecimal and is read again as itself.
func FuzzParseDeviceID(f *testing.F) {
	f.Add("A0:9E:1A:00:00:01")
	f.Add("a09e1afffe000001")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := vitals.ParseDeviceID(text)
		if err != nil {
			return
		}
		if again, err := vitals.ParseDeviceID(string(id)); err != nil || again != id || len(id) != 12 && len(id) != 16 {
			t.Fatalf("%q was read as %q, then %q, %v", text, id, again, err)
		}
	})
}

func TestBindingCoversFromWithinUntil(t *testing.T) {
	noon := midnight.Add(12 * time.Hour)
	ended := vitals.Binding{From: midnight, Until: noon}
	lasting := vitals.Binding{From: midnight}
	tests := map[string]struct {
		binding vitals.Binding
		at      time.Time
		want    bool
	}{
		"a moment before it begins":         {ended, midnight.Add(-time.Microsecond), false},
		"as it begins":                      {ended, midnight, true},
		"a moment before it ends":           {ended, noon.Add(-time.Microsecond), true},
		"as it ends, the next one begins":   {ended, noon, false},
		"years later, while it lasts":       {lasting, midnight.AddDate(3, 0, 0), true},
		"before it began, while it lasts":   {lasting, midnight.Add(-time.Second), false},
		"the same moment in another zone":   {ended, midnight.In(time.FixedZone("CET", 3600)), true},
		"a binding that ends as it begins":  {vitals.Binding{From: noon, Until: noon}, noon, false},
		"a sample of a clock never set yet": {lasting, time.Time{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.binding.Covers(test.at); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestPatientsSpreadOverThePartitions(t *testing.T) {
	const patients = 64 * 1000
	var count [vitals.Partitions]int
	at, entropy := uint64(1_772_000_000_000), uint64(1)
	for range patients { // as they are admitted, one after the other
		at += 37_000
		entropy = entropy*6364136223846793005 + 1442695040888963407
		id := ulid(at, entropy)
		p := vitals.PartitionOf(id)
		if p < 0 || p >= vitals.Partitions {
			t.Fatalf("%s lies in partition %d", id, p)
		}
		count[p]++
	}
	least, most := slices.Min(count[:]), slices.Max(count[:])
	if least < 850 || most > 1150 { // 1,000 each, standard deviation 31: five of them
		t.Errorf("from %d to %d patients in a partition, expected about 1,000", least, most)
	}
}

// ulid is an identifier of 26 letters, time first, as the store makes them.
func ulid(at, entropy uint64) vitals.PatientID {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	id := make([]byte, 26)
	for i := range id {
		source, shift := entropy, uint(i*5)
		if i < 10 {
			source, shift = at, uint(45-5*i)
		}
		id[i] = letters[source>>(shift%60)&31]
	}
	return vitals.PatientID(id)
}

// TestPatientsStayInTheirPartition fails when the hash changes: journals written before would be
// read by the wrong owner.
func TestPatientsStayInTheirPartition(t *testing.T) {
	for id, want := range map[vitals.PatientID]int{"": 5, "a": 44, "01JQ0000000000000000000000": 59} {
		if got := vitals.PartitionOf(id); got != want {
			t.Errorf("%q lies in partition %d, was in %d", id, got, want)
		}
	}
}

func TestScopeShowsNothingUnlessItSays(t *testing.T) {
	tests := map[string]struct {
		scope vitals.Scope
		want  bool
	}{
		"the zero scope":          {vitals.Scope{}, false},
		"a nurse of the unit":     {vitals.Staff{Role: vitals.Nurse, Units: []vitals.UnitID{"icu", "demo"}}.Scope(), true},
		"a nurse of another":      {vitals.Staff{Role: vitals.Nurse, Units: []vitals.UnitID{"icu"}}.Scope(), false},
		"an administrator":        {vitals.Staff{Role: vitals.Admin}.Scope(), true},
		"a nurse named \"admin\"": {vitals.Staff{Login: "admin", Role: vitals.Nurse}.Scope(), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.scope.Covers("demo"); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestWaveformKnowsWhenItEnds(t *testing.T) {
	w := vitals.Waveform{Start: midnight, Rate: vitals.Rate{Num: 130, Den: 1}, Samples: make([]int16, 65)}
	if got := w.End(); !got.Equal(midnight.Add(500 * time.Millisecond)) {
		t.Errorf("ends at %s", got)
	}
	if got := (vitals.Waveform{Start: midnight, Samples: make([]int16, 5)}).End(); !got.Equal(midnight) {
		t.Errorf("without a rate it ends at %s", got)
	}
	if hz := (vitals.Rate{Num: 1000, Den: 3}).Hz(); math.Abs(hz-333.333) > 0.001 {
		t.Errorf("%g Hz", hz)
	}
	if hz := (vitals.Rate{Num: 5}).Hz(); hz != 0 {
		t.Errorf("%g Hz", hz)
	}
}

func TestRateSpanIsExactOrAsLongAsCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := vitals.Rate{
			Num: rapid.OneOf(rapid.Uint32Range(1, 1000), rapid.Uint32Min(1)).Draw(t, "num"),
			Den: rapid.OneOf(rapid.Just(uint32(1)), rapid.Uint32()).Draw(t, "den"),
		}
		n := rapid.OneOf(rapid.IntRange(-10_000, 10_000), rapid.Int()).Draw(t, "n")
		want := new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(int64(time.Second)))
		want.Mul(want, big.NewInt(int64(rate.Den))).Quo(want, big.NewInt(int64(rate.Num)))
		if limit := big.NewInt(math.MaxInt64); want.CmpAbs(limit) > 0 {
			want = limit.Mul(limit, big.NewInt(int64(want.Sign())))
		}
		if got := rate.Span(n); int64(got) != want.Int64() {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

func TestKeysOrderByTimeThenKindThenDevice(t *testing.T) {
	key := func(s int, k vitals.Kind, d vitals.DeviceID) vitals.Key {
		return vitals.Charted{Device: d, Reading: vitals.Reading{Kind: k, Time: midnight.Add(time.Duration(s) * time.Second)}}.Key()
	}
	ordered := []vitals.Key{
		key(1, vitals.SpO2, "b"), key(2, vitals.HeartRate, "b"), key(2, vitals.SpO2, "a"), key(2, vitals.SpO2, "b"), key(3, vitals.HeartRate, "a"),
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := a.Compare(b), min(1, max(-1, i-j)); got != want {
				t.Errorf("%v against %v: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestBatchIsEmptyOnlyWithoutAnything(t *testing.T) {
	if !(vitals.Batch{Device: "a09e1a000001"}).Empty() {
		t.Error("a batch of nothing is not empty")
	}
	for name, b := range map[string]vitals.Batch{
		"a reading":  {Readings: make([]vitals.Reading, 1)},
		"a waveform": {Waveforms: make([]vitals.Waveform, 1)},
		"an event":   {Events: make([]vitals.Event, 1)},
	} {
		if b.Empty() {
			t.Errorf("a batch of %s is empty", name)
		}
	}
}
