package ppg

const (
	// pauseLimit ends a stretch of pulses: 30/min is where extreme bradycardia begins.
	pauseLimit = 2 * internalHz
	// leastApart is 200/min, beyond what an oximeter's pulse can be told from its own echoes.
	leastApart = internalHz * 60 / 200
	// leastPulses make a stretch.
	leastPulses = 3
)

// Stretch is a time through which pulses came one after the other, each as good as those before
// it and none missing for two seconds.
type Stretch struct {
	From, Last int64 // input samples: the first and the latest onset
	Pulses     int
	RateBPM    float64 // of its last pulses
}

// stretch follows the pulses that come one after the other. One pulse in between may be of
// another shape or height, as that of an extrasystole is.
type stretch struct {
	from, last int64 // ticks
	pulses     int
	odd        bool // the last pulse was of another shape or height
}

func (s *stretch) push(onset int64, q Quality) {
	apart := onset - s.last
	fits := s.pulses > 0 && apart >= leastApart && apart <= pauseLimit
	switch {
	case q == FullAnalysis && fits:
		s.pulses++
		s.odd = false
	case q == FullAnalysis:
		*s = stretch{from: onset, pulses: 1}
	case q == RateOnly && fits && !s.odd:
		s.odd = true
	default:
		*s = stretch{}
	}
	s.last = onset
}

// lasts reports whether the stretch is one and goes on at the tick.
func (s *stretch) lasts(tick int64) bool {
	return s.pulses >= leastPulses && tick-s.last <= pauseLimit+reportDelay
}
