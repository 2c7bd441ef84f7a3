package ecg_test

import (
	"testing"

	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
)

// stubborn gives the same answer whatever it is asked.
func stubborn(like *model.Forest, logits ...float64) *model.Forest {
	leaves := append([]float64{}, logits...)
	return model.Quantise(like.Features, like.Outputs, 1, []model.Split{0}, append(leaves, logits...))
}

func TestADetectorAsksTheForestsThatItIsGiven(t *testing.T) {
	h := restingHeart(40)
	h.beats = append(h.beats, placed{40.2, ventricularBeat})
	samples := h.sample(250, 43)
	forests := *model.Embedded()
	forests.Beats = stubborn(forests.Beats, 0, 9, 0)
	d, err := ecg.NewWith(250, &forests)
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	own := ofKind(analyse(t, 250, samples), ecg.BeatFound)
	for i, f := range ofKind(feed(d, 250, samples, nil), ecg.BeatFound) {
		if f.Beat != own[i].Beat && f.Beat != ecg.SupraventricularBeat {
			t.Errorf("beat at %.2f s is %v by a forest that knows one name only", f.at, f.Beat)
		}
		changed = changed || f.Beat != own[i].Beat
	}
	if !changed {
		t.Error("the forest was not asked")
	}
}

func TestAnIntervalDetectorAsksTheForestThatItIsGiven(t *testing.T) {
	forests := *model.Embedded()
	forests.AtrialFibrillation = stubborn(forests.AtrialFibrillation, 5)
	given, own := ecg.NewIntervalDetector(&forests), ecg.IntervalDetector{}
	for beat := range int64(200) {
		given.Push(beat*800, ecg.FullAnalysis)
		own.Push(beat*800, ecg.FullAnalysis)
	}
	if !given.Standing(ecg.AtrialFibrillation) || own.Standing(ecg.AtrialFibrillation) {
		t.Error("a regular pulse is judged by another forest than the given one")
	}
}
