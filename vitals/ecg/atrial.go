package ecg

import "vigil/vitals/ecg/model"

// Atrial fibrillation is told from irregular intervals, unless P waves speak against it. It is no emergency, and half a
// minute of it is what makes it an episode (ESC Guidelines 2020, Hindricks et al., Eur Heart J
// 2021;42:373), so the judgement may take its time: it is about the beat hindsight before.
const (
	judgedEvery   = 8 // beats
	leastJudged   = hindsight + 8
	judgedTimes   = 10        // kept: more than hindsight / judgedEvery
	interruptedBy = 60 * 1000 // ms without beats after which intervals do not belong together
)

// atrial follows atrial fibrillation from beat to beat; times are milliseconds.
type atrial struct {
	forest    model.Watch
	intervals intervals
	features  [irregularities]int16
	at        [judgedTimes]int64 // of the beats that are judged
	limits    [judgedTimes]int32 // of the score there, by P waves
	last      int64              // beat, whatever its class
	opinion   model.CUSUM
	score     int32 // of the last judgement
	fit       bool  // the last beat may begin an interval
	judged    bool  // the last beat brought new features
}

// push takes a beat, and tells when what stands changed and since when. A beat that did not come
// from the sinus node, or that may not be one, is regular false: it takes part in no interval. The limit
// is that of the score, by the P waves of the latest beats.
func (a *atrial) push(at int64, regular bool, limit int32) (since int64, changed bool) {
	gap := at - a.last
	known := a.fit && regular && gap > 0
	a.last, a.fit, a.judged = at, regular, false
	if gap > interruptedBy {
		a.intervals.forget()
		a.opinion.Forget()
		a.score = 0
	}
	if !known || gap > longestKnown {
		return 0, false
	}
	a.intervals.push(gap)
	count := a.intervals.count
	if count%judgedEvery != 0 {
		return 0, false
	}
	a.at[count/judgedEvery%judgedTimes] = at
	a.limits[count/judgedEvery%judgedTimes] = limit
	if count < leastJudged {
		return 0, false
	}
	a.judged = true
	a.intervals.measure(&a.features)
	a.score = a.forest.Score(a.features[:])[0]
	return a.opinion.Push(a.judgedAt(), min(a.score, a.limitThere()))
}

// limitThere is the limit of the score by the P waves around the judged beat: their mean is that of the
// beats before, so it is the one known a little later.
func (a *atrial) limitThere() int32 {
	return a.limits[(a.intervals.count-hindsight+pWaveBeats)/judgedEvery%judgedTimes]
}

// judgedAt is the time of the beat that the last judgement is about.
func (a *atrial) judgedAt() int64 {
	return a.at[(a.intervals.count-hindsight)/judgedEvery%judgedTimes]
}
