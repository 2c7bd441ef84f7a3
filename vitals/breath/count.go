package breath

import "slices"

const (
	thresholdPart = 5  // of the upper quartile of the maxima, a maximum must reach so much
	coveredShare  = 60 // % of the window that breaths must cover
	leastBreaths  = 3
	unlikePart    = 5 // of the mean length, breaths may differ by so much on the average; at a quarter white noise passes
)

// slowest is the time over which the mean is taken away, in points: 15 s, a breath of 4/min.
const slowest = 60 / 4 * Hz

// Wave is 32 s of a signal that moves with the breath, at 4 Hz, the newest point last.
type Wave [points]int32

// extreme is a maximum or minimum of the wave.
type extreme struct {
	at    int32
	value int32
}

// Rate is the rate of the breaths in the wave per minute, where most of it is breaths and they are alike
// (Schäfer and Kratky 2008).
func (wave Wave) Rate() (perMinute float64, ok bool) {
	flatten(&wave)
	var all [points]extreme
	n := extremes(&wave, &all)
	var maxima [points]int32
	m := 0
	for _, e := range all[:n] {
		if e.value > 0 {
			maxima[m] = e.value
			m++
		}
	}
	if m < leastBreaths {
		return 0, false
	}
	slices.Sort(maxima[:m])
	threshold := maxima[m*3/4] / thresholdPart

	var lengths [points]int32
	breaths, total := 0, int32(0)
	top, minima := int32(-1), 0
	for _, e := range all[:n] {
		switch {
		case e.value < 0:
			minima++
		case e.value > threshold:
			if top >= 0 && minima == 1 {
				lengths[breaths] = e.at - top
				total += e.at - top
				breaths++
			}
			top, minima = e.at, 0
		}
	}
	if breaths < leastBreaths || total*100 < coveredShare*points || unlike(lengths[:breaths], total) {
		return 0, false
	}
	perMinute = 60 * Hz * float64(breaths) / float64(total)
	return perMinute, perMinute >= MinPerMinute && perMinute <= MaxPerMinute
}

// unlike reports whether the breaths differ too much from their mean.
func unlike(lengths []int32, total int32) bool {
	n := int32(len(lengths))
	off := int32(0)
	for _, l := range lengths {
		off += max(l*n-total, total-l*n)
	}
	return off*unlikePart > total*n
}

// extremes finds the maxima above and the minima below the mean, in order. Of several in a row without a
// crossing the first largest counts, so that a dent in a breath makes no second one.
func extremes(wave *Wave, out *[points]extreme) (n int) {
	for i := 1; i < points-1; i++ {
		v := wave[i]
		isTop := v > 0 && v >= wave[i-1] && v > wave[i+1]
		isBottom := v < 0 && v <= wave[i-1] && v < wave[i+1]
		if !isTop && !isBottom {
			continue
		}
		if n > 0 && (out[n-1].value > 0) == (v > 0) {
			if max(v, -v) > max(out[n-1].value, -out[n-1].value) {
				out[n-1] = extreme{int32(i), v}
			}
			continue
		}
		out[n] = extreme{int32(i), v}
		n++
	}
	return n
}

// flatten takes away the mean of 15 s around each point.
func flatten(wave *Wave) {
	var sums [points + 1]int64
	for i, v := range wave {
		sums[i+1] = sums[i] + int64(v)
	}
	for i := range wave {
		from, to := max(0, i-slowest/2), min(points, i+slowest/2+1)
		wave[i] -= int32((sums[to] - sums[from]) / int64(to-from))
	}
}
