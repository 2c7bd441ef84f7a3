package model

import (
	"encoding/binary"
	"math"
	"slices"
)

// Bins is how many parts the scores are divided into, to see whether patients resemble those that a
// forest was grown from.
const Bins = 10

// shareUnit is what all shares of a Spread add up to.
const shareUnit = 10000

// Spread is how the leads of what a forest was grown from are distributed.
type Spread struct {
	Limits [Bins - 1]int32 // a bin holds what lies above the limit before it, up to its own
	Shares [Bins]uint16    // in ten-thousandths
}

const spreadLen = 4*(Bins-1) + 2*Bins

// Lead is one number for what a forest says: its only score, or how far the last of its outputs is
// ahead of the first. The last is the gravest.
func (f *Forest) Lead(scores [MaxOutputs]int32) int32 {
	if f.Outputs == 1 {
		return scores[0]
	}
	return scores[f.Outputs-1] - scores[0]
}

// Observe makes the Spread of rows that weigh differently.
func (f *Forest) Observe(leads []int32, weights []float32) {
	order := make([]int, len(leads))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(leads[a]) - int(leads[b]) })
	total := 0.0
	for _, w := range weights {
		total += float64(w)
	}
	f.Spread = &Spread{}
	passed, bin := 0.0, 0
	for _, i := range order {
		for passed += float64(weights[i]); bin < Bins-1 && passed >= total*float64(bin+1)/Bins; bin++ {
			f.Spread.Limits[bin] = leads[i]
		}
	}
	var sums [Bins]float64
	for i, lead := range leads {
		sums[f.Spread.bin(lead)] += float64(weights[i])
	}
	for b, sum := range sums {
		f.Spread.Shares[b] = uint16(math.Round(shareUnit * sum / max(total, math.SmallestNonzeroFloat32)))
	}
}

func (s *Spread) bin(lead int32) int {
	b, _ := slices.BinarySearch(s.Limits[:], lead)
	return b
}

func (s *Spread) encode(out []byte) []byte {
	for _, l := range s.Limits {
		out = binary.LittleEndian.AppendUint32(out, uint32(l))
	}
	for _, p := range s.Shares {
		out = binary.LittleEndian.AppendUint16(out, p)
	}
	return out
}

// parseSpread reads spreadLen bytes.
func parseSpread(data []byte) *Spread {
	s := &Spread{}
	for i := range s.Limits {
		s.Limits[i] = int32(binary.LittleEndian.Uint32(data[4*i:]))
	}
	for i := range s.Shares {
		s.Shares[i] = binary.LittleEndian.Uint16(data[4*len(s.Limits)+2*i:])
	}
	return s
}

// Counts is how many leads fell into each bin.
type Counts [Bins]uint64

// Add adds others.
func (c *Counts) Add(o *Counts) {
	for b, n := range o {
		c[b] += n
	}
}

// leastSeen is how many leads there must be: chance alone makes an index of about Bins / n.
const leastSeen = 1000

// Drift is the population stability index of what was seen against what the forest was grown from:
// the sum over bins of (a - e) ln(a / e). Below 0.1 they are alike, from 0.25 on they are not (Siddiqi, Credit
// Risk Scorecards, Wiley 2006). NaN where too little was seen, or the forest has no Spread.
func (f *Forest) Drift(seen *Counts) float64 {
	total := uint64(0)
	for _, n := range seen {
		total += n
	}
	if f.Spread == nil || total < leastSeen {
		return math.NaN()
	}
	const least = 1.0 / shareUnit // keeps an empty bin from being infinitely far
	sum := 0.0
	for b, n := range seen {
		actual := max(float64(n)/float64(total), least)
		expected := max(float64(f.Spread.Shares[b])/shareUnit, least)
		sum += (actual - expected) * math.Log(actual/expected)
	}
	return sum
}

// Watch is a forest in use: it counts what it says.
type Watch struct {
	*Forest
	Seen Counts
}

// Score asks the forest, and counts its answer.
func (w *Watch) Score(features []int16) [MaxOutputs]int32 {
	scores := w.Forest.Score(features)
	if w.Spread != nil {
		w.Seen[w.Spread.bin(w.Lead(scores))]++
	}
	return scores
}

// Scores is what was seen of each forest.
type Scores struct{ QRS, Beats, AtrialFibrillation, Fibrillation Counts }

// Add adds others.
func (s *Scores) Add(o *Scores) {
	s.QRS.Add(&o.QRS)
	s.Beats.Add(&o.Beats)
	s.AtrialFibrillation.Add(&o.AtrialFibrillation)
	s.Fibrillation.Add(&o.Fibrillation)
}

// Files says what was seen of the forest in each file, as Forests.Files names them.
func (s *Scores) Files() map[string]*Counts {
	return map[string]*Counts{
		"qrs.forest": &s.QRS, "beats.forest": &s.Beats,
		"atrial.forest": &s.AtrialFibrillation, "fibrillation.forest": &s.Fibrillation,
	}
}
