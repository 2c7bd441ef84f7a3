package wfdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Annotation is a mark that somebody, or a program, put on a record.
type Annotation struct {
	Sample  int64  // index of the sample that it belongs to
	Code    string // mnemonic: "N" normal beat, "V" ventricular, "[" fibrillation begins, "+" rhythm, …
	Aux     string // for "+" the rhythm, such as "(AFIB"
	Subtype int
	Channel int
}

// Annotations reads the file record.ext of the folder, such as 100.atr, in MIT format.
func Annotations(dir, record, ext string) ([]Annotation, error) {
	data, err := readFile(dir, record+"."+ext)
	if err != nil {
		return nil, fmt.Errorf("open annotations %s of record %s: %w", ext, record, err)
	}
	marks, err := parseAnnotations(data)
	if err != nil {
		return nil, fmt.Errorf("read annotations %s of record %s: %w", ext, record, err)
	}
	if len(marks) == 0 || !strings.HasPrefix(marks[0].Aux, timeResolution) {
		return marks, nil
	}
	ticks, err := positive(strings.TrimSpace(strings.TrimPrefix(marks[0].Aux, timeResolution)))
	if err != nil {
		return nil, fmt.Errorf("read time resolution of annotations %s of record %s: %w", ext, record, err)
	}
	r, err := Open(dir, record)
	if err != nil {
		return nil, fmt.Errorf("place annotations %s: %w", ext, err)
	}
	marks = marks[1:]
	for i := range marks {
		marks[i].Sample = int64(math.Round(float64(marks[i].Sample) * r.Rate / ticks))
	}
	return marks, nil
}

// timeResolution begins the note that some files start with: their annotations count in ticks of
// their own, so many per second, rather than in samples.
const timeResolution = "## time resolution:"

// A word holds a code in its upper 6 bits and a number in its lower 10, annot(5). These codes say
// something about the annotation before them, or the one after.
const (
	codeNone    = 0  // only moves on
	codeSkip    = 59 // the next annotation is further on than 10 bits can say: 32 bits follow
	codeNumber  = 60 // not used by any database here
	codeSubtype = 61
	codeChannel = 62 // of this annotation and those after it
	codeAux     = 63 // text follows
)

// parseAnnotations reads annotations up to the zero word that ends them, or the end of the data.
func parseAnnotations(data []byte) ([]Annotation, error) {
	var p annotationParser
	for len(data) >= 2 {
		word := binary.LittleEndian.Uint16(data)
		data = data[2:]
		if word == 0 {
			break
		}
		used, ok := p.take(int(word>>10), int(word&0x3ff), data)
		if !ok {
			return nil, fmt.Errorf("read the %d bytes left after annotation %d: %w", len(data), len(p.marks), ErrMalformed)
		}
		data = data[used:]
	}
	return p.marks, nil
}

type annotationParser struct {
	marks   []Annotation
	at      int64
	channel int
}

// take reads one word's code and number, and says how much of what follows belongs to them.
func (p *annotationParser) take(code, number int, rest []byte) (used int, ok bool) {
	switch code {
	case codeSkip:
		if len(rest) < 4 {
			return 0, false
		}
		high, low := binary.LittleEndian.Uint16(rest), binary.LittleEndian.Uint16(rest[2:])
		p.at += int64(int32(uint32(high)<<16 | uint32(low)))
		return 4, true
	case codeNone:
		p.at += int64(number)
	case codeNumber:
	case codeSubtype:
		p.amend(func(a *Annotation) { a.Subtype = int(int8(number)) })
	case codeChannel:
		p.channel = number
		p.amend(func(a *Annotation) { a.Channel = number })
	case codeAux:
		if used = number + number%2; len(rest) < used {
			return 0, false
		}
		p.amend(func(a *Annotation) { a.Aux = strings.TrimRight(string(rest[:number]), "\x00") })
	default:
		p.at += int64(number)
		p.marks = append(p.marks, Annotation{Sample: p.at, Code: mnemonic(code), Channel: p.channel})
	}
	return used, true
}

// amend changes the annotation that was read last, where there is one.
func (p *annotationParser) amend(change func(*Annotation)) {
	if n := len(p.marks); n > 0 {
		change(&p.marks[n-1])
	}
}

// mnemonics of the codes 1 to 41, ecgcodes.h of the WFDB library.
var mnemonics = [...]string{
	codeNone: "", "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", "[15]", "|", "[17]", "s", "T", "*",
	"D", "\"", "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@", "x", "f", "(", ")", "r",
}

func mnemonic(code int) string {
	if code < len(mnemonics) {
		return mnemonics[code]
	}
	return "[" + strconv.Itoa(code) + "]"
}
