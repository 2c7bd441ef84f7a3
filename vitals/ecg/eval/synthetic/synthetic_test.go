package synthetic_test

import (
	"math"
	"testing"

	"vigil/vitals/ecg/eval/synthetic"
	"vigil/vitals/ecg/model"
)

func holds(t *testing.T, trials []synthetic.Trial) {
	t.Helper()
	for i := range trials {
		t.Run(trials[i].Story, func(t *testing.T) {
			outcomes, err := trials[i].Run(model.Embedded())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range outcomes {
				if !o.Holds() {
					t.Error(o)
				}
			}
		})
	}
}

func TestWhatMustBeSaidOfStepsAndPacedBeats(t *testing.T) { holds(t, synthetic.Made()) }

func TestWhatMustBeSaidOfDisturbedHearts(t *testing.T) {
	for _, base := range synthetic.Bases() {
		trials, err := synthetic.Trials(&base, model.Embedded())
		if err != nil {
			t.Fatal(err)
		}
		holds(t, trials)
	}
}

// A trial that says nothing of what it heard would always pass.
func TestAnOutcomeThatNeverCameDoesNotHold(t *testing.T) {
	for _, row := range []struct {
		story       string
		value, most float64
		want        bool
	}{
		{"it came in time", 4.5, 5.5, true},
		{"it came too late", 6, 5.5, false},
		{"it never came", math.NaN(), 5.5, false},
		{"it is only told", math.NaN(), math.Inf(1), true},
	} {
		if got := (synthetic.Outcome{Value: row.value, Most: row.most}).Holds(); got != row.want {
			t.Errorf("%s: holds %v", row.story, got)
		}
	}
}
