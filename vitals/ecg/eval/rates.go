package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/samber/lo"

	"vigil/vitals"
	"vigil/vitals/breath"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
	"vigil/vitals/ppg"
	"vigil/vitals/wfdb"
)

// ratesEvery is how often the rates are asked for, in seconds.
const ratesEvery = 5

// ratesAt are rates at one time, per minute; NaN where they cannot be told.
type ratesAt struct {
	heart   float64 // from the first ECG lead
	pulse   float64 // from the first pulse wave
	chest   float64 // breaths, from the chest's impedance
	derived float64 // breaths, from beats and pulses
}

// ratesOf are the rates that the first ECG lead, the first pulse wave and the respiration signal show.
func ratesOf(rec *wfdb.Record, all [][]int32, forests *model.Forests) ([]ratesAt, error) {
	chest := slices.IndexFunc(rec.Signals, func(s wfdb.Signal) bool { return s.Name == "RESP" })
	m, err := newModulations(rec, all, forests)
	if err != nil {
		return nil, err
	}
	second := int(math.Round(rec.Rate))
	var out []ratesAt
	for i := range m.ecg {
		m.push(i)
		if i%(ratesEvery*second) != 0 || i < breath.Window/1000*second {
			continue
		}
		r := ratesAt{m.rates[0].at(i, second), m.rates[1].at(i, second), math.NaN(), math.NaN()}
		if chest >= 0 {
			r.chest = chestRate(all[chest][:i], int(rec.Rate/breath.Hz))
		}
		if e, ok := m.breath.Rate(int64(i) * 1000 / int64(second)); ok {
			r.derived = e.PerMinute
		}
		out = append(out, r)
	}
	return out, nil
}

// chestRate is the rate of breaths at the end of a respiration signal.
func chestRate(signal []int32, perPoint int) float64 {
	var wave breath.Wave
	for p := range wave {
		end := len(signal) - (len(wave)-1-p)*perPoint
		wave[p] = mean(signal[end-perPoint : end])
	}
	if rate, ok := wave.Rate(); ok {
		return rate
	}
	return math.NaN()
}

// latest is the newest rate that a detector told.
type latest struct {
	bpm    float64
	sample int
}

// at is the rate at a sample; it counts for two seconds, as one is told each second.
func (l latest) at(i, second int) float64 {
	if l.bpm == 0 || i-l.sample > 2*second {
		return math.NaN()
	}
	return l.bpm
}

// mean of what was not lost.
func mean(samples []int32) int32 {
	sum, n := int64(0), int64(0)
	for _, v := range samples {
		if v != wfdb.Invalid {
			sum, n = sum+int64(v), n+1
		}
	}
	return int32(sum / max(1, n))
}

// modulated is what breath is derived from in a record.
type modulated struct {
	breath breath.Meter
	rateHz float64
	beats  *ecg.Detector
	pulses *ppg.Detector
	ecg    []int16
	wave   []int32   // nil where there is none
	rates  [2]latest // of heart and pulse
}

func newModulations(rec *wfdb.Record, all [][]int32, forests *model.Forests) (*modulated, error) {
	m := &modulated{rateHz: rec.Rate}
	var err error
	if m.ecg, err = rec.Microvolts(0); err != nil {
		return nil, fmt.Errorf("read channel 0: %w", err)
	}
	if m.beats, err = ecg.NewWith(rec.Rate, forests); err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	if m.pulses, err = ppg.New(rec.Rate); err != nil {
		return nil, fmt.Errorf("make a detector of pulses: %w", err)
	}
	if i := slices.IndexFunc(rec.Signals, func(s wfdb.Signal) bool { return slices.Contains(pulseWaves, s.Name) }); i >= 0 {
		m.wave = all[i]
	}
	return m, nil
}

// push lets the detectors see sample i, and the meter what they find.
func (m *modulated) push(i int) {
	const perStep = 16
	at := func(sample int64) int64 { return int64(float64(sample) * 1000 / m.rateHz) }
	for _, f := range m.beats.Push(int32(m.ecg[i]), m.ecg[i] == vitals.Missing) {
		switch f.Kind {
		case ecg.BeatFound:
			m.breath.Beat(at(f.At), f.Height)
		case ecg.RateMeasured:
			m.rates[0] = latest{f.RateBPM, i}
		default: // says nothing of a rate
		}
	}
	if m.wave == nil {
		return
	}
	for _, f := range m.pulses.Push(m.wave[i], m.wave[i] == wfdb.Invalid) {
		switch f.Kind {
		case ppg.PulseFound:
			m.breath.Pulse(at(f.At), int32(f.Height*perStep), int32(f.Foot*perStep))
		case ppg.RateMeasured:
			m.rates[1] = latest{f.RateBPM, i}
		default: // says nothing of a rate
		}
	}
}

// agreement is how two ways to measure a rate agree.
type agreement struct {
	name        string
	known, told func(ratesAt) float64
	near        float64 // per minute
}

var agreements = []agreement{
	{"pulse against heart rate", func(r ratesAt) float64 { return r.heart }, func(r ratesAt) float64 { return r.pulse }, 5},
	{"respiration, derived against impedance", func(r ratesAt) float64 { return r.chest }, func(r ratesAt) float64 { return r.derived }, 3},
}

// over gives how far the told rate is off where there is one, and at how many times and in how many
// records the other one is known.
func (a agreement) over(results []*result) (off []float64, times, records int) {
	for _, r := range results {
		known := lo.Filter(r.compared(), func(x ratesAt, _ int) bool { return !math.IsNaN(a.known(x)) })
		told := lo.Filter(known, func(x ratesAt, _ int) bool { return !math.IsNaN(a.told(x)) })
		off = append(off, lo.Map(told, func(x ratesAt, _ int) float64 { return math.Abs(a.told(x) - a.known(x)) })...)
		times, records = times+len(known), records+min(1, len(known))
	}
	return off, times, records
}

// ratesTable compares rates that were found in different signals.
func ratesTable(f findings) *table {
	t := &table{
		title: "Rates from pulse and breath",
		notes: []string{
			"Every 5 s. Told: of the times at which the other signal shows a rate. Breaths are counted in the impedance by the same method.",
		},
		header: []string{"records", "", "n", "times", "told %", "difference median", "p90", "near %", "near is"},
	}
	for _, g := range whole(f.results) {
		for _, a := range agreements {
			off, times, records := a.over(g.results)
			if len(off) == 0 {
				continue
			}
			near := lo.CountBy(off, func(x float64) bool { return x <= a.near })
			t.row(g.name, a.name, number(records), number(times), percentage(len(off), times),
				figure(score.Quantile(off, 0.5), 1), figure(score.Quantile(off, 0.9), 1), percentage(near, len(off)), figure(a.near, 0)+"/min")
		}
	}
	if len(t.rows) == 0 {
		t.notes = append(t.notes, notHere)
	}
	return t
}

// compared are the rates of a record with a pulse wave, else none.
func (r *result) compared() []ratesAt {
	if r.bedside == nil {
		return nil
	}
	return r.bedside.rates
}

func percentage(part, whole int) string { return figure(100*float64(part)/float64(whole), 0) }
