package score

import (
	"math"
	"slices"
)

// Tally counts decisions about one class: right, missed, invented, and rightly not taken.
type Tally struct{ TP, FN, FP, TN int }

// Plus is the sum of both tallies.
func (t Tally) Plus(o Tally) Tally {
	return Tally{t.TP + o.TP, t.FN + o.FN, t.FP + o.FP, t.TN + o.TN}
}

// With is the tally with one more decision: whether it is, and whether the detector said so.
func (t Tally) With(is, said bool) Tally {
	switch {
	case is && said:
		t.TP++
	case is:
		t.FN++
	case said:
		t.FP++
	default:
		t.TN++
	}
	return t
}

// Sensitivity is the share of what is there that was found, in percent; NaN where nothing is.
func (t Tally) Sensitivity() float64 { return percent(t.TP, t.TP+t.FN) }

// Predictivity is the share of what was found that is there, in percent; NaN where nothing was found.
func (t Tally) Predictivity() float64 { return percent(t.TP, t.TP+t.FP) }

// Specificity is the share of what is not there that was not taken for it, in percent.
func (t Tally) Specificity() float64 { return percent(t.TN, t.TN+t.FP) }

// F1 is the harmonic mean of Sensitivity and Predictivity.
func (t Tally) F1() float64 { return percent(2*t.TP, 2*t.TP+t.FN+t.FP) }

// FalsePositiveRate is the share of what is not there that was taken for it, in percent.
func (t Tally) FalsePositiveRate() float64 { return percent(t.FP, t.FP+t.TN) }

// ErrorRate is the detection error rate: missed and invented per 100 that are there.
func (t Tally) ErrorRate() float64 { return percent(t.FN+t.FP, t.TP+t.FN) }

// Share is one fraction: Part of Whole.
type Share struct{ Part, Whole int64 }

// Plus is the fraction of both together, as gross statistics have it.
func (s Share) Plus(o Share) Share { return Share{s.Part + o.Part, s.Whole + o.Whole} }

// With is the fraction with one more case, which belongs to the part or not.
func (s Share) With(belongs bool) Share {
	s.Whole++
	if belongs {
		s.Part++
	}
	return s
}

// Percent is the fraction in percent; NaN where the whole is nothing.
func (s Share) Percent() float64 { return 100 * float64(s.Part) / nonZero(float64(s.Whole)) }

// Agreement holds the two sides of a comparison in which one reference may meet several findings:
// sensitivity counts references, predictivity counts findings.
type Agreement struct {
	Reference Share // of the references, those met
	Found     Share // of the findings, those right
}

// Plus is the agreement of both together.
func (a Agreement) Plus(o Agreement) Agreement {
	return Agreement{a.Reference.Plus(o.Reference), a.Found.Plus(o.Found)}
}

// Mean is the average of the values that are numbers; NaN where none is. EC57 averages over
// those records in which a figure is defined.
func Mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / nonZero(float64(n))
}

// Quantile is the smallest value that a share q of all values does not exceed; NaN without values.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func percent(part, whole int) float64 { return 100 * float64(part) / nonZero(float64(whole)) }

// nonZero makes a division by nothing give NaN rather than infinity.
func nonZero(x float64) float64 {
	if x == 0 {
		return math.NaN()
	}
	return x
}
