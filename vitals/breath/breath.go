// Package breath derives the respiration rate from beats and pulses, where nobody measures the breath
// itself. It is arithmetic only: it knows no clock, no patient and no waveform, and its times are milliseconds
// since any begin. A rate that it gives is derived: good enough to be shown as such, and nothing that an
// alarm may rest on. It is not a medical device.
//
// Breath moves the heart in the chest and the pressure around it. So it shows in the height of the QRS
// complex and in the interval between beats, and in the height, the foot and the interval of the pulse: five
// modulations of two signals (Charlton et al., Physiol Meas 2016;37:610, compare them and what can be made of
// them). Which of them a patient shows differs: the interval is the best in the young and says nothing in
// atrial fibrillation, the foot is lost when a hand moves.
//
// Each modulation (series.go) is brought to 4 Hz over the last 32 s by linear interpolation, without what is
// slower than 4/min. Breaths are counted in it by the method of Schäfer and Kratky (Ann Biomed Eng
// 2008;36:476): from one maximum to the next, where both rise over a fifth of the upper quartile of all maxima
// and one minimum lies between them (count.go). A modulation counts where breaths cover most of the window
// and are alike.
//
// The modulations are fused as Karlen et al. (IEEE Trans Biomed Eng 2013;60:1946) do: no rate at all where those
// that count disagree by more than a standard deviation of 4/min, or where only one is left; else their
// median, which one that shows something else moves less than the mean does.
//
// What it cannot do: see a breath faster than half the heart rate, which shows once per beat only and looks like
// a slower one; tell a pause of the breath, or a rate that changes within half a minute.
package breath

import (
	"math"
	"slices"
)

// Rates that can be derived, per minute. Slower ones have fewer than three breaths in the window.
const (
	MinPerMinute = 5
	MaxPerMinute = 45
)

// Window is how far back a rate looks, in milliseconds.
const Window = 32_000

// Hz is the rate at which breaths are counted.
const Hz = 4

const (
	points = Window / 1000 * Hz

	leastModulations = 2
	mostDeviation    = 4 // per minute, Karlen 2013
)

// Meter follows the modulations of one patient. It holds no pointers, and is ready as it is.
type Meter struct {
	beats, pulses series
	feet          [kept]int32 // of the pulses
}

// Beat takes the time of a heart beat in milliseconds and the height of its QRS complex, in any unit. Beats
// that do not come in order are ignored.
func (m *Meter) Beat(at int64, height int32) { _, _ = m.beats.push(at, height) }

// Pulse takes the time of a pulse in milliseconds, its height and the level that it rises from, both in
// the same unit. Pulses that do not come in order are ignored.
func (m *Meter) Pulse(at int64, height, foot int32) {
	if place, ok := m.pulses.push(at, height); ok {
		m.feet[place] = foot
	}
}

// footOf is the foot of pulse i.
func (m *Meter) footOf(i int64) int32 { return m.feet[i%kept] }

// Estimate is a derived respiration rate.
type Estimate struct {
	PerMinute   float64
	Modulations int     // that it rests on, 2 to 5
	Deviation   float64 // between them, per minute
}

// modulation is a way in which breath shows in a signal.
type modulation struct {
	of    *series
	value func(i int64) int32
}

// Rate is the respiration rate of the 32 s before a time, if it can be told.
func (m *Meter) Rate(at int64) (Estimate, bool) {
	modulations := [...]modulation{
		{&m.beats, m.beats.heightOf},
		{&m.beats, m.beats.intervalOf},
		{&m.pulses, m.pulses.heightOf},
		{&m.pulses, m.footOf},
		{&m.pulses, m.pulses.intervalOf},
	}
	var rates [len(modulations)]float64
	n := 0
	for _, shown := range modulations {
		var wave Wave
		beats, ok := shown.of.resample(at, shown.value, &wave)
		if !ok {
			continue
		}
		// A modulation is seen once per beat: what is faster than half the heart rate cannot be told.
		heartRate := float64(beats) * 60_000 / Window
		if rate, ok := wave.Rate(); ok && rate*2 <= heartRate {
			rates[n] = rate
			n++
		}
	}
	return fuse(rates[:n])
}

// fuse is the median of the rates, where they agree.
func fuse(rates []float64) (Estimate, bool) {
	n := len(rates)
	if n < leastModulations {
		return Estimate{}, false
	}
	slices.Sort(rates)
	sum, squares := 0.0, 0.0
	for _, r := range rates {
		sum += r
	}
	for _, r := range rates {
		off := r - sum/float64(n)
		squares += float64(off * off)
	}
	deviation := math.Sqrt(squares / float64(n))
	return Estimate{(rates[n/2] + rates[(n-1)/2]) / 2, n, deviation}, deviation <= mostDeviation
}
