package gatt_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"vigil/devices/gatt"
	"vigil/vitals"
)

// exact is a decimal as a fraction.
func exact(d vitals.Decimal) *big.Rat {
	power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(d.Exp, -d.Exp))), nil))
	if d.Exp < 0 {
		power.Inv(power)
	}
	return power.Mul(power, new(big.Rat).SetInt64(d.Mantissa))
}

// checkConversion demands that got is want rounded to its own last digit.
func checkConversion(t *rapid.T, want *big.Rat, got vitals.Decimal) {
	t.Helper()
	off := new(big.Rat).Sub(exact(got), want)
	half := new(big.Rat).Quo(exact(vitals.NewDecimal(1, got.Exp)), big.NewRat(2, 1))
	if off.Abs(off).Cmp(half) > 0 {
		t.Fatalf("%s is off by %s", got, off.FloatString(12))
	}
}

// anyShort is a number of 12 bits with an exponent that a device uses.
func anyShort(t *rapid.T, from, to int8) (gatt.Number, *big.Rat) {
	n := gatt.Number{
		Mantissa: rapid.Int32Range(-2045, 2045).Draw(t, "mantissa"), Exp: rapid.Int8Range(from, to).Draw(t, "exponent"),
	}
	return n, exact(n.Decimal())
}

func first(t *rapid.T, name string, value []byte, err error) vitals.Decimal {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := decoder(name)(value)
	if err != nil {
		t.Fatal(err)
	}
	return b.Readings[0].Value
}

func TestConversionsRoundOnce(t *testing.T) {
	t.Run("kPa", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			n, want := anyShort(t, -8, 7)
			value, err := gatt.EncodeBloodPressure(gatt.BloodPressure{
				Kilopascal: true, Systolic: n, Diastolic: gatt.Number{Special: gatt.NotANumber},
			})
			checkConversion(t, want.Mul(want, big.NewRat(750_062, 100_000)), first(t, "gatt/2a35", value, err))
		})
	})
	t.Run("Fahrenheit", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			n := gatt.Number{
				Mantissa: rapid.Int32Range(-1<<23+3, 1<<23-3).Draw(t, "mantissa"), Exp: rapid.Int8Range(-9, 2).Draw(t, "exponent"),
			}
			want := exact(n.Decimal())
			value, err := gatt.EncodeThermometer(gatt.Thermometer{Fahrenheit: true, Temperature: n})
			want.Mul(want.Sub(want, big.NewRat(32, 1)), big.NewRat(5, 9))
			checkConversion(t, want, first(t, "gatt/2a1c", value, err))
		})
	})
	for unit, molar := range map[string]bool{"mol/L": true, "kg/L": false} {
		t.Run(unit, func(t *testing.T) {
			factor := map[bool]*big.Rat{true: big.NewRat(180_156, 10), false: big.NewRat(100_000, 1)}[molar]
			rapid.Check(t, func(t *rapid.T) {
				n, want := anyShort(t, -8, 7)
				value, err := gatt.EncodeGlucose(gatt.Glucose{
					Molar: molar, Sample: &gatt.GlucoseSample{Concentration: n, Type: gatt.CapillaryBlood},
				})
				checkConversion(t, want.Mul(want, factor), first(t, "gatt/2a18", value, err))
			})
		})
	}
	for unit, imperial := range map[string]bool{"lb": true, "kg": false} {
		t.Run(unit, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				steps := rapid.Uint16Max(gatt.Unsuccessful-1).Draw(t, "steps")
				want := big.NewRat(int64(steps)*5, 1000)
				if imperial {
					want = big.NewRat(int64(steps)*45_359_237, 10_000_000_000)
				}
				checkConversion(t, want, first(t, "gatt/2a9d", gatt.EncodeWeight(gatt.Weight{Imperial: imperial, Steps: steps}), nil))
			})
		})
	}
}

