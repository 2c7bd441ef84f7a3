package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals/ecg/eval/score"
)

// severity sorts disagreements by what they would mean at a bedside.
type severity int

const (
	minor    severity = iota // a beat of another class
	moderate                 // a beat missed or invented, a ventricular beat mistaken
	major                    // a rhythm or an alarm
)

// flaw is a disagreement between the detector and the experts.
type flaw struct {
	score.Span
	severity severity
	kind     string // short, for counting
	text     string // for people
}

// findFlaws lists the disagreements of a record in the order of time.
func (r *result) findFlaws() []flaw {
	flaws := slices.Concat(r.beatFlaws(), r.rhythmFlaws(), r.alarmFlaws(), r.challengeFlaws())
	slices.SortStableFunc(flaws, func(a, b flaw) int { return int(a.From - b.From) })
	return flaws
}

func (r *result) beatFlaws() []flaw {
	if !r.hasBeats() {
		return nil
	}
	var flaws []flaw
	reference, found := r.reference.beats, r.found(false)
	for _, p := range score.Match(reference, found, r.window()) {
		f := flaw{severity: moderate}
		switch {
		case p.Found < 0:
			f.From, f.kind = reference[p.Reference].At, "missed beat"
			f.text = fmt.Sprintf("missed beat %c", reference[p.Reference].Class)
		case p.Reference < 0:
			f.From, f.kind = found[p.Found].At, "invented beat"
			f.text = fmt.Sprintf("invented beat %c", found[p.Found].Class)
		default:
			is, said := reference[p.Reference].Class, found[p.Found].Class
			if !r.disagree(is, said) {
				continue
			}
			if is != score.Ventricular && said != score.Ventricular {
				f.severity = minor
			}
			f.From, f.kind = reference[p.Reference].At, fmt.Sprintf("%c for %c", said, is)
			f.text = fmt.Sprintf("%c called %c", is, said)
		}
		f.To = f.From + 1
		flaws = append(flaws, f)
	}
	return flaws
}

// disagree reports whether the classes of a beat differ in a way that EC57 counts.
func (r *result) disagree(is, said score.Class) bool {
	if is == score.None || said == score.None {
		return is != said
	}
	lenient := is == score.Fusion || is == score.Unknown
	return is != said && !lenient && r.database.classes()
}

// rhythmFlaws are stretches of 10 s or more in which the rhythm that was found is not the one that
// was marked. Shorter ones are a matter of where an expert sets the mark.
func (r *result) rhythmFlaws() []flaw {
	if r.reference == nil || !r.reference.rhythm && len(r.reference.spansOf(fibrillation)) == 0 && !r.database.normal() {
		return nil
	}
	marked, found := r.reference.spansOf(atrialFibrillation), r.spans(atrialFibrillation)
	flaws := slices.Concat(r.missed(atrialFibrillation, marked, found), r.invented(atrialFibrillation, found, marked))
	if r.database.mode == intervals {
		return flaws
	}
	dangerous := score.Join(slices.Concat(r.spans(fibrillation), r.spans(tachycardia), r.spans(asystole)))
	for _, label := range []string{fibrillation, tachycardia, asystole} { // one of them for another calls a nurse, too
		flaws = append(flaws, r.missed(label, r.reference.spansOf(label), dangerous)...)
		flaws = append(flaws, r.invented(label, r.spans(label), r.reference.dangerous())...)
	}
	return flaws
}

const leastFlaw = 10.0 // seconds

func (r *result) missed(label string, marked, found []score.Span) []flaw {
	return lo.Map(score.AtLeast(score.Without(marked, found), r.seconds(leastFlaw)), func(s score.Span, _ int) flaw {
		return flaw{s, major, "missed " + label, fmt.Sprintf("%s missed for %.0f s", label, r.at(s.Length()))}
	})
}

// invented are long stretches without a mark, and short ones that are nowhere near one.
func (r *result) invented(label string, found, marked []score.Span) []flaw {
	return lo.FilterMap(score.Without(found, marked), func(s score.Span, _ int) (flaw, bool) {
		alone := !slices.ContainsFunc(marked, func(m score.Span) bool { return s.From <= m.To && m.From <= s.To })
		return flaw{s, major, "false " + label, fmt.Sprintf("%s where none is marked, %.0f s", label, r.at(s.Length()))},
			alone || s.Length() >= r.seconds(leastFlaw)
	})
}

// Lethal alarms, and how they are compared: docs/detector.md, protocol.
var lethal = []alerts.Condition{alerts.VF, alerts.VT, alerts.Asystole} // in the order of the report's columns

const (
	alarmBefore = 5.0  // seconds
	alarmAfter  = 10.0 // seconds
)

// judgesAlarms reports whether it is known where lethal alarms belong.
func (r *result) judgesAlarms() bool {
	return r.database.mode == sampled && (r.database.normal() || r.reference != nil && len(r.reference.dangerous()) > 0 ||
		r.reference != nil && r.reference.rhythm)
}

func (r *result) alarmFlaws() []flaw {
	if !r.judgesAlarms() {
		return nil
	}
	flaws := r.lateAlarms()
	for _, condition := range lethal {
		for _, a := range r.falseAlarms(condition) {
			flaws = append(flaws, flaw{
				score.Span{From: a.At, To: a.At + 1}, major, "false alarm " + string(condition), "false alarm " + string(condition),
			})
		}
	}
	return flaws
}

// lateAlarms are the dangerous episodes that no alarm told of within 10 s, the time that
// IEC 60601-2-27 allows.
func (r *result) lateAlarms() []flaw {
	episodes := score.AtLeast(r.reference.dangerous(), r.seconds(alarmBefore))
	late := score.Latencies(episodes, alarmsOf(r.alarms, lethal...), r.seconds(alarmBefore), r.seconds(alarmAfter))
	var flaws []flaw
	for i, s := range episodes {
		switch seconds := late[i] / r.rateHz; {
		case math.IsNaN(seconds):
			flaws = append(flaws, flaw{s, major, "no alarm", fmt.Sprintf("no alarm for %.0f s of danger", r.at(s.Length()))})
		case seconds > 10:
			flaws = append(flaws, flaw{s, major, "late alarm", fmt.Sprintf("alarm after %.0f s", seconds)})
		}
	}
	return flaws
}

// falseAlarms are alarms of a lethal condition where nothing dangerous is marked.
func (r *result) falseAlarms(condition alerts.Condition) []score.Alarm {
	return score.FalseAlarms(r.reference.dangerous(), alarmsOf(r.alarms, condition), r.seconds(alarmBefore), r.seconds(alarmAfter))
}
