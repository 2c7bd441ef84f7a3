package ecg

// The traits of a beat are what the trained model names it by: its pace, its shape, and how both
// differ from what is usual in this patient. Amplitudes only enter as ratios.
const (
	maxTrait   = 20 * thousand
	beatTraits = paceTraits + looks + 3 + outlineTraits + formTraits + nextTraits + 3

	wideLen       = 43 // P to T: 280 ms before to 400 ms behind the fiducial point at 62.5 Hz
	wideBefore    = 70
	pLen          = 24 // 264 to 80 ms before, at 125 Hz
	pBefore       = 66
	usualFade     = 16 // normal beats over which the usual follows
	qrsEnd        = 35 // 140 ms
	tBegin        = 40 // 160 ms
	tEnd          = 95 // 380 ms
	looks         = 21 // of its traits those that are measured when it comes
	outlineTraits = 10
	formTraits    = 5
	nextTraits    = 7
)

// traitWriter collects traits in order, in a slice that has room for them.
type traitWriter struct{ into []int16 }

func (t *traitWriter) put(values ...int32) {
	for _, v := range values {
		t.into = append(t.into, int16(min(max(v, -maxTrait), maxTrait)))
	}
}

// ratios puts a value relative to each of the others.
func (t *traitWriter) ratios(value int32, to ...int32) {
	for _, other := range to {
		t.put(ratio(value, other))
	}
}

// outline is a beat from its P wave to its T wave.
type outline struct {
	wide     [wideLen]int16
	p        [pLen]int16
	wideSize int32
	pSize    int32
	upward   int32 // share of the QRS above its beginning, in thousandths
	tWave    int32 // height of the T wave, in thousandths of the QRS
}

// take measures the low-passed signal around a fiducial point that has been followed by 400 ms.
func (c *outline) take(f *frontEnd, at int64) {
	var wide [wideLen]int32
	for i := range wide {
		n := at - wideBefore + 4*int64(i)
		wide[i] = (f.lowPass[n&ringMask] + f.lowPass[(n+2)&ringMask]) / 2
	}
	c.wideSize = normalise(c.wide[:], wide[:])
	var p [pLen]int32
	cut(&f.lowPass, at-pBefore, p[:])
	c.pSize = normalise(c.p[:], p[:])
	var base int32
	for n := at - 22; n < at-12; n++ {
		base += f.lowPass[n&ringMask]
	}
	base /= 10
	low, high := f.around(at-formBefore, at+qrsEnd, base)
	c.upward = ratio(high, high-low)
	tLow, tHigh := f.around(at+tBegin, at+tEnd, base)
	c.tWave = ratio(tHigh, high-low)
	if -tLow > tHigh {
		c.tWave = ratio(tLow, high-low)
	}
}

// around is the least and the largest value between two ticks, from a base; zero at least.
func (f *frontEnd) around(from, to int64, base int32) (low, high int32) {
	for n := from; n <= to; n++ {
		v := f.lowPass[n&ringMask] - base
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// follow moves the usual outline towards that of a normal beat.
func (c *outline) follow(newest *outline) {
	if c.wideSize == 0 {
		*c = *newest
		return
	}
	var wide [wideLen]int32
	blend(c.wide[:], newest.wide[:], wide[:], usualFade)
	var p [pLen]int32
	blend(c.p[:], newest.p[:], p[:], usualFade)
	c.wideSize += (newest.wideSize - c.wideSize) / usualFade
	c.pSize += (newest.pSize - c.pSize) / usualFade
	c.upward += (newest.upward - c.upward) / usualFade
	c.tWave += (newest.tWave - c.tWave) / usualFade
}

// describe compares the outline of a beat with the usual one.
func (c *outline) describe(usual *outline, t *traitWriter) {
	t.put(likeness(c.wide[:], usual.wide[:]), ratio(c.wideSize, usual.wideSize))
	t.put(likeness(c.p[:], usual.p[:]), ratio(c.pSize, usual.pSize), ratio(c.pSize, c.wideSize))
	upward, more, tWave, taller := c.upward, c.upward-usual.upward, c.tWave, c.tWave-usual.tWave
	if usual.upward < thousand/2 { // as with swapped electrodes
		upward, more, tWave, taller = thousand-upward, -more, -tWave, -taller
	}
	t.put(upward, more, tWave, taller)
}

// likeness is the correlation of two shapes, in thousandths.
func likeness(a, b []int16) int32 {
	var sum int64
	for i, v := range a {
		sum += int64(v) * int64(b[i])
	}
	return int32(sum * thousand / (shapeLength * shapeLength))
}
