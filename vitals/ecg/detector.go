// Package ecg finds beats, dangerous rhythms, heart rate and signal quality in one ECG channel.
package ecg

import (
	"errors"
	"fmt"
)

// Rates that a Detector accepts, in samples per second.
const (
	MinRateHz = 100
	MaxRateHz = 512
)

// ErrRate is wrapped by New where the sampling rate is out of range.
var ErrRate = errors.New("unsupported sampling rate")

// Detector analyses one ECG channel, sample by sample. It is a value without pointers to shared
// state: the same samples give the same findings. It is not safe for concurrent use.
type Detector struct {
	rateHz   float64
	standing [lastRhythm + 1]bool
	quality  Quality
	cause    Cause
	found    []Finding
}

// New makes a detector for a channel of rateHz samples per second, 100 to 512.
func New(rateHz float64) (*Detector, error) {
	if !(rateHz >= MinRateHz && rateHz <= MaxRateHz) { // a NaN is refused, too
		return nil, fmt.Errorf("ECG at %g Hz: %w", rateHz, ErrRate)
	}
	return &Detector{rateHz: rateHz, quality: NoAnalysis, cause: Learning}, nil
}

// Push takes the next sample, in microvolts, and returns what became known with it. Where the
// sample was lost, missing is true and the value is ignored. The slice is valid until the next Push.
func (d *Detector) Push(microvolts int32, missing bool) []Finding {
	_, _ = microvolts, missing
	return d.found[:0]
}

// Standing reports whether the rhythm began and has not ended.
func (d *Detector) Standing(r Rhythm) bool { return r <= lastRhythm && d.standing[r] }

// Quality is what the signal is good for at present.
func (d *Detector) Quality() Quality { return d.quality }

// Cause says why Quality is less than FullAnalysis.
func (d *Detector) Cause() Cause { return d.cause }
