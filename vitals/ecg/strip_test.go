package ecg_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
)

func stripOf(t *testing.T, rateHz float64, samples []int32) *ecg.Strip {
	t.Helper()
	s, err := ecg.NewStrip(rateHz, model.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range samples {
		s.Push(v, false)
	}
	return s
}

// Half a minute from a watch, as it comes and with the wrist's electrodes swapped.
func TestAShortRecordingIsJudgedAsAWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	steady := restingHeart(30)
	steady.noise = 10
	fibrillating := &heart{wander: 60, noise: 15}
	for at := 0.6; at < 30; at += max(0.35, 0.68+0.17*random.NormFloat64()) {
		fibrillating.beats = append(fibrillating.beats, placed{at, sinusBeat[1:]}) // no P wave
	}
	bigeminal := &heart{wander: 60, noise: 10}
	for at := 0.6; at < 30; at += 1.5 {
		bigeminal.beats = append(bigeminal.beats, placed{at, sinusBeat}, placed{at + 0.5, ventricularBeat})
	}
	for _, row := range []struct {
		story string
		heart *heart
		want  ecg.StripRhythm
	}{
		{"a heart at rest", steady, ecg.StripNormal},
		{"fibrillation of the atria", fibrillating, ecg.StripAtrialFibrillation},
		{"every other beat is ventricular", bigeminal, ecg.StripOther},
	} {
		samples := row.heart.sample(300, 30)
		inverted := slices.Clone(samples)
		for i := range inverted {
			inverted[i] = -inverted[i]
		}
		for polarity, s := range map[string][]int32{"upright": samples, "inverted": inverted} {
			got, confidence := stripOf(t, 300, s).Judge()
			if got != row.want || confidence < 40 || confidence > 100 {
				t.Errorf("%s, %s: %v with %d %%, want %v", row.story, polarity, got, confidence, row.want)
			}
		}
	}
}

func TestAShortRecordingOfNothingButNoiseIsJudgedNoisy(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	samples := make([]int32, 300*30)
	for i := range samples {
		samples[i] = int32(400 * random.NormFloat64())
	}
	if got, _ := stripOf(t, 300, samples).Judge(); got != ecg.StripNoisy {
		t.Errorf("noise is judged %v", got)
	}
}

func TestEvenAnEmptyRecordingIsJudged(t *testing.T) {
	for _, n := range []int{0, 1, 100, 700} {
		s := stripOf(t, 300, make([]int32, n))
		if got := len(s.Evidence()); got != model.Embedded().Strips.Features {
			t.Errorf("%d samples give %d features", n, got)
		}
		s.Judge()
	}
}
