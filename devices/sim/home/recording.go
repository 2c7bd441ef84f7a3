package home

import (
	"vigil/devices/sim/heart"
	"vigil/vitals"
)

// Recording is a patient whose ECG is played from memory: a record of a database, or a loop that
// was made beforehand so that thousands of patients cost little.
type Recording struct {
	Samples   []int16 // µV
	Position  int     // of the next sample
	Once      bool    // afterwards the electrodes see nothing
	HeartRate float64
	Oxygen    float64
}

// ECG is the next n samples.
func (r *Recording) ECG(n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		if r.Position >= len(r.Samples) && !r.Once && len(r.Samples) > 0 {
			r.Position = 0
		}
		if r.Position >= len(r.Samples) {
			out[i] = vitals.Missing
			continue
		}
		out[i] = r.Samples[r.Position]
		r.Position++
	}
	return out
}

// Rate is the same all the time.
func (r *Recording) Rate() float64 { return r.HeartRate }

// SpO2 is the same all the time.
func (r *Recording) SpO2() float64 { return r.Oxygen }

// Intervals are not known of a recording.
func (r *Recording) Intervals() []float64 { return nil }

// Rhythm is whatever the recording shows; once it has ended, nothing is seen any more.
func (r *Recording) Rhythm() heart.Rhythm {
	if r.Once && r.Position >= len(r.Samples) {
		return heart.LeadsOff
	}
	return heart.Sinus
}
