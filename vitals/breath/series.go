package breath

import "math"

const (
	kept     = 128  // beats: 32 s at 240/min
	longest  = 3000 // ms between two beats: nothing can be said of what lies between
	perPoint = 1000 / Hz
)

// series is what one signal showed, beat by beat: its newest beats, each by the time since the one before.
type series struct {
	count    int64
	newest   int64 // time of the newest
	interval [kept]uint16
	height   [kept]int32
}

// push takes a beat, if it is behind the last one, and gives its place.
func (s *series) push(at int64, height int32) (place int64, ok bool) {
	since := at - s.newest
	if s.count > 0 && since <= 0 {
		return 0, false
	}
	place = s.count % kept
	s.interval[place] = uint16(min(since, math.MaxUint16)) // far beyond the longest, of which nothing is told
	s.height[place] = height
	s.newest = at
	s.count++
	return place, true
}

// The modulations of beat i.
func (s *series) heightOf(i int64) int32   { return s.height[i%kept] }
func (s *series) intervalOf(i int64) int32 { return int32(s.interval[i%kept]) }

// resample gives a modulation in the 32 s before the newest beat at 4 Hz, and of how many beats it was made. It is not ok
// where beats are missing, or the newest is too old at the time.
func (s *series) resample(at int64, value func(i int64) int32, wave *Wave) (beats int, ok bool) {
	i := s.count - 1
	if i < 0 || at-s.newest > longest {
		return 0, false
	}
	from, to := s.newest, s.newest // of the beat, and of the one behind it
	for p := points - 1; p >= 0; p-- {
		t := s.newest - int64(points-1-p)*perPoint
		for i > 0 && s.count-i < kept-1 && from > t { // the one before must be there, for its interval
			from, to = from-int64(s.intervalOf(i)), from
			i--
			beats++
		}
		if i == 0 || from > t || to-from > longest {
			return 0, false
		}
		a, b := int64(value(i)), int64(value(min(i+1, s.count-1)))
		wave[p] = int32(a)
		if to > from {
			wave[p] = int32(a + (b-a)*(t-from)/(to-from))
		}
	}
	return beats, true
}
