package ecg

import "math"

// Shapes are ±160 ms of the band around the fiducial point at 125 Hz, without their mean and
// scaled to one length, so that the scalar product of two of them is their correlation.
const (
	shapeHalf   = 20
	shapeLen    = 2*shapeHalf + 1
	shapeLength = 1 << 14 // Euclidean length; products and sums of two stay within int32
	lagReach    = 3       // templates are tried at lags of ±48 ms, as the fiducial point may sit on another wave
	lags        = 2*lagReach + 1
	templates   = 5
)

type shape [shapeLen]int16

// take cuts the shape around a fiducial point out of the band.
func (s *shape) take(f *frontEnd, fiducial int64) {
	var raw [shapeLen]int32
	cut(&f.band, fiducial-2*shapeHalf, raw[:])
	normalise(s[:], raw[:])
}

// cut takes every other value of a ring.
func cut(ring *[ringLen]int32, from int64, into []int32) {
	for k := range into {
		into[k] = ring[(from+2*int64(k))&ringMask]
	}
}

// normalise takes the mean off raw, which it changes, and scales it to shapeLength. It gives the
// length that raw had.
func normalise(s []int16, raw []int32) int32 {
	var sum, squares int64
	for _, v := range raw {
		sum += int64(v)
	}
	mean := int32(sum / int64(len(raw)))
	for k := range raw {
		raw[k] -= mean
		squares += int64(raw[k]) * int64(raw[k])
	}
	if squares == 0 {
		clear(s)
		return 0
	}
	length := math.Sqrt(float64(squares))
	for k, v := range raw {
		s[k] = int16(float64(v) * (shapeLength / length))
	}
	return int32(length)
}

// blend moves the shape s towards a new one, which counts for one of weight parts.
func blend(s, newest []int16, raw []int32, weight int32) {
	for k := range raw {
		raw[k] = int32(s[k])*(weight-1) + int32(newest[k])
	}
	normalise(s, raw)
}

// template is the mean shape of beats that look alike.
type template struct {
	shape shape
	beats int32 // that made it, 0 for none
	last  int64 // tick of the newest
}

// learn moves the template towards a beat: the mean of the first eight, then an eighth each.
func (t *template) learn(s *shape, at int64) {
	t.beats++
	var raw [shapeLen]int32
	blend(t.shape[:], s[:], raw[:], min(t.beats, 8))
	t.last = at
}

// window is a piece of signal with its length, as of a shape, at every lag at which a shape is
// compared with it.
type window struct {
	values []int32
	length []float64 // of values without their mean; 0 where they are flat
}

// prepare scales the values so that products with a shape stay within int32, and measures lengths.
func (w *window) prepare() {
	var largest int32
	for _, v := range w.values {
		largest = max(largest, magnitude(v))
	}
	shift := 0
	for largest>>shift >= 1<<13 {
		shift++
	}
	size := len(w.values) - len(w.length) + 1
	var sum, squares int64
	for k := range w.values {
		w.values[k] >>= shift
		v := int64(w.values[k])
		sum, squares = sum+v, squares+v*v
		if first := k - size + 1; first >= 0 {
			w.length[first] = math.Sqrt(float64(max(squares-sum*sum/int64(size), 0)))
			gone := int64(w.values[first])
			sum, squares = sum-gone, squares-gone*gone
		}
	}
}

// correlate is the best correlation with a shape over all lags.
func (w *window) correlate(s []int16) float32 {
	best := float32(-1)
	for lag := range w.length {
		best = max(best, w.correlateAt(s, lag))
	}
	return best
}

// correlateAt is the correlation with a shape at a lag, -1 where the values are flat.
func (w *window) correlateAt(s []int16, lag int) float32 {
	if w.length[lag] == 0 {
		return -1
	}
	part := w.values[lag : lag+len(s)]
	var even, odd int32
	k := 0
	for ; k+1 < len(s) && k+1 < len(part); k += 2 {
		even += part[k] * int32(s[k])
		odd += part[k+1] * int32(s[k+1])
	}
	if k < len(s) {
		even += part[k] * int32(s[k])
	}
	return float32(float64(even+odd) / (w.length[lag] * shapeLength))
}

// gallery holds the templates of the shapes that are around.
type gallery [templates]template

// match gives the template that fits a candidate best, and how well the next one does.
func (g *gallery) match(f *frontEnd, fiducial int64) (best, second float32, which int8) {
	var values [shapeLen + lags - 1]int32
	var length [lags]float64
	cut(&f.band, fiducial-2*(shapeHalf+lagReach), values[:])
	w := window{values: values[:], length: length[:]}
	w.prepare()
	best, second, which = -1, -1, -1
	lagOf := 0
	for i := range g {
		if g[i].beats == 0 {
			continue
		}
		// Every other lag tells which template it is; the lags between only refine how well it fits.
		own, ownLag := float32(-1), 0
		for lag := 1; lag < lags; lag += 2 {
			if r := w.correlateAt(g[i].shape[:], lag); r > own {
				own, ownLag = r, lag
			}
		}
		switch {
		case own > best:
			best, second, which, lagOf = own, best, int8(i), ownLag
		case own > second:
			second = own
		}
	}
	if which >= 0 && lagOf > 0 {
		s := g[which].shape[:]
		best = max(best, w.correlateAt(s, lagOf-1), w.correlateAt(s, lagOf+1))
	}
	return best, second, which
}

// sameShape is the correlation above which a beat belongs to a template.
const sameShape = 0.85

// learn adds an accepted beat to its template, or makes a new one in the place of the one that
// was least and longest ago of use.
func (g *gallery) learn(c *candidate) {
	if c.template >= 0 && c.match > sameShape {
		g[c.template].learn(&c.shape, c.at)
		return
	}
	oldest, value := 0, int64(math.MaxInt64)
	for i := range g {
		v := g[i].last + int64(min(g[i].beats, 20))*internalHz
		if g[i].beats == 0 {
			v = math.MinInt64
		}
		if v < value {
			oldest, value = i, v
		}
	}
	g[oldest] = template{shape: c.shape, beats: 1, last: c.at}
	c.template = int8(oldest)
}
