package main

import (
	"fmt"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
)

// longestStrip is the longest recording that is judged as a whole, too, in seconds: none of the
// Challenge 2017 is longer.
const longestStrip = 61.0

// stripLabels are the letters of the Challenge 2017.
var stripLabels = map[ecg.StripRhythm]string{
	ecg.StripNormal: "N", ecg.StripAtrialFibrillation: "A", ecg.StripOther: "O", ecg.StripNoisy: "~",
}

// shortJudgement is what a short recording shows as a whole; without a label where it is too long.
type shortJudgement struct {
	label      string
	confidence uint8
}

// judgeShort asks what the recording shows as a whole. Fibrillation that the detector had no time to
// tell counts as an episode, known when the recording ends.
func (r *result) judgeShort(microvolts []int16, forests *model.Forests) error {
	if r.at(r.samples) > longestStrip {
		return nil
	}
	s, err := ecg.NewStrip(r.rateHz, forests)
	if err != nil {
		return fmt.Errorf("judge as a whole: %w", err)
	}
	for _, v := range microvolts {
		s.Push(int32(v), v == vitals.Missing)
	}
	rhythm, confidence := s.Judge()
	r.short = shortJudgement{stripLabels[rhythm], confidence}
	if rhythm == ecg.StripAtrialFibrillation && len(r.spans(atrialFibrillation)) == 0 {
		r.episodes = append(r.episodes, episode{
			Span: score.Span{From: 0, To: r.samples}, label: atrialFibrillation, emitted: r.samples - 1,
		})
	}
	return nil
}

// writeShort writes the judgement of a recording as a whole, where there is one.
func (r *result) writeShort(base string) error {
	if r.short.label == "" {
		return nil
	}
	return writeRows(base+".strip.csv", "label,confidence", []shortJudgement{r.short}, func(j shortJudgement) string {
		return fmt.Sprintf("%s,%d", j.label, j.confidence)
	})
}
