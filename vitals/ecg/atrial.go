package ecg

import "vigil/vitals/ecg/model"

// Atrial fibrillation is told from irregular intervals alone. It is no emergency, and half a
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
	last      int64              // beat, whatever its class
	opinion   model.CUSUM
	score     int32 // of the last judgement
	fit       bool  // the last beat may begin an interval
	judged    bool  // the last beat brought new features
}

// push takes a beat, and tells when what stands changed and since when. A beat that did not come
// from the sinus node, or that may not be one, is regular false: it takes part in no interval.
func (a *atrial) push(at int64, regular bool) (since int64, changed bool) {
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
	if count < leastJudged {
		return 0, false
	}
	a.judged = true
	a.intervals.measure(&a.features)
	a.score = a.forest.Score(a.features[:])[0]
	return a.opinion.Push(a.judgedAt(), a.score)
}

// judgedAt is the time of the beat that the last judgement is about.
func (a *atrial) judgedAt() int64 {
	return a.at[(a.intervals.count-hindsight)/judgedEvery%judgedTimes]
}
