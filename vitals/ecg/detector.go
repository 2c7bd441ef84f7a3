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
	resampler resampler
	front     frontEnd
	qrs       qrs
	classes   classifier
	standing  [lastRhythm + 1]bool
	quality   Quality
	cause     Cause
	findings  [64]Finding
	found     int
}

// New makes a detector for a channel of rateHz samples per second, 100 to 512.
func New(rateHz float64) (*Detector, error) {
	if !(rateHz >= MinRateHz && rateHz <= MaxRateHz) { // a NaN is refused, too
		return nil, fmt.Errorf("ECG at %g Hz: %w", rateHz, ErrRate)
	}
	d := &Detector{quality: NoAnalysis, cause: Learning}
	d.resampler.step = rateHz / internalHz
	d.qrs.relearn(0)
	d.classes = newClassifier()
	return d, nil
}

// Push takes the next sample, in microvolts, and returns what became known with it. Where the
// sample was lost, missing is true and the value is ignored. The slice is valid until the next Push.
func (d *Detector) Push(microvolts int32, missing bool) []Finding {
	d.found = 0
	newest := sample{microvolts: microvolts, missing: missing}
	d.resampler.push()
	for {
		s, ok := d.resampler.next(newest)
		if !ok {
			break
		}
		d.step(s)
	}
	d.resampler.done(newest)
	return d.findings[:d.found]
}

// step is one tick.
func (d *Detector) step(s sample) {
	d.front.push(s)
	settled := d.qrs.push(&d.front)
	for i := range settled {
		b, class := d.classes.classify(&d.front, &settled[i])
		d.report(Finding{Kind: BeatFound, Beat: class, At: d.resampler.inputIndex(b.at - lowPassDelay)})
	}
}

func (d *Detector) report(f Finding) {
	if d.found == len(d.findings) {
		return
	}
	f.Known = d.resampler.inputs - 1
	d.findings[d.found] = f
	d.found++
}

// Standing reports whether the rhythm began and has not ended.
func (d *Detector) Standing(r Rhythm) bool { return r <= lastRhythm && d.standing[r] }

// Quality is what the signal is good for at present.
func (d *Detector) Quality() Quality { return d.quality }

// Cause says why Quality is less than FullAnalysis.
func (d *Detector) Cause() Cause { return d.cause }
