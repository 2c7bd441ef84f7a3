package alerts

import (
	"math"
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
	// rateHolds is how long a measured rate stands; a new one comes each second.
	rateHolds = 2 * time.Second
)

// lead is the one ECG channel of a device that is analysed. Conditions are judged at each whole
// second of sample time, however the samples were cut into chunks and wherever analysis began.
type lead struct {
	track
	analyser analyser  // nil where the rate is not supported
	fault    string    // why nothing can be analysed at all
	second   time.Time // the next one to judge
	clear    time.Time // since when the signal has been fit for analysis; zero while it is not
	bpm      float64
	bpmAt    time.Time
	began    [ecg.VF + 1]time.Time // of the standing rhythms
	artefact artefact
	disputed dispute
}

// observeECG feeds the samples that are news to the device's detector.
func (e *Engine) observeECG(dev *device, waves []vitals.Waveform, now time.Time) {
	for i := range waves {
		w := &waves[i]
		if !w.Kind.IsECG() || len(w.Samples) == 0 || !sane(w.Rate) || late(w.End(), now) {
			continue
		}
		if dev.lead == nil || w.Kind < dev.lead.kind || w.Kind != dev.lead.kind && !dev.ecgLive(now) {
			dev.lead = e.newLead(w)
		}
		if w.Kind == dev.lead.kind {
			e.feed(dev, w, now)
		}
	}
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
// short gap, and starts anew behind a long one or when the rate has changed.
func (e *Engine) feed(dev *device, w *vitals.Waveform, now time.Time) {
	l := dev.lead
	gap := l.gap(w)
	if gap <= -len(w.Samples) {
		return
	}
	switch {
	case l.broken(w, gap):
		dev.lead = e.newLead(w)
		l, gap = dev.lead, 0
	case gap > 0:
		e.push(dev, l.missing(gap), 0, now)
	}
	l.heard = now
	e.push(dev, w, max(0, -gap), now)
	l.advance(w)
}

// push runs the samples of the chunk from index i on through the detector and judges each second
// that they complete.
func (e *Engine) push(dev *device, w *vitals.Waveform, i int, now time.Time) {
	l := dev.lead
	scale := w.Scale.Float()
	for i < len(w.Samples) {
		stop := min(len(w.Samples), max(i, firstSample(w, l.second)))
		for ; l.analyser != nil && i < stop; i++ {
			s := w.Samples[i]
			if found := l.analyser.Push(int32(math.Round(float64(s)*scale)), s == vitals.Missing); len(found) > 0 {
				e.observeFindings(dev, found, w.Start.Add(w.Rate.Span(i)), now)
			}
		}
		i = stop
		for reached := w.Start.Add(w.Rate.Span(i)); !l.second.After(reached); l.second = l.second.Add(time.Second) {
			e.judgeSecond(dev, l.second, now)
		}
	}
}

// firstSample is the index of the first sample of the chunk at or after t.
func firstSample(w *vitals.Waveform, t time.Time) int {
	perSample := int64(w.Rate.Den) * int64(time.Second)
	return int((int64(t.Sub(w.Start))*int64(w.Rate.Num) + perSample - 1) / perSample)
}

// observeFindings takes in what became known with the sample of time at.
func (e *Engine) observeFindings(dev *device, found []ecg.Finding, at, now time.Time) {
	l := dev.lead
	for i := range found {
		f := &found[i]
		switch f.Kind {
		case ecg.RhythmBegan:
			if !f.Rhythm.Lethal() {
				continue // no condition rests on it: it is charted, or judged by the unit's limits
			}
			l.began[f.Rhythm] = at.Add(-l.rate.Span(int(f.Known - f.At)))
			if e.leads(dev, now) {
				e.judgeRhythm(dev, f.Rhythm, fact{at: at, truth: True, value: rhythmValue(f, l.rate), sure: f.Confidence}, now)
			}
		case ecg.RateMeasured:
			l.bpm, l.bpmAt = f.RateBPM, at
		case ecg.BeatFound:
			if e.leading == dev.id {
				e.breath.Beat(at.Add(-l.rate.Span(int(f.Known-f.At))).UnixMilli(), f.Height)
			}
		case ecg.RhythmEnded, ecg.QualityChanged:
			// what lasts is asked for at each second
		}
	}
}

// leads reports whether the device's ECG feeds the cardiac conditions: one does, until it goes
// stale and another one is live.
func (e *Engine) leads(dev *device, now time.Time) bool {
	if e.leading != dev.id {
		if leader := e.bound(e.leading); leader != nil && leader.ecgLive(now) {
			return false
		}
		e.leading = dev.id
	}
	return true
}

// ecgLive reports whether the device's ECG is coming in.
func (d *device) ecgLive(now time.Time) bool {
	return d.lead != nil && now.Sub(d.lead.heard) <= staleAfter
}

// judgeSecond judges everything that rests on the device's ECG, after all samples before at.
func (e *Engine) judgeSecond(dev *device, at, now time.Time) {
	l := dev.lead
	quality, cause := ecg.NoAnalysis, ecg.Noise
	if l.analyser != nil {
		quality, cause = l.analyser.Quality(), l.analyser.Cause()
	}
	switch {
	case quality == ecg.NoAnalysis:
		l.clear = time.Time{}
	case l.clear.IsZero():
		l.clear = at
	}
	if e.leads(dev, now) {
		e.judgeCardiac(dev, quality, at, now)
		e.deriveBreath(dev, at, now)
	}
	e.judgeDispute(dev, quality, at, now)
	e.judgeSignal(dev, quality, cause, at, now)
}
