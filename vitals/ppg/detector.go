package ppg

import (
	"errors"
	"fmt"
)

// Rates that a Detector accepts, in samples per second.
const (
	MinRateHz = 25
	MaxRateHz = 512
)

const (
	maxFindings = 4
	// reportDelay is how long behind its onset a pulse is reported at the latest, in ticks: the rise
	// ends 250 ms behind it at most, and has to dominate 224 ms.
	reportDelay = dominance + 250*internalHz/1000 + riseWidth + lowPassDelay
	// calmTime without a rise that could be a pulse is a pause that no rhythm explains: Orphanidou et
	// al. 2015 take 3 s between two pulses for the limit of what is physiological.
	calmTime = 3 * internalHz
	// crestShare is how much of the time between two pulses, in %, the wave may rise. A pulse rises for 10 to
	// 40 % of it (90th percentile of each of 44 waves of the Challenge 2015); what goes up as long as it
	// goes down is a movement: steps, a tremor, chest compressions.
	crestShare = 45
	// lossTime is how long a loss of samples may be without breaking the chain of pulses.
	lossTime = internalHz / 5
)

// ErrRate is wrapped by New where the sampling rate is out of range.
var ErrRate = errors.New("unsupported sampling rate")

// Detector analyses one wave, sample by sample. It holds no pointers: the same samples give the
// same findings, and a copy goes on independently. It is not safe for concurrent use.
type Detector struct {
	sampler sampler
	filter  filter
	finder  finder
	gallery gallery
	wave    wave
	stretch stretch
	rate    rateMeter

	presence   Presence
	lastPulse  int64 // tick of the last onset of RateOnly or better
	findings   [maxFindings]Finding
	foundCount int
}

// New makes a detector for a wave of rateHz samples per second, 25 to 512.
func New(rateHz float64) (*Detector, error) {
	if !(rateHz >= MinRateHz && rateHz <= MaxRateHz) { // a NaN is refused, too
		return nil, fmt.Errorf("pulse wave at %g Hz: %w", rateHz, ErrRate)
	}
	d := &Detector{}
	d.sampler.step = rateHz / internalHz
	d.finder.relearn(0)
	return d, nil
}

// Push takes the next sample, in any unit, and returns what became known with it. Where the sample
// was lost, missing is true and the value is ignored. The slice is valid until the next Push.
func (d *Detector) Push(value int32, missing bool) []Finding {
	d.foundCount = 0
	value = min(max(value, -inputLimit), inputLimit)
	d.sampler.inputs++
	for {
		v, lost, ok := d.sampler.next(value, missing)
		if !ok {
			break
		}
		d.step(v, lost)
	}
	d.sampler.done(value, missing)
	return d.findings[:d.foundCount]
}

// Presence says whether there is a pulse at present.
func (d *Detector) Presence() Presence { return d.presence }

// Steady is the stretch of pulses that goes on at present, if one does and is regular. Movement can
// look like pulses for a while, but hardly comes as evenly; an irregular heart is never called steady.
func (d *Detector) Steady() (Stretch, bool) {
	tick := d.filter.tick - 1
	bpm, known := d.rate.bpm(tick)
	if d.presence != Present || !known || !d.stretch.lasts(tick) || !d.rate.regular(d.stretch.from) {
		return Stretch{}, false
	}
	return Stretch{
		From: d.inputIndex(d.stretch.from), Last: d.inputIndex(d.stretch.last), Pulses: d.stretch.pulses, RateBPM: bpm,
	}, true
}

// step is one tick.
func (d *Detector) step(v int32, lost bool) {
	d.filter.push(v)
	tick := d.filter.tick - 1
	if lost {
		d.watchLoss()
	}
	slotDone := d.wave.push(v-d.sampler.offset, lost)
	if at, ok := d.finder.dominant(&d.filter); ok && d.finder.accepts(at, d.filter.rise[at&ringMask]) {
		d.takeUpstroke(at)
	}
	if slotDone {
		if d.finder.rest(tick) {
			d.wave.forget()
		}
		d.judge(tick)
	}
	if d.filter.tick%internalHz != 0 || d.presence != Present {
		return
	}
	if bpm, ok := d.rate.bpm(tick); ok {
		d.report(Finding{Kind: RateMeasured, RateBPM: bpm, At: d.inputIndex(tick)})
	}
}

// watchLoss lets a loss of samples interrupt what it could hide.
func (d *Detector) watchLoss() {
	d.finder.pause()
	if d.sampler.run >= lossTime {
		d.stretch, d.rate.last = stretch{}, 0
	}
}

// takeUpstroke makes a pulse of an upstroke, if it looks like one.
func (d *Detector) takeUpstroke(at int64) {
	f := &d.filter
	steepest := f.steepest(at)
	onset, top := f.onset(steepest), f.top(steepest)
	foot := f.low[onset&ringMask]
	height := f.low[top&ringMask] - foot
	q := NoAnalysis
	if d.wave.readable() && !f.crowded(at) {
		form := f.shapeAt(steepest)
		q = d.wave.grade(d.gallery.compare(&form), height)
	}
	if q == FullAnalysis && (top-onset)*100 > crestShare*(onset-d.lastPulse) {
		q = RateOnly
	}
	d.wave.note(q, height)
	d.stretch.push(onset, q)
	d.rate.push(onset, q)
	if q == NoAnalysis {
		return
	}
	if q == FullAnalysis {
		d.finder.confirm(f.rise[at&ringMask])
	}
	d.lastPulse = onset
	d.report(Finding{
		Kind: PulseFound, Quality: q, At: d.inputIndex(onset - lowPassDelay),
		Height: float64(height) / unitsPerStep, Foot: float64(foot-d.sampler.offset) / unitsPerStep,
	})
}

// judge says whether there is a pulse.
func (d *Detector) judge(tick int64) {
	p := d.look(tick)
	if p == d.presence {
		return
	}
	if p == CannotTell && !d.wave.readable() {
		d.stretch = stretch{}
	}
	d.presence = p
	d.report(Finding{Kind: PresenceChanged, Presence: p, At: d.inputIndex(tick)})
}

func (d *Detector) look(tick int64) Presence {
	calm := tick-d.finder.lastSign > calmTime
	switch {
	case !d.wave.readable() || !d.finder.learned:
		return CannotTell
	case calm:
		return Absent
	case d.stretch.lasts(tick) && d.rate.even(d.stretch.from):
		return Present
	case d.wave.disturbed():
		return CannotTell
	case d.presence == Present && tick-d.lastPulse <= calmTime:
		return Present
	default:
		return CannotTell
	}
}

func (d *Detector) inputIndex(tick int64) int64 { return d.sampler.inputIndex(tick) }

// report adds a finding. A sample completes five ticks at most, so it brings no more than one pulse,
// one rate and one presence.
func (d *Detector) report(f Finding) {
	if d.foundCount == len(d.findings) {
		return
	}
	f.Known = d.sampler.inputs - 1
	d.findings[d.foundCount] = f
	d.foundCount++
}
