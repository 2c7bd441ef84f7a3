package main

import (
	"math"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
)

// alarm is an alarm that would have been heard at a nurse's desk: raised with sample At, and
// standing until the engine knew that its condition was gone.
type alarm struct {
	score.Alarm
	condition alerts.Condition
	priority  alerts.Priority
}

// recordStart is the made-up time of every record's first sample.
var recordStart = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

const (
	patient = vitals.PatientID("record")
	device  = vitals.DeviceID("000000000001")
	finger  = vitals.DeviceID("000000000002") // an oximeter
)

// raise runs the alarm engine with the unit's defaults over a channel that arrives in deliveries
// of one second, beside the wave of an oximeter where there is one. Nobody acknowledges: an alarm that
// latched and recurs is heard again.
func raise(rateHz float64, microvolts, pulse []int16, forests *model.Forests) []alarm {
	engine := alerts.NewEngineWith(patient, forests)
	engine.Bind([]vitals.DeviceID{device, finger}, recordStart)
	rate := fraction(rateHz)
	second := int(math.Round(rateHz))
	b := bell{standing: map[alerts.AlarmID]int{}}
	deliver := func(from vitals.DeviceID, kind vitals.Kind, samples []int16, first int) {
		if first >= len(samples) {
			return
		}
		w := vitals.Waveform{
			Kind: kind, Start: recordStart.Add(rate.Span(first)), Rate: rate,
			Scale: vitals.Int(1), First: uint64(first), Samples: slices.Clone(samples[first:min(first+second, len(samples))]),
		}
		told := engine.Observe(vitals.Delivery{
			Patient: patient, Stream: vitals.Stream{Device: from}, Seq: uint64(first/second + 1), Received: w.End(),
			Batch: vitals.Batch{Device: from, Waveforms: []vitals.Waveform{w}},
		})
		b.hear(told.Transitions, first+len(w.Samples)-1)
	}
	for first := 0; first < len(microvolts); first += second {
		next := min(first+second, len(microvolts))
		deliver(finger, vitals.Pleth, pulse, first)
		deliver(device, vitals.ECG, microvolts, first)
		b.hear(engine.Tick(recordStart.Add(rate.Span(next))).Transitions, next-1)
	}
	for _, i := range b.standing {
		b.alarms[i].Until = int64(len(microvolts))
	}
	return b.alarms
}

// fraction is a sampling rate in hundredths of a hertz: finer than any header tells.
func fraction(rateHz float64) vitals.Rate {
	if rateHz == math.Trunc(rateHz) {
		return vitals.Rate{Num: uint32(rateHz), Den: 1}
	}
	return vitals.Rate{Num: uint32(math.Round(rateHz * 100)), Den: 100}
}

// bell notes when alarms are heard.
type bell struct {
	alarms   []alarm
	standing map[alerts.AlarmID]int // index in alarms
}

func (b *bell) hear(transitions []alerts.Transition, sample int) {
	for i := range transitions {
		t := &transitions[i]
		id := t.Alarm.ID
		switch t.Change {
		case alerts.Raised, alerts.Recurred:
			b.standing[id] = len(b.alarms)
			b.alarms = append(b.alarms, alarm{
				Alarm: score.Alarm{At: int64(sample)}, condition: t.Alarm.Condition, priority: t.Alarm.Priority,
			})
		case alerts.Latched, alerts.Ceased:
			if at, stands := b.standing[id]; stands {
				b.alarms[at].Until = int64(sample) + 1
				delete(b.standing, id)
			}
		default: // asks for nothing
		}
	}
}

// alarmsOf are the alarms of some conditions.
func alarmsOf(all []alarm, conditions ...alerts.Condition) []score.Alarm {
	var out []score.Alarm
	for _, a := range all {
		if slices.Contains(conditions, a.condition) {
			out = append(out, a.Alarm)
		}
	}
	return out
}
