package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
)

// beat is a beat as the detector reported it.
type beat struct {
	score.Beat
	emitted int64 // index of the sample that made it known
}

// episode is a stretch with a name, as the detector reported it.
type episode struct {
	score.Span
	label   string
	emitted int64 // index of the sample that made its begin known
}

// labels says how evaluation files spell the detector's rhythms. One that is missing here is
// spelled as the detector does.
var labels = map[string]string{
	"ASYSTOLE": asystole, "ASYS": asystole,
	"VT": tachycardia, "VF": fibrillation,
	"AFIB": atrialFibrillation, "AF": atrialFibrillation, "ATRIAL_FIBRILLATION": atrialFibrillation,
	"AFL": flutter, "PAUSE": pause,
	"BRADY": brady, "BRADYCARDIA": brady, "TACHY": tachy, "TACHYCARDIA": tachy,
}

// Labels of episodes in files and on pages.
const (
	atrialFibrillation = "AFIB"
	flutter            = "AFL"
	fibrillation       = "VF"
	tachycardia        = "VT"
	asystole           = "ASYS"
	pause              = "PAUSE"
	brady              = "BRADY"
	tachy              = "TACHY"
	noise              = "NOISE" // nothing may be concluded: "check electrode"
)

// analysis is what the detector said of one record.
type analysis struct {
	beats    []beat
	episodes []episode
	rates    []float64 // heart rate per minute, each second while it could be measured

	open map[string]int // label to index in episodes
}

// maxChunk is the largest piece in which a record is fed; the sizes are drawn with one seed for
// all records.
const maxChunk = 2000

// analyse runs the detector over the samples of a channel, as they would come in pieces.
func analyse(rateHz float64, microvolts []int16, forests *model.Forests) (*analysis, error) {
	d, err := ecg.NewWith(rateHz, forests)
	if err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	a := &analysis{open: map[string]int{}}
	random := rand.New(rand.NewPCG(2, 7)) //nolint:gosec // G404: sizes of pieces are no secret
	for rest := microvolts; len(rest) > 0; {
		n := min(len(rest), 1+random.IntN(maxChunk))
		for _, s := range rest[:n] {
			for _, f := range d.Push(int32(s), s == vitals.Missing) {
				a.take(f)
			}
		}
		rest = rest[n:]
	}
	a.finish(int64(len(microvolts)))
	return a, nil
}

// take notes one finding.
func (a *analysis) take(f ecg.Finding) {
	switch f.Kind {
	case ecg.BeatFound:
		a.beats = append(a.beats, beat{score.Beat{At: f.At, Class: score.Class(f.Beat)}, f.Known})
	case ecg.RhythmBegan:
		if !f.Rhythm.Pattern() { // runs are scored by their beats
			a.begin(labelOf(f.Rhythm), f)
		}
	case ecg.RhythmEnded:
		a.end(labelOf(f.Rhythm), f.At)
	case ecg.RateMeasured:
		a.rates = append(a.rates, f.RateBPM)
	case ecg.QualityChanged:
		if f.Quality == ecg.NoAnalysis && f.Cause != ecg.Learning {
			a.begin(noise, f)
		} else {
			a.end(noise, f.At)
		}
	}
}

func labelOf(r ecg.Rhythm) string {
	name := strings.ToUpper(r.String())
	if label, ok := labels[name]; ok {
		return label
	}
	return name
}

func (a *analysis) begin(label string, f ecg.Finding) {
	if _, stands := a.open[label]; stands {
		return // the cause of poor quality changed
	}
	a.open[label] = len(a.episodes)
	a.episodes = append(a.episodes, episode{Span: score.Span{From: f.At, To: -1}, label: label, emitted: f.Known})
}

func (a *analysis) end(label string, at int64) {
	if i, stands := a.open[label]; stands {
		a.episodes[i].To = max(at, a.episodes[i].From)
		delete(a.open, label)
	}
}

// finish ends with the record what still stands.
func (a *analysis) finish(samples int64) {
	for label := range a.open {
		a.end(label, samples)
	}
}

// spans are the joined episodes of a label.
func (a *analysis) spans(label string) []score.Span {
	var out []score.Span
	for _, e := range a.episodes {
		if e.label == label {
			out = append(out, e.Span)
		}
	}
	return score.Join(out)
}

// known are the stretches in which a rhythm was known to stand: from when it was said, not from
// when it began.
func (a *analysis) known(label string) []score.Span {
	var out []score.Span
	for _, e := range a.episodes {
		if e.label == label {
			out = append(out, score.Span{From: e.emitted, To: e.To})
		}
	}
	return score.Join(out)
}
