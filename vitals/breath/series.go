package breath

const (
	kept     = 128  // beats: 32 s at 240/min
	longest  = 3000 // ms between two beats: nothing can be said of what lies between
	perPoint = 1000 / Hz
)

// series is what one signal showed, beat by beat.
type series struct {
	at     [kept]int64
	height [kept]int32
	foot   [kept]int32
	count  int64
}

// push takes a beat, if it is behind the last one.
func (s *series) push(at int64, height, foot int32) {
	if s.count > 0 && at <= s.at[(s.count-1)%kept] {
		return
	}
	s.at[s.count%kept], s.height[s.count%kept], s.foot[s.count%kept] = at, height, foot
	s.count++
}

// The modulations of beat i.
func (s *series) heightOf(i int64) int32 { return s.height[i%kept] }
func (s *series) footOf(i int64) int32   { return s.foot[i%kept] }

// intervalOf is the time since the beat before, which must be there.
func (s *series) intervalOf(i int64) int32 { return int32(s.at[i%kept] - s.at[(i-1)%kept]) }

// resample gives the modulation in the 32 s before the newest beat at 4 Hz, and of how many beats it was made. It is not ok where beats are missing, or the newest is too old at the time.
func (s *series) resample(at int64, value func(*series, int64) int32, wave *Wave) (beats int, ok bool) {
	i := s.count - 1
	if i < 0 || at-s.at[i%kept] > longest {
		return 0, false
	}
	newest := s.at[i%kept]
	for p := points - 1; p >= 0; p-- {
		t := newest - int64(points-1-p)*perPoint
		for i > 0 && s.count-i < kept-1 && s.at[i%kept] > t { // the one before must be there, for its interval
			i--
			beats++
		}
		if i == 0 || s.at[i%kept] > t {
			return 0, false
		}
		after := min(i+1, s.count-1)
		from, to := s.at[i%kept], s.at[after%kept]
		if to-from > longest {
			return 0, false
		}
		a, b := int64(value(s, i)), int64(value(s, after))
		wave[p] = int32(a)
		if to > from {
			wave[p] = int32(a + (b-a)*(t-from)/(to-from))
		}
	}
	return beats, true
}
