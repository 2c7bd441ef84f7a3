package vitals

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// ErrUnit is wrapped by the error about a unit that a kind's values cannot be converted from.
var ErrUnit = errors.New("not a unit of this kind")

// unit is a unit in which the outside world sends values, and how they become those of the kind's unit:
// (value - Offset) × Num / Den.
type unit struct {
	UCUM []string // case-sensitive; the first is the code itself
	MDC  []uint32 // IEEE 11073-10101
	Num  int64
	Den  int64
	Zero int64 // what is zero in the kind's unit
	// Decimals is how many more decimals than the value the result has; with Whole it has none at least,
	// with Tenth one at least. So many keep two neighbouring values of a device apart.
	Decimals     int
	Whole, Tenth bool
}

// units are the units that are understood, by the UCUM code of the kind's own. Factors: kilopascal as in
// the Bluetooth Blood Pressure Service 1.1.1; glucose 180.156 g/mol (C6H12O6, IUPAC standard atomic
// weights); pound and inch by the international agreement of 1959, exact. MDC: IEEE 11073-10101,
// dimensions × 32 + decimal prefix.
var units = map[string][]unit{
	"/min": {{
		UCUM: []string{"/min", "{beats}/min", "{beat}/min", "{breaths}/min", "{breath}/min", "1/min"},
		MDC:  []uint32{264864, 264928, 264672}, Num: 1, Den: 1,
	}},
	"ms": {
		{UCUM: []string{"ms"}, MDC: []uint32{264338}, Num: 1, Den: 1},
		{UCUM: []string{"s"}, MDC: []uint32{264320}, Num: 1000, Den: 1, Decimals: -3},
	},
	"%": {{UCUM: []string{"%"}, MDC: []uint32{262688}, Num: 1, Den: 1}},
	"1": {{UCUM: []string{"1", "{1}"}, MDC: []uint32{262656}, Num: 1, Den: 1}},
	"Cel": {
		{UCUM: []string{"Cel"}, MDC: []uint32{268192}, Num: 1, Den: 1},
		{UCUM: []string{"[degF]"}, MDC: []uint32{266560}, Num: 5, Den: 9, Zero: 32, Decimals: 1},
	},
	"mm[Hg]": {
		{UCUM: []string{"mm[Hg]"}, MDC: []uint32{266016}, Num: 1, Den: 1},
		{UCUM: []string{"kPa"}, MDC: []uint32{265987}, Num: 750_062, Den: 100_000, Tenth: true},
	},
	"mg/dL": {
		{UCUM: []string{"mg/dL"}, MDC: []uint32{264274}, Num: 1, Den: 1},
		{UCUM: []string{"mmol/L"}, MDC: []uint32{266866}, Num: 180_156, Den: 10_000, Decimals: -1, Whole: true},
	},
	"kg": {
		{UCUM: []string{"kg"}, MDC: []uint32{263875}, Num: 1, Den: 1},
		{UCUM: []string{"g"}, MDC: []uint32{263872}, Num: 1, Den: 1000, Decimals: 3},
		{UCUM: []string{"[lb_av]"}, MDC: []uint32{263904}, Num: 45_359_237, Den: 100_000_000, Decimals: 1},
	},
	"cm": {
		{UCUM: []string{"cm"}, MDC: []uint32{263441}, Num: 1, Den: 1},
		{UCUM: []string{"m"}, MDC: []uint32{263424}, Num: 100, Den: 1, Decimals: -2},
		{UCUM: []string{"[in_i]"}, MDC: []uint32{263520}, Num: 254, Den: 100},
	},
	"L/min": {{UCUM: []string{"L/min", "l/min"}, MDC: []uint32{265216}, Num: 1, Den: 1}},
	"kg/m2": {{UCUM: []string{"kg/m2"}, MDC: []uint32{264096}, Num: 1, Den: 1}},
	"uV": {
		{UCUM: []string{"uV"}, MDC: []uint32{266419}, Num: 1, Den: 1},
		{UCUM: []string{"mV"}, MDC: []uint32{266418}, Num: 1000, Den: 1, Decimals: -3},
	},
}

// FromUCUM is a value that was sent in the unit with the UCUM code, in the kind's unit. A value in the
// kind's own unit keeps every digit.
func (k Kind) FromUCUM(v Decimal, code string) (Decimal, error) {
	return k.from(v, func(u unit) bool { return slices.Contains(u.UCUM, code) }, code)
}

// FromMDC is FromUCUM for the unit with the IEEE 11073-10101 code.
func (k Kind) FromMDC(v Decimal, code uint32) (Decimal, error) {
	return k.from(v, func(u unit) bool { return slices.Contains(u.MDC, code) }, fmt.Sprintf("MDC %d", code))
}

func (k Kind) from(v Decimal, is func(unit) bool, name string) (Decimal, error) {
	for _, u := range units[k.Info().UCUM] {
		if is(u) {
			return u.convert(v)
		}
	}
	return Decimal{}, fmt.Errorf("%s in %.32q: %w", k, name, ErrUnit)
}

// convert rounds once, half away from zero.
func (u unit) convert(v Decimal) (Decimal, error) {
	if u.Num == u.Den && u.Zero == 0 {
		return v, nil
	}
	exp := int(v.Exp) - u.Decimals
	if u.Whole {
		exp = min(exp, 0)
	}
	if u.Tenth {
		exp = min(exp, -1)
	}
	// mantissa = (v - zero) × num / den / 10^exp
	x := new(big.Rat).SetInt64(v.Mantissa)
	x.Mul(x, power(int(v.Exp)))
	x.Sub(x, new(big.Rat).SetInt64(u.Zero))
	x.Mul(x, big.NewRat(u.Num, u.Den))
	x.Mul(x, power(-exp))
	m := nearest(x)
	if !m.IsInt64() || exp < minExp || exp > maxExp {
		return Decimal{}, fmt.Errorf("%d × 10^%d converted: %w", v.Mantissa, v.Exp, ErrDecimal)
	}
	return NewDecimal(m.Int64(), int8(exp)), nil
}

// minExp is the least exponent of a converted value.
const minExp = -maxExp

// power is 10^exp.
func power(exp int) *big.Rat {
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exp, -exp))), nil)
	if exp < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), ten)
	}
	return new(big.Rat).SetInt(ten)
}

// nearest is x as a whole number, half away from zero.
func nearest(x *big.Rat) *big.Int {
	twice := new(big.Int).Mul(x.Num(), big.NewInt(2))
	half := new(big.Int).Set(x.Denom())
	if x.Sign() < 0 {
		half.Neg(half)
	}
	return twice.Add(twice, half).Quo(twice, new(big.Int).Mul(x.Denom(), big.NewInt(2)))
}
