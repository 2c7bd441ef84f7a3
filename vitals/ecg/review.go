package ecg

import (
	"math"

	"vigil/vitals/ecg/model"
)

// Each candidate is looked at again when what follows is known, too: a P wave, a T wave or an artefact
// often gives itself away only beside the beat that comes next.
const (
	lookAhead    = internalHz              // 1 s
	settledAfter = refractory + dominance  // the QRS decision cannot replace an accepted candidate any more
	oneBeat      = internalHz * 18 / 100   // of two beats within 180 ms one is none
	certainMatch = 0.97                    // a candidate that fits a template of
	certainSeen  = 8                       // so many beats,
	certainLow   = 700                     // whose strength is between these of the level,
	certainHigh  = 1400                    // in thousandths,
	certainEarly = 850                     // and that comes after between these of the
	certainLate  = 1200                    // usual interval, needs no second look
	faintPart    = 8                       // weaker than an eighth of the beats, nothing is one
	onlyRival    = 500                     // thousandths of its strength that no other candidate near a clear one may reach
	nearSides    = 3                       // candidates on either side that are looked at
	reviewTraits = 24 + 2*nearSides*4 + 12 // asked for by the model
	longestTrait = 3 * thousand            // ms: distances beyond it teach nothing
)

// reviewer gives the final word on candidates, in their order.
type reviewer struct {
	forest  model.Watch
	next    int64 // number of the candidate to look at
	stable  int64 // number of the first that the QRS decision may still change its mind about
	wake    int64 // tick at which there is something to decide, unless a candidate comes
	pending int64 // number of a beat that a better one within 180 ms may replace, -1 for none
	score   int32 // of the pending beat
	traits  [reviewTraits]int16
	at      int64 // fiducial point of the candidate that was looked at
	looked  bool  // one was in this step,
	asked   bool  // and the model was asked
}

func (r *reviewer) restart() { r.next, r.stable, r.pending = 0, 0, -1 }

// stable gives the next candidate that the QRS decision accepted and will not replace, or nil. It is
// known before the second look: quality and rate, which must not lag, are judged by it. What was refused
// since the newest beat waits with it, because the search-back may yet accept it.
func (q *qrs) stable(f *frontEnd) *candidate {
	r := &q.review
	for q.learned && r.stable <= q.newest {
		c := q.candidate(r.stable)
		if r.stable == q.newest && f.tick-1-c.at < settledAfter {
			return nil
		}
		r.stable++
		if c.accepted {
			return c
		}
	}
	return nil
}

// settle gives the next beat that is final at this tick, or nil.
func (q *qrs) settle(f *frontEnd) *candidate {
	r, now := &q.review, f.tick-1
	if !q.learned || now < r.wake {
		return nil
	}
	r.wake = math.MaxInt64
	for r.next < q.count {
		if r.looked { // one look for each sample, so that Doubt tells of all
			r.wake = now
			return nil
		}
		certain := q.nextCertain(now)
		switch {
		case r.pending >= 0 && q.candidate(max(certain, r.next)).at-q.candidate(r.pending).at >= oneBeat:
			return q.release()
		case certain >= 0:
			r.next, r.pending = certain+1, certain
			r.at, r.looked, r.asked = q.candidate(certain).fiducial, true, false
			return q.release()
		case !q.look(now):
			return nil
		}
	}
	return q.alone(now)
}

// alone gives the pending beat when no candidate can come any more that would replace it.
func (q *qrs) alone(now int64) *candidate {
	r := &q.review
	if r.pending < 0 {
		return nil
	}
	if r.wake = q.candidate(r.pending).at + oneBeat + dominance; now < r.wake {
		return nil
	}
	return q.release()
}

// look decides on the next candidate, unless more must be seen.
func (q *qrs) look(now int64) bool {
	r := &q.review
	score, ok := q.verdict(r.next, now)
	if !ok {
		return false
	}
	if score > 0 && (r.pending < 0 || score > r.score) {
		r.pending, r.score = r.next, score
	}
	r.next++
	return true
}

// nextCertain is the number of the next accepted candidate where nobody would doubt it: then what
// was refused before it need not be looked at either. It is -1 where there is none.
func (q *qrs) nextCertain(now int64) int64 {
	n := q.review.next
	for n < q.count && !q.candidate(n).accepted {
		n++
	}
	if n == q.count {
		return -1
	}
	if ready := q.candidate(n).at + settledAfter; now < ready {
		q.review.wake = min(q.review.wake, ready)
		return -1
	}
	if !q.isCertain(n) {
		return -1
	}
	return n
}

func (q *qrs) release() *candidate {
	c := q.candidate(q.review.pending)
	q.review.pending, q.review.wake = -1, 0
	return c
}

