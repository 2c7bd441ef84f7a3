package ecg

// The pace is what intervals have been like, whatever their beats were called: what a beat's
// class rests on must not depend on the classes given before.
const (
	paceBeats  = 32
	paceSlow   = 200 // beats over which the slow mean follows
	paceTraits = 29
	runForget  = 120 // short intervals in a row after which they are the usual ones
	unitPace   = 16  // means count sixteenths of a tick
)

// pace follows the intervals, in ticks.
type pace struct {
	ring   [paceBeats]int32
	count  int64
	slow   int32 // mean over many beats
	unrest int32 // mean change from one interval to the next, in thousandths

	// A run of short intervals that began abruptly, as that of an ectopic focus does.
	usual    [8]int32 // intervals outside of runs
	usuals   int64
	before   int32 // their median
	runBeats int32
	runMean  int32 // interval within it
	runEven  int32 // mean deviation within it, in thousandths
}

// push takes the interval that ended in a beat.
func (p *pace) push(interval int32) {
	if p.count == 0 {
		p.slow, p.runMean, p.before = interval*unitPace, interval, interval
	}
	last := p.back(0, interval)
	change := min(ratio(magnitude(interval-last)*unitPace, p.slow), 2*thousand)
	p.unrest += (change - p.unrest) / 16
	weight := int32(min(p.count+8, paceSlow))
	p.slow += (interval*unitPace - p.slow) / weight
	p.followRun(interval, last)
	p.ring[p.count%paceBeats] = interval
	p.count++
}

// followRun notes whether the interval belongs to a run of short ones.
func (p *pace) followRun(interval, last int32) {
	switch {
	case p.runBeats == 0 && interval*100 < p.before*75 && interval*100 < last*82:
		p.runBeats, p.runMean, p.runEven = 1, interval, 0
	case p.runBeats > 0 && interval*100 <= p.before*85 && p.runBeats < runForget:
		p.runBeats++
		p.runEven += (ratio(magnitude(interval-p.runMean), p.runMean) - p.runEven) / 4
		p.runMean += (interval - p.runMean) / 4
	case p.runBeats >= runForget:
		for i := range p.usual {
			p.usual[i] = p.runMean
		}
		p.runBeats, p.usuals, p.before = 0, int64(len(p.usual)), p.runMean
	default:
		p.runBeats = 0
		p.usual[p.usuals%int64(len(p.usual))] = interval
		p.usuals++
		sorted := p.usual
		some := sorted[:min(p.usuals, int64(len(p.usual)))]
		sortFew(some)
		p.before = some[len(some)/2]
	}
}

// back is the interval so many before the newest, or another where there is none.
func (p *pace) back(n int64, otherwise int32) int32 {
	if n >= min(p.count, paceBeats) {
		return otherwise
	}
	return p.ring[(p.count-1-n)%paceBeats]
}

// describe measures the interval before the newest beat, and the next one, against the pace.
func (p *pace) describe(next int32, t *traitWriter) {
	sorted := p.ring
	some := sorted[:min(p.count, paceBeats)]
	most, least, longest := p.extremes()
	now := p.back(0, firstInterval)
	similar := int32(0)
	for _, v := range some {
		similar += 1 - above(magnitude(v-now)*16, now)
	}
	sortFew(some)
	n := len(some)
	usual, low, high := int32(firstInterval), int32(firstInterval), int32(firstInterval)
	if n > 0 {
		usual, low, high = some[n/2], some[n/4], some[n*3/4]
	}
	one, two, three := p.back(1, now), p.back(2, now), p.back(3, now)
	slow := p.slow / unitPace
	t.ratios(now, usual, one, slow, high, longest, least, two, p.before)
	t.ratios(next, usual, now, slow, one, p.before, high)
	t.ratios(one, usual, slow)
	t.ratios(two, usual)
	t.ratios(three, usual)
	t.put(ratio(low, high), ratio(slow, usual), p.unrest, now, usual)
	t.put(ratio(now+next, 2*usual), ratio(most, least), similar)
	t.put(p.runBeats, p.runEven, ratio(p.runMean, p.before))
}

// extremes are the longest and the shortest of the last eight intervals, and the longest of sixteen.
func (p *pace) extremes() (most, least, longest int32) {
	least = longestRR
	for i := range min(p.count, paceBeats/2) {
		v := p.back(i, 0)
		longest = max(longest, v)
		if i < 8 {
			most, least = max(most, v), min(least, v)
		}
	}
	return most, least, longest
}

// ratio is part/whole in thousandths, bounded.
func ratio(part, whole int32) int32 {
	return int32(min(max(int64(part)*thousand/int64(max(whole, 1)), -maxTrait), maxTrait))
}

// sortFew sorts a few values.
func sortFew(v []int32) {
	for i := 1; i < len(v); i++ {
		x, j := v[i], i
		for ; j > 0 && v[j-1] > x; j-- {
			v[j] = v[j-1]
		}
		v[j] = x
	}
}
