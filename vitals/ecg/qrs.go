package ecg

// Times of the QRS decision, in ticks.
const (
	learningTime = 3 * internalHz
	// A QRS of about 50 µV. Monitors ignore what is below 150 µV (IEC 60601-2-27); a third of it
	// leaves room for small leads.
	leastLevel    = 1200
	firstInterval = internalHz * 4 / 5 // 75/min until beats are known
	refractory    = internalHz * 24 / 100
	tWaveTime     = internalHz * 36 / 100 // a T wave peaks up to 360 ms behind its QRS (Pan and Tompkins 1985)
	leastGap      = internalHz * 6 / 10   // no search-back before that
	fadeAfter     = 3 * internalHz
	longestRR     = 3 * internalHz
	shortestRR    = internalHz / 5
	never         = -(1 << 40)
	wellKnown     = 0.94 // match from which a candidate needs
	knownShare    = 50   // % of the threshold only: beats of a new focus are often smaller than those before
)

// qrs decides which candidates are beats.
type qrs struct {
	peaks   peakFinder
	ring    [candidates]candidate
	count   int64 // candidates up to now
	levels  levels
	gallery gallery
	learned bool
	since   int64 // tick at which learning began
	last    int64 // tick of the newest beat
	before  int64 // tick of the one before it
	newest  int64 // number of the candidate that is the newest beat, -1 for none
	review  reviewer
}

// relearn forgets the levels, not the templates: after a long loss the electrodes may sit elsewhere.
func (q *qrs) relearn(tick int64) {
	q.learned, q.since = false, tick
	q.last, q.before, q.newest = never, never, -1
	q.count = 0
	q.review.restart()
}

func (q *qrs) candidate(number int64) *candidate { return &q.ring[number&(candidates-1)] }

// push looks at the newest tick, and reports whether it brought a candidate.
func (q *qrs) push(f *frontEnd) bool {
	at, ok := q.peaks.push(f)
	return ok && q.found(f, at)
}

// found measures a new candidate and decides on it. Beside a loss there is none.
func (q *qrs) found(f *frontEnd, at int64) bool {
	c := q.candidate(q.count)
	c.measure(f, at, q.levels.lead >= 0)
	if f.gap.touches(c.fiducial-bandDelay-ms(40), at, ms(60)) {
		return false
	}
	q.compare(f, c)
	q.count++
	q.review.wake = 0
	if q.learned {
		q.decide(q.count - 1)
	} else if at-q.since >= learningTime {
		q.learn(f)
	}
	return q.count > 0
}

// compare notes how the candidate stands to what is known at this time.
func (q *qrs) compare(f *frontEnd, c *candidate) {
	c.match, c.second, c.template = q.gallery.match(f, c.fiducial)
	l := &q.levels
	c.beatLevel, c.noiseLevel, c.slopeLevel, c.heightLevel = l.beat, l.noise, l.slope, l.height
	c.interval, c.unevenness, c.before = l.interval, l.unevenness, q.last
}

// learn sets the levels from the largest candidates of each second, then decides on all of them.
func (q *qrs) learn(f *frontEnd) {
	var largest [3]int32
	first := max(0, q.count-candidates)
	for i := first; i < q.count; i++ {
		c := q.candidate(i)
		second := min((c.at-q.since)/internalHz, 2)
		if c.at-q.since > ms(160) { // the filters have settled
			largest[second] = max(largest[second], c.strength)
		}
	}
	beat := max(min(largest[0], largest[1]), min(max(largest[0], largest[1]), largest[2])) // the median
	if beat < leastLevel {                                                                 // nothing here is a beat: begin again
		q.since, q.count = q.candidate(q.count-1).at, 0
		return
	}
	var slope, height int32
	for i := first; i < q.count; i++ {
		if c := q.candidate(i); c.strength > beat/2 {
			slope, height = max(slope, c.slope), max(height, c.height)
		}
	}
	q.levels.begin(beat, slope*4/5, height*4/5)
	q.learned, q.review.next, q.review.stable = true, first, first
	for i := first; i < q.count; i++ {
		q.compare(f, q.candidate(i))
		q.decide(i)
	}
}

// decide takes the candidate as a beat or as noise.
func (q *qrs) decide(number int64) {
	c := q.candidate(number)
	gap := c.at - q.last
	threshold := q.levels.threshold()
	if c.match > wellKnown && gap > tWaveTime {
		threshold = int32(int64(threshold) * knownShare / 100)
	}
	isBeat := c.strength > threshold
	if gap < refractory {
		isBeat = q.replaces(number)
		gap = c.at - q.last
	}
	switch {
	case !isBeat, q.isTWave(c, gap), c.step && c.strength < q.levels.beat*3/5:
		q.levels.addNoise(c.strength)
		q.searchBack(c.at, q.count)
	default:
		q.searchBack(c.at-refractory, number)
		q.accept(number)
	}
}

// replaces takes back the newest beat where the candidate, within its refractory time, is
// larger: what was taken for the QRS was a P wave or an artefact.
func (q *qrs) replaces(number int64) bool {
	if q.newest < q.review.next || number-q.newest >= 8 {
		return false
	}
	c, old := q.candidate(number), q.candidate(q.newest)
	larger := int64(c.strength)*10 > int64(old.strength)*11
	if !larger || (c.match < old.match-0.3 && c.strength <= 2*old.strength) {
		return false
	}
	old.accepted = false
	q.last, q.newest = q.before, -1
	q.levels.forget()
	return true
}

func (q *qrs) isTWave(c *candidate, gap int64) bool {
	return gap < tWaveTime && c.slope < q.levels.slope/2 && c.match < 0.9
}

// accept counts the candidate as a beat.
func (q *qrs) accept(number int64) {
	c := q.candidate(number)
	c.accepted = true
	if rr := c.at - q.last; rr > shortestRR && rr < longestRR {
		q.levels.addInterval(rr)
	}
	q.before, q.last = q.last, c.at
	q.newest = number
	q.levels.addBeat(c)
	q.gallery.learn(c)
}

// searchBack looks for a missed beat once the gap has lasted 1.6 intervals, and takes the
// candidate that is strongest or fits a template.
func (q *qrs) searchBack(now, before int64) {
	gap := now - q.last
	if gap*10 <= int64(q.levels.interval)*16 || gap <= leastGap {
		return
	}
	best, worth := int64(-1), int32(0)
	for i := before - 1; i >= max(0, before-24); i-- {
		c := q.candidate(i)
		if c.accepted || c.at-q.last < refractory {
			break
		}
		if c.at > now {
			continue
		}
		value := c.strength
		if c.match > 0.8 {
			value += value / 2
		}
		if value > worth {
			best, worth = i, value
		}
	}
	switch {
	case best >= 0 && worth > q.levels.threshold()/2:
		q.accept(best)
	case gap > fadeAfter:
		q.levels.fade()
	}
}
