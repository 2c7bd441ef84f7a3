package alerts_test

import (
	"fmt"

	"vigil/alerts"
	"vigil/vitals/ppg"
)

// The scripted wave of an oximeter says in plain numbers what the pulse does: 1 to 300 is a pulse of so
// many per minute.
const (
	pulseGone   = 0
	pulseUnsure = 1000
)

// scriptedPulses is a detector of the scripted wave. Like a real one it needs a while to be sure, and
// sees the latest pulse half a second late.
type scriptedPulses struct {
	n     int64 // samples seen
	since int64 // index of the first sample of the present run
	code  int32
}

func newScriptedPulses(rateHz float64) (alerts.Pulses, error) {
	if rateHz < ppg.MinRateHz && rateHz != scriptHz {
		return nil, fmt.Errorf("wave at %g Hz: %w", rateHz, ppg.ErrRate)
	}
	return &scriptedPulses{code: pulseUnsure}, nil
}

func (s *scriptedPulses) Push(value int32, missing bool) []ppg.Finding {
	if missing {
		value = pulseUnsure
	}
	if value != s.code {
		s.code, s.since = value, s.n
	}
	s.n++
	return nil
}

func (s *scriptedPulses) lasts(seconds int64) bool { return s.n-s.since >= seconds*scriptHz }

func (s *scriptedPulses) Presence() ppg.Presence {
	switch {
	case s.code == pulseGone && s.lasts(3):
		return ppg.Absent
	case s.code > 0 && s.code <= 300 && s.lasts(3):
		return ppg.Present
	default:
		return ppg.CannotTell
	}
}

// Steady is the stretch of the present run.
func (s *scriptedPulses) Steady() (ppg.Stretch, bool) {
	if s.Presence() != ppg.Present {
		return ppg.Stretch{}, false
	}
	return ppg.Stretch{From: s.since, Last: s.n - scriptHz/2, Pulses: 3, RateBPM: float64(s.code)}, true
}
