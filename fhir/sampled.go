package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"vigil/vitals"
)

// errValue is wrapped by the errors about a value that cannot be charted as it is.
var errValue = errors.New("not acceptable")

// sampledData is an R4 SampledData: value = origin + factor × data, one sample each period milliseconds.
type sampledData struct {
	Origin     uploadQuantity `json:"origin"`
	Period     json.Number    `json:"period"`
	Factor     json.Number    `json:"factor"`
	Dimensions int            `json:"dimensions"`
	Data       string         `json:"data"`
}

// maxSpan is how long one sampled Observation may be.
const maxSpan = 10 * time.Minute

// maxSamples is how many samples one may have: as many as what a hub sends at once, on which those who store and draw
// them rely.
const maxSamples = 64 << 10

// waveform is the samples in steps of the kind's unit.
func (s sampledData) waveform(kind vitals.Kind, start time.Time) (w vitals.Waveform, err error) {
	if kind.Info().Shape != vitals.Sampled {
		return w, fmt.Errorf("not a sampled signal here: %w", errValue)
	}
	if s.Dimensions != 1 {
		return w, fmt.Errorf("%d dimensions, not 1: %w", s.Dimensions, errValue)
	}
	rate, err := rateOf(s.Period)
	if err != nil {
		return w, err
	}
	w = vitals.Waveform{Kind: kind, Start: start, Rate: rate, First: indexAt(start, rate)}
	data, exp, err := samplesOf(s.Data)
	if err != nil {
		return w, err
	}
	if len(data) == 0 || len(data) > maxSamples || rate.Span(len(data)) > maxSpan {
		return w, fmt.Errorf("%d samples at %g Hz, not up to %d of up to %s: %w", len(data), rate.Hz(), maxSamples, maxSpan, errValue)
	}
	if w.Scale, err = s.step(kind, exp); err != nil {
		return w, err
	}
	zero, err := s.zero(kind, w.Scale)
	if err != nil {
		return w, err
	}
	w.Samples = make([]int16, len(data))
	for i, v := range data {
		if v == lost {
			w.Samples[i] = vitals.Missing
			continue
		}
		if v += zero; v <= int64(vitals.Missing) || v > math.MaxInt16 {
			return w, fmt.Errorf("sample %d is %d steps, more than 16 bits hold: %w", i, v, errValue)
		}
		w.Samples[i] = int16(v)
	}
	return w, nil
}

// step is one step of the data in the kind's unit; the data's decimals are part of it.
func (s sampledData) step(kind vitals.Kind, exp int8) (vitals.Decimal, error) {
	factor := vitals.Int(1)
	if s.Factor != "" {
		var err error
		if factor, err = decimalOf(s.Factor); err != nil {
			return factor, err
		}
	}
	if factor.Mantissa <= 0 || factor.Exp+exp < -maxStepDecimals {
		return factor, fmt.Errorf("factor %s is no step: %w", factor, errValue)
	}
	unit := s.Origin
	unit.Value = json.Number(vitals.NewDecimal(factor.Mantissa, factor.Exp+exp).String())
	return unit.of(kind)
}

// maxStepDecimals bounds how fine a step may be: a picovolt of an ECG in volts.
const maxStepDecimals = 12

// zero is the origin in steps, to the nearest whole one: what is shifted by less is not seen.
func (s sampledData) zero(kind vitals.Kind, step vitals.Decimal) (int64, error) {
	origin, err := s.Origin.of(kind)
	if err != nil {
		return 0, fmt.Errorf("origin: %w", err)
	}
	steps := math.Round(origin.Float() / step.Float())
	if math.Abs(steps) > math.MaxInt32 {
		return 0, fmt.Errorf("origin %s is too far from zero: %w", origin, errValue)
	}
	return int64(steps), nil
}

// lost stands for a sample that is not there.
const lost = math.MinInt64

