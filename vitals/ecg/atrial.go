package ecg

import "vigil/vitals/ecg/model"

// Atrial fibrillation is told from irregular intervals alone. It is no emergency, and half a
// minute of it is what makes it an episode (ESC Guidelines 2020, Hindricks et al., Eur Heart J
// 2021;42:373), so the judgement may take its time: it looks from 40 beats later.
const (
	judgedEvery   = 4  // beats
	hindsight     = 40 // beats behind the judged one
	leastJudged   = hindsight + 8
	beatTimes     = 64
	confirmedIn   = 30 * 1000 // ms that the other judgement must last
	interruptedBy = 60 * 1000 // ms without beats after which intervals do not belong together
)

// atrial follows atrial fibrillation from beat to beat; times are milliseconds.
type atrial struct {
	forest    model.Watch
	intervals intervals
	features  [irregularities]int16
	at        [beatTimes]int64 // of the latest beats that ended an interval
	last      int64            // beat, whatever its class
	turned    int64            // when the judgement turned to what does not stand, where it did
	turning   bool
	score     int32 // of the last judgement
	stands    bool
	fit       bool // the last beat may begin an interval
	judged    bool // the last beat brought new features
}

// push takes a beat, and tells when what stands changed and since when. A beat that did not come
// from the sinus node, or that may not be one, is regular false: it takes part in no interval.
func (a *atrial) push(at int64, regular bool) (since int64, changed bool) {
	gap := at - a.last
	known := a.fit && regular && gap > 0
	a.last, a.fit, a.judged = at, regular, false
	if gap > interruptedBy {
		a.intervals.forget()
		a.turning, a.score = false, 0
	}
	if !known || gap > longestKnown {
		return 0, false
	}
	a.intervals.push(gap)
	a.at[a.intervals.count%beatTimes] = at
	if a.intervals.count < leastJudged || a.intervals.count%judgedEvery != 0 {
		return 0, false
	}
	a.judged = true
	a.intervals.measure(&a.features)
	return a.judge(a.at[(a.intervals.count-hindsight)%beatTimes])
}

// judge lets what stands change once the other has lasted for long enough.
func (a *atrial) judge(at int64) (since int64, changed bool) {
	a.score = a.forest.Score(a.features[:])[0]
	other := a.score > model.FibrillationBegins
	if a.stands {
		other = a.score < model.FibrillationEnds
	}
	if !other {
		a.turning = false
		return 0, false
	}
	if !a.turning {
		a.turning, a.turned = true, at
	}
	if at-a.turned < confirmedIn {
		return 0, false
	}
	a.stands, a.turning = !a.stands, false
	return a.turned, true
}
