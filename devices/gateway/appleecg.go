package gateway

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"vigil/devices"
	"vigil/vitals"
)

// Apple ECG: a CSV file of the Health app's export, one recording each. It is written in the phone's
// language: labels are translated and numbers may have a decimal comma, so the lines of the header are
// recognised by their values. The name and the birth date of the patient stand in it and are not read.
func init() {
	register(Source{Name: "apple-ecg", About: "ECG of an Apple Watch as a CSV file", decode: appleECGBatch})
}

var (
	appleDate = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$`)
	appleRate = regexp.MustCompile(`^(\d{2,5}(?:[.,]\d{1,3})?) ?\pL+$`) // "512 hertz"
	appleUnit = regexp.MustCompile(`^(?:[µμum]|mc)?V$`)
	appleLead = regexp.MustCompile(`(?:^|[^\pL])I$`) // "Lead I", "Ableitung I"
	appleStep = regexp.MustCompile(`^-?\d+(?:[.,]\d+)?$`)
)

// appleHeader is what is read of a header.
type appleHeader struct {
	date, rate, unit string
	leadI            bool
}

func (h *appleHeader) line(value string) {
	switch {
	case appleDate.MatchString(value):
		h.date = value
	case appleUnit.MatchString(value):
		h.unit = value
	case appleLead.MatchString(value):
		h.leadI = true
	case h.rate == "":
		if m := appleRate.FindStringSubmatch(value); m != nil {
			h.rate = strings.Replace(m[1], ",", ".", 1)
		}
	}
}

func appleECGBatch(frame devices.Frame) (vitals.Batch, error) {
	if !utf8.Valid(frame.Bytes) {
		return vitals.Batch{}, malformed("not a text in UTF-8")
	}
	var h appleHeader
	var samples []vitals.Decimal
	for number, line := range strings.Split(string(frame.Bytes), "\n") {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\ufeff"), "\r")
		_, value, labelled := strings.Cut(line, ",")
		switch {
		case line == "":
		case appleStep.MatchString(line):
			sample, err := decimalOf(strings.Replace(line, ",", ".", 1))
			if err != nil {
				return vitals.Batch{}, err
			}
			samples = append(samples, sample)
		case labelled && samples == nil:
			h.line(strings.Trim(value, `" `))
		default: // which is not quoted: it may name somebody
			return vitals.Batch{}, malformed("line %d is neither a header nor a sample", number+1)
		}
	}
	return h.batch(frame.Device, samples)
}

func (h *appleHeader) batch(device vitals.DeviceID, samples []vitals.Decimal) (vitals.Batch, error) {
	if h.date == "" || h.rate == "" || h.unit == "" || len(samples) == 0 {
		return vitals.Batch{}, malformed("an ECG file lacks its date, its rate, its unit or its samples")
	}
	start, err := timeIn(healthTime, h.date)
	if err != nil {
		return vitals.Batch{}, err
	}
	hz, err := decimalOf(h.rate)
	if err != nil {
		return vitals.Batch{}, err
	}
	rate, err := rateOf(hz)
	if err != nil {
		return vitals.Batch{}, err
	}
	for i := range samples {
		samples[i].Exp += voltages[h.unit]
	}
	b := recording(device, start, rate, samples)
	if !h.leadI {
		b.Waveforms[0].Kind = vitals.ECG
	}
	return b, nil
}
