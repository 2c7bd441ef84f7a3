package gatt

import (
	"slices"

	"vigil/vitals"
)

// Special tells the special values of medical floats (IEEE 11073-20601) from numbers.
type Special uint8

// Special values.
const (
	Finite           Special = iota
	NotANumber               // NaN
	NotAtResolution          // NRes: exists, but not at this resolution
	PositiveInfinity         // +INF
	NegativeInfinity         // -INF
	Reserved                 // reserved for future use
)

// Number is a medical float: Mantissa × 10^Exp exactly, or a special value. The exponent is
// information: 0xE0C8 is "2.00", 0xF014 is "2.0".
type Number struct {
	Mantissa int32
	Exp      int8
	Special  Special
}

// SFLOAT reads a 16-bit medical float: 12 bits of mantissa, 4 bits of exponent, both in two's
// complement. The exponent of a special value is zero, so the whole word is compared. 0xFFFF is none
// of them: it is -0.1.
func SFLOAT(word uint16) Number {
	if at := int64(word) - special16; at >= 0 && at < int64(len(specials)) {
		return Number{Special: specials[at]}
	}
	return Number{Mantissa: int32(int16(word<<4) >> 4), Exp: int8(int16(word) >> 12)}
}

// FLOAT reads a 32-bit medical float: 24 bits of mantissa, 8 bits of exponent, as SFLOAT does.
func FLOAT(word uint32) Number {
	if at := int64(word) - special32; at >= 0 && at < int64(len(specials)) {
		return Number{Special: specials[at]}
	}
	return Number{Mantissa: int32(word<<8) >> 8, Exp: int8(word >> 24)}
}

// The words of the special values follow each other, around the middle of what the mantissa can hold.
const (
	special16 = 0x07FE // the first of them
	special32 = 0x007F_FFFE
)

var specials = [...]Special{PositiveInfinity, NotANumber, NotAtResolution, Reserved, NegativeInfinity}

// SFLOAT is the number as 16 bits; it fails where mantissa or exponent do not fit, or where the
// word would mean a special value.
func (n Number) SFLOAT() (uint16, error) {
	if at := slices.Index(specials[:], n.Special); at >= 0 {
		return uint16(special16 + at), nil
	}
	word := uint16(n.Mantissa)&0x0FFF | uint16(n.Exp)<<12
	if SFLOAT(word) != n {
		return 0, malformed("%d × 10^%d does not fit a 16-bit medical float", n.Mantissa, n.Exp)
	}
	return word, nil
}

// FLOAT is the number as 32 bits, or fails as SFLOAT does.
func (n Number) FLOAT() (uint32, error) {
	if at := slices.Index(specials[:], n.Special); at >= 0 {
		return uint32(special32 + at), nil
	}
	word := uint32(n.Mantissa)&0x00FFFFFF | uint32(uint8(n.Exp))<<24
	if FLOAT(word) != n {
		return 0, malformed("%d × 10^%d does not fit a 32-bit medical float", n.Mantissa, n.Exp)
	}
	return word, nil
}

// Decimal is the exact value; zero for a special one.
func (n Number) Decimal() vitals.Decimal { return vitals.NewDecimal(int64(n.Mantissa), n.Exp) }

// Absence is why there is no value (HL7 PHD guide, FLOAT mapping); Present where there is one.
func (n Number) Absence() vitals.Absence {
	switch n.Special {
	case Finite:
		return vitals.Present
	case NotANumber:
		return vitals.NotANumber
	case PositiveInfinity:
		return vitals.PositiveInfinity
	case NegativeInfinity:
		return vitals.NegativeInfinity
	case NotAtResolution, Reserved:
		return vitals.DeviceError
	default:
		return vitals.DeviceError
	}
}
