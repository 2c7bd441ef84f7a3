package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/wfdb"
)

// reference is what experts marked in a record.
type reference struct {
	marks  []wfdb.Annotation
	spans  map[string][]score.Span // joined, by label
	beats  []score.Beat            // by the map of EC57, where beats count
	aside  []score.Span            // where beats do not count: fibrillation, and what nobody marked
	rhythm bool                    // they marked rhythms, too
}

// rhythms says which label an expert's rhythm belongs to.
var rhythms = map[string]string{
	"(AFIB": atrialFibrillation, "(AFL": flutter,
	"(VF": fibrillation, "(VFL": fibrillation, "(VFIB": fibrillation,
	"(VT": tachycardia, "(ASYS": asystole, "(NOISE": noise,
}

// readReference reads the annotations of the record; nil where there are none.
func (r *result) readReference() (*reference, error) {
	marks, err := wfdb.Annotations(r.database.dir, r.record, "atr")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // run, not scored
	}
	if err != nil {
		return nil, fmt.Errorf("read reference: %w", err)
	}
	slices.SortStableFunc(marks, func(a, b wfdb.Annotation) int { return int(a.Sample - b.Sample) })
	out := &reference{marks: marks, spans: map[string][]score.Span{}}
	out.readRhythms(r.samples)
	out.readBrackets(r.samples)
	for label, s := range out.spans {
		out.spans[label] = score.Join(s)
	}
	out.aside = out.spans[fibrillation]
	if r.database.normal() {
		out.aside = score.Join(append(out.unmarked(r.seconds(longestPause), r.samples), out.aside...))
	}
	out.beats = out.mapped(score.EC57)
	return out, nil
}

// longestPause is the longest that a healthy heart pauses. Where experts marked no beat for longer
// they left out a stretch of noise.
const longestPause = 4.0 // seconds

// unmarked are the stretches without a marked beat that are longer than a pause.
func (r *reference) unmarked(pause, samples int64) []score.Span {
	var out []score.Span
	last := int64(0)
	gap := func(at int64) {
		if at-last > pause {
			out = append(out, score.Span{From: last, To: at})
		}
		last = at
	}
	for _, b := range r.mapped(score.EC57) {
		gap(b.At)
	}
	gap(samples)
	return out
}

// readRhythms takes each rhythm to last until the next one.
func (r *reference) readRhythms(samples int64) {
	label, since, count := "", int64(0), 0
	change := func(next string, at int64) {
		if label != "" {
			r.spans[label] = append(r.spans[label], score.Span{From: since, To: at})
		}
		label, since = next, at
	}
	for _, m := range r.marks {
		if m.Code == "+" && strings.HasPrefix(m.Aux, "(") {
			change(rhythms[strings.TrimSpace(m.Aux)], m.Sample)
			count++
		}
	}
	change("", samples)
	r.rhythm = count > 0
}

// readBrackets takes what is between brackets for fibrillation, as PhysioNet's manual does.
func (r *reference) readBrackets(samples int64) {
	since := int64(-1)
	for _, m := range r.marks {
		switch {
		case m.Code == "[" && since < 0:
			since = m.Sample
		case m.Code == "]" && since >= 0:
			r.spans[fibrillation] = append(r.spans[fibrillation], score.Span{From: since, To: m.Sample})
			since = -1
		}
	}
	if since >= 0 {
		r.spans[fibrillation] = append(r.spans[fibrillation], score.Span{From: since, To: samples})
	}
}

// mapped are the marked beats that count.
func (r *reference) mapped(m score.Map) []score.Beat {
	var out []score.Beat
	for _, mark := range r.marks {
		class, ok := m.Class(mark.Code)
		if ok && !score.Within(r.aside, mark.Sample) {
			out = append(out, score.Beat{At: mark.Sample, Class: class})
		}
	}
	return out
}

// leftOut are the stretches in which beats do not count.
func (r *reference) leftOut() []score.Span {
	if r == nil {
		return nil
	}
	return r.aside
}

// spansOf are the stretches of a label; none where there is no reference.
func (r *reference) spansOf(label string) []score.Span {
	if r == nil {
		return nil
	}
	return r.spans[label]
}

// dangerous are the stretches in which a lethal alarm is in its place.
func (r *reference) dangerous() []score.Span {
	return score.Join(slices.Concat(r.spansOf(fibrillation), r.spansOf(tachycardia), r.spansOf(asystole)))
}
