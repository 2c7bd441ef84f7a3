package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"vigil/vitals/ecg/model"
)

// notJudged is the score of a window that the detector takes no closer look at.
const notJudged = -20 * model.Scale

// judge asks a forest about the undisturbed windows.
func (s *strip) judge(forest *model.Forest) {
	for i := range s.versions[0] {
		w := &s.versions[0][i]
		w.lethal, w.fib = notJudged, notJudged
		if w.judged {
			scores := forest.Score(w.traits)
			other, tachy, fib := scores[model.OtherRhythm], scores[model.WideTachycardia], scores[model.Flutter]
			w.lethal, w.fib = max(tachy, fib)-other, fib-max(other, tachy)
		}
	}
}

// windowQuestion is one way to ask windows what they are.
type windowQuestion struct {
	name  string
	score func(w *seen) int32
	is    func(class uint8) bool
	asked func(class uint8) bool
}

func isFibrillation(class uint8) bool { return class == model.Flutter }

var windowQuestions = []windowQuestion{
	{"VF against all but VT", func(w *seen) int32 { return w.lethal }, isFibrillation, func(c uint8) bool { return c != model.WideTachycardia }},
	{"VF or VT against all else", func(w *seen) int32 { return w.lethal }, func(c uint8) bool { return c != model.OtherRhythm }, func(uint8) bool { return true }},
	{"VF against all else", func(w *seen) int32 { return w.fib }, isFibrillation, func(uint8) bool { return true }},
}

// reportWindows writes, for each question and database, how well windows are told apart that hold one
// thing throughout; then what the detector's rule makes of them.
func reportWindows(strips []*strip, out io.Writer) error {
	for _, q := range windowQuestions {
		for _, name := range append([]string{allSources}, sourceNames()...) {
			if err := q.report(strips, name, out); err != nil {
				return err
			}
		}
	}
	for _, name := range sourceNames() {
		if err := reportAlarms(strips, name, out); err != nil {
			return err
		}
	}
	return nil
}

// allSources stands for all databases together.
const allSources = "all"

func sourceNames() (names []string) {
	for i := range windowSources {
		names = append(names, windowSources[i].name)
	}
	return names
}

func (q *windowQuestion) report(strips []*strip, name string, out io.Writer) error {
	var all []*seen
	var each []float64 // sensitivity of patients at the detector's limit
	negatives, wrong, hours := 0, 0, 0.0
	for _, s := range strips {
		if name != allSources && name != s.source.name {
			continue
		}
		hours += s.hours
		own := s.asked(q)
		all = append(all, own...)
		yes, no := q.count(own)
		negatives, wrong = negatives+no.windows, wrong+no.found
		if yes.windows >= fewWindows {
			each = append(each, percent(int64(yes.found), int64(yes.windows)))
		}
	}
	area, at98, positives := q.separation(all)
	if positives == 0 {
		return nil // its alarms tell more
	}
	_, err := fmt.Fprintf(out, "%-25s %-9s windows %6d, of them %5d: AUC %.4f, Se at Sp 98 %.1f; at the limit Sp %.2f, false per h %.2f, Se over patients %s\n",
		q.name, name, len(all), positives, area, at98, 100-percent(int64(wrong), int64(negatives)), float64(wrong)/hours, quartiles(each))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// asked are the undisturbed windows that a question is about.
func (s *strip) asked(q *windowQuestion) (out []*seen) {
	for i := range s.versions[0] {
		if w := &s.versions[0][i]; w.pure && q.asked(w.class) {
			out = append(out, w)
		}
	}
	return out
}

// windowCount counts windows, and those of them that were found at the detector's limit.
type windowCount struct{ windows, found int }

func (q *windowQuestion) count(all []*seen) (yes, no windowCount) {
	for _, w := range all {
		c := &no
		if q.is(w.class) {
			c = &yes
		}
		c.windows++
		if q.score(w) > model.LethalBegins {
			c.found++
		}
	}
	return yes, no
}

// fewWindows is how many a patient must have to have a sensitivity of his own.
const fewWindows = 10

// separation is the area under the receiver operating characteristic, and the sensitivity, in percent, where 98 %
// of the others are left alone.
func (q *windowQuestion) separation(all []*seen) (area, at98 float64, positives int) {
	var is, others []int32
	for _, w := range all {
		if q.is(w.class) {
			is = append(is, q.score(w))
		} else {
			others = append(others, q.score(w))
		}
	}
	if len(is) == 0 || len(others) == 0 {
		return math.NaN(), math.NaN(), len(is)
	}
	slices.Sort(others)
	limit := others[(len(others)-1)*98/100]
	found := 0
	for _, v := range is {
		below, _ := slices.BinarySearch(others, v)
		upTo, _ := slices.BinarySearch(others, v+1)
		area += float64(below+upTo) / 2
		if v > limit {
			found++
		}
	}
	return area / float64(len(is)) / float64(len(others)), percent(int64(found), int64(len(is))), len(is)
}
