package alerts

import (
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// A reading that was planned and did not come. Once and a half the planned interval is waited for, and two days
// for what is measured daily, because people do not get up at the same time each day; both are Vigil's own.
var missedReading = rule{
	condition: MissedReading, describe: func(f fact) string { return f.cause },
	Spec: Spec{Label: "MISSED READING", Type: Physiological, Spot: true, Priority: Low},
}

// plan is a measurement that can be planned. Its name is the site of the alarm.
type plan struct {
	name  string
	kinds []vitals.Kind
	every Setting // hours; zero: not planned
}

var plans = []plan{
	{"blood pressure", []vitals.Kind{vitals.Systolic}, PressureEvery},
	{"glucose", glucose.kinds, GlucoseEvery},
	{"temperature", temperature.kinds, TemperatureEvery},
	{"weight", weight.kinds, WeightEvery},
}

// daily is what is waited two days for.
const daily = 24

// patience is how long after a reading the next one is missed.
func (p plan) patience(l Limits) time.Duration {
	hours := l.whole(p.every)
	if hours == daily {
		return 2 * day
	}
	return time.Duration(hours) * time.Hour * 3 / 2
}

// tickPlans judges what is planned. A patient who never measured is waited for since their data is known.
func (e *Engine) tickPlans(now time.Time) {
	for _, p := range plans {
		k := key{MissedReading, p.name}
		planned := e.limits.whole(p.every) > 0
		last := e.spots.since
		for _, kind := range p.kinds {
			last = later(last, e.spots.newest[kind].at.Time())
		}
		if !planned && e.find(k) == nil || last.IsZero() {
			continue
		}
		due := last.Add(p.patience(e.limits))
		f := fact{at: now, truth: False, onset: due}
		if planned && now.After(due) {
			f.truth = True
			f.cause = "no " + p.name + " for " + inWords(p.patience(e.limits))
		}
		e.apply(k, f, now)
	}
}

// inWords is a time of many hours for people.
func inWords(d time.Duration) string {
	if d%day == 0 && d > day {
		return vitals.Int(int64(d/day)).String() + " days"
	}
	return vitals.Round(d.Hours(), int8(lo.Ternary(d%time.Hour == 0, 0, 1))).String() + " h"
}
