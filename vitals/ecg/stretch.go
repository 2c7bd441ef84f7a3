package ecg

import "math/bits"

// A stretch is measured by what has been found to tell fibrillation from all else. The single
// features are compared by Amann, Tratnig and Unterkofler (BioMed Eng OnLine 2005;4:60), Jekova
// (Biomed Signal Process Control 2007;2:25) and Arafat et al. (Signal Image Video Process 2011;5:1). All are
// ratios: neither gain nor polarity changes them.
const (
	phaseCells  = 40  // the phase plane has 40 by 40 cells (Amann et al., IEEE TBME 2007;54:174)
	phaseFar    = 25  // 0.5 s, as there
	phaseNear   = 5   // 0.1 s, half a wave of 5 Hz
	halfPiNum   = 355 // π as 355/113, for the leakage filter's half period
	halfPiDen   = 113
	waveSwing   = 12 // % of the range to either side of the mean that a wave must pass
	mostWaves   = 64 // in five seconds: 770/min
	squareBits  = 11 // values of so many bits: sums of products over the window stay within int32
	restingPart = 10 // a slope below a tenth of the steepest rests
)

// The traits of a stretch, in thousandths unless said otherwise.
const (
	restingShare      = iota // of the time in which the signal rests
	restingLeast             // of the second that rests least
	restingMost              //
	restingLast              // of the last second,
	restingLast2             // the last two
	restingLast3             // and the last three
	steepToMedian            // 99th percentile of the slope to its median
	steepToUpper             // and to its 90th
	nearCells                // share of the phase plane visited, by delay
	farCells                 //
	leakage                  // what a band-stop at the mean period lets through
	opposition               // least autocorrelation
	oppositionLag            // in samples
	echo                     // largest autocorrelation behind it
	echoLag                  // in samples
	echoTwice                // autocorrelation at twice the lag
	overFifth                // share of the time above a fifth of the largest deviation (TCSC)
	overHalf                 //
	peakPitch                // strongest frequency, in quarters of a hertz
	peakShare                // of the power, within half a hertz of it
	powerBelow               // share of power below half the peak's frequency
	powerAround              // 0.7 to 1.4 of it
	powerMoment              // mean frequency relative to the peak's
	powerMiddle              // 2.5 to 7.5 Hz
	powerHigh                // above 7.5 Hz
	spanEven                 // least range of a second to the largest
	spanSpread               // mean deviation of the ranges
	peakedness               // kurtosis, in hundredths
	lopsided                 // skewness, whatever its sign
	crossings                // of the mean, a number
	waveCount                // waves that pass a part of the range to both sides, a number
	waveLength               // their mean length in samples
	lengthSpread             // mean deviation of it
	heightSpread             // mean deviation of their heights
	turns                    // maxima and minima, a number
	bending                  // mean change of the slope to mean slope
	hissShare                // what is faster than any ECG, to the range
	energyLow                // quartiles of the strongest slope of 200 ms to the largest
	energyMiddle             //
	energyHigh               //
	sharpRest                // share of the time in which there is little QRS,
	sharpRestLast            // and of the last two seconds
	sharpMedian              // median QRS to its 90th percentile
	sharpQuarter             // quartile to it
	sharpPeaks               // maxima that stand out, a number
	sharpPeakSpread          // mean deviation of their distances
	sharpHeightSpread        // and heights
	sharpEcho                // largest autocorrelation of it at 0.24 to 1.2 s
	sharpEchoLag             // in samples
	wander                   // range of the baseline to that of the signal
	spanToUsual              // range to that of the patient's resting rhythm
	steepToUsual             // slope to that of it

	stretchTraits
)

// stretch is five seconds of signal in order, with what the traits share.
type stretch struct {
	values   [fibWindow]int32 // without mean, scaled to squareBits
	sharp    [fibWindow]int32 // how much QRS there is
	raw      [fibWindow]int32 // as they came, quarters of µV
	low      int32            // of raw
	high     int32
	steep    int32 // 99th percentile of the slope
	upper    int32 // 90th
	median   int32
	resting  [fibSeconds]int32 // slopes that rest, by second, the oldest first
	rests    int32             // all of them
	moved    int32             // range of the baseline
	energy   int64
	products [echoLags + 1]int32 // autocorrelation
}

