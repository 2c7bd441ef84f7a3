package synthetic

import (
	"math"
	"math/rand/v2"
	"slices"

	"vigil/vitals"
)

// Signal is one ECG channel as a device would send it, with where its beats truly are.
type Signal struct {
	Hz         float64
	Microvolts []int16 // vitals.Missing where a sample was lost
	Beats      []int   // sample indexes, ascending
}

// Seconds is how long the signal lasts.
func (s *Signal) Seconds() float64 { return float64(len(s.Microvolts)) / s.Hz }

func (s *Signal) index(seconds float64) int {
	return min(max(int(math.Round(seconds*s.Hz)), 0), len(s.Microvolts))
}

func (s *Signal) seconds(index int) float64 { return float64(index) / s.Hz }

func (s *Signal) clone() Signal {
	return Signal{s.Hz, slices.Clone(s.Microvolts), slices.Clone(s.Beats)}
}

// with is the signal with each sample between two times replaced.
func (s *Signal) with(from, to float64, value func(t float64, v int16) float64) Signal {
	out := s.clone()
	for i := out.index(from); i < out.index(to); i++ {
		out.Microvolts[i] = clip(value(s.seconds(i), s.Microvolts[i]))
	}
	return out
}

// replaced is the signal with each sample replaced while trials disturb it, and with no beat there.
func (s *Signal) replaced(value func(t float64, v int16) float64) Signal {
	out := s.with(starts, ends, value)
	out.Beats = slices.DeleteFunc(out.Beats, func(b int) bool { return b >= s.index(starts) && b < s.index(ends) })
	return out
}

// clip keeps a value within what a device can send. NaN is what a broken converter gives: a device
// sends it as lost.
func clip(v float64) int16 {
	if math.IsNaN(v) {
		return vitals.Missing
	}
	return int16(math.Round(min(max(v, -math.MaxInt16), math.MaxInt16)))
}

// stop is the signal of a heart that stands still for so long from 45 % of the way to the next beat
// on, when the T wave is over and the P wave has not begun, and then goes on. Meanwhile the line
// wanders by so many µV and hisses as an amplifier does. It gives the time of the last beat before.
func (s *Signal) stop(at, seconds, wander float64) (Signal, float64) {
	next, _ := slices.BinarySearch(s.Beats, s.index(at))
	last, following := s.Beats[next-1], s.Beats[next]
	cut := last + (following-last)*45/100
	random := rand.New(rand.NewPCG(4, 10)) //nolint:gosec // G404: reproducible on purpose
	still := make([]int16, int(seconds*s.Hz))
	from, to := float64(s.Microvolts[cut-1]), float64(s.Microvolts[cut])
	for i := range still {
		part := float64(i+1) / float64(len(still)+1)
		line := from + (to-from)*part + wander/2*math.Sin(2*math.Pi*math.Ceil(seconds/4)*part)
		still[i] = clip(line + 3*random.NormFloat64())
	}
	out := Signal{s.Hz, slices.Insert(slices.Clone(s.Microvolts), cut, still...), slices.Clone(s.Beats)}
	for i := next; i < len(out.Beats); i++ {
		out.Beats[i] += len(still)
	}
	return out, s.seconds(last)
}
