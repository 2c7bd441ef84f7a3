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

// breathEvery is how often the respiration rate is asked for, in seconds.
const breathEvery = 5

// breathAt is the respiration rate at one time, per minute; NaN where it cannot be told.
type breathAt struct {
	measured float64 // from the chest's impedance
	derived  float64 // from beats and pulses
}

// breathsOf compares, where the record has a respiration signal, what breath it shows with what is derived
// from the first ECG lead and the first pulse wave.
func breathsOf(rec *wfdb.Record, all [][]int32, forests *model.Forests) ([]breathAt, error) {
	chest := slices.IndexFunc(rec.Signals, func(s wfdb.Signal) bool { return s.Name == "RESP" })
	if chest < 0 {
		return nil, nil
	}
	meter, err := newModulations(rec, all, forests)
	if err != nil {
		return nil, err
	}
	perPoint, second := int(rec.Rate/breath.Hz), int(math.Round(rec.Rate))
	var out []breathAt
	for i := range all[chest] {
		meter.push(i)
		if i%(breathEvery*second) != 0 || i < breath.Window/1000*second {
			continue
		}
		b := breathAt{math.NaN(), math.NaN()}
		var wave breath.Wave
		for p := range wave {
			end := i - (len(wave)-1-p)*perPoint
			wave[p] = mean(all[chest][end-perPoint : end])
		}
		if rate, ok := wave.Rate(); ok {
			b.measured = rate
		}
		if e, ok := meter.breath.Rate(int64(i) * 1000 / int64(second)); ok {
			b.derived = e.PerMinute
		}
		out = append(out, b)
	}
	return out, nil
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
	wave   []int32 // nil where there is none
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
		if f.Kind == ecg.BeatFound {
			m.breath.Beat(at(f.At), f.Height)
		}
	}
	if m.wave == nil {
		return
	}
	for _, f := range m.pulses.Push(m.wave[i], m.wave[i] == wfdb.Invalid) {
		if f.Kind == ppg.PulseFound {
			m.breath.Pulse(at(f.At), int32(f.Height*perStep), int32(f.Foot*perStep))
		}
	}
}

// breathTable compares derived respiration rates with measured ones.
func breathTable(f findings) *table {
	t := &table{
		title: "Respiration rate, derived from ECG and pulse",
		notes: []string{
			"Every 5 s, against breaths counted in the chest's impedance by the same method. Told: of the times at which that shows a rate.",
		},
		header: []string{"records", "n", "times", "told %", "difference median", "p90", "within 3/min %", goalColumn},
	}
	for _, g := range whole(f.results) {
		with := lo.Filter(g.results, func(r *result, _ int) bool { return r.bedside != nil && r.bedside.breaths != nil })
		asked := lo.Filter(lo.FlatMap(with, func(r *result, _ int) []breathAt { return r.bedside.breaths }),
			func(b breathAt, _ int) bool { return !math.IsNaN(b.measured) })
		told := lo.Filter(asked, func(b breathAt, _ int) bool { return !math.IsNaN(b.derived) })
		if len(told) == 0 {
			continue
		}
		off := lo.Map(told, func(b breathAt, _ int) float64 { return math.Abs(b.derived - b.measured) })
		near := lo.CountBy(off, func(x float64) bool { return x <= 3 })
		t.row(g.name, number(len(with)), number(len(asked)), percentage(len(told), len(asked)),
			figure(score.Quantile(off, 0.5), 1), figure(score.Quantile(off, 0.9), 1), percentage(near, len(off)), "")
	}
	if len(t.rows) == 0 {
		t.notes = append(t.notes, notHere)
	}
	return t
}

func percentage(part, whole int) string { return figure(100*float64(part)/float64(whole), 0) }
