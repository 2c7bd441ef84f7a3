package alerts_test

import (
	"fmt"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
)

// The scripted ECG carries what is to be found in it: each sample says in plain numbers what the
// heart does. A rate from 1 to 300 is a normal rhythm of so many beats per minute.
const (
	scriptHz   = 10
	scriptVF   = 1000
	scriptStop = 1001 // asystole
	scriptVT   = 1200 // plus the rate
	scriptNois = 2000
	scriptFlat = 2001
	scriptLost = int(vitals.Missing)

	// scriptDoubt, added to a rhythm, is one of which the signal shows no more than the rhythm.
	scriptDoubt = 4000
)

// scripted is a detector of the scripted ECG. Like a real one it is causal, needs time to learn
// and to recognise a rhythm, and knows nothing of what was before it was made.
type scripted struct {
	hz       float64
	n        int64 // samples seen
	since    int64 // index of the first sample of the present run
	fit      int64 // index since which the signal can be analysed
	code     int
	doubt    bool
	quality  ecg.Quality
	cause    ecg.Cause
	standing [ecg.VF + 1]bool
	found    []ecg.Finding
}

func newScripted(rateHz float64) (alerts.Analyser, error) {
	if rateHz > 1000 {
		return nil, fmt.Errorf("ECG at %g Hz: %w", rateHz, ecg.ErrRate)
	}
	return &scripted{hz: rateHz, code: -1, quality: ecg.NoAnalysis, cause: ecg.Learning}, nil
}

// sureOf is how sure the detector is of a rhythm; of an asystole it does not say.
var sureOf = [ecg.VF + 1]uint8{ecg.VF: 97, ecg.VT: 88}

func (s *scripted) Standing(r ecg.Rhythm) bool { return r <= ecg.VF && s.standing[r] }
func (s *scripted) Quality() ecg.Quality       { return s.quality }
func (s *scripted) Cause() ecg.Cause           { return s.cause }

func (s *scripted) seconds(n int64) float64 { return float64(n) / s.hz }

func (s *scripted) Push(microvolts int32, missing bool) []ecg.Finding {
	s.found = s.found[:0]
	code := int(microvolts)
	if missing {
		code = scriptLost
	}
	s.doubt = code >= scriptDoubt
	if s.doubt {
		code -= scriptDoubt
	}
	if code != s.code {
		s.code, s.since = code, s.n
	}
	s.judgeQuality()
	s.judgeRhythm(ecg.Asystole, 4)
	s.judgeRhythm(ecg.VT, 3)
	s.judgeRhythm(ecg.VF, 4)
	if s.n%int64(s.hz) == int64(s.hz)/2 && s.quality != ecg.NoAnalysis && s.rate() > 0 {
		s.report(ecg.Finding{Kind: ecg.RateMeasured, At: s.n, RateBPM: float64(s.rate())})
	}
	s.n++
	return s.found
}

func (s *scripted) report(f ecg.Finding) {
	f.Known = s.n
	s.found = append(s.found, f)
}

// rate is the heart rate that the script asks for, 0 for none.
func (s *scripted) rate() int {
	switch {
	case s.code > 0 && s.code <= 300:
		return s.code
	case s.rhythm() == ecg.VT:
		return s.code - scriptVT
	default:
		return 0
	}
}

func (s *scripted) rhythm() ecg.Rhythm {
	switch {
	case s.code == scriptVF:
		return ecg.VF
	case s.code == scriptStop:
		return ecg.Asystole
	case s.code > scriptVT && s.code < scriptNois:
		return ecg.VT
	default:
		return 0
	}
}

func (s *scripted) judgeQuality() {
	s.quality, s.cause = ecg.FullAnalysis, ecg.NoCause
	switch s.code {
	case scriptNois:
		s.quality, s.cause = ecg.NoAnalysis, ecg.Noise
	case scriptFlat:
		s.quality, s.cause = ecg.NoAnalysis, ecg.FlatLine
	case scriptLost:
		s.quality, s.cause = ecg.NoAnalysis, ecg.Missing
	}
	if s.quality == ecg.NoAnalysis {
		s.fit = s.n + 1
	} else if s.seconds(s.n-s.fit) < 2 {
		s.quality, s.cause = ecg.NoAnalysis, ecg.Learning
	} else if s.doubt && s.quality == ecg.FullAnalysis {
		s.quality, s.cause = ecg.RhythmOnly, ecg.Noise
	}
}

func (s *scripted) judgeRhythm(r ecg.Rhythm, recognisedAfter float64) {
	stands := s.rhythm() == r && s.seconds(s.n+1-s.since) >= recognisedAfter && s.quality != ecg.NoAnalysis
	if stands == s.standing[r] {
		return
	}
	s.standing[r] = stands
	kind, at := ecg.RhythmEnded, s.since
	if stands {
		kind = ecg.RhythmBegan
	}
	s.report(ecg.Finding{Kind: kind, Rhythm: r, At: at, RateBPM: float64(s.rate()), Confidence: sureOf[r], Quality: s.quality})
}
