package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vigil/vitals"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
	"vigil/vitals/ppg"
	"vigil/vitals/wfdb"
)

// bedside is what all signals of a record of the Challenge 2015 show until the monitor's alarm at five
// minutes, and nothing of what comes behind it.
type bedside struct {
	leads   []rhythm  // of each ECG channel
	fingers []rhythm  // of each pulse wave: a plethysmogram or an arterial line
	alarms  []alarm   // of the alarm engine that sees the first of each
	rates   []ratesAt // of the whole record
}

// rhythm is the sequence of beats in one signal in the last seconds before the alarm.
type rhythm struct {
	at       []float64     // seconds of the record, in order
	classes  []score.Class // of the beats; none of pulses
	until    float64       // up to here beats are known
	readable bool          // beats could be seen throughout
	steady   bool          // pulses only: regular most of the time
	says     []string      // ECG only: labels of episodes
}

// Names of pulse waves in the records.
var pulseWaves = []string{"PLETH", "ABP", "ART"}

// lookAt reads all signals of the record.
func lookAt(rec *wfdb.Record, forests *model.Forests) (*bedside, error) {
	all, err := rec.Read()
	if err != nil {
		return nil, fmt.Errorf("read all channels: %w", err)
	}
	b := &bedside{}
	if b.rates, err = ratesOf(rec, all, forests); err != nil {
		return nil, err
	}
	ecgs, pulses, err := untilAlarm(rec, all)
	if err != nil {
		return nil, err
	}
	for _, microvolts := range ecgs {
		a, err := analyse(rec.Rate, microvolts, forests)
		if err != nil {
			return nil, err
		}
		b.leads = append(b.leads, a.rhythm(rec.Rate))
	}
	for _, wave := range pulses {
		r, err := pulseRhythm(rec.Rate, wave)
		if err != nil {
			return nil, err
		}
		b.fingers = append(b.fingers, r)
	}
	if len(ecgs) > 0 && len(pulses) > 0 {
		b.alarms = raise(rec.Rate, ecgs[0], pulses[0], forests)
	}
	return b, nil
}

// untilAlarm are the ECG leads and the pulse waves up to the alarm.
func untilAlarm(rec *wfdb.Record, all [][]int32) (ecgs, pulses [][]int16, err error) {
	end := min(int(challengeAlarmAt*rec.Rate), len(all[0]))
	for i, s := range rec.Signals {
		switch {
		case strings.EqualFold(s.Unit, "mV"):
			microvolts, err := rec.Microvolts(i)
			if err != nil {
				return nil, nil, fmt.Errorf("read channel %d: %w", i, err)
			}
			ecgs = append(ecgs, microvolts[:min(end, len(microvolts))])
		case slices.Contains(pulseWaves, s.Name):
			pulses = append(pulses, steps(all[i][:end]))
		}
	}
	return ecgs, pulses, nil
}

// steps are the samples of a wave as a device would send them.
func steps(wave []int32) []int16 {
	out := make([]int16, len(wave))
	for i, v := range wave {
		out[i] = vitals.Missing
		if v != wfdb.Invalid {
			out[i] = int16(min(max(v, -math.MaxInt16), math.MaxInt16))
		}
	}
	return out
}

// What is looked at begins so long before the alarm.
const judgedFrom = challengeAlarmAt - challengeBefore

// rhythm is what the detector knew of a lead at the time of the alarm.
func (a *analysis) rhythm(rateHz float64) rhythm {
	const named = 2.0 // seconds within which a beat has its name
	r := rhythm{until: challengeAlarmAt - named, readable: true}
	for _, b := range a.beats {
		if at := float64(b.At) / rateHz; at >= judgedFrom {
			r.at, r.classes = append(r.at, at), append(r.classes, b.Class)
		}
	}
	around := score.Span{From: int64(judgedFrom * rateHz), To: int64(challengeAlarmAt * rateHz)}
	for _, e := range a.episodes {
		switch {
		case !around.Meets(score.Span{From: e.From, To: max(e.To, e.From+1)}):
		case e.label == noise:
			r.readable = false
		default:
			r.says = append(r.says, e.label)
		}
	}
	return r
}

// pulseRhythm is what the detector of pulses knew of a wave at the time of the alarm.
func pulseRhythm(rateHz float64, wave []int16) (rhythm, error) {
	const known = 0.6 // seconds within which a pulse is reported
	d, err := ppg.New(rateHz)
	if err != nil {
		return rhythm{}, fmt.Errorf("make a detector of pulses: %w", err)
	}
	r := rhythm{until: challengeAlarmAt - known, readable: true}
	second := int(math.Round(rateHz))
	seconds, steady := 0, 0
	for i, v := range wave {
		for _, f := range d.Push(int32(v), v == vitals.Missing) {
			if at := float64(f.At) / rateHz; f.Kind == ppg.PulseFound && at >= judgedFrom {
				r.at = append(r.at, at)
			}
		}
		if i%second != 0 || float64(i)/rateHz < challengeAlarmAt-clearFor {
			continue
		}
		r.readable = r.readable && d.Presence() == ppg.Present
		seconds++
		if _, ok := d.Steady(); ok {
			steady++
		}
	}
	r.steady = r.readable && 2*steady >= seconds && seconds > 0
	return r, nil
}

// clearFor is for how many seconds a pulse must have been told present to speak against an alarm. The event
// lies within 10 s by the Challenge's rules, and a pulse is told present when it has been there for 2 s.
const clearFor = 8.0

// intervals between the beats, in seconds.
func (r *rhythm) intervals() []float64 {
	var out []float64
	for i := 1; i < len(r.at); i++ {
		out = append(out, r.at[i]-r.at[i-1])
	}
	return out
}

// pause is the longest time without a beat, in seconds.
func (r *rhythm) pause() float64 {
	if len(r.at) == 0 {
		return r.until - judgedFrom
	}
	longest := max(r.at[0]-judgedFrom, r.until-r.at[len(r.at)-1])
	for _, length := range r.intervals() {
		longest = max(longest, length)
	}
	return longest
}

// perMinute is the median rate.
func (r *rhythm) perMinute() float64 { return 60 / score.Quantile(r.intervals(), 0.5) }

// rates are those over so many intervals in a row; none where there are fewer.
func (r *rhythm) rates(in int) []float64 {
	var out []float64
	for i := in; i < len(r.at); i++ {
		out = append(out, 60*float64(in)/(r.at[i]-r.at[i-in]))
	}
	return out
}

// slowest is the least of them, NaN where there are none.
func (r *rhythm) slowest(in int) float64 { return score.Quantile(r.rates(in), 0) }

// fastest is the largest of them, NaN where there are none.
func (r *rhythm) fastest(in int) float64 { return score.Quantile(r.rates(in), 1) }

// ventricular is the longest run of beats that are or may be ventricular.
func (r *rhythm) ventricular() int {
	longest, run := 0, 0
	for _, c := range r.classes {
		if c == score.Ventricular || c == score.Unknown {
			run++
		} else {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// calm reports whether a signal shows one beat after the other, none early or late by a quarter of the
// interval, and none that may be ventricular.
func (r *rhythm) calm() bool {
	lengths := r.intervals()
	median := score.Quantile(lengths, 0.5)
	even := !slices.ContainsFunc(lengths, func(s float64) bool { return math.Abs(s-median) > median/4 })
	return r.readable && len(lengths) >= leastBeats && even && r.ventricular() == 0 && r.pause() < 2*median+1
}
