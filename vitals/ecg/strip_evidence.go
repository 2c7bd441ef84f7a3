package ecg

import "slices"

// stripWriter collects features in order.
type stripWriter []int16

func (w *stripWriter) put(values ...int32) {
	for _, v := range values {
		*w = append(*w, int16(min(max(v, -maxTrait), maxTrait)))
	}
}

// spread puts quantiles of values, in percent, relative to a whole.
func (w *stripWriter) spread(values []int32, whole int32, percents ...int) {
	sorted := slices.Sorted(slices.Values(values))
	for _, p := range percents {
		v := int32(0)
		if len(sorted) > 0 {
			v = sorted[(len(sorted)-1)*p/100]
		}
		w.put(ratio(v, whole))
	}
}

// Evidence is what the judgement of the strip rests on, in the order in which the trained model asks
// for it: intervals, P waves, shapes, classes of beats and quality. None of it depends on polarity or gain.
func (s *Strip) Evidence() []int16 {
	w := stripWriter{}
	s.describeIntervals(&w)
	s.describeShapes(&w)
	s.describeWhole(&w)
	return w
}

// describeIntervals measures how irregular the intervals are, ectopic ones included.
func (s *Strip) describeIntervals(w *stripWriter) {
	var rr []int32
	for i := 1; i < len(s.beats); i++ {
		if gap := s.beats[i].at - s.beats[i-1].at; gap > 0 {
			rr = append(rr, int32(min(gap, longestKnown)))
		}
	}
	usual := median(rr)
	w.put(int32(len(rr)), usual)
	w.spread(rr, usual, 0, 10, 25, 75, 90, 100)
	turns, product, square := int32(0), int32(0), int32(1)
	for lag := 1; lag <= 3; lag++ {
		var steps []int32
		for i := lag; i < len(rr); i++ {
			steps = append(steps, magnitude(rr[i]-rr[i-lag]))
		}
		w.spread(steps, usual, 25, 50, 75, 90)
	}
	for i := 2; i < len(rr); i++ {
		up, down := ratio(rr[i]-rr[i-1], usual), ratio(rr[i-1]-rr[i-2], usual)
		product, square = product+up*down/thousand, square+up*up/thousand
		if up*down < 0 {
			turns++
		}
	}
	w.put(ratio(turns, int32(len(rr))), ratio(product, square))
	some := rr[:min(len(rr), 64)]
	pairs, successors := alike(some)
	entropy, different := int32(0), int32(0)
	if len(some) > 2 {
		entropy, different = wordEntropy(some)
	}
	w.put(pairs, successors, entropy, different)
}

// describeShapes measures how alike the P waves and the beats are: in fibrillation nothing before
// the QRS repeats, so that its mean vanishes (Slocum et al., Am Heart J 1992;123:795, look for that, too).
func (s *Strip) describeShapes(w *stripWriter) {
	var p, wide [][]int16
	var pSizes, widths, heights, tWaves, sizes []int32
	for i := range s.beats {
		b := &s.beats[i]
		p, wide = append(p, b.outline.p[:]), append(wide, b.outline.wide[:])
		pSizes = append(pSizes, ratio(b.outline.pSize, b.outline.wideSize))
		widths, heights = append(widths, b.width), append(heights, b.height)
		tWaves = append(tWaves, magnitude(b.outline.tWave))
		sizes = append(sizes, b.outline.wideSize)
	}
	pSize := median(pSizes)
	repeated := coherence(w, p)
	w.put(pSize, pSize*repeated/thousand, pSize*(thousand-repeated)/thousand)
	coherence(w, wide)
	w.spread(pSizes, max(pSize, 1), 10, 90)
	w.spread(widths, thousand, 10, 50, 90)
	w.spread(heights, median(heights), 10, 90)
	w.spread(sizes, median(sizes), 10, 90)
	w.spread(tWaves, thousand, 50, 90)
}

// coherence is how much of the shapes is left in their mean, in thousandths; it also puts how
// the single ones resemble that.
func coherence(w *stripWriter, shapes [][]int16) int32 {
	if len(shapes) == 0 {
		w.put(0, 0, 0, 0)
		return 0
	}
	sum := make([]int32, len(shapes[0]))
	for _, shape := range shapes {
		for k, v := range shape {
			sum[k] += int32(v)
		}
	}
	mean := make([]int16, len(sum))
	left := normalise(mean, sum) / int32(len(shapes))
	share := ratio(left, shapeLength)
	var each []int32
	for _, shape := range shapes {
		each = append(each, likeness(shape, mean))
	}
	w.put(share)
	w.spread(each, thousand, 10, 25, 50)
	return share
}

// describeWhole counts the classes of beats and what the signal was good for.
func (s *Strip) describeWhole(w *stripWriter) {
	number := map[Beat]int32{}
	for i := range s.beats {
		number[s.beats[i].class]++
	}
	n := int32(len(s.beats))
	for _, class := range []Beat{SupraventricularBeat, VentricularBeat, UnknownBeat} {
		w.put(number[class], ratio(number[class], n))
	}
	whole := int32(s.samples)
	w.put(ratio(int32(s.graded[NoAnalysis]), whole), ratio(int32(s.graded[FullAnalysis]), whole), ratio(int32(s.stood), whole))
	j := &s.detector.judge
	w.put(ratio(j.hiss()*unitsPerMicro, j.height), int32(float64(s.samples)/s.rateHz))
}

// median is the middle of the values, 0 where there are none.
func median(values []int32) int32 {
	if len(values) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