// measureSlopes finds percentiles of the slope with a histogram, which costs less than sorting.
func (w *stretch) measureSlopes() {
	const bins = 256
	var slopes [fibWindow]int32
	w.low, w.high = w.raw[0], w.raw[0]
	var steepest int32
	for i := 1; i < fibWindow; i++ {
		w.low, w.high = min(w.low, w.raw[i]), max(w.high, w.raw[i])
		slopes[i] = magnitude(w.raw[i] - w.raw[i-1])
		steepest = max(steepest, slopes[i])
	}
	var histogram [bins]uint8
	shift := max(0, bits.Len32(uint32(steepest))-8)
	for _, s := range slopes[1:] {
		histogram[s>>shift]++
	}
	count := 0
	middle := int32(1) << shift / 2
	for bin, n := range histogram {
		before := count
		count += int(n)
		value := int32(bin)<<shift + middle
		if before < fibWindow/2 && count >= fibWindow/2 {
			w.median = value
		}
		if before < fibWindow*90/100 && count >= fibWindow*90/100 {
			w.upper = value
		}
		if count >= fibWindow*99/100 {
			w.steep = value
			break
		}
	}
	rest := w.steep / restingPart
	for second := range w.resting {
		n := int32(0)
		for _, s := range slopes[second*fibHz : (second+1)*fibHz] {
			n += int32(uint32(s-rest-1) >> 31) // 1 where s <= rest
		}
		w.resting[second] = n
		w.rests += n
	}
}

// centre takes the mean off and scales the values, so that products need no 64 bits.
func (w *stretch) centre() {
	var sum int64
	for _, v := range w.raw {
		sum += int64(v)
	}
	mean := int32(sum / fibWindow)
	var largest int32
	for i, v := range w.raw {
		w.values[i] = v - mean
		largest = max(largest, magnitude(v-mean))
	}
	shift := max(0, bits.Len32(uint32(largest))-squareBits)
	for i := range w.values {
		w.values[i] >>= shift
		w.energy += int64(w.values[i] * w.values[i])
	}
}

// describe writes all traits.
func (w *stretch) describe(t *[stretchTraits]int16) {
	put := func(trait int, value int64) { t[trait] = int16(min(max(value, -maxTrait), maxTrait)) }
	share := func(part, whole int32) int64 { return int64(ratio(part, whole)) }
	last := w.resting[fibSeconds-1]
	last2 := last + w.resting[fibSeconds-2]
	least, most := w.resting[0], w.resting[0]
	for _, n := range w.resting {
		least, most = min(least, n), max(most, n)
	}
	put(restingShare, share(w.rests, fibWindow))
	put(restingLeast, share(least, fibHz))
	put(restingMost, share(most, fibHz))
	put(restingLast, share(last, fibHz))
	put(restingLast2, share(last2, 2*fibHz))
	put(restingLast3, share(last2+w.resting[fibSeconds-3], 3*fibHz))
	put(steepToMedian, share(w.steep, w.median))
	put(steepToUpper, share(w.steep, w.upper))
	put(nearCells, w.phaseCells(phaseNear))
	put(farCells, w.phaseCells(phaseFar))
	put(leakage, w.leakage())
	put(wander, share(w.moved, w.high-w.low))
	w.describeSharpness(put)
	w.describeEchoes(put)
	w.describeSpectrum(put)
	w.describeSizes(put)
	w.describeWaves(put)
}

// phaseCells is the share of the cells of the phase plane that the signal visits: a rhythm with rests
// draws the same thin loop again and again, fibrillation fills the plane.
func (w *stretch) phaseCells(delay int) int64 {
	var visited [phaseCells]uint64
	span := w.high - w.low + 1
	var cells [fibWindow]uint8
	for i, v := range w.raw {
		cells[i] = uint8((v - w.low) * phaseCells / span)
	}
	for i := delay; i < fibWindow; i++ {
		visited[cells[i]] |= 1 << cells[i-delay]
	}
	count := 0
	for _, row := range visited {
		count += bits.OnesCount64(row)
	}
	return int64(count) * thousand / (phaseCells * phaseCells)
}

// leakage is what a band-stop at the mean period lets through (Kuo and Dillman, Computers in
// Cardiology 1978:347).
func (w *stretch) leakage() int64 {
	var size, move int32
	for i := 1; i < fibWindow; i++ {
		size += magnitude(w.values[i])
		move += magnitude(w.values[i] - w.values[i-1])
	}
	half := int32(fibWindow / 2) // half a period
	if move > 0 {
		half = min(max((size*halfPiNum/halfPiDen+move/2)/move, 1), fibWindow/2)
	}
	var passed, all int32
	for i := int(half); i < fibWindow; i++ {
		a, b := w.values[i], w.values[i-int(half)]
		passed += magnitude(a + b)
		all += magnitude(a) + magnitude(b)
	}
	return int64(ratio(passed, all))
}
