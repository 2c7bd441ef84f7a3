package vitals

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number, Mantissa × 10^Exp. The exponent is information: 36.60 has
// Exp -2 and prints with two decimals, as the device sent it.
type Decimal struct {
	Mantissa int64
	Exp      int8
}

// ErrDecimal is returned for text that is not a decimal number within range.
var ErrDecimal = errors.New("not a decimal number")

// NewDecimal is mantissa × 10^exp.
func NewDecimal(mantissa int64, exp int8) Decimal { return Decimal{Mantissa: mantissa, Exp: exp} }

// Int is the whole number n.
func Int(n int64) Decimal { return Decimal{Mantissa: n} }

// maxExp is the most decimals that ParseDecimal accepts.
const maxExp = 18

// ParseDecimal reads plain decimal notation such as "-36.60"; no exponent, no leading plus sign.
func ParseDecimal(s string) (Decimal, error) {
	whole, frac, point := strings.Cut(s, ".")
	digits := strings.TrimPrefix(whole, "-")
	if digits == "" || (point && frac == "") || len(frac) > maxExp || !onlyDigits(digits+frac) {
		return Decimal{}, fmt.Errorf("%q: %w", s, ErrDecimal)
	}
	m, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q: %w", s, ErrDecimal)
	}
	return Decimal{Mantissa: m, Exp: int8(-len(frac))}, nil
}

func onlyDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// Round is x with the given number of decimals, half away from zero. A value beyond 64 bits
// becomes the largest of its sign; x is a number.
func Round(x float64, decimals int8) Decimal {
	scaled := math.Round(x * math.Pow10(int(decimals)))
	d := Decimal{Mantissa: int64(scaled), Exp: -decimals}
	switch { // converting a float64 that does not fit gives a different number on each processor
	case scaled >= math.MaxInt64:
		d.Mantissa = math.MaxInt64
	case scaled <= math.MinInt64:
		d.Mantissa = math.MinInt64
	}
	return d
}

// Float is the nearest float64.
func (d Decimal) Float() float64 {
	const exact, exactPower = 1 << 53, 22 // a float64 holds integers up to 2^53 and powers of ten up to 10^22 exactly
	if magnitude(d.Mantissa) <= exact && d.Exp >= -exactPower && d.Exp <= exactPower {
		if d.Exp < 0 { // dividing by an exact power of ten rounds once; multiplying by 0.1 would round twice
			return float64(d.Mantissa) / math.Pow10(-int(d.Exp))
		}
		return float64(d.Mantissa) * math.Pow10(int(d.Exp))
	}
	var buf [32]byte
	text := strconv.AppendInt(append(strconv.AppendInt(buf[:0], d.Mantissa, 10), 'e'), int64(d.Exp), 10)
	f, _ := strconv.ParseFloat(string(text), 64) // always a number, and at most 1e146
	return f
}

// String is plain decimal notation with every digit that the exponent promises.
func (d Decimal) String() string { return string(d.Append(nil)) }

// Append adds the plain decimal notation to dst, without allocating beyond it.
func (d Decimal) Append(dst []byte) []byte {
	if d.Exp >= 0 {
		dst = strconv.AppendInt(dst, d.Mantissa, 10)
		if d.Mantissa == 0 {
			return dst
		}
		for range d.Exp {
			dst = append(dst, '0')
		}
		return dst
	}
	if d.Mantissa < 0 {
		dst = append(dst, '-')
	}
	var buf [20]byte
	digits := strconv.AppendUint(buf[:0], magnitude(d.Mantissa), 10)
	whole := len(digits) + int(d.Exp) // digits before the point
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, digits[whole:]...)
	}
	dst = append(dst, '0', '.')
	for range -whole {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func magnitude(m int64) uint64 {
	if m < 0 {
		return -uint64(m)
	}
	return uint64(m)
}

// Compare is -1, 0 or +1 as d is less than, equal to or greater than other in value: 1.0 equals 1.
func (d Decimal) Compare(other Decimal) int {
	if d.Exp == other.Exp {
		return cmp.Compare(d.Mantissa, other.Mantissa)
	}
	sign := cmp.Compare(d.Mantissa, 0)
	if c := cmp.Compare(sign, cmp.Compare(other.Mantissa, 0)); c != 0 || sign == 0 {
		return c
	}
	return sign * compareMagnitude(d, other)
}

// compareMagnitude compares the absolute values of two numbers that are not zero.
func compareMagnitude(a, b Decimal) int {
	if a.Exp < b.Exp {
		return -compareMagnitude(b, a)
	}
	shift := int(a.Exp) - int(b.Exp)
	if shift >= len(powersOfTen) { // a is at least 10^20 steps of b, more than b can be
		return 1
	}
	hi, lo := bits.Mul64(magnitude(a.Mantissa), powersOfTen[shift])
	if hi > 0 {
		return 1
	}
	return cmp.Compare(lo, magnitude(b.Mantissa))
}

// powersOfTen are those that fit 64 bits.
var powersOfTen = func() (powers [20]uint64) {
	powers[0] = 1
	for i := range powers[1:] {
		powers[i+1] = 10 * powers[i]
	}
	return powers
}()
