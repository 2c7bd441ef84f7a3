package ecg_test

import (
	"testing"

	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
)

// watched are the program's forests, with what they were grown from made up where it is not known.
func watched() *model.Forests {
	forests := *model.Embedded()
	for _, f := range forests.Files() {
		own := **f
		own.Spread = &model.Spread{}
		*f = &own
	}
	return &forests
}

func TestWhatForestsSayIsCountedOnceAndForgotten(t *testing.T) {
	h := restingHeart(30)
	h.rhythm(30, 60, 170, ventricularBeat)
	d, err := ecg.NewWith(250, watched())
	if err != nil {
		t.Fatal(err)
	}
	feed(d, 250, h.sample(250, 60), nil)
	var once, twice model.Scores
	d.DrainScores(&once)
	d.DrainScores(&twice)
	for name, counts := range once.Files() {
		sum := uint64(0)
		for _, n := range counts {
			sum += n
		}
		if sum == 0 && name != "atrial.forest" { // too few beats for it
			t.Errorf("%s said nothing in a minute", name)
		}
	}
	if twice != (model.Scores{}) {
		t.Errorf("the second time there is %+v", twice)
	}
}
