package ecg

import (
	"fmt"
	"math"

	"vigil/vitals/ecg/model"
)

// StripRhythm is what a short recording shows as a whole.
type StripRhythm uint8

// What a strip may be called, as the Challenge 2017 does (Clifford et al., Computing in Cardiology 2017;44:1).
const (
	StripNormal StripRhythm = iota
	StripAtrialFibrillation
	StripOther
	StripNoisy // nothing may be concluded
)

// String is the name in words.
func (r StripRhythm) String() string {
	return [...]string{"normal", "atrial fibrillation", "other rhythm", "noisy"}[r&3]
}

// Strip judges a short recording, of 9 to 61 s as watches and cards make them, as a whole: too little for
// the Detector's patience with atrial fibrillation. It takes the whole recording, then is asked once.
type Strip struct {
	detector *Detector
	forest   *model.Forest
	rateHz   float64
	samples  int64
	graded   [FullAnalysis + 1]int64 // samples of each quality
	stood    int64                   // samples in which a lethal rhythm stood
	beats    []stripBeat
}

// stripBeat is a beat of a strip.
type stripBeat struct {
	at            int64 // ms
	class         Beat
	outline       outline
	width, height int32
}

// NewStrip makes one for a recording of rateHz samples per second, 100 to 512.
func NewStrip(rateHz float64, forests *model.Forests) (*Strip, error) {
	d, err := NewWith(rateHz, forests)
	if err != nil {
		return nil, fmt.Errorf("make a detector for a strip: %w", err)
	}
	return &Strip{detector: d, forest: forests.Strips, rateHz: rateHz}, nil
}

// Push takes the next sample as a Detector does.
func (s *Strip) Push(microvolts int32, missing bool) {
	d := s.detector
	for _, f := range d.Push(microvolts, missing) {
		if f.Kind != BeatFound {
			continue
		}
		tick := int64(float64(f.At)*internalHz/s.rateHz) + lowPassDelay
		b := stripBeat{at: int64(float64(f.At) * thousand / s.rateHz), class: f.Beat, height: f.Height, width: width(&d.front, tick)}
		b.outline.take(&d.front, tick)
		s.beats = append(s.beats, b)
	}
	s.samples++
	s.graded[d.Quality()]++
	if d.Standing(VF) || d.Standing(VT) || d.Standing(Asystole) {
		s.stood++
	}
}

// Judge says what the recording shows, and how sure that is in percent.
func (s *Strip) Judge() (rhythm StripRhythm, confidence uint8) {
	scores := s.forest.Score(s.Evidence())
	sum := 0.0
	for r, v := range scores[:s.forest.Outputs] {
		if v > scores[rhythm] {
			rhythm = StripRhythm(r)
		}
	}
	for _, v := range scores[:s.forest.Outputs] {
		sum += math.Exp(float64(v-scores[rhythm]) / model.Scale)
	}
	return rhythm, uint8(math.Round(100 / sum))
}
