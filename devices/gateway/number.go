package gateway

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"

	"vigil/vitals"
)

// number is an exact decimal that is written as a JSON number or as a string.
type number struct{ vitals.Decimal }

// UnmarshalJSON reads 121, 97.5, 1e-2 and "121".
func (n *number) UnmarshalJSON(text []byte) (err error) {
	n.Decimal, err = decimalOf(string(bytes.Trim(text, `"`)))
	return err
}

// exactDigits is how many digits a double keeps: what follows was made by a computer, not by a meter.
const exactDigits = 15

// decimalOf reads a number with all its digits; of one that a double spoilt (97.60000000000001), those
// that count.
func decimalOf(text string) (vitals.Decimal, error) {
	if d, err := vitals.ParseDecimal(text); err == nil && len(strings.Trim(strings.Replace(text, ".", "", 1), "-0")) <= exactDigits {
		return d, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789+-.eE") != "" {
		return vitals.Decimal{}, malformed("%.40q is not a number", text)
	}
	if math.Abs(f) >= 1e15 || f != 0 && math.Abs(f) < 1e-15 {
		return vitals.Decimal{}, malformed("%.40q is beyond anything that is measured", text)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', exactDigits-1, 64), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	m, mErr := strconv.ParseInt(whole+fraction, 10, 64)
	e, eErr := strconv.Atoi(exponent)
	if mErr != nil || eErr != nil { // FormatFloat writes no other
		return vitals.Decimal{}, malformed("%.40q is not a number", text)
	}
	return wholeDigits(vitals.NewDecimal(m, int8(e-len(fraction)))), nil
}

// wholeDigits writes out zeros before the point: 7e1 is 70, not seven tens.
func wholeDigits(d vitals.Decimal) vitals.Decimal {
	for d.Exp > 0 {
		d.Mantissa *= 10
		d.Exp--
	}
	return d
}

// unit is how values in it become values in the kind's unit: (value + plus) × times.
type unit struct {
	plus  int64
	times *big.Rat
	// finer is how many decimals the result has more than the value, so that two neighbouring values
	// stay apart.
	finer int8
}

var (
	asIs    = unit{times: big.NewRat(1, 1)}
	perCent = map[string]unit{"%": asIs, "1": {times: big.NewRat(100, 1), finer: -2}}
	perMin  = map[string]unit{
		"/min": asIs, "bpm": asIs, "count/min": asIs, "beats/min": asIs, "beats/minute": asIs, "breaths/min": asIs, "breaths/minute": asIs,
	}
	pressure = map[string]unit{ // 1 kPa is 7.50062 mmHg (BLS 1.1.1)
		"mmhg": asIs, "mm[hg]": asIs, "kpa": {times: big.NewRat(750_062, 100_000)},
	}
	celsius = unit{plus: -32, times: big.NewRat(5, 9), finer: 1}
	thermal = map[string]unit{"cel": asIs, "c": asIs, "°c": asIs, "degc": asIs, "f": celsius, "°f": celsius, "degf": celsius, "[degf]": celsius}
	// 180.156 g/mol is glucose (C6H12O6, IUPAC standard atomic weights).
	moles   = unit{times: big.NewRat(180_156, 10_000), finer: -1}
	glucose = map[string]unit{"mg/dl": asIs, "mmol/l": moles}
	pounds  = unit{times: big.NewRat(45_359_237, 100_000_000), finer: 1} // international pound, exactly
	mass    = map[string]unit{"kg": asIs, "g": {times: big.NewRat(1, 1000), finer: 3}, "lb": pounds, "lbs": pounds, "[lb_av]": pounds}
	inches  = unit{times: big.NewRat(254, 100)} // exactly
	length  = map[string]unit{
		"cm": asIs, "m": {times: big.NewRat(100, 1), finer: -2}, "mm": {times: big.NewRat(1, 10), finer: 1}, "in": inches, "[in_i]": inches,
	}
	massIndex = map[string]unit{"kg/m2": asIs, "kg/m²": asIs, "count": asIs}
)

// units are the spellings of the units in which sources give a kind.
var units = map[vitals.Kind]map[string]unit{
	vitals.HeartRate: perMin, vitals.PulseRate: perMin, vitals.CuffPulseRate: perMin, vitals.RespirationRate: perMin,
	vitals.SpO2: perCent, vitals.PerfusionIndex: perCent, vitals.BodyFat: perCent,
	vitals.Temperature: thermal, vitals.Systolic: pressure, vitals.Diastolic: pressure, vitals.MeanPressure: pressure,
	vitals.Glucose: glucose, vitals.GlucoseBlood: glucose, vitals.GlucosePlasma: glucose, vitals.GlucoseInterstitial: glucose,
	vitals.Weight: mass, vitals.Height: length, vitals.BodyMassIndex: massIndex,
	vitals.RRInterval: {"ms": asIs},
}

// inUnit is the value in the kind's own unit. A unit is never guessed.
func inUnit(kind vitals.Kind, value vitals.Decimal, name string) (vitals.Decimal, error) {
	spelt := strings.ToLower(strings.TrimSpace(name))
	if strings.HasPrefix(spelt, "mmol<") && strings.HasSuffix(spelt, ">/l") { // HealthKit writes the molar mass into the unit
		spelt = "mmol/l"
	}
	u, known := units[kind][spelt]
	if !known {
		return vitals.Decimal{}, malformed("%s in %.40q: not a unit that Vigil reads", kind, name)
	}
	return u.convert(value)
}

// convert rounds once, half away from zero, and never to fewer decimals than none.
func (u unit) convert(value vitals.Decimal) (vitals.Decimal, error) {
	if u.times.Num().IsInt64() && u.times.Num().Int64() == 1 && u.times.IsInt() && u.plus == 0 {
		return value, nil
	}
	if value.Exp < -exactDigits || value.Exp > 0 {
		return vitals.Decimal{}, malformed("%s has more digits than a meter", value)
	}
	to := min(value.Exp-u.finer, 0)
	scale := new(big.Rat).SetInt64(1)
	ten := big.NewRat(10, 1)
	exact := new(big.Rat).SetInt64(value.Mantissa)
	for range -value.Exp {
		exact.Quo(exact, ten)
	}
	exact.Add(exact, new(big.Rat).SetInt64(u.plus)).Mul(exact, u.times)
	for range -to {
		scale.Mul(scale, ten)
	}
	rounded := nearest(exact.Mul(exact, scale))
	if !rounded.IsInt64() {
		return vitals.Decimal{}, malformed("%s is beyond anything that is measured", value)
	}
	return vitals.NewDecimal(rounded.Int64(), to), nil
}

// nearest is r to the nearest whole number, half away from zero.
func nearest(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(new(big.Int).Abs(r.Num()), 1)
	twice.Add(twice, r.Denom())
	n := twice.Quo(twice, new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return n
}