// TestAValueIsTheSameThroughEveryDoor compares with what becomes of the same value where it arrives with its
// unit, as in a bundle or from a cloud (vitals.Kind.FromUCUM): a repeat through another door is a repeat.
func TestAValueIsTheSameThroughEveryDoor(t *testing.T) {
	type sent struct {
		kind  vitals.Kind
		value vitals.Decimal
		unit  string
		by    string
		frame []byte
		err   error
	}
	rapid.Check(t, func(t *rapid.T) {
		n, _ := anyShort(t, -8, 7)
		steps := rapid.Uint16Max(gatt.Unsuccessful-1).Draw(t, "steps")
		pressure, pErr := gatt.EncodeBloodPressure(gatt.BloodPressure{Kilopascal: true, Systolic: n, Diastolic: gatt.Number{Special: gatt.NotANumber}})
		sugar, sErr := gatt.EncodeGlucose(gatt.Glucose{Molar: true, Sample: &gatt.GlucoseSample{Concentration: n, Type: gatt.CapillaryBlood}})
		short := n.Decimal()
		n.Exp = min(n.Exp, 0) // no thermometer counts in tens of degrees
		warmth, wErr := gatt.EncodeThermometer(gatt.Thermometer{Fahrenheit: true, Temperature: n})
		for _, s := range []sent{
			{vitals.Systolic, short, "kPa", "gatt/2a35", pressure, pErr},
			{vitals.Glucose, vitals.NewDecimal(short.Mantissa, short.Exp+3), "mmol/L", "gatt/2a18", sugar, sErr},
			{vitals.Temperature, n.Decimal(), "[degF]", "gatt/2a1c", warmth, wErr},
			{vitals.Weight, vitals.NewDecimal(int64(steps), -2), "[lb_av]", "gatt/2a9d", gatt.EncodeWeight(gatt.Weight{Imperial: true, Steps: steps}), nil},
		} {
			want, err := s.kind.FromUCUM(s.value, s.unit)
			if err != nil {
				t.Fatal(err)
			}
			if got := first(t, s.by, s.frame, s.err); got != want {
				t.Fatalf("%s %s are %s by %s, and %s elsewhere", s.value, s.unit, got, s.by, want)
			}
		}
	})
}

// TestNeighboursStayApart walks the steps in which devices count.
func TestNeighboursStayApart(t *testing.T) {
	var before [5]vitals.Decimal
	for m := range int32(2000) {
		n := func(exp int8) gatt.Number { return gatt.Number{Mantissa: m, Exp: exp} }
		pressure, err := gatt.EncodeBloodPressure(gatt.BloodPressure{Kilopascal: true, Systolic: n(-1), Diastolic: gatt.Number{Special: gatt.NotANumber}})
		if err != nil {
			t.Fatal(err)
		}
		warmth, err := gatt.EncodeThermometer(gatt.Thermometer{Fahrenheit: true, Temperature: n(-1)})
		if err != nil {
			t.Fatal(err)
		}
		sugar, err := gatt.EncodeGlucose(gatt.Glucose{Molar: true, Sample: &gatt.GlucoseSample{Concentration: n(-4), Type: gatt.CapillaryBlood}})
		if err != nil {
			t.Fatal(err)
		}
		scale := gatt.EncodeWeight(gatt.Weight{Imperial: true, Steps: uint16(m), Body: &gatt.BodyMass{Height: uint16(m + 1)}})
		weighed := decode(t, "gatt/2a9d", scale).Readings
		now := [5]vitals.Decimal{
			decode(t, "gatt/2a35", pressure).Readings[0].Value, decode(t, "gatt/2a1c", warmth).Readings[0].Value,
			decode(t, "gatt/2a18", sugar).Readings[0].Value, weighed[0].Value, weighed[1].Value,
		}
		for i, was := range before {
			if m > 0 && now[i].Compare(was) <= 0 {
				t.Fatalf("step %d: %s follows %s", m, now[i], was)
			}
		}
		before = now
	}
}

// TestConversionsThatPeopleKnow are numbers that can be looked up.
func TestConversionsThatPeopleKnow(t *testing.T) {
	tests := map[string]struct{ name, hex, want string }{
		"16.0 kPa is 120 mmHg":           {"gatt/2a35", "01a0f06bf0ff07", "120.0"},
		"98.6 °F is 37 °C":               {"gatt/2a1c", "01da0300ff", "37.00"},
		"100.4 °F is a fever":            {"gatt/2a1c", "01ec0300ff", "38.00"},
		"-40 °F is -40 °C":               {"gatt/2a1c", "01d8ffff00", "-40.0"},
		"5.5 mmol/L is 99 mg/dL":         {"gatt/2a18", "060100ea070b1407000037c011", "99"},
		"7.0 mmol/L is the limit of 126": {"gatt/2a18", "060100ea070b1407000046c011", "126"},
		"0.00110 kg/L is 110 mg/dL":      {"gatt/2a18", "020100ea070b140700006eb011", "110"},
		"220.46 lb is 99.999 kg":         {"gatt/2a9d", "011e56", "99.999"},
		"100 kg":                         {"gatt/2a9d", "00204e", "100.000"},
	}
	for story, tc := range tests {
		t.Run(story, func(t *testing.T) {
			if got := decode(t, tc.name, bytesOf(t, tc.hex)).Readings[0].Value.String(); got != tc.want {
				t.Errorf("is %s", got)
			}
		})
	}
}
