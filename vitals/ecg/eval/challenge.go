package main

import (
	"fmt"
	"slices"

	"vigil/alerts"
	"vigil/vitals/ecg/eval/score"
)

// The Challenge 2015 asks: a monitor raised this alarm at five minutes; is it true? The event lies
// within the last 10 s before the alarm by its rules, and 16 s is what its scorers allowed for.
const (
	challengeAlarmAt = 300.0 // seconds
	challengeBefore  = 16.0
)

// challengeKind is a kind of alarm of the Challenge 2015, and which of our conditions and episodes answer to it.
type challengeKind struct {
	kind       string
	conditions []alerts.Condition
	labels     []string
}

var challengeKinds = []challengeKind{
	{"Asystole", []alerts.Condition{alerts.Asystole}, []string{asystole}},
	{"Bradycardia", []alerts.Condition{alerts.ExtremeBrady, alerts.HRLow}, []string{brady}},
	{"Tachycardia", []alerts.Condition{alerts.ExtremeTachy, alerts.HRHigh}, []string{tachy}},
	{"Ventricular_Flutter_Fib", []alerts.Condition{alerts.VF}, []string{fibrillation}},
	{"Ventricular_Tachycardia", []alerts.Condition{alerts.VT}, []string{tachycardia}},
}

// confirms reports whether an alarm condition of the kind stood or was raised within 16 s before
// five minutes, and the same of the detector's own episodes.
func (r *result) confirms(kind string) (byAlarm, byEpisode bool) {
	around := r.aroundAlarm()
	for _, k := range challengeKinds {
		if k.kind != kind {
			continue
		}
		byAlarm = r.stood(r.alarms, k.conditions...)
		byEpisode = slices.ContainsFunc(r.episodes, func(e episode) bool {
			return slices.Contains(k.labels, e.label) && around.Meets(score.Span{From: e.emitted, To: max(e.To, e.emitted+1)})
		})
	}
	return byAlarm, byEpisode
}

// aroundAlarm is when the event must have been for the alarm to be true.
func (r *result) aroundAlarm() score.Span {
	return score.Span{From: r.seconds(challengeAlarmAt - challengeBefore), To: r.seconds(challengeAlarmAt) + 1}
}

// stood reports whether one of the alarms about the conditions stood then.
func (r *result) stood(all []alarm, conditions ...alerts.Condition) bool {
	return slices.ContainsFunc(alarmsOf(all, conditions...), func(a score.Alarm) bool {
		return r.aroundAlarm().Meets(score.Span{From: a.At, To: max(a.Until, a.At+1)})
	})
}

// challengeFlaws are disagreements with the challenges' references.
func (r *result) challengeFlaws() []flaw {
	if a, ok := r.database.alarms[r.record]; ok {
		said, _ := r.confirms(a.kind)
		if said == a.true {
			return nil
		}
		span := score.Span{From: r.seconds(challengeAlarmAt - 28), To: r.seconds(challengeAlarmAt)}
		if a.true {
			return []flaw{{span, major, "missed " + a.kind, a.kind + " at 5:00 is true and was missed"}}
		}
		return []flaw{{span, major, "false " + a.kind, a.kind + " at 5:00 is false and was confirmed"}}
	}
	if label, ok := r.database.labels[r.record]; ok && label != r.short.label {
		said := r.short.label
		return []flaw{{
			score.Span{From: 0, To: min(r.samples, r.seconds(30))},
			major,
			said + " for " + label, fmt.Sprintf("labelled %s by experts, %s by us", label, said),
		}}
	}
	return nil
}
