package ppg

import "math"

// A pulse is compared from 128 ms before its steepest slope to 208 ms behind it, every 16 ms: the
// upstroke, the top and the begin of the fall, which belong to one pulse at any rate up to 200/min.
const (
	shapePoints = 22
	shapeStep   = 2  // ticks
	shapeBefore = 16 // ticks
	shapeSize   = 1 << 10
	shapeFollow = 8 // pulses over which the template follows
)

// Correlations in thousandths. 0.86 is what Orphanidou et al. (IEEE JBHI 2015;19:832) ask of the
// pulses of a good photoplethysmogram, 0.66 what they ask of the beats of an ECG.
const (
	goodMatch = 860
	fairMatch = 660
)

// newForm is how many pulses in a row that look like each other, but not like the template, are a
// new usual form rather than a disturbance: posture, another finger, another rhythm.
const newForm = 4

// shape is a pulse's form: mean 0, from least to largest shapeSize.
type shape [shapePoints]int32

// shapeAt takes the form from the wave.
func (f *filter) shapeAt(steepest int64) shape {
	var s shape
	low, high, sum := int32(math.MaxInt32), int32(math.MinInt32), int64(0)
	for i := range s {
		v := f.low[(steepest-shapeBefore+int64(i*shapeStep))&ringMask]
		s[i] = v
		low, high, sum = min(low, v), max(high, v), sum+int64(v)
	}
	mean, span := sum/shapePoints, max(1, int64(high)-int64(low))
	for i := range s {
		s[i] = int32((int64(s[i]) - mean) * shapeSize / span)
	}
	return s
}

// match is the correlation of two forms, in thousandths.
func (s *shape) match(other *shape) int32 {
	var both, mine, its int64
	for i := range s {
		both += int64(s[i]) * int64(other[i])
		mine += int64(s[i]) * int64(s[i])
		its += int64(other[i]) * int64(other[i])
	}
	if mine == 0 || its == 0 {
		return 0
	}
	// Both factors stay below 2^25, so the product is exact, and every processor rounds a root alike.
	return int32(both * 1000 / int64(math.Sqrt(float64(mine*its))))
}

// gallery knows how the patient's pulses look.
type gallery struct {
	template shape
	known    bool
	previous shape // the last pulse
	any      bool
	others   int // pulses in a row that look like each other, but not like the template
}

// compare tells how well a pulse matches those before it, in thousandths, and learns from it. Until
// two pulses in a row looked alike, nothing matches.
func (g *gallery) compare(s *shape) int32 {
	alike := int32(0)
	if g.any {
		alike = s.match(&g.previous)
	}
	g.previous, g.any = *s, true
	if !g.known {
		if alike >= goodMatch {
			g.template, g.known = *s, true
		}
		return alike
	}
	match := s.match(&g.template)
	switch {
	case match >= goodMatch:
		g.others = 0
	case alike >= goodMatch:
		if g.others++; g.others >= newForm {
			g.template, g.others = *s, 0
			return alike
		}
	default:
		g.others = 0
	}
	if match >= fairMatch {
		for i := range g.template {
			g.template[i] += (s[i] - g.template[i]) / shapeFollow
		}
	}
	return match
}
