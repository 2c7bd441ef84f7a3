package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// Simulated days. They show what the arithmetic does with a course of which the truth is known, and nothing of how
// patients are: their noise is assumed.

// noise is a value that wanders around nought and comes back, with a standard deviation and a time after which a third
// of it is left.
type noise struct {
	sigma float64
	back  time.Duration
	value float64
}

func (n *noise) next(r *rand.Rand) float64 {
	keep := math.Exp(-each / n.back.Seconds())
	n.value = keep*n.value + n.sigma*math.Sqrt(1-keep*keep)*r.NormFloat64()
	return n.value
}

// source is a reproducible source of chance.
func source(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a simulation has to be reproducible
}

// hours is a number of values.
func hours(h float64) int { return int(h * 3600 / each) }

// saturation is a day of a saturation of 96 %, which from one hour on falls by so much an hour.
func saturation(seed uint64, quiet, fall float64) day {
	r := source(seed)
	slow, fast := noise{sigma: 0.8, back: 20 * time.Minute}, noise{sigma: 0.7, back: time.Minute}
	d := make(day, hours(24))
	for i := range d {
		level := 96 - fall*max(0, float64(i-hours(quiet)))/float64(hours(1))
		d[i] = math.Round(min(100, max(70, level)+slow.next(r)+fast.next(r)))
	}
	return d
}

// rates are days of a heart rate that is slower at night and faster in four half hours of each day, and so much faster
// from an hour on.
func rates(seed uint64, days int, from, by float64) day {
	r := source(seed)
	slow, fast := noise{sigma: 5, back: 30 * time.Minute}, noise{sigma: 2, back: time.Minute}
	d := make(day, days*hours(24))
	bouts := [4]int{}
	for i := range d {
		if i%hours(24) == 0 {
			for n := range bouts {
				bouts[n] = i + hours(8) + r.IntN(hours(12))
			}
		}
		level := 72 - 8*math.Cos(2*math.Pi*float64(i-hours(4))/float64(hours(24)))
		for _, b := range bouts {
			if i >= b && i < b+hours(0.5) {
				level += 25
			}
		}
		if float64(i) >= from*float64(hours(1)) {
			level += by
		}
		d[i] = math.Round(level + slow.next(r) + fast.next(r))
	}
	return d
}