// samplesOf reads the data: numbers with white space between, and E, U or L for a sample that is in
// error, above or below what can be measured. All have the exponent of the finest.
func samplesOf(data string) (samples []int64, exp int8, err error) {
	tokens := strings.Fields(data) // also splits at no-break spaces, which the guide's own example has
	values := make([]vitals.Decimal, len(tokens))
	for i, t := range tokens {
		if t == "E" || t == "U" || t == "L" {
			continue
		}
		if values[i], err = vitals.ParseDecimal(t); err != nil {
			return nil, 0, fmt.Errorf("sample %d: %w", i, errValue)
		}
		exp = min(exp, values[i].Exp)
	}
	if exp < -maxStepDecimals {
		return nil, 0, fmt.Errorf("samples of %d decimals: %w", -exp, errValue)
	}
	samples = make([]int64, len(tokens))
	for i, t := range tokens {
		if t == "E" || t == "U" || t == "L" {
			samples[i] = lost
			continue
		}
		v, within := aligned(values[i], exp)
		if !within {
			return nil, 0, fmt.Errorf("sample %d is more than 16 bits hold: %w", i, errValue)
		}
		samples[i] = v
	}
	return samples, exp, nil
}

// aligned is the mantissa of d at a finer exponent, where it is no more than a waveform could hold.
func aligned(d vitals.Decimal, exp int8) (int64, bool) {
	m := d.Mantissa
	for e := d.Exp; e > exp; e-- {
		if m > math.MaxInt32 || m < math.MinInt32 {
			return 0, false
		}
		m *= 10
	}
	return m, m <= math.MaxInt32 && m >= math.MinInt32
}

// rateOf is the rate of a period in milliseconds, exactly.
func rateOf(period json.Number) (vitals.Rate, error) {
	p, err := decimalOf(period)
	if err != nil {
		return vitals.Rate{}, fmt.Errorf("period: %w", err)
	}
	refused := fmt.Errorf("period %.20s is not between 0.01 ms and 100 s: %w", p, errValue)
	if p.Compare(vitals.NewDecimal(1, -2)) < 0 || p.Compare(vitals.Int(100_000)) > 0 || p.Exp < -9 {
		return vitals.Rate{}, refused
	}
	// rate = 1000 / (mantissa × 10^exp)
	r := new(big.Rat).SetInt64(1000)
	shift := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(p.Exp, -p.Exp))), nil))
	if p.Exp > 0 {
		r.Quo(r, shift)
	} else {
		r.Mul(r, shift)
	}
	r.Quo(r, new(big.Rat).SetInt64(p.Mantissa))
	if !r.Num().IsInt64() || !r.Denom().IsInt64() || r.Num().Int64() > math.MaxUint32 || r.Denom().Int64() > math.MaxUint32 {
		return vitals.Rate{}, refused
	}
	return vitals.Rate{Num: uint32(r.Num().Int64()), Den: uint32(r.Denom().Int64())}, nil
}

// indexAt numbers samples by their time since 1970, so that pieces which follow each other in time do so
// in number: FHIR knows no index, and a gap in the numbers is a gap in the record.
func indexAt(start time.Time, rate vitals.Rate) uint64 {
	n := new(big.Int).Mul(big.NewInt(start.UnixMicro()), big.NewInt(int64(rate.Num)))
	den := new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(int64(rate.Den)))
	n.Add(n, new(big.Int).Rsh(den, 1)).Div(n, den)
	if n.Sign() < 0 || !n.IsUint64() {
		return 0
	}
	return n.Uint64()
}

// decimalOf is a JSON number with every digit, also where it is written with an exponent.
func decimalOf(n json.Number) (vitals.Decimal, error) {
	mantissa, exponent, found := strings.Cut(strings.ToLower(string(n)), "e")
	d, err := vitals.ParseDecimal(mantissa)
	if err != nil {
		return d, fmt.Errorf("%.40q is no number that can be kept: %w", string(n), errValue)
	}
	if !found {
		return d, nil
	}
	shift, err := strconv.ParseInt(exponent, 10, 8)
	if exp := int64(d.Exp) + shift; err == nil && exp >= -18 && exp <= 18 {
		d.Exp = int8(exp)
		return d, nil
	}
	return d, fmt.Errorf("%.40q is no number that can be kept: %w", string(n), errValue)
}
