package ecg

import "vigil/vitals/ecg/model"

// IntervalDetector finds rhythms where nothing but the times of beats is known: from a chest
// strap, an oximeter, or a list of beats that somebody else found. It is for one heart and
// ready as it is; a copy goes on independently. Its times are milliseconds.
type IntervalDetector struct {
	atrial  atrial
	beats   int64
	finding [1]Finding
}

// NewIntervalDetector makes one that asks other forests than those of the program, as NewWith does.
func NewIntervalDetector(forests *model.Forests) *IntervalDetector {
	return &IntervalDetector{atrial: atrial{forest: model.Watch{Forest: forests.AtrialFibrillation}}}
}

// Push takes the time of the next beat in milliseconds since any begin, and how far its place in
// the rhythm can be trusted: a beat of NoAnalysis may be an artefact, or follow on a missed one,
// and takes part in no interval. It returns what became known, in the same milliseconds; the
// slice is valid until the next Push. Beats that do not come in order are ignored.
func (d *IntervalDetector) Push(milliseconds int64, quality Quality) []Finding {
	if d.beats > 0 && milliseconds <= d.atrial.last {
		return nil
	}
	if d.atrial.forest.Forest == nil {
		d.atrial.forest.Forest = model.Embedded().AtrialFibrillation
	}
	d.beats++
	since, changed := d.atrial.push(milliseconds, quality != NoAnalysis, anyScore)
	if !changed {
		return nil
	}
	kind := RhythmEnded
	if d.atrial.opinion.Stands {
		kind = RhythmBegan
	}
	d.finding[0] = Finding{Kind: kind, Rhythm: AtrialFibrillation, At: since, Known: milliseconds, Quality: quality}
	return d.finding[:]
}

// Standing reports whether the rhythm began and has not ended.
func (d *IntervalDetector) Standing(r Rhythm) bool {
	return r == AtrialFibrillation && d.atrial.opinion.Stands
}

// Evidence is what the judgement of the rhythm rested on at the last beat, newest judgement only:
// the irregularity of the latest intervals, in the order in which the trained model asks for it. It
// is about the beat at time at. Where the last beat brought no judgement, ok is false.
func (d *IntervalDetector) Evidence() (features []int16, at int64, ok bool) {
	a := &d.atrial
	if !a.judged {
		return nil, 0, false
	}
	return a.features[:], a.judgedAt(), true
}
