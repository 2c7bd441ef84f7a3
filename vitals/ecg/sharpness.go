package ecg

import (
	"math/bits"
	"slices"
)

// What stands out of the strength of a stretch is a QRS.
const (
	sharpShare  = 4  // less than a quarter of the usual peak is little
	peakRises   = 60 // % of it: a peak begins, and
	peakFalls   = 40 // ends
	sharpestLag = 12 // 0.24 s: 250/min
)

// describeSharpness measures what QRS complexes stand out of the rest, whatever the baseline and the T
// waves do.
func (w *stretch) describeSharpness(put func(int, int64)) {
	sorted := w.sharp
	slices.Sort(sorted[:])
	usual := sorted[fibWindow*90/100]
	put(sharpMedian, int64(ratio(sorted[fibWindow/2], usual)))
	put(sharpQuarter, int64(ratio(sorted[fibWindow/4], usual)))
	rest, restLast := int32(0), int32(0)
	for i, v := range w.sharp {
		low := above(usual, sharpShare*v)
		rest += low
		if i >= fibWindow-2*fibHz {
			restLast += low
		}
	}
	put(sharpRest, int64(ratio(rest, fibWindow)))
	put(sharpRestLast, int64(ratio(restLast, 2*fibHz)))
	w.describePeaks(usual, put)
	w.describePace(sorted[fibWindow-1], put)
}

// describePeaks measures how even the peaks are.
func (w *stretch) describePeaks(usual int32, put func(int, int64)) {
	f := w.findPeaks(usual*peakRises/100, usual*peakFalls/100)
	put(sharpPeaks, int64(f.count))
	if f.count < 2 {
		return
	}
	lengths, heights := f.length[1:f.count], f.height[:f.count]
	put(sharpPeakSpread, int64(spread(lengths)))
	put(sharpHeightSpread, int64(spread(heights)))
}

// findPeaks finds where the strength rises above a level, until it falls below a lower one.
func (w *stretch) findPeaks(rises, falls int32) (f waveTrain) {
	up, since := false, int32(0)
	for i, v := range w.sharp {
		if !up && v > rises && f.count < mostWaves {
			up = true
			f.length[f.count] = int32(i) - since
			f.count++
			since = int32(i)
		}
		if up {
			f.height[f.count-1] = max(f.height[f.count-1], v)
			up = v >= falls
		}
	}
	return f
}

// describePace measures how the strength repeats itself.
func (w *stretch) describePace(most int32, put func(int, int64)) {
	var mean int64
	for _, v := range w.sharp {
		mean += int64(v)
	}
	mean /= fibWindow
	shift := max(0, bits.Len32(uint32(most))-squareBits)
	var values [fibWindow]int32
	for i, v := range w.sharp {
		values[i] = (v - int32(mean)) >> shift
	}
	energy := int64(max(product(values[:], 0), 1))
	best, bestLag := int64(-thousand), sharpestLag
	for lag := sharpestLag; lag <= echoLags; lag++ {
		s := int64(product(values[:], lag)) * thousand * fibWindow / (energy * int64(fibWindow-lag))
		if s > best {
			best, bestLag = s, lag
		}
	}
	put(sharpEcho, best)
	put(sharpEchoLag, int64(bestLag))
}

// product is the scalar product of values with themselves a lag later.
func product(values []int32, lag int) (sum int32) {
	late := values[lag:]
	early := values[:len(late)]
	for i, v := range late {
		sum += v * early[i]
	}
	return sum
}
