package wfdb

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Defaults of the header format, header(5).
const (
	defaultRateHz = 250
	defaultGain   = 200 // adu per unit, of an uncalibrated signal
	defaultUnit   = "mV"
)

// parseHeader reads a header: a line about the record, then one about each signal.
func parseHeader(text []byte) (*Record, error) {
	all := lines(text)
	if len(all) == 0 {
		return nil, fmt.Errorf("read an empty header: %w", ErrMalformed)
	}
	r, count, err := parseRecordLine(strings.Fields(all[0]))
	if err != nil {
		return nil, fmt.Errorf("read line %q: %w", all[0], err)
	}
	if len(all)-1 < count {
		return nil, fmt.Errorf("read %d of %d signals: %w", len(all)-1, count, ErrMalformed)
	}
	for i, line := range all[1 : count+1] {
		s, err := parseSignalLine(line)
		if err != nil {
			return nil, fmt.Errorf("read line %q: %w", line, err)
		}
		if i > 0 && s.file == r.Signals[i-1].file && (s.format != r.Signals[i-1].format || s.offset != r.Signals[i-1].offset) {
			return nil, fmt.Errorf("read file %s in two formats: %w", s.file, ErrMalformed)
		}
		r.Signals = append(r.Signals, s)
	}
	return r, nil
}

// parseRecordLine reads "name signals [rate[/counter] [samples [time [date]]]]".
func parseRecordLine(fields []string) (r *Record, signals int, err error) {
	if len(fields) < 2 {
		return nil, 0, fmt.Errorf("read %d fields: %w", len(fields), ErrMalformed)
	}
	if strings.Contains(fields[0], "/") {
		return nil, 0, fmt.Errorf("read a record of several segments: %w", ErrUnsupported)
	}
	r = &Record{Rate: defaultRateHz}
	if signals, err = natural(fields[1]); err != nil {
		return nil, 0, fmt.Errorf("read the number of signals: %w", err)
	}
	if len(fields) > 2 {
		rate, _, _ := strings.Cut(fields[2], "/")
		if r.Rate, err = positive(rate); err != nil {
			return nil, 0, fmt.Errorf("read the rate: %w", err)
		}
	}
	if len(fields) > 3 {
		if r.Samples, err = natural(fields[3]); err != nil {
			return nil, 0, fmt.Errorf("read the number of samples: %w", err)
		}
	}
	return r, signals, nil
}

// Places of the fields of a signal line.
const (
	fieldFile = iota
	fieldFormat
	fieldGain
	fieldResolution
	fieldZero
	fieldInitial
	fieldChecksum
	fieldBlock
	fieldName
)

// parseSignalLine reads "file format [gain [resolution [zero [initial [checksum [block [name]]]]]]]".
// The name is the rest of the line and may hold spaces.
func parseSignalLine(line string) (Signal, error) {
	f := strings.Fields(line)
	if len(f) <= fieldFormat {
		return Signal{}, fmt.Errorf("read %d fields: %w", len(f), ErrMalformed)
	}
	s := Signal{file: f[fieldFile], Gain: defaultGain, Unit: defaultUnit}
	if err := s.parseFormat(f[fieldFormat]); err != nil {
		return Signal{}, fmt.Errorf("read the format: %w", err)
	}
	numbers, err := integers(f, fieldZero, fieldInitial, fieldChecksum)
	if err != nil {
		return Signal{}, err
	}
	s.Baseline = numbers[0] // unless the gain says otherwise
	if len(f) > fieldChecksum {
		s.initial, s.checksum = int32(numbers[1]), int16(numbers[2])
	}
	if len(f) > fieldGain {
		if err := s.parseGain(f[fieldGain]); err != nil {
			return Signal{}, fmt.Errorf("read the gain: %w", err)
		}
	}
	if len(f) > fieldName {
		s.Name = strings.Join(f[fieldName:], " ")
	}
	return s, nil
}

// parseFormat reads "format[xSAMPLES][:SKEW][+OFFSET]". Several samples per frame and skewed
// signals are not read: none of the databases in use has them.
func (s *Signal) parseFormat(text string) (err error) {
	code, offset, hasOffset := strings.Cut(text, "+")
	if hasOffset {
		if s.offset, err = natural(offset); err != nil {
			return fmt.Errorf("read the offset: %w", err)
		}
	}
	s.format = format(code)
	if s.format.bits() == 0 {
		return fmt.Errorf("read signals of format %q: %w", code, ErrUnsupported)
	}
	return nil
}

// parseGain reads "gain[(baseline)][/unit]".
func (s *Signal) parseGain(text string) (err error) {
	number, unit, hasUnit := strings.Cut(text, "/")
	if hasUnit {
		s.Unit = unit
	}
	if open := strings.IndexByte(number, '('); open >= 0 {
		if s.Baseline, err = strconv.Atoi(strings.TrimSuffix(number[open+1:], ")")); err != nil {
			return fmt.Errorf("read the baseline (%w): %w", err, ErrMalformed)
		}
		number = number[:open]
	}
	gain, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(gain) || math.IsInf(gain, 0) {
		return fmt.Errorf("read the number %q: %w", number, ErrMalformed)
	}
	if gain != 0 { // zero says that the signal was never calibrated
		s.Gain = gain
	}
	return nil
}

// integers reads the fields at the places; one that is not there is zero.
func integers(fields []string, places ...int) ([]int, error) {
	numbers := make([]int, len(places))
	for i, place := range places {
		if place >= len(fields) {
			break
		}
		n, err := strconv.ParseInt(fields[place], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read field %d (%w): %w", place, err, ErrMalformed)
		}
		numbers[i] = int(n)
	}
	return numbers, nil
}

func natural(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("read the number %q: %w", text, ErrMalformed)
	}
	return n, nil
}

func positive(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("read the number %q: %w", text, ErrMalformed)
	}
	return x, nil
}