// verdict tells how sure it is that a candidate is a beat: above zero it is one. It gives none while
// more must be seen.
func (q *qrs) verdict(number, now int64) (score int32, ok bool) {
	c := q.candidate(number)
	switch {
	case !c.accepted && c.strength < min(c.beatLevel, q.levels.beat)/faintPart:
		return math.MinInt32, true
	case now-c.at < lookAhead:
		q.review.wake = min(q.review.wake, c.at+lookAhead)
		return 0, false
	}
	t := traitWriter{into: q.review.traits[:0]}
	q.describe(number, &t)
	q.review.at, q.review.looked, q.review.asked = c.fiducial, true, true
	score = q.review.forest.Score(q.review.traits[:])[0]
	if c.accepted {
		return score - model.AcceptedAbove, true
	}
	return score - model.RefusedAbove, true
}

// isCertain reports whether an accepted candidate looks and comes as those before did, with nothing
// like it in between.
func (q *qrs) isCertain(number int64) bool {
	c := q.candidate(number)
	if c.match < certainMatch || c.template < 0 || q.gallery[c.template].beats < certainSeen {
		return false
	}
	strength, early := ratio(c.strength, c.beatLevel), ratio(int32(min(c.at-c.before, longestRR)), c.interval)
	if strength < certainLow || strength > certainHigh || early < certainEarly || early > certainLate {
		return false
	}
	for i := q.review.next; i < min(number+nearSides, q.count); i++ {
		if i != number && ratio(q.candidate(i).strength, c.strength) > onlyRival {
			return false
		}
	}
	return true
}

// oldest is the number of the oldest candidate that is kept.
func (q *qrs) oldest() int64 { return max(0, q.count-candidates) }

// describe writes the traits of a candidate.
func (q *qrs) describe(number int64, t *traitWriter) {
	c := q.candidate(number)
	q.describeItself(c, t)
	for side := int64(1); side <= nearSides; side++ {
		q.describeNear(c, number-side, t)
		q.describeNear(c, number+side, t)
	}
	q.describeRhythm(c, number, t)
}

func (q *qrs) describeItself(c *candidate, t *traitWriter) {
	l := &q.levels
	t.ratios(c.strength, c.beatLevel, l.beat, c.noiseLevel, l.noise, c.around)
	t.ratios(c.slope, c.slopeLevel, l.slope)
	t.ratios(c.height, c.heightLevel, l.height, c.sway)
	t.put(ratio(c.jump, c.height), ratio(c.hiss*unitsPerMicro, c.height))
	t.put(int32(c.match*thousand), int32(c.second*thousand), 1-int32(uint32(c.template)>>31))
	t.put(c.width, c.crossings, c.toward, int32(flag(c.accepted)), int32(flag(c.step)))
	t.put(c.unevenness, l.unevenness, c.interval, ratio(l.interval, c.interval))
}

// describeNear is for a candidate on either side, which may not be there.
func (q *qrs) describeNear(c *candidate, number int64, t *traitWriter) {
	if number < q.oldest() || number >= q.count {
		t.put(0, longestTrait, -thousand, 0)
		return
	}
	o := q.candidate(number)
	away := min((o.at-c.at)*thousand/internalHz, longestTrait)
	t.put(ratio(o.strength, c.strength), int32(max(away, -longestTrait)), int32(o.match*thousand), int32(flag(o.accepted)))
}

// describeRhythm is about the accepted candidates around, and about the strongest that are not.
func (q *qrs) describeRhythm(c *candidate, number int64, t *traitWriter) {
	before, behind := int64(-1), int64(-1)
	var nearBefore, nearBehind, farBehind, rivals int32
	for i := q.oldest(); i < q.count; i++ {
		o := q.candidate(i)
		away := o.at - c.at
		switch {
		case i == number:
			continue
		case i < number && o.accepted:
			before = i
		case i > number && o.accepted && behind < 0:
			behind = i
		}
		switch {
		case away < -internalHz || away > internalHz:
			continue
		case away < 0 && away > -tWaveTime:
			nearBefore = max(nearBefore, o.strength)
		case away > 0 && away < tWaveTime:
			nearBehind = max(nearBehind, o.strength)
		case away > 0:
			farBehind = max(farBehind, o.strength)
		}
		if o.strength > c.strength/2 {
			rivals++
		}
	}
	t.ratios(nearBefore, c.strength)
	t.ratios(nearBehind, c.strength)
	t.ratios(farBehind, c.strength)
	t.put(rivals)
	gapBefore, gapBehind := int32(longestRR), int32(longestRR)
	likeBefore, likeBehind := int32(-thousand), int32(-thousand)
	if before >= 0 {
		o := q.candidate(before)
		gapBefore, likeBefore = int32(min(c.at-o.at, longestRR)), likeness(c.shape[:], o.shape[:])
	}
	if behind >= 0 {
		o := q.candidate(behind)
		gapBehind, likeBehind = int32(o.at-c.at), likeness(c.shape[:], o.shape[:])
	}
	t.put(gapBefore, gapBehind, likeBefore, likeBehind)
	t.ratios(gapBefore, q.levels.interval)
	t.ratios(gapBehind, q.levels.interval)
	t.ratios(gapBefore+gapBehind, q.levels.interval)
	t.ratios(int32(min(c.at-c.before, longestRR)), c.interval)
}

// flag is 1 where something is so.
func flag(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}
