package ecg

import "math"

// Candidates are the maxima of strength that dominate their surroundings.
const (
	dominance     = 25  // 100 ms to either side
	leastStrength = 512 // a QRS of about 20 µV: below is flat
	candidates    = 32  // as many as are looked back over
)

// candidate is a place that may hold a QRS, with all that the decision needs of it, so that it
// can be taken back up by the search-back when the signal around it has gone.
type candidate struct {
	at       int64   // tick of the strength maximum
	fiducial int64   // tick of the band's main deflection, as the band ring counts
	strength int32   // see frontEnd
	slope    int32   // largest slope of the QRS
	height   int32   // peak to peak in the band
	step     bool    // one-sided in the band, as a jump of the baseline is
	accepted bool    // counted as a beat
	up       bool    // usual beats pointed up
	match    float32 // correlation with the template that fits best, -1 to 1
	second   float32 // with the one that fits second best
	template int8    // which fits best, -1 for none
	shape    shape

	// What the second look needs of the signal and of the levels as they were.
	width     int32 // ticks for which the strength is above half
	crossings int32 // of zero in the band, within the QRS
	toward    int32 // share of the deflection that points where usual beats do, in thousandths
	sway      int32 // peak to peak of the low-passed signal over 300 ms, quarters of µV
	jump      int32 // change of the low-passed signal over 300 ms
	hiss      int32 // mean deviation of what is faster than any ECG, µV
	around    int32 // strength 200 and 300 ms before and 100 ms behind, mean
	beatLevel, noiseLevel, slopeLevel, heightLevel,
	interval, unevenness int32
	before int64 // tick of the beat before
}

// peakFinder finds the maxima of strength.
type peakFinder struct {
	peak     int64 // tick of the maximum under watch
	height   int32 // its strength, 0 for none
	last     int64 // tick and strength of the last maximum given
	lastHigh int32
}

// push looks at the newest strength and gives the tick of a maximum that has proved dominant.
func (p *peakFinder) push(f *frontEnd) (int64, bool) {
	n := f.tick - 1
	middle := f.strength[(n-1)&ringMask]
	if middle >= max(f.strength[n&ringMask]+1, f.strength[(n-2)&ringMask], leastStrength) { // one question, as most ticks answer no
		p.consider(n-1, middle)
	}
	if p.height == 0 || n-p.peak < dominance {
		return 0, false
	}
	p.last, p.lastHigh = p.peak, p.height
	p.height = 0
	return p.last, true
}

func (p *peakFinder) consider(tick int64, height int32) {
	inShadow := p.height == 0 && tick-p.last < dominance && height <= p.lastHigh
	if !inShadow && height > p.height {
		p.peak, p.height = tick, height
	}
}

// measure fills in what the signal shows around the maximum.
func (c *candidate) measure(f *frontEnd, at int64, up bool) {
	*c = candidate{at: at, strength: f.strength[at&ringMask], template: -1, match: -1}
	low, high := int32(math.MaxInt32), int32(math.MinInt32)
	var lowAt, highAt int64
	previous := int32(0)
	for n := at - strengthWidth - slopeDistance; n <= at; n++ {
		v := f.band[n&ringMask]
		c.crossings += int32(uint32(v^previous) >> 31)
		previous = v
		if v > high {
			high, highAt = v, n
		}
		if v < low {
			low, lowAt = v, n
		}
		c.slope = max(c.slope, magnitude(v-f.band[(n-slopeDistance)&ringMask]))
	}
	c.height = high - low
	c.fiducial = highAt
	if up && -2*low > 3*high || !up && -3*low > 2*high { // the way usual beats point, unless the other is clearly larger
		c.fiducial = lowAt
	}
	const share = 33 // 3 %
	c.step = high < c.height/share || -low < c.height/share
	c.up, c.toward = up, ratio(high, c.height)
	if !up {
		c.toward = thousand - c.toward
	}
	c.shape.take(f, c.fiducial)
	c.survey(f)
}

const (
	surveyHalf = 36 // ticks, 144 ms to either side
	widest     = 60 // ticks, 240 ms: nothing wider is measured
)

// survey measures the surroundings.
func (c *candidate) survey(f *frontEnd) {
	middle := c.fiducial - highPassDelay
	low, high := int32(math.MaxInt32), int32(math.MinInt32)
	for n := middle - surveyHalf; n <= middle+surveyHalf; n += 2 {
		v := f.lowPass[n&ringMask]
		low, high = min(low, v), max(high, v)
	}
	c.sway = high - low
	c.jump = magnitude(f.lowPass[(middle-surveyHalf)&ringMask] - f.lowPass[(middle+surveyHalf)&ringMask])
	c.hiss = f.sumHiss / hissWidth
	for _, n := range [3]int64{c.at - 3*dominance, c.at - 2*dominance, c.at + dominance} {
		c.around += f.strength[n&ringMask] / 3
	}
	half := c.strength / 2
	for n := c.at; n > c.at-widest && f.strength[n&ringMask] > half; n-- {
		c.width++
	}
	for n := c.at + 1; n <= c.at+dominance && f.strength[n&ringMask] > half; n++ {
		c.width++
	}
}
