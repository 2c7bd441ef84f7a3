package fhir

import (
	"strconv"
	"time"
	"unicode/utf8"

	"vigil/vitals"
)

const hexDigits = "0123456789abcdef"

// appendString adds s as a JSON string. It also escapes < > & so that the text is harmless where a
// careless reader pastes it into a page.
func appendString(dst []byte, s string) []byte {
	return append(appendEscaped(append(dst, '"'), s), '"')
}

// appendEscaped adds s as the inside of a JSON string.
func appendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), `\ufffd`...)
				from = i + size
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			dst = append(append(dst, s[from:i]...), '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			from = i + 1
		}
		i++
	}
	return append(dst, s[from:]...)
}

// appendTime adds t as a FHIR dateTime in UTC, in quotes, with milliseconds, or microseconds where
// it has any.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, '"')
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), int(month), 2)
	dst = appendPadded(append(dst, '-'), day, 2)
	dst = appendPadded(append(dst, 'T'), hour, 2)
	dst = appendPadded(append(dst, ':'), minute, 2)
	dst = appendPadded(append(dst, ':'), second, 2)
	micros := t.Nanosecond() / 1000
	if micros%1000 == 0 {
		dst = appendPadded(append(dst, '.'), micros/1000, 3)
	} else {
		dst = appendPadded(append(dst, '.'), micros, 6)
	}
	return append(dst, 'Z', '"')
}

func appendPadded(dst []byte, n, width int) []byte {
	var buf [8]byte
	for i := width - 1; i >= 0; i-- {
		buf[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, buf[:width]...)
}

// appendCoding adds one Coding; an empty display is left out.
func appendCoding(dst []byte, system, code, display string) []byte {
	dst = appendString(append(dst, `{"system":`...), system)
	dst = appendString(append(dst, `,"code":`...), code)
	if display != "" {
		dst = appendString(append(dst, `,"display":`...), display)
	}
	return append(dst, '}')
}

// mdcCode is the code as FHIR wants it: the 32-bit number, never the name.
func mdcCode(code uint32) string { return strconv.FormatUint(uint64(code), 10) }

// instant is t as FHIR text without quotes; empty for the zero time.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	quoted := appendTime(nil, t)
	return string(quoted[1 : len(quoted)-1])
}

// day is t as a FHIR date; empty for the zero time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// Leading is the kind under which a kind is shown: the parts of a blood pressure are components of
// one panel, which has the place of the systolic pressure, and the leads of an ECG are components of one study.
func Leading(k vitals.Kind) vitals.Kind {
	switch {
	case k == vitals.Diastolic || k == vitals.MeanPressure:
		return vitals.Systolic
	case k.IsECG():
		return vitals.ECG
	default:
		return k
	}
}

// Members lists the kinds that are shown under the leading kind, in order.
func Members(lead vitals.Kind) []vitals.Kind {
	var all []vitals.Kind
	for _, k := range vitals.Kinds() {
		if Leading(k) == lead {
			all = append(all, k)
		}
	}
	return all
}
