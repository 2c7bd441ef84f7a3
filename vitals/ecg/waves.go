package ecg

import "math/bits"

// describeSizes measures how the signal spreads about its mean.
func (w *stretch) describeSizes(put func(int, int64)) {
	var largest int32
	var third, fourth int64
	for _, v := range w.values {
		largest = max(largest, magnitude(v))
		square := int64(v) * int64(v)
		third += square * int64(v)
		fourth += square * square
	}
	fifth, half := int32(0), int32(0)
	for _, v := range w.values {
		fifth += above(magnitude(v)*5, largest)
		half += above(magnitude(v)*2, largest)
	}
	put(overFifth, int64(ratio(fifth, fibWindow)))
	put(overHalf, int64(ratio(half, fibWindow)))
	variance := max(w.energy/fibWindow, 1)
	put(peakedness, fourth/fibWindow*100/(variance*variance))
	deviation := int64(root(uint64(variance)))
	put(lopsided, max(third, -third)/fibWindow*thousand/(variance*max(deviation, 1)))
	w.describeSpans(put)
}

// describeSpans measures how even the seconds are.
func (w *stretch) describeSpans(put func(int, int64)) {
	var spans [fibSeconds]int32
	least, most := int32(1<<30), int32(0)
	for second := range spans {
		low, high := w.values[second*fibHz], w.values[second*fibHz]
		for _, v := range w.values[second*fibHz : (second+1)*fibHz] {
			low, high = min(low, v), max(high, v)
		}
		spans[second] = high - low
		least, most = min(least, high-low), max(most, high-low)
	}
	put(spanEven, int64(ratio(least, most)))
	put(spanSpread, int64(spread(spans[:])))
}

// spread is the mean deviation of values relative to their mean, in thousandths.
func spread(values []int32) int32 {
	middle := mean(values)
	var sum, deviation int32
	for _, v := range values {
		sum += v
		deviation += magnitude(v - middle)
	}
	return ratio(deviation, sum)
}

// mean of some values.
func mean(values []int32) int32 {
	var sum int32
	for _, v := range values {
		sum += v
	}
	return sum / int32(len(values))
}

// root is the integer square root.
func root(v uint64) uint64 {
	if v == 0 {
		return 0
	}
	r := uint64(1) << ((bits.Len64(v) + 1) / 2)
	for {
		next := (r + v/r) / 2
		if next >= r {
			return r
		}
		r = next
	}
}

// describeWaves counts waves, and how much they differ from each other.
func (w *stretch) describeWaves(put func(int, int64)) {
	var cross, turn, move, bend int32
	for i := 2; i < fibWindow; i++ {
		before, now := w.values[i-1]-w.values[i-2], w.values[i]-w.values[i-1]
		cross += int32(uint32(w.values[i]^w.values[i-1]) >> 31)
		turn += int32(uint32(before^now) >> 31)
		move += magnitude(now)
		bend += magnitude(now - before)
	}
	put(crossings, int64(cross))
	put(turns, int64(turn))
	put(bending, int64(ratio(bend, move)))

	f := w.findWaves()
	put(waveCount, int64(f.count))
	if f.count < 2 {
		return
	}
	lengths, heights := f.length[1:f.count], f.height[1:f.count]
	put(waveLength, int64(mean(lengths)))
	put(lengthSpread, int64(spread(lengths)))
	put(heightSpread, int64(spread(heights)))
}

// waveTrain are the waves of a stretch.
type waveTrain struct {
	length [mostWaves]int32 // since the one before
	height [mostWaves]int32
	count  int
}

// findWaves finds the waves that pass a part of the range to both sides of the mean.
func (w *stretch) findWaves() (f waveTrain) {
	low, high := w.values[0], w.values[0]
	for _, v := range w.values {
		low, high = min(low, v), max(high, v)
	}
	limit := (high - low) * waveSwing / 100
	up, since := false, int32(0)
	var bottom, top int32
	for i, v := range w.values {
		bottom, top = min(bottom, v), max(top, v)
		switch {
		case !up && v > limit:
			up = true
			if f.count < mostWaves {
				f.length[f.count], f.height[f.count] = int32(i)-since, top-bottom
				f.count++
			}
			since, bottom = int32(i), v
		case up && v < -limit:
			up, top = false, v
		}
	}
	return f
}
