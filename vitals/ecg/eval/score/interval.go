package score

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	draws = 2000
	tail  = 0.025 // on either side of 95 %
)

// Interval is the 95 % interval of a figure by bootstrap: had other patients of the same kind been
// recorded, where would it lie? It draws as many cases as there are, with replacement, 2,000 times
// (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13: percentiles). Draws in
// which the figure is not defined are left out; NaN where there are fewer than two cases or it never
// is. The same cases give the same interval.
func Interval[T any](cases []T, figure func([]T) float64) (low, high float64) {
	if len(cases) < 2 {
		return math.NaN(), math.NaN()
	}
	random := rand.New(rand.NewPCG(12, 2000)) //nolint:gosec // G404: reproducible on purpose
	drawn := make([]T, len(cases))
	var figures []float64
	for range draws {
		for i := range drawn {
			drawn[i] = cases[random.IntN(len(cases))]
		}
		if x := figure(drawn); !math.IsNaN(x) {
			figures = append(figures, x)
		}
	}
	slices.Sort(figures)
	return Quantile(figures, tail), Quantile(figures, 1-tail)
}
