package gateway

import (
	"bytes"
	"math"
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

// tried is a number that says by itself when it is none, so that what stands beside it is read all the same.
type tried struct {
	number

	err error
}

// UnmarshalJSON reads what number reads.
func (t *tried) UnmarshalJSON(text []byte) error {
	t.err = t.number.UnmarshalJSON(text)
	return nil
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

// spellings are how sources spell the units of UCUM.
var spellings = map[string]string{
	"bpm": "/min", "count/min": "/min", "beats/min": "/min", "beats/minute": "/min", "breaths/min": "/min", "breaths/minute": "/min",
	"mmhg": "mm[Hg]", "kpa": "kPa", "mg/dl": "mg/dL", "mmol/l": "mmol/L",
	"c": "Cel", "°c": "Cel", "degc": "Cel", "f": "[degF]", "°f": "[degF]", "degf": "[degF]",
	"lb": "[lb_av]", "lbs": "[lb_av]", "in": "[in_i]", "kg/m²": "kg/m2",
}

// inUnit is the value in the kind's own unit. A unit is never guessed.
func inUnit(kind vitals.Kind, value vitals.Decimal, name string) (vitals.Decimal, error) {
	code := strings.TrimSpace(name)
	spelt := strings.ToLower(code)
	if strings.HasPrefix(spelt, "mmol<") && strings.HasSuffix(spelt, ">/l") { // HealthKit writes the molar mass into the unit
		spelt = "mmol/l"
	}
	if known, ok := spellings[spelt]; ok {
		code = known
	}
	if code == "count" && kind == vitals.BodyMassIndex { // HealthKit has no unit for it
		code = "kg/m2"
	}
	converted, err := kind.FromUCUM(value, code)
	if err != nil {
		return vitals.Decimal{}, malformed("%v", err)
	}
	return converted, nil
}
