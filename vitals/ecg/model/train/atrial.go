package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// atrialRecipe is that of the forest for atrial fibrillation.
var atrialRecipe = recipe{
	outputs: 1, trees: 300, depth: 4, rate: 0.05, smooth: 150, least: 50, share: 0.4, columns: 0.15, seed: 1,
}

// atrialSources are the databases with marked atrial fibrillation or none at all, and by which
// file they know their beats.
var atrialSources = []struct{ name, beats string }{
	{"ltafdb", "qrs"}, {"afdb", "qrs"}, {"mitdb", "atr"}, {"nsrdb-2h", "atr"},
}

// untaught answers nothing: what teaches must not depend on what was learned before.
var untaught = &model.Forest{Depth: 1}

// judgement is one row: a beat with the irregularity around it.
type judgement struct {
	at       int64 // ms
	features []int16
	is       uint8 // 1 in atrial fibrillation
	leftOut  bool  // in flutter, which is neither
}

// pulse is a record as a list of beats.
type pulse struct {
	record
	hours      float64
	judgements []judgement
	spans      []span // of atrial fibrillation, ms
}

// span is a stretch of time in milliseconds.
type span struct{ from, to int64 }

func (s span) holds(at int64) bool { return at >= s.from && at < s.to }

// readPulses runs the interval detector over the beats of all records.
func readPulses(data string) ([]*pulse, error) {
	var out []*pulse
	for _, source := range atrialSources {
		dir := filepath.Join(data, source.name)
		names, err := wfdb.Records(dir)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", source.name, err)
		}
		for _, name := range names {
			p, err := readPulse(dir, name, source.beats)
			if err != nil {
				return nil, fmt.Errorf("read %s of %s: %w", name, source.name, err)
			}
			p.record = record{source.name, name}
			out = append(out, p)
		}
	}
	return out, nil
}

func readPulse(dir, name, ext string) (*pulse, error) {
	r, err := wfdb.Open(dir, name)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	marks, err := wfdb.Annotations(dir, name, "atr")
	if err != nil {
		return nil, fmt.Errorf("read rhythms: %w", err)
	}
	beats, err := wfdb.Annotations(dir, name, ext)
	if err != nil {
		return nil, fmt.Errorf("read beats: %w", err)
	}
	ms := func(sample int64) int64 { return int64(float64(sample) * 1000 / r.Rate) }
	end := ms(beats[len(beats)-1].Sample)
	p := &pulse{hours: float64(end) / 3600e3, spans: rhythmSpans(marks, "(AFIB", ms, end)}
	flutter := rhythmSpans(marks, "(AFL", ms, end)
	d := ecg.NewIntervalDetector(&model.Forests{AtrialFibrillation: untaught})
	for _, b := range beats {
		if !isBeat(b.Code) {
			continue
		}
		d.Push(ms(b.Sample), qualityOf(b.Code))
		features, at, ok := d.Evidence()
		if !ok {
			continue
		}
		j := judgement{at: at, features: slices.Clone(features)}
		within := func(s span) bool { return s.holds(at) }
		j.leftOut = slices.ContainsFunc(flutter, within)
		if slices.ContainsFunc(p.spans, within) {
			j.is = 1
		}
		p.judgements = append(p.judgements, j)
	}
	return p, nil
}

func isBeat(code string) bool { return len(code) == 1 && strings.Contains("NLRBAaJSVrFejnE/fQ?", code) }

// qualityOf lets ventricular and paced beats take part in no interval, as the ECG detector does.
func qualityOf(code string) ecg.Quality {
	if strings.Contains("VE/", code) {
		return ecg.NoAnalysis
	}
	return ecg.FullAnalysis
}

// rhythmSpans are the stretches of a rhythm: each lasts until the next begins.
func rhythmSpans(marks []wfdb.Annotation, rhythm string, ms func(int64) int64, end int64) []span {
	var out []span
	open := false
	for _, m := range marks {
		if m.Code != "+" || !strings.HasPrefix(m.Aux, "(") {
			continue
		}
		at := ms(m.Sample)
		if open {
			out[len(out)-1].to = at
		}
		open = strings.TrimRight(m.Aux, "\x00 ") == rhythm
		if open {
			out = append(out, span{at, end})
		}
	}
	return out
}

// judgementsTaught bounds which share of a record's judgements teaches: a day holds much that is the same.
const judgementsTaught = 2500

// atrialTable gathers what teaches. Each patient weighs by the root of how much there is of him.
func atrialTable(pulses []*pulse, c *course) *table {
	t := &table{}
	for i, p := range pulses {
		if !c.teaches(p.record) {
			continue
		}
		every := 1 + len(p.judgements)/judgementsTaught
		for k := 0; k < len(p.judgements); k += every {
			if j := &p.judgements[k]; !j.leftOut {
				t.features = len(j.features)
				t.add(j.features, j.is, 1, int32(i))
			}
		}
	}
	t.balance()
	return t
}

func growAtrial(c *course) (*model.Forest, error) {
	pulses, err := readPulses(c.data)
	if err != nil {
		return nil, err
	}
	return grow(atrialTable(pulses, c), atrialRecipe), nil
}

// validateAtrial asks about each patient the forest that was grown without their fold.
func validateAtrial(data string, out io.Writer) error {
	pulses, err := readPulses(data)
	if err != nil {
		return err
	}
	unseen, err := crossed(data, func(c *course) *model.Forest { return grow(atrialTable(pulses, c), atrialRecipe) })
	if err != nil {
		return err
	}
	found := make([][]scored, len(pulses))
	for i, p := range pulses {
		forest := unseen(p.record)
		for _, j := range p.judgements {
			found[i] = append(found[i], scored{j.at, forest.Score(j.features)[0]})
		}
	}
	return report(pulses, found, out)
}
