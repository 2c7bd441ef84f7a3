package ecg

import (
	"math"
	"time"
)

// Variability measures how much the intervals between normal beats vary over a time that the caller
// chooses, as a rule five minutes (Task Force of the European Society of Cardiology and the North American Society
// of Pacing and Electrophysiology, Circulation 1996;93:1043).
// Only intervals from one normal beat to the next count. It is one value of fixed size; the
// zero value has seen nothing.
type Variability struct {
	last       int64 // beat, milliseconds
	interval   int64 // the one before, where it ended in the last beat
	lastNormal bool
	all        moments
	steps      moments // differences of intervals that follow on each other
}

// moments sums up values in whole milliseconds, so that no order of additions matters. The squares of a
// day of beats, 1e5 times 2 s squared, are 4e11.
type moments struct{ count, sum, squares int64 }

func (m *moments) add(v int64) { m.count, m.sum, m.squares = m.count+1, m.sum+v, m.squares+v*v }

// longestNormal and shortestNormal bound what is taken for an interval between two normal beats: 30 and
// 200/min, the range over which IEC 60601-2-27 asks a monitor to count adults' hearts.
const (
	longestNormal  = 2000 // ms
	shortestNormal = 300
)

// Push takes the next beat, in milliseconds since any begin.
func (v *Variability) Push(milliseconds int64, class Beat) {
	interval, normal := milliseconds-v.last, class == NormalBeat
	counts := normal && v.lastNormal && interval >= shortestNormal && interval <= longestNormal
	v.last, v.lastNormal = milliseconds, normal
	if !counts {
		v.interval = 0
		return
	}
	v.all.add(interval)
	if v.interval > 0 {
		v.steps.add(interval - v.interval)
	}
	v.interval = interval
}

// Beats is how many intervals were counted.
func (v *Variability) Beats() int64 { return v.all.count }

// SDNN is the standard deviation of the intervals in milliseconds. Where there are fewer than two it is
// not defined, and ok is false.
func (v *Variability) SDNN() (milliseconds float64, ok bool) {
	m := &v.all
	if m.count < 2 {
		return 0, false
	}
	n := float64(m.count)
	mean := float64(m.sum) / n
	return math.Sqrt(max(float64(m.squares)-n*mean*mean, 0) / (n - 1)), true
}

// RMSSD is the root of the mean square of the differences between intervals that follow on each
// other, in milliseconds. Where there is none it is not defined, and ok is false.
func (v *Variability) RMSSD() (milliseconds float64, ok bool) {
	if v.steps.count == 0 {
		return 0, false
	}
	return math.Sqrt(float64(v.steps.squares) / float64(v.steps.count)), true
}

// Clear begins the next window. The last beat is kept, so that an interval across the border counts.
func (v *Variability) Clear() { v.all, v.steps = moments{}, moments{} }

// Burden is the share of the time that could be judged in which a rhythm stood.
type Burden struct{ stood, judged time.Duration }

// Add takes a stretch in which the rhythm stood or did not; where nothing can be concluded, leave it out.
func (b *Burden) Add(stretch time.Duration, stood bool) {
	if stretch <= 0 {
		return
	}
	b.judged += stretch
	if stood {
		b.stood += stretch
	}
}

// Judged is how much of the time could be judged.
func (b *Burden) Judged() time.Duration { return b.judged }

// Percent is the burden, where there was anything to judge.
func (b *Burden) Percent() (percent float64, ok bool) {
	if b.judged == 0 {
		return 0, false
	}
	return 100 * float64(b.stood) / float64(b.judged), true
}
