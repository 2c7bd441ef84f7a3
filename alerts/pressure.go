package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
)

// Blood pressure of a cuff. 180 and 120 mmHg are where a hypertensive crisis begins, and what a person at home
// is told to measure again after some minutes (American Heart Association; Whelton et al., 2017 ACC/AHA
// guideline, Hypertension 2018;71:e13); a systolic of 90 mmHg scores three points in NEWS2 (RCP 2017). The first
// value waits for a second: true again, it is told at once; false, it was none; and where none comes within the
// delay, it is told. A value stands for four hours.
var (
	pressureHigh = rule{
		condition: BPHigh, describe: describeHighPressure, on: BPHighConfirm, within: confirmed, step: vitals.Int(20),
		Spec: Spec{Label: "BP HIGH", Type: Physiological, Spot: true, Priority: Medium, Rearm: rearmMedium},
	}
	pressureLow = rule{
		condition: BPLow, describe: describeLowPressure, on: BPLowConfirm, within: confirmed, step: vitals.Int(-20),
		Spec: Spec{Label: "BP LOW", Type: Physiological, Spot: true, Priority: Medium, Rearm: rearmMedium},
	}
)

var (
	systolicHigh  = limit{condition: BPHigh, above: true, inclusive: true, at: settingOf(SystolicHighLimit)}
	diastolicHigh = limit{condition: BPHigh, above: true, inclusive: true, at: settingOf(DiastolicHighLimit)}
	systolicLow   = limit{condition: BPLow, inclusive: true, at: settingOf(SystolicLowLimit)}
)

// confirmed waits no longer once a second value says the same.
func confirmed(f fact) time.Duration {
	if f.confirmed {
		return 0
	}
	return unhurried
}

func describeHighPressure(f fact) string {
	return fmt.Sprintf("%s %s ≥ %s mmHg", f.cause, f.value, f.limit)
}

func describeLowPressure(f fact) string {
	return fmt.Sprintf("%s %s ≤ %s mmHg", f.cause, f.value, f.limit)
}

const pressureStands = 4 * time.Hour

var pressure = family{
	kinds: []vitals.Kind{vitals.Systolic, vitals.Diastolic}, stands: pressureStands, judge: (*Engine).judgePressure, each: true,
}

// judgePressure judges the newest measurement: the systolic and the diastolic of one time.
func (e *Engine) judgePressure(now time.Time) {
	sys, dia := e.spots.newest[vitals.Systolic], e.spots.newest[vitals.Diastolic]
	at := max(sys.at, dia.at)
	if at == 0 {
		return
	}
	high := e.pressureFact(&systolicHigh, sys, at, "systolic")
	if d := e.pressureFact(&diastolicHigh, dia, at, "diastolic"); high.truth != True && d.truth != False {
		high = d // true, or unknown: without both values nobody can say that neither is high
	}
	e.judgeMeasurement(BPHigh, high, now)
	e.judgeMeasurement(BPLow, e.pressureFact(&systolicLow, sys, at, "systolic"), now)
}

// judgeMeasurement tells at once what a second measurement confirms.
func (e *Engine) judgeMeasurement(c Condition, f fact, now time.Time) {
	k := key{condition: c}
	p := e.find(k)
	f.confirmed = p != nil && (p.alarm.State == Pending || p.worseSince != 0)
	e.judgeSpot(k, f, pressureStands, now)
}

// pressureFact holds one value of the measurement at a time against its limit.
func (e *Engine) pressureFact(l *limit, v spot, at instant, what string) fact {
	f := fact{at: at.Time(), value: v.value, by: v.by, cause: what}
	if v.at == at {
		f.truth, f.limit = e.against(l, v.value, nil)
	}
	return f
}
