package breath

const (
	kept     = 128  // beats: 32 s at 240/min
	longest  = 3000 // ms between two beats: nothing can be said of what lies between
	perPoint = 1000 / Hz
)

// series is what one modulation showed, beat by beat.
type series struct {
	at    [kept]int64
	value [kept]int32
	count int64
}

func (s *series) push(at int64, value int32) {
	s.at[s.count%kept], s.value[s.count%kept] = at, value
	s.count++
}

// pushInterval takes the interval that ends with a beat, if it is one.
func (s *series) pushInterval(at, milliseconds int64) {
	if milliseconds <= longest {
		s.push(at, int32(milliseconds))
	}
}

// resample gives the modulation in the 32 s before the newest beat at 4 Hz, and of how many beats it was made. It is not ok where beats are missing, or the newest is too old at the time.
func (s *series) resample(at int64, wave *Wave) (beats int, ok bool) {
	i := s.count - 1
	if i < 0 || at-s.at[i%kept] > longest {
		return 0, false
	}
	newest := s.at[i%kept]
	for p := points - 1; p >= 0; p-- {
		t := newest - int64(points-1-p)*perPoint
		for i >= 0 && s.count-i < kept && s.at[i%kept] > t {
			i--
			beats++
		}
		if i < 0 || s.at[i%kept] > t {
			return 0, false
		}
		after := min(i+1, s.count-1)
		from, to := s.at[i%kept], s.at[after%kept]
		if to-from > longest {
			return 0, false
		}
		a, b := int64(s.value[i%kept]), int64(s.value[after%kept])
		wave[p] = int32(a)
		if to > from {
			wave[p] = int32(a + (b-a)*(t-from)/(to-from))
		}
	}
	return beats, true
}
