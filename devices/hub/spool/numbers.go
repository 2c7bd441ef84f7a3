package spool

import (
	"cmp"
	"math/bits"
	"slices"

	"vigil/vitals"
)

// numbers is a set of message numbers, a bit each: the messages of a device share their row of numbers
// among the channels, so that those of one channel have holes all along.
type numbers []page

// page holds 64 numbers.
type page struct {
	at  uint64 // number / 64
	set uint64
}

const perPage = 64

func (n numbers) find(at uint64) (int, bool) {
	return slices.BinarySearchFunc(n, at, func(p page, at uint64) int { return cmp.Compare(p.at, at) })
}

func (n numbers) has(number uint64) bool {
	i, found := n.find(number / perPage)
	return found && n[i].set>>(number%perPage)&1 != 0
}

func (n numbers) with(number uint64) numbers {
	i, found := n.find(number / perPage)
	if !found {
		n = slices.Insert(n, i, page{at: number / perPage})
	}
	n[i].set |= 1 << (number % perPage)
	return n
}

// without takes out what lies within a span, and says how many numbers that was.
func (n numbers) without(gone vitals.Span) (left numbers, count int) {
	from, _ := n.find(gone.First / perPage)
	to := from
	for ; to < len(n) && n[to].at <= gone.Last/perPage; to++ {
		within := ^uint64(0)
		if n[to].at == gone.First/perPage {
			within &= ^uint64(0) << (gone.First % perPage)
		}
		if n[to].at == gone.Last/perPage {
			within &= ^uint64(0) >> (perPage - 1 - gone.Last%perPage)
		}
		count += bits.OnesCount64(n[to].set & within)
		n[to].set &^= within
	}
	emptied := slices.DeleteFunc(n[from:to], func(p page) bool { return p.set == 0 })
	return append(n[:from+len(emptied)], n[to:]...), count
}

// first is the lowest number; the set is not empty.
func (n numbers) first() uint64 { return n[0].at*perPage + uint64(bits.TrailingZeros64(n[0].set)) }

// all visits the numbers in order.
func (n numbers) all(visit func(uint64) bool) {
	for _, p := range n {
		for set := p.set; set != 0; set &= set - 1 {
			if !visit(p.at*perPage + uint64(bits.TrailingZeros64(set))) {
				return
			}
		}
	}
}
