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
	match    float32 // correlation with the template that fits best, -1 to 1
	template int8    // which that is, -1 for none
	shape    shape
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
	if middle > f.strength[n&ringMask] && middle >= f.strength[(n-2)&ringMask] && middle >= leastStrength {
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
func (c *candidate) measure(f *frontEnd, at int64) {
	*c = candidate{at: at, strength: f.strength[at&ringMask], template: -1, match: -1}
	low, high := int32(math.MaxInt32), int32(math.MinInt32)
	var lowAt, highAt int64
	for n := at - strengthWidth - slopeDistance; n <= at; n++ {
		v := f.band[n&ringMask]
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
	if -2*low > 3*high { // clearly downward; else the upward deflection leads
		c.fiducial = lowAt
	}
	const share = 33 // 3 %
	c.step = high < c.height/share || -low < c.height/share
	c.shape.take(f, c.fiducial)
}
