package vitals

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
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

// maxExp bounds the exponent that ParseDecimal accepts and String writes out in full.
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

// Round is x with the given number of decimals, half away from zero.
func Round(x float64, decimals int8) Decimal {
	return Decimal{Mantissa: int64(math.Round(x * math.Pow10(int(decimals)))), Exp: -decimals}
}

// Float is the nearest float64.
func (d Decimal) Float() float64 {
	if d.Exp < 0 { // dividing by an exact power of ten rounds once; multiplying by 0.1 would round twice
		return float64(d.Mantissa) / math.Pow10(-int(d.Exp))
	}
	return float64(d.Mantissa) * math.Pow10(int(d.Exp))
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
	return d.big().Cmp(other.big())
}

// big is d scaled by 10^128, which makes every exponent non-negative.
func (d Decimal) big() *big.Int {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Exp)+128), nil)
	return scale.Mul(scale, big.NewInt(d.Mantissa))
}
