package ecg

import "vigil/vitals/ecg/model"

// lethal remembers why ventricular tachycardia stands: runs of ventricular beats tell the slow and
// the short ones, windows the fast ones in which beats can hardly be told apart, and runs of strangers
// the small ones.
type lethal struct {
	run     bool
	window  bool
	strange bool
	blind   int64 // last tick at which the electrodes were off
}

// A run of ventricular beats that resemble one another is tachycardia, unless the windows are sure.
const (
	organised   = 7               // of the last eight beats
	organisedBy = 6 * model.Scale // logits, summed over three windows
)

// watchFibrillation takes two windows of three as lethal, and three that are not as the end.
func (d *Detector) watchFibrillation(tick int64) {
	d.fibrillation.judged = false
	if d.quality == NoAnalysis && d.cause.LeadsOff() {
		d.lethal.blind = tick
	}
	if tick-d.lethal.blind < fibWindow*fibEvery {
		return // the window holds what is not the patient
	}
	if d.judge.still() {
		return // and one that is still may be an electrode
	}
	v := &d.fibrillation
	v.judge(&d.judge)
	margin := int32(0)
	if d.lethal.run && d.runs.clearBeats() >= organised {
		margin = organisedBy
	}
	switch {
	case v.begins() && !d.standing[VF] && v.chaotic(margin):
		d.lethal.window = false
		d.begin(VF, tick-fibSeconds*internalHz, d.windowEvidence(tick))
		d.endTachycardia(tick)
	case v.begins() && !d.standing[VF]:
		d.lethal.window = true
		if !d.standing[VT] {
			d.begin(VT, tick-fibSeconds*internalHz, d.windowEvidence(tick))
		}
	case v.over() && d.quality != NoAnalysis:
		d.lethal.window = false
		if d.standing[VF] {
			d.end(VF, tick)
		}
		d.endTachycardia(tick)
	}
}

func (d *Detector) windowEvidence(tick int64) evidence {
	e := evidence{from: tick - (fibSeconds+2)*internalHz, to: tick, confidence: d.fibrillation.confidence()}
	e.bpm, _ = d.rate.bpm(tick)
	return e
}

// endTachycardia ends it where nothing speaks for it any more, or where it has become fibrillation.
func (d *Detector) endTachycardia(tick int64) {
	if d.standing[VT] && (d.standing[VF] || !d.lethal.run && !d.lethal.window && !d.lethal.strange) {
		d.end(VT, tick-lowPassDelay)
	}
}

// watchRuns follows runs of ventricular beats.
func (d *Detector) watchRuns(b *beat, class Beat) {
	run := d.runs.push(b, class, d.lethal.run)
	if run && !d.lethal.run && d.cause == Noise && !d.fibrillation.lasts() {
		return // pieces of noise are wide and come fast
	}
	began := run && !d.lethal.run
	d.lethal.run = run
	if began && !d.standing[VT] {
		from := d.runs.began - lowPassDelay
		d.begin(VT, from, evidence{from: from, to: b.at, confidence: d.runs.confidence(), bpm: d.runs.bpm()})
	}
	d.endTachycardia(b.at)
}

// watchRunEnds ends, once a second, runs that no beat has continued.
func (d *Detector) watchRunEnds(tick int64) {
	if d.lethal.run && d.runs.paused(tick) {
		d.lethal.run = false
	}
	over := d.strange.row == 0 || tick-d.strange.last > strangeOver
	if d.lethal.strange && over && d.quality != NoAnalysis {
		d.lethal.strange = false
	}
	if !d.lethal.window { // what began by windows ends by them
		d.endTachycardia(tick)
	}
}

// watchStrangers follows runs that the QRS decision may not see.
func (d *Detector) watchStrangers(c *candidate) {
	if d.life.beats < strangeFrom || c.strength*asystoleShare < d.life.level {
		return
	}
	known := c.match > ownMatch && c.template >= 0 && d.qrs.gallery[c.template].beats >= familiarBeats
	own := known || c.strength*100 > strangeSmall*d.life.level
	if !d.strange.push(c, own) || d.standing[VF] || d.quality != FullAnalysis {
		return
	}
	d.lethal.strange = true
	if d.standing[VT] {
		return
	}
	from := d.strange.began() - ticksOfFilter
	bpm := float64((runBeats-1)*60*internalHz) / float64(c.at-d.strange.began())
	d.begin(VT, from, evidence{from: from, to: c.at, bpm: bpm})
}

// percentOf turns a logit, in units of 1/model.Scale, into a probability in percent. It is a table, because
// processors may differ in the last bit of an exponential.
func percentOf(logit int32) uint8 {
	if logit < 0 {
		return 100 - percentOf(-logit)
	}
	for i, limit := range logits {
		if logit < limit {
			return uint8(50 + i)
		}
	}
	return 99
}

// logits are where 51, 52, ... 99 % begin: the logarithm of the odds half a percent below, times
// model.Scale.
var logits = [...]int32{
	82, 246, 410, 574, 739, 905, 1071, 1238, 1406, 1576, 1746, 1918, 2092,
	2268, 2446, 2626, 2808, 2994, 3182, 3373, 3569, 3767, 3971, 4178, 4391, 4610,
	4834, 5066, 5305, 5551, 5807, 6074, 6351, 6642, 6946, 7268, 7608, 7970, 8359,
	8777, 9233, 9733, 10290, 10921, 11648, 12513, 13586, 15006, 17140,
}
