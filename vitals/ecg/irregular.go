package ecg

import (
	"math"
	"math/bits"
	"slices"
)

// How irregular the intervals are is measured around the judged one, in stretches of several
// lengths to both sides and to each alone: short ones date a change, long ones outweigh ectopic beats.
const (
	longIntervals  = 128
	hindsight      = longIntervals / 2 // intervals that followed on the judged one
	longestKnown   = 3000              // ms; nothing longer teaches more
	similarRR      = 30                // ms: intervals that count as alike (Lake and Moorman, Am J Physiol Heart 2011;300:H319)
	localReach     = 4                 // an interval is compared with the mean of so many to either side
	largestStep    = 400               // thousandths that a single difference may weigh
	thousand       = 1000
	irregularities = len(stretches)*shares + 9
	mostWords      = longIntervals
)

// stretches are intervals counted from the judged one: those that came later are negative.
var stretches = [...]struct{ from, to int }{
	{-6, 6}, {-12, 12}, {-24, 24}, {-hindsight, hindsight}, {-12, 0}, {0, 12}, {-32, 0}, {0, 32},
}

// Limits of differences and deviations, in thousandths of the local mean. They only have to lie where
// sinus rhythm, ectopic beats and fibrillation differ; which of them matter is learned.
var (
	stepLimits   = [10]int32{10, 20, 30, 45, 60, 80, 110, 150, 200, 300}
	laterLimits  = [2]int32{30, 80}
	steadyLimits = [2]int32{20, 50}
	localLimits  = [3]int32{30, 60, 120}
)

// laterLags are the distances at which bigeminy and its kin are alike again.
const laterLags = 3

// What is marked of each interval, in this order.
const (
	markSteps  = 0
	markLater  = markSteps + len(stepLimits)
	markTurns  = markLater + laterLags*len(laterLimits)
	markSteady = markTurns + 1
	markLocal  = markSteady + len(steadyLimits)
	marks      = markLocal + len(localLimits)
	shares     = marks + 2 // features of a stretch
)

// history128 says of each of the latest 128 intervals whether something holds; the newest is bit 0.
type history128 struct{ newer, older uint64 }

func (h *history128) push(bit uint64) {
	h.older = h.older<<1 | h.newer>>63
	h.newer = h.newer<<1 | bit
}

// among counts in a part of the history.
func (h *history128) among(part history128) int32 {
	return int32(bits.OnesCount64(h.newer&part.newer) + bits.OnesCount64(h.older&part.older))
}

// firstOf is the part of the history that is the newest n.
func firstOf(n int) history128 {
	return history128{newer: 1<<min(n, 64) - 1, older: 1<<max(n-64, 0) - 1}
}

// intervals are the latest between two beats, in milliseconds.
type intervals struct {
	ring   [longIntervals]int16
	count  int64
	marks  [marks]history128     // of intervals that have neighbours to either side
	change [longIntervals]change // the same, by number of the interval
}

// change is how an interval differs from the one before, as parts of the local mean.
type change struct{ step, product, square int16 }

func (v *intervals) push(milliseconds int64) {
	v.ring[v.count%longIntervals] = int16(min(milliseconds, longestKnown))
	v.count++
	v.mark()
}

// forget drops all: what comes does not follow on what was.
func (v *intervals) forget() { *v = intervals{} }

// back is the interval so many before the newest.
func (v *intervals) back(n int64) int32 { return int32(v.ring[(v.count-1-n)%longIntervals]) }

// newest copies the latest intervals, newest first.
func (v *intervals) newest(into []int32) []int32 {
	n := int(min(v.count, int64(len(into))))
	for i := range n {
		into[i] = v.back(int64(i))
	}
	return into[:n]
}

// mark compares the interval localReach before the newest with those around it.
func (v *intervals) mark() {
	c := &v.change[v.count%longIntervals]
	*c = change{}
	bit := 0
	put := func(holds int32) {
		v.marks[bit].push(uint64(holds))
		bit++
	}
	if v.count < 2*localReach+1 {
		for range marks {
			put(0)
		}
		return
	}
	var near [2*localReach + 1]int32
	local := int32(0)
	for i := range near {
		near[i] = v.back(int64(i))
		local += near[i]
	}
	local /= int32(len(near))
	part := func(from, to int) int32 {
		return (near[localReach+from] - near[localReach+to]) * thousand / max(local, 1)
	}
	compare := func(value int32, limits []int32) {
		for _, limit := range limits {
			put(above(magnitude(value), limit))
		}
	}
	step, before := part(0, 1), part(1, 2)
	compare(step, stepLimits[:])
	for lag := range laterLags {
		compare(part(0, lag+2), laterLimits[:])
	}
	put(above(-step*before, 0))
	for _, limit := range steadyLimits {
		put(above(limit, max(magnitude(step), magnitude(before))))
	}
	compare((near[localReach]-local)*thousand/max(local, 1), localLimits[:])
	// The ratio of product to square is how far a difference is taken back by the next: wholly where
	// each interval is drawn anew, hardly where the rate wanders.
	const most, scale = 300, 64
	up, down := min(max(step, -most), most), min(max(before, -most), most)
	*c = change{step: int16(min(magnitude(step), largestStep)), product: int16(up * down / scale), square: int16(up * up / scale)}
}

