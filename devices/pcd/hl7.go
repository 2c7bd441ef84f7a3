package pcd

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"vigil/devices"
)

// delimiters are those of HL7 v2, which each message states itself in its first segment.
type delimiters struct{ field, component, repetition, escape, subcomponent byte }

// segment is one line of a message: fields by their number, still escaped.
type segment struct {
	name   string
	number int // of its kind in the message, from 1
	fields []string
	by     delimiters
}

// malformed is an error that wraps devices.ErrMalformed.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), devices.ErrMalformed)
}

// maxSegments bounds the work of one message; a monitor with everything on it sends some hundred.
const maxSegments = 10_000

// split takes a message apart. Segments end with a carriage return; line feeds of careless senders are
// taken for one.
func split(message []byte) ([]segment, error) {
	text := string(message)
	if len(text) < 8 || text[:3] != "MSH" {
		return nil, malformed("the message does not begin with MSH and its delimiters")
	}
	by := delimiters{field: text[3], component: text[4], repetition: text[5], escape: text[6], subcomponent: text[7]}
	if err := by.check(); err != nil {
		return nil, err
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' })
	if len(lines) > maxSegments {
		return nil, malformed("%d segments, more than %d", len(lines), maxSegments)
	}
	seen := map[string]int{}
	segments := make([]segment, 0, len(lines))
	for _, line := range lines {
		fields := strings.Split(line, string(rune(by.field)))
		if fields[0] == "MSH" { // its first field is the delimiter itself
			fields = append([]string{"MSH", string(rune(by.field))}, fields[1:]...)
		}
		seen[fields[0]]++
		segments = append(segments, segment{name: fields[0], number: seen[fields[0]], fields: fields, by: by})
	}
	return segments, nil
}

// check refuses delimiters that cannot be told from text or from each other.
func (d delimiters) check() error {
	all := []byte{d.field, d.component, d.repetition, d.escape, d.subcomponent}
	for i, c := range all {
		word := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if word || c <= ' ' || c >= utf8.RuneSelf || strings.IndexByte(string(all[:i]), c) >= 0 {
			return malformed("delimiters %q", all)
		}
	}
	return nil
}

// raw is a field as it stands; empty where it is absent.
func (s segment) raw(n int) string {
	if n < len(s.fields) {
		return s.fields[n]
	}
	return ""
}

// text is a field without structure.
func (s segment) text(n int) string { return s.unescape(s.raw(n)) }

// repetitions are the repetitions of a field, each as its components.
func (s segment) repetitions(n int) [][]string {
	raw := s.raw(n)
	if raw == "" {
		return nil
	}
	var all [][]string
	for one := range strings.SplitSeq(raw, string(rune(s.by.repetition))) {
		components := strings.Split(one, string(rune(s.by.component)))
		for i, c := range components {
			components[i] = s.unescape(c)
		}
		all = append(all, components)
	}
	return all
}

// components are those of the field's first repetition.
func (s segment) components(n int) []string {
	if all := s.repetitions(n); len(all) > 0 {
		return all[0]
	}
	return nil
}

// at is a component counted from 1; empty where it is absent.
func at(components []string, n int) string {
	if n <= len(components) {
		return components[n-1]
	}
	return ""
}

// unescape reads the escape sequences of HL7 v2.6, 2.7. Those that only shape text for a printer are left out.
func (s segment) unescape(raw string) string {
	esc := string(rune(s.by.escape))
	if !strings.Contains(raw, esc) {
		return raw
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(raw, esc)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		sequence, behind, closed := strings.Cut(rest, esc)
		if !closed {
			out.WriteString(esc + rest) // an escape that nobody meant
			return out.String()
		}
		out.WriteString(s.by.meaning(sequence))
		raw = behind
	}
}

func (d delimiters) meaning(sequence string) string {
	switch sequence {
	case "F":
		return string(rune(d.field))
	case "S":
		return string(rune(d.component))
	case "T":
		return string(rune(d.subcomponent))
	case "R":
		return string(rune(d.repetition))
	case "E":
		return string(rune(d.escape))
	}
	if digits, isHex := strings.CutPrefix(sequence, "X"); isHex {
		if b, err := hex.DecodeString(digits); err == nil {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
	}
	return ""
}

// readable is the message in UTF-8, from the character set that it states in MSH-18 (HL7 table 0211).
func readable(message []byte, charset string) ([]byte, error) {
	switch charset {
	case "", "ASCII", "UNICODE UTF-8", "UTF-8":
		if !utf8.Valid(message) {
			return nil, malformed("bytes that are no %s", cmp.Or(charset, "ASCII"))
		}
		return message, nil
	case "8859/1":
		latin := make([]rune, len(message))
		for i, b := range message {
			latin[i] = rune(b)
		}
		return []byte(string(latin)), nil
	default:
		return nil, malformed("character set %.40q is not understood; ASCII, UNICODE UTF-8 and 8859/1 are", charset)
	}
}

// escape writes text as a field of an answer with the usual delimiters.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\E\`, "|", `\F\`, "^", `\S\`, "&", `\T\`, "~", `\R\`, "\r", " ", "\n", " ").Replace(text)
}
