package ecg

import (
	"math"
	"slices"
)

// How irregular the intervals between beats are is measured over three windows: a short one for
// short episodes, a long one against ectopic beats.
const (
	longIntervals  = 128
	shortWindow    = 24
	middleWindow   = 60
	longWindow     = longIntervals - 5 // differences reach four further back
	windows        = 3
	shares         = 16 // features of each window
	irregularities = windows*shares + 8
	mostWords      = longWindow
	longestKnown   = 3000 // ms; nothing longer teaches more
	similarRR      = 30   // ms: intervals that count as alike (Lake and Moorman, Am J Physiol Heart 2011;300:H319)
	thousand       = 1000
)

// Limits of relative deviations and differences, in thousandths of the median interval.
var (
	deviationLimits  = [3]int32{50, 100, 200}
	differenceLimits = [4]int32{20, 50, 100, 200}
	laterLimits      = [2]int32{50, 100}
)

// intervals are the latest between two beats, in milliseconds.
type intervals struct {
	ring  [longIntervals]int16
	count int64
}

func (v *intervals) push(milliseconds int64) {
	v.ring[v.count%longIntervals] = int16(min(milliseconds, longestKnown))
	v.count++
}

// forget drops all: what comes does not follow on what was.
func (v *intervals) forget() { v.count = 0 }

// newest copies the latest intervals, newest first.
func (v *intervals) newest(into []int32) []int32 {
	n := int(min(v.count, int64(len(into))))
	for i := range n {
		into[i] = int32(v.ring[(v.count-1-int64(i))%longIntervals])
	}
	return into[:n]
}

// tally counts over a growing window what the features are the shares of.
type tally struct {
	deviating  [len(deviationLimits)]int32
	differing  [len(differenceLimits)]int32
	later      [3][len(laterLimits)]int32 // from the second, third and fourth before: bigeminy and its kin are alike there
	turning    int32
	steady     int32 // two small differences in a row
	difference int32 // sum
}

// measure fills in the features, in thousandths. There must be shortWindow intervals at least; a
// window that is not filled yet gives what it has.
func (v *intervals) measure(features *[irregularities]int16) {
	var buffer [longIntervals]int32
	rr := v.newest(buffer[:])
	var ordered [middleWindow]int32
	some := ordered[:copy(ordered[:], rr)]
	slices.Sort(some)
	median := max(some[len(some)/2], 1)
	var t tally
	window, ends := 0, [windows]int{shortWindow, middleWindow, longWindow}
	last := min(len(rr)-4, longWindow)
	for i := range last {
		t.add(rr[i:i+5], median)
		if i+1 == ends[window] {
			t.give(features[window*shares:], int32(i+1))
			window++
		}
	}
	for ; window < windows; window++ {
		t.give(features[window*shares:], int32(max(last, 1)))
	}
	rest := features[windows*shares:]
	rest[0] = int16(median)
	rest[1], rest[2] = wordEntropy(rr)
	rest[3], rest[4] = alike(rr[:min(len(rr), shortWindow)])
	rest[5], rest[6] = alike(rr[:min(len(rr), middleWindow)])
	rest[7] = int16(len(rr))
}

// add takes an interval with the four before it.
func (t *tally) add(rr []int32, median int32) {
	part := func(difference int32) int32 { return magnitude(difference) * thousand / median }
	for i, limit := range deviationLimits {
		t.deviating[i] += above(part(rr[0]-median), limit)
	}
	step, before := part(rr[0]-rr[1]), part(rr[1]-rr[2])
	for i, limit := range differenceLimits {
		t.differing[i] += above(step, limit)
	}
	for lag := range t.later {
		d := part(rr[0] - rr[lag+2])
		for i, limit := range laterLimits {
			t.later[lag][i] += above(d, limit)
		}
	}
	if (rr[0] > rr[1]) != (rr[1] > rr[2]) && rr[0] != rr[1] {
		t.turning++
	}
	if step < differenceLimits[0] && before < differenceLimits[0] {
		t.steady++
	}
	t.difference += min(step, thousand)
}

// above is 1 where the value lies above the limit, without a branch.
func above(value, limit int32) int32 { return int32(uint32(limit-value) >> 31) }

// give writes the shares of a window of n intervals.
func (t *tally) give(features []int16, n int32) {
	k := 0
	put := func(count int32) {
		features[k] = int16(count * thousand / n)
		k++
	}
	for _, c := range t.deviating {
		put(c)
	}
	for _, c := range t.differing {
		put(c)
	}
	for _, lag := range t.later {
		put(lag[0])
		put(lag[1])
	}
	put(t.turning)
	put(t.steady)
	features[k] = int16(t.difference / n)
}

// wordEntropy is the entropy of words of three heart rates, each in steps of 5/min, weighed by how
// many different words there are, and that number (Zhou et al., BioMed Eng OnLine 2014;13:18).
func wordEntropy(rr []int32) (entropy, different int16) {
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
	return int16(share * thousand / max(most, 1) * kinds / int32(n)), int16(kinds * thousand / int32(n))
}

// logTable holds c·log2(c), in thousandths.
var logTable = func() (t [mostWords + 1]int32) {
	for c := 1; c <= mostWords; c++ {
		t[c] = int32(math.Round(float64(c) * math.Log2(float64(c)) * thousand))
	}
	return t
}()

// alike counts pairs of intervals that are about the same, and of those the share whose successors
// are, too: few in fibrillation, most in any other rhythm (sample entropy, Lake and Moorman 2011).
func alike(rr []int32) (pairs, successors int16) {
	var same, again int32
	n := int32(len(rr))
	for i := 1; i < len(rr); i++ {
		for j := 1; j < i; j++ {
			near := 1 - above(magnitude(rr[i]-rr[j]), similarRR)
			same += near
			again += near & (1 - above(magnitude(rr[i-1]-rr[j-1]), similarRR))
		}
	}
	return int16(same * thousand / max(1, (n-1)*(n-2)/2)), int16(again * thousand / max(1, same))
}
