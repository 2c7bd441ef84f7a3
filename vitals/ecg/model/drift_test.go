package model_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"vigil/vitals/ecg/model"
)

// grown is a forest whose only score is a feature of the rows that it is said to be grown from.
func grown(t *testing.T) (*model.Forest, func(shift float64) *model.Counts) {
	t.Helper()
	// Sixteen leaves, the bits of which are the highest bits of one feature.
	var splits []model.Split
	leaves := make([]float64, 16)
	for bit := range 4 {
		splits = append(splits, model.NewSplit(uint8(bit), 0))
	}
	for i := range leaves {
		leaves[i] = float64(i) / 4
	}
	f := model.Quantise(4, 1, 4, splits, leaves)
	row := func(v int) []int16 {
		out := make([]int16, 4)
		for bit := range out {
			out[bit] = int16(v >> bit & 1)
		}
		return out
	}
	random := rand.New(rand.NewPCG(3, 4))
	draw := func(shift float64) int { return min(max(int(8+2*random.NormFloat64()+shift), 0), 15) }
	leads, weights := make([]int32, 20000), make([]float32, 20000)
	for i := range leads {
		leads[i], weights[i] = f.Lead(f.Score(row(draw(0)))), 1
	}
	f.Observe(leads, weights)
	return f, func(shift float64) *model.Counts {
		w := model.Watch{Forest: f}
		for range 20000 {
			w.Score(row(draw(shift)))
		}
		return &w.Seen
	}
}

func TestDriftIsSmallForTheSamePatientsAndLargeForOthers(t *testing.T) {
	f, seen := grown(t)
	for _, row := range []struct {
		story     string
		shift     float64
		low, high float64
	}{
		{"the same patients", 0, 0, 0.01},
		{"patients that differ a little", 0.9, 0.1, 0.25},
		{"other patients", 2, 0.25, 10},
	} {
		if psi := f.Drift(seen(row.shift)); !(psi >= row.low && psi <= row.high) {
			t.Errorf("%s: index %.3f, want %.2f to %.2f", row.story, psi, row.low, row.high)
		}
	}
}

func TestDriftNeedsMuchToBeSeenAndSomethingToCompareWith(t *testing.T) {
	f, seen := grown(t)
	few := model.Counts{3: 999}
	if psi := f.Drift(&few); !math.IsNaN(psi) {
		t.Errorf("of 999 scores the index is %v", psi)
	}
	f.Spread = nil
	if psi := f.Drift(seen(0)); !math.IsNaN(psi) {
		t.Errorf("of a forest whose scores are not known the index is %v", psi)
	}
}

func TestASpreadComesBackWithItsForest(t *testing.T) {
	f, _ := grown(t)
	again, err := model.Parse(f.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if again.Spread == nil || *again.Spread != *f.Spread || !bytes.Equal(again.Encode(), f.Encode()) {
		t.Errorf("the spread is %+v, want %+v", again.Spread, f.Spread)
	}
	f.Spread = nil
	if again, err = model.Parse(f.Encode()); err != nil || again.Spread != nil {
		t.Errorf("a forest without a spread comes back with %+v, error %v", again.Spread, err)
	}
}

func TestTenthsHoldATenthOfTheWeight(t *testing.T) {
	f := model.Quantise(1, 1, 1, []model.Split{0}, []float64{0, 1})
	leads, weights := make([]int32, 1000), make([]float32, 1000)
	for i := range leads {
		leads[i], weights[i] = int32(i), 1
		if i >= 500 {
			weights[i] = 3
		}
	}
	f.Observe(leads, weights)
	for b, share := range f.Spread.Shares {
		if share < 980 || share > 1020 {
			t.Errorf("bin %d holds %d of 10000", b, share)
		}
	}
}
