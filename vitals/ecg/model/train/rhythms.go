package main

import (
	"slices"
	"strings"

	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

const unknownRhythm = 255

// perSecond is how finely rhythms are kept.
const perSecond = 10

// diary is what experts marked, as the class of each tenth of a second.
type diary struct {
	strip   *strip
	rateHz  float64
	classes []uint8
}

func (d *diary) at(sample int64) int { return int(float64(sample) * perSecond / d.rateHz) }

// fill notes an episode.
func (d *diary) fill(from, to int64, class uint8) {
	if class == model.OtherRhythm {
		return
	}
	for i := d.at(from); i < min(d.at(to), len(d.classes)); i++ {
		d.classes[i] = class
	}
	span := seconds{float64(from) / d.rateHz, float64(to) / d.rateHz}
	d.strip.lethal = append(d.strip.lethal, span)
	if class == model.Flutter {
		d.strip.episodes = append(d.strip.episodes, span)
	}
}

// readRhythms notes the episodes. Where fibrillation stands in brackets and as a rhythm, the brackets count.
func (s *strip) readRhythms(marks []wfdb.Annotation, r *wfdb.Record) []uint8 {
	d := &diary{strip: s, rateHz: r.Rate}
	d.classes = make([]uint8, d.at(int64(r.Samples))+1)
	bracketed := slices.ContainsFunc(marks, func(m wfdb.Annotation) bool { return m.Code == "[" })
	var rhythm uint8
	since, bracket := int64(0), int64(-1)
	for _, m := range append(slices.Clone(marks), wfdb.Annotation{Sample: int64(r.Samples), Code: "+", Aux: "("}) {
		isRhythm := m.Code == "+" && strings.HasPrefix(m.Aux, "(")
		ends := m.Code == "]" || isRhythm && m.Sample == int64(r.Samples)
		switch {
		case m.Code == "[" && bracket < 0:
			bracket = m.Sample
		case ends && bracket >= 0:
			d.fill(bracket, m.Sample, model.Flutter)
			bracket = -1
		}
		if isRhythm {
			if !bracketed || rhythm != model.Flutter {
				d.fill(since, m.Sample, rhythm)
			}
			rhythm, since = rhythmClass(strings.TrimRight(m.Aux, "\x00 ")), m.Sample
		}
	}
	return d.classes
}

func rhythmClass(mark string) uint8 {
	switch mark {
	case "(VF", "(VFL", "(VFIB":
		return model.Flutter
	case "(VT":
		return model.WideTachycardia
	default:
		return model.OtherRhythm
	}
}

const (
	windowSeconds = 5
	freshSeconds  = 2 // what has lasted for so long at the end of a window is what the window should be called
)

// classAt is the class of the window that ends at a second, by its last three; pure where it holds nothing else.
func classAt(rhythms []uint8, second int) (class uint8, pure bool) {
	window := rhythms[max(0, (second-windowSeconds)*perSecond):min(second*perSecond, len(rhythms))]
	if len(window) == 0 {
		return unknownRhythm, false
	}
	class = window[len(window)-1]
	same := func(part []uint8) bool { return !slices.ContainsFunc(part, func(c uint8) bool { return c != class }) }
	if same(window) {
		return class, true
	}
	if class == model.OtherRhythm || !same(window[max(0, len(window)-freshSeconds*perSecond):]) {
		return unknownRhythm, false
	}
	return class, false
}
