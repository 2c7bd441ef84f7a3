package alerts

import (
	"math"
	"slices"
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// analyser is what the engine needs of an ECG detector.
type analyser interface {
	Push(microvolts int32, missing bool) []ecg.Finding
	Standing(r ecg.Rhythm) bool
	Quality() ecg.Quality
	Cause() ecg.Cause
}

const (
	// clearAfter is how long a signal must have been fit for analysis before the absence of a rhythm
	// means anything: the slowest of them takes this long to be recognised (the goal is to find
	// VF within 8 s in 95 of 100 cases).
	clearAfter = 10 * time.Second
	// leadsAfter is how long the other channel must have been fit for analysis before it is judged in the
	// place of one that is not: its rhythm is known then, and two that flicker do not take turns.
	leadsAfter = 3 * time.Second
	// rateHolds is how long a measured rate stands; a new one comes each second.
	rateHolds = 2 * time.Second
)

// lead is an ECG channel of a device that is analysed. A device may send two at a time: one is judged, at
// each whole second of sample time, however the samples were cut into chunks and wherever analysis
// began; the other is analysed beside it, and takes over where nothing can be concluded from the first.
type lead struct {
	track
	analyser analyser  // nil where the rate is not supported
	fault    string    // why nothing can be analysed at all
	second   time.Time // the next one to judge
	clear    time.Time // since when the signal has been fit for analysis; zero while it is not
	bpm      float64
	bpmAt    time.Time
	began    [ecg.AtrialFibrillation + 1]time.Time // of the standing rhythms
	pvcs     pvcs
	artefact artefact
	disputed dispute
	varies   variability
}

// observeECG feeds the samples that are news to the device's detectors.
func (e *Engine) observeECG(dev *device, waves []vitals.Waveform, now time.Time) {
	for i := range waves {
		w := &waves[i]
		if !w.Kind.IsECG() || len(w.Samples) == 0 || !sane(w.Rate) || late(w.End(), now) {
			continue
		}
		if l := dev.leadOf(w.Kind, now); l != nil {
			e.feed(dev, l, w, now)
		}
	}
	e.chooseLead(dev, now)
}

// leadOf is where the channel of a kind is analysed: as the lead that is judged, or as the other. A
// third one is not.
func (d *device) leadOf(kind vitals.Kind, now time.Time) **lead {
	switch {
	case d.lead == nil || d.lead.kind == kind:
		return &d.lead
	case d.other == nil || d.other.kind == kind || !d.other.live(now):
		return &d.other
	default:
		return nil
	}
}

// chooseLead lets the other channel be judged where the first is silent, or has nothing to conclude from
// while the other one has. What stands stays as it is: the new lead must itself show that it is over.
func (e *Engine) chooseLead(d *device, now time.Time) {
	if d.lead == nil || d.other == nil || !d.other.live(now) {
		return
	}
	if !d.lead.live(now) || d.lead.quality() == ecg.NoAnalysis && d.other.mayLead(e.lethalStands()) {
		d.lead, d.other = d.other, d.lead
	}
}

// mayLead reports whether the channel has been fit for analysis for long enough to be judged in the place of
// the first. Where a lethal alarm stands, only a signal in no doubt, or one that shows such a rhythm itself,
// may take over: what noise in this channel looks like must not end it.
func (l *lead) mayLead(lethal bool) bool {
	fit := !l.clear.IsZero() && l.second.Sub(l.clear) >= leadsAfter
	return fit && (!lethal || l.quality() == ecg.FullAnalysis || slices.ContainsFunc(rhythms, l.analyser.Standing))
}

// lethalStands reports whether an alarm of a lethal rhythm stands.
func (e *Engine) lethalStands() bool {
	return slices.ContainsFunc(rhythms, func(r ecg.Rhythm) bool {
		p := e.find(key{condition: conditionOf(r)})
		return p != nil && p.standing()
	})
}

// live reports whether the channel is coming in.
func (l *lead) live(now time.Time) bool { return now.Sub(l.heard) <= staleAfter }

// quality is what the signal is good for.
func (l *lead) quality() ecg.Quality {
	if l.analyser == nil {
		return ecg.NoAnalysis
	}
	return l.analyser.Quality()
}

// newLead starts the analysis of a channel with the chunk.
func (e *Engine) newLead(w *vitals.Waveform) *lead {
	l := &lead{
		track: trackOf(w), artefact: artefact{unseen: artefactWindow},
		second: w.Start.Truncate(time.Second).Add(time.Second),
	}
	a, err := e.newAnalyser(w.Rate.Hz())
	if err != nil {
		l.fault = err.Error()
		return l
	}
	l.analyser = a
	return l
}

// feed places the chunk behind what the detector has consumed: it drops what is old, bridges a
// short gap, and starts anew behind a long one or when the rate or the channel has changed.
func (e *Engine) feed(dev *device, at **lead, w *vitals.Waveform, now time.Time) {
	if *at == nil || (*at).kind != w.Kind {
		*at = e.newLead(w)
	}
	l := *at
	gap := l.gap(w)
	if gap <= -len(w.Samples) {
		return
	}
	switch {
	case l.broken(w, gap):
		*at = e.newLead(w)
		l, gap = *at, 0
	case gap > 0:
		e.push(dev, l, l.missing(gap), now)
	}
	l.heard, dev.ecg = now, instantOf(now)
	fresh := *w
	if gap < 0 {
		fresh.Start, fresh.Samples = w.Start.Add(w.Rate.Span(-gap)), w.Samples[-gap:]
	}
	e.push(dev, l, &fresh, now)
	l.advance(w)
}

// push runs the samples of the chunk through the detector and judges each second that they complete.
func (e *Engine) push(dev *device, l *lead, w *vitals.Waveform, now time.Time) {
	scale := w.Scale.Float()
	for i := 0; i < len(w.Samples); {
		stop := min(len(w.Samples), max(i, firstSample(w, l.second)))
		for ; l.analyser != nil && i < stop; i++ {
			s := w.Samples[i]
			if found := l.analyser.Push(int32(math.Round(float64(s)*scale)), s == vitals.Missing); len(found) > 0 {
				e.observeFindings(dev, l, found, w.Start.Add(w.Rate.Span(i)), now)
			}
		}
		i = stop
		for reached := w.Start.Add(w.Rate.Span(i)); !l.second.After(reached); l.second = l.second.Add(time.Second) {
			l.noteFitness(l.second)
			e.noteVariability(dev, l)
			if l == dev.lead {
				e.judgeSecond(dev, l.second, now)
			}
		}
	}
}

// noteFitness notes since when the signal has been fit for analysis.
func (l *lead) noteFitness(at time.Time) {
	switch {
	case l.quality() == ecg.NoAnalysis:
		l.clear = time.Time{}
	case l.clear.IsZero():
		l.clear = at
	}
}

// firstSample is the index of the first sample of the chunk at or after t.
func firstSample(w *vitals.Waveform, t time.Time) int {
	perSample := int64(w.Rate.Den) * int64(time.Second)
	return int((int64(t.Sub(w.Start))*int64(w.Rate.Num) + perSample - 1) / perSample)
}

// observeFindings takes in what became known with the sample of time at.
func (e *Engine) observeFindings(dev *device, l *lead, found []ecg.Finding, at, now time.Time) {
	for i := range found {
		f := &found[i]
		switch f.Kind {
		case ecg.RhythmBegan:
			e.observeRhythm(dev, l, f, at, now)
		case ecg.RateMeasured:
			l.bpm, l.bpmAt = f.RateBPM, at
		case ecg.BeatFound:
			e.observeBeat(dev, l, f, at.Add(-l.rate.Span(int(f.Known-f.At))))
		case ecg.RhythmEnded, ecg.QualityChanged:
			// what lasts is asked for at each second
		}
	}
}

// observeBeat takes in a beat of the channel.
func (e *Engine) observeBeat(dev *device, l *lead, f *ecg.Finding, at time.Time) {
	if f.Beat == ecg.VentricularBeat {
		l.pvcs.add(at)
	}
	end, values := l.varies.beat(at, f.Beat)
	if l != dev.lead || e.leading != dev.id {
		return
	}
	e.chartWindow(dev, end, values)
	e.breath.Beat(at.UnixMilli(), f.Height)
}

// observeRhythm takes in a rhythm that began. Pauses and extremes of the rate are charted, or judged by limits.
func (e *Engine) observeRhythm(dev *device, l *lead, f *ecg.Finding, at, now time.Time) {
	if f.Rhythm <= ecg.AtrialFibrillation {
		l.began[f.Rhythm] = at.Add(-l.rate.Span(int(f.Known - f.At)))
	}
	switch leads := l == dev.lead && e.leads(dev, now); {
	case !leads:
	case f.Rhythm.Lethal():
		e.judgeRhythm(dev, f.Rhythm, fact{at: at, truth: True, value: rhythmValue(f, l.rate), sure: f.Confidence}, now)
	case f.Rhythm == ecg.VentricularRun || f.Rhythm == ecg.Couplet:
		e.observePattern(dev, f, at, now)
	}
}

// leads reports whether the device's ECG feeds the cardiac conditions: one does, until it goes stale, or has
// nothing to conclude from while another one has, as a patch that was taken off and goes on sending.
func (e *Engine) leads(dev *device, now time.Time) bool {
	if e.leading == dev.id {
		return true
	}
	leader := e.bound(e.leading)
	if leader != nil && leader.ecgLive(now) &&
		(leader.lead.quality() != ecg.NoAnalysis || !dev.lead.mayLead(e.lethalStands())) {
		return false
	}
	e.leading = dev.id
	return true
}

// ecgLive reports whether the device's ECG is coming in.
func (d *device) ecgLive(now time.Time) bool { return d.lead != nil && d.lead.live(now) }

// judgeSecond judges everything that rests on the device's ECG, after all samples before at.
func (e *Engine) judgeSecond(dev *device, at, now time.Time) {
	l := dev.lead
	quality, cause := l.quality(), ecg.Noise
	if l.analyser != nil {
		cause = l.analyser.Cause()
	}
	if e.leads(dev, now) {
		e.judgeCardiac(dev, quality, at, now)
		e.deriveBreath(dev, at, now)
	}
	e.judgeDispute(dev, quality, at, now)
	e.judgeSignal(dev, quality, cause, at, now)
}
