package ppg

import "slices"

// recent is the last eight values of a quantity.
type recent struct {
	values [8]int32
	next   uint8
}

func (r *recent) fill(v int32) {
	for i := range r.values {
		r.values[i] = v
	}
}

func (r *recent) add(v int32) {
	r.values[r.next&7] = v
	r.next++
}

func (r *recent) median() int32 {
	sorted := r.values
	slices.Sort(sorted[:])
	return sorted[3] + (sorted[4]-sorted[3])/2
}
