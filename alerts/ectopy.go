package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// Ventricular beats that are no tachycardia. Nobody acts on them as alarms (Drew et al., PLoS ONE 2014;9:e110274),
// so a run is of low priority, and a couplet and the count of single ones are information. Each lasts for a
// minute behind the last of them, so that one row tells of many. More than ten a minute is where monitors begin
// to tell (Philips IntelliVue).
var (
	ventricularRun = rule{
		condition: VentricularRun, describe: func(f fact) string { return f.cause },
		Spec: Spec{
			Label: "VENTRICULAR RUN", Type: Physiological, Priority: Low, OffDelay: time.Minute,
			InhibitedBy: []Condition{VF, VT, LeadsOff},
		},
	}
	couplet = rule{
		condition: Couplet, describe: func(fact) string { return "two ventricular beats in a row" },
		Spec: Spec{
			Label: "COUPLET", Type: Physiological, Priority: Info, OffDelay: time.Minute,
			InhibitedBy: []Condition{VF, VT, VentricularRun, LeadsOff},
		},
	}
	frequentPVC = rule{
		condition: PVCFrequent, describe: describePVCs,
		Spec: Spec{
			Label: "PVC FREQUENT", Type: Physiological, Priority: Info, OffDelay: time.Minute,
			InhibitedBy: []Condition{VF, VT, VentricularRun, LeadsOff},
		},
	}
)

func describePVCs(f fact) string {
	return fmt.Sprintf("%s ventricular beats in a minute > %s", f.value, f.limit)
}

// pvcs remembers when ventricular beats were, the newest last.
type pvcs struct{ at []instant }

// pvcsKept is the most that are counted: more a minute than any heart has of single ones.
const pvcsKept = 100

func (p *pvcs) add(at time.Time) {
	if len(p.at) == pvcsKept {
		p.at = append(p.at[:0], p.at[1:]...)
	}
	p.at = append(p.at, instantOf(at))
}

// lately counts those of the minute before a time, and forgets the others.
func (p *pvcs) lately(at time.Time) int64 {
	old := 0
	for old < len(p.at) && at.Sub(p.at[old].Time()) >= time.Minute {
		old++
	}
	p.at = append(p.at[:0], p.at[old:]...)
	return int64(len(p.at))
}

// observePattern takes in a run or a couplet, which may be over within the second in which it began.
func (e *Engine) observePattern(dev *device, f *ecg.Finding, at, now time.Time) {
	k := key{condition: VentricularRun}
	if f.Rhythm == ecg.Couplet {
		k.condition = Couplet
	}
	rate := vitals.Round(f.RateBPM, 0)
	e.apply(k, fact{
		at: at, truth: True, value: rate, by: dev.id,
		cause: "three or more ventricular beats at " + rate.String() + "/min",
	}, now)
}

// judgeEctopy judges, at a whole second, what there is of ventricular beats in the leading ECG.
func (e *Engine) judgeEctopy(dev *device, quality ecg.Quality, at, now time.Time) {
	l := dev.lead
	f := fact{at: at, by: dev.id, truth: False}
	if quality != ecg.FullAnalysis {
		f.truth = Unknown // beats cannot be named
	}
	count := f
	count.value, count.limit = vitals.Int(l.pvcs.lately(at)), e.limits.values[PVCPerMinute]
	if count.value.Compare(count.limit) > 0 {
		count.truth = True
	}
	run := f
	if l.analyser != nil && l.analyser.Standing(ecg.VentricularRun) {
		run.truth, run.cause = True, "three or more ventricular beats in a row"
	}
	e.apply(key{condition: VentricularRun}, run, now)
	e.apply(key{condition: Couplet}, f, now)
	e.apply(key{condition: PVCFrequent}, count, now)
}