// measure fills in the features of the interval hindsight before the newest, in thousandths. A
// stretch of which there is only a part gives what it has.
func (v *intervals) measure(features *[irregularities]int16) {
	k := 0
	put := func(values ...int32) {
		for _, x := range values {
			features[k] = int16(x)
			k++
		}
	}
	n := int(min(v.count, longIntervals))
	within := func(at int) int { return min(max(hindsight+at, 0), n) }
	var up [longIntervals + 1][3]int32 // sums of the changes newer than each
	for i := range n {
		c := &v.change[(v.count-int64(i))%longIntervals]
		up[i+1] = [3]int32{up[i][0] + int32(c.step), up[i][1] + int32(c.product), up[i][2] + int32(c.square)}
	}
	for _, s := range stretches {
		from, to := within(s.from), within(s.to)
		low, high := firstOf(from), firstOf(to)
		part := history128{newer: high.newer &^ low.newer, older: high.older &^ low.older}
		size := int32(max(to-from, 1))
		for i := range v.marks {
			put(v.marks[i].among(part) * thousand / size)
		}
		put((up[to][0]-up[from][0])/size, (up[to][1]-up[from][1])*thousand/max(up[to][2]-up[from][2], 1))
	}
	var buffer [longIntervals]int32
	rr := v.newest(buffer[:])
	some, few := rr[within(-24):within(24)], rr[within(-12):within(12)]
	put(alike(few))
	put(alike(some))
	put(wordEntropy(some))
	put(wordEntropy(rr))
	put(int32(n))
}

// above is 1 where the value lies above the limit, without a branch.
func above(value, limit int32) int32 { return int32(uint32(limit-value) >> 31) }

// wordEntropy is the entropy of words of three heart rates, each in steps of 5/min, weighed by how
// many different words there are, and that number (Zhou et al., BioMed Eng OnLine 2014;13:18).
func wordEntropy(rr []int32) (entropy, different int32) {
	var words [mostWords]uint32
	word := uint32(0)
	n := 0
	for i, interval := range rr {
		symbol := min(12000/uint32(max(interval, 1)), 63)
		word = (word<<6 | symbol) & (1<<18 - 1)
		if i >= 2 && n < mostWords {
			words[n] = word
			n++
		}
	}
	some := words[:n]
	slices.Sort(some)
	sum, kinds := int32(0), int32(0)
	for i := 0; i < n; {
		j := i
		for j < n && some[j] == some[i] {
			j++
		}
		sum += logTable[j-i]
		kinds++
		i = j
	}
	// With p = c/n the entropy is log n - sum(c log c)/n.
	share := (logTable[n] - sum) / int32(n) // thousandths of bits
	most := logTable[n] / int32(n)
	return share * thousand / max(most, 1) * kinds / int32(n), kinds * thousand / int32(n)
}

// logTable holds c·log2(c), in thousandths.
var logTable = func() (t [mostWords + 1]int32) {
	for c := 1; c <= mostWords; c++ {
		t[c] = int32(math.Round(float64(c) * math.Log2(float64(c)) * thousand))
	}
	return t
}()

// alike counts pairs of up to 64 intervals that are about the same, and of those the share whose
// successors are, too: few in fibrillation, most in any other rhythm (sample entropy, Lake and Moorman 2011).
func alike(rr []int32) (pairs, successors int32) {
	var same, again int
	before := uint64(0) // bit per interval: alike to the one looked at before
	for i, one := range rr {
		now := uint64(0)
		for j, other := range rr[:i] {
			now |= uint64(1-above(magnitude(one-other), similarRR)) << j
		}
		if i > 0 {
			same += bits.OnesCount64(now &^ 1)
			again += bits.OnesCount64(now & (before << 1))
		}
		before = now
	}
	n := len(rr)
	return int32(same * thousand / max(1, (n-1)*(n-2)/2)), int32(again * thousand / max(1, same))
}
