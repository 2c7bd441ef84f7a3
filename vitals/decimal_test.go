package vitals_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals"
)

// anyDecimal draws ordinary vitals, and everything else that the type can hold.
func anyDecimal() *rapid.Generator[vitals.Decimal] {
	return rapid.Custom(func(t *rapid.T) vitals.Decimal {
		return vitals.NewDecimal(
			rapid.OneOf(rapid.Int64Range(-1000, 1000), rapid.Int64()).Draw(t, "mantissa"),
			rapid.OneOf(rapid.Int8Range(-3, 3), rapid.Int8()).Draw(t, "exponent"),
		)
	})
}

// rat is the number, exactly.
func rat(d vitals.Decimal) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(d.Exp, 0)-min(d.Exp, 0))), nil)
	if d.Exp < 0 {
		if d.Exp == math.MinInt8 { // which has no positive twin in eight bits
			power.Exp(big.NewInt(10), big.NewInt(128), nil)
		}
		return new(big.Rat).SetFrac(big.NewInt(d.Mantissa), power)
	}
	return new(big.Rat).SetInt(power.Mul(power, big.NewInt(d.Mantissa)))
}

func TestDecimalPrintsWhatTheDeviceSent(t *testing.T) {
	tests := map[string]struct {
		d    vitals.Decimal
		want string
	}{
		"a whole number":                  {vitals.Int(72), "72"},
		"a temperature keeps its zero":    {vitals.NewDecimal(3660, -2), "36.60"},
		"less than one":                   {vitals.NewDecimal(5, -2), "0.05"},
		"negative and less than one":      {vitals.NewDecimal(-5, -1), "-0.5"},
		"as many digits as decimals":      {vitals.NewDecimal(123, -3), "0.123"},
		"a positive exponent writes out":  {vitals.NewDecimal(-1, 4), "-10000"},
		"zero has no zeros behind it":     {vitals.NewDecimal(0, 5), "0"},
		"zero keeps its decimals":         {vitals.NewDecimal(0, -2), "0.00"},
		"the least that 64 bits can hold": {vitals.NewDecimal(math.MinInt64, -18), "-9.223372036854775808"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.d.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestDecimalReadsBackWhatItPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := vitals.NewDecimal(rapid.Int64().Draw(t, "mantissa"), rapid.Int8Range(-18, 0).Draw(t, "exponent"))
		got, err := vitals.ParseDecimal(want.String())
		if err != nil || got != want {
			t.Fatalf("%s was read as %+v, %v", want, got, err)
		}
	})
}

func TestDecimalPrintsTheNumberThatItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecimal().Draw(t, "decimal")
		got, ok := new(big.Rat).SetString(d.String())
		if !ok || got.Cmp(rat(d)) != 0 {
			t.Fatalf("%+v prints as %s", d, d)
		}
	})
}

func TestParseDecimalRefuses(t *testing.T) {
	for _, text := range []string{
		"", "-", ".", ".5", "5.", "-.5", "+5", "--5", "1e3", "1,5", " 1", "1 ", "0x10", "1_000", "NaN", "Inf", "٣",
		"9223372036854775808", "-9223372036854775809", "0.0000000000000000001", "92233720368547758.080",
	} {
		if d, err := vitals.ParseDecimal(text); !errors.Is(err, vitals.ErrDecimal) {
			t.Errorf("%q was read as %+v, %v", text, d, err)
		}
	}
}

func TestDecimalComparesByValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDecimal().Draw(t, "a"), anyDecimal().Draw(t, "b")
		if rapid.Bool().Draw(t, "same value") && a.Exp > math.MinInt8 && a.Mantissa == a.Mantissa*10/10 {
			b = vitals.NewDecimal(a.Mantissa*10, a.Exp-1)
		}
		if got, want := a.Compare(b), rat(a).Cmp(rat(b)); got != want {
			t.Fatalf("%+v against %+v: got %d, want %d", a, b, got, want)
		}
	})
}

func TestDecimalCompareNeedsNoMemory(t *testing.T) {
	a, b := vitals.NewDecimal(366, -1), vitals.Int(45)
	if n := testing.AllocsPerRun(100, func() { _ = a.Compare(b) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestFloatIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecimal().Draw(t, "decimal")
		if want, _ := rat(d).Float64(); d.Float() != want {
			t.Fatalf("%+v: got %g, want %g", d, d.Float(), want)
		}
	})
}

func TestRoundGoesHalfAwayFromZero(t *testing.T) {
	tests := map[string]struct {
		x        float64
		decimals int8
		want     string
	}{
		"up":                             {36.66, 1, "36.7"},
		"down":                           {36.64, 1, "36.6"},
		"half, upwards":                  {72.5, 0, "73"},
		"half, below zero":               {-72.5, 0, "-73"},
		"the zero is kept":               {36.6, 2, "36.60"},
		"to hundreds":                    {1234, -2, "1200"},
		"more than 64 bits":              {1e30, 0, "9223372036854775807"},
		"less than 64 bits":              {-1e30, 0, "-9223372036854775808"},
		"without end":                    {math.Inf(1), 1, "922337203685477580.7"},
		"the first that does not fit":    {1 << 63, 0, "9223372036854775807"},
		"the last that does, below zero": {-1 << 63, 0, "-9223372036854775808"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := vitals.Round(test.x, test.decimals).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRoundBringsBackADecimalFromItsFloat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := vitals.NewDecimal(rapid.Int64Range(-1e12, 1e12).Draw(t, "mantissa"), rapid.Int8Range(-3, 0).Draw(t, "exponent"))
		if got := vitals.Round(want.Float(), -want.Exp); got != want {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}

// FuzzParseDecimal proves that what is accepted is the number that was written.
func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"0", "-36.60", "0.000000000000000001", "007", "-0", "9223372036854775807", "1e5", "."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := vitals.ParseDecimal(text)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok || rat(d).Cmp(want) != 0 {
			t.Fatalf("%q was read as %s", text, d)
		}
	})
}
