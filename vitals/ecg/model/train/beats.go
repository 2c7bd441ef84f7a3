package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// beatRecipe is that of the forest for the classes of beats.
var beatRecipe = recipe{
	outputs: 3, trees: 240, depth: 4, rate: 0.12, smooth: 60, least: 10, share: 0.4, columns: 0.3, seed: 2,
}

// taught is a beat that the detector found, with what experts called it.
type taught struct {
	traits []int16
	class  uint8
	late   bool // behind the first five minutes
	real   bool // it is marked at all
}

// lesson is what one run over a record gives.
type lesson struct {
	marks  []wfdb.Annotation // beats
	used   []bool            // of the marks, those that a beat was found for
	beats  []taught
	missed [model.MaxOutputs]int // marked beats by class behind five minutes that were not put to the model: not found, or taken for plain
}

// readLessons runs a detector over all records.
func readLessons(data string, forests *model.Forests) ([]*replayed[*lesson], error) {
	return replay(data, func(s *signal) (*lesson, error) { return teach(s, forests) })
}

// teach runs the detector and finds the mark of each beat that it put to the model.
func teach(s *signal, forests *model.Forests) (*lesson, error) {
	d, err := ecg.NewWith(s.rateHz, forests)
	if err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	out := &lesson{marks: slices.DeleteFunc(slices.Clone(s.marks), func(m wfdb.Annotation) bool { return !isBeat(m.Code) })}
	out.used = make([]bool, len(out.marks))
	for _, v := range s.microvolts {
		d.Push(int32(v), v == vitals.Missing)
		if traits, at, ok := d.Evidence(); ok {
			out.take(traits, at, s)
		}
	}
	for i, m := range out.marks {
		if class, known := classOf(m.Code); known && !out.used[i] && m.Sample >= s.late() {
			out.missed[class]++
		}
	}
	return out, nil
}

// take notes a beat with what experts called it; not a fusion, nor what they could not name.
func (l *lesson) take(traits []int16, at int64, s *signal) {
	t := taught{late: at >= s.late()}
	if i := nearest(l.marks, l.used, at, s.window()); i >= 0 {
		l.used[i], t.real = true, true
		class, known := classOf(l.marks[i].Code)
		if !known {
			return
		}
		t.class = class
	}
	t.traits = slices.Clone(traits)
	l.beats = append(l.beats, t)
}

// nearest is the unused beat nearest to a sample and within a window, or -1.
func nearest(beats []wfdb.Annotation, used []bool, at, window int64) int {
	from, _ := slices.BinarySearchFunc(beats, at-window, func(m wfdb.Annotation, at int64) int { return int(m.Sample - at) })
	best, far := -1, window+1
	for i := from; i < len(beats) && beats[i].Sample <= at+window; i++ {
		if distance := max(beats[i].Sample-at, at-beats[i].Sample); !used[i] && distance < far {
			best, far = i, distance
		}
	}
	return best
}

// classOf is the class of a mark, as de Chazal groups them (IEEE TBME 2004;51:1196).
func classOf(code string) (uint8, bool) {
	switch {
	case strings.Contains("NLRBejn", code):
		return model.Normal, true
	case strings.Contains("AaJS", code):
		return model.Supraventricular, true
	case strings.Contains("VE", code):
		return model.Ventricular, true
	default:
		return 0, false
	}
}

// Weights of what teaches, beside the balance of patients.
const (
	disturbedWeight = 0.5
	unmarkedWeight  = 0.5 // what is no beat at all is best called normal
	fewNormal       = 6   // of so many normal beats one teaches in a disturbed or healthy record: there are enough
)

// beatTable gathers what teaches.
func beatTable(hearts []*replayed[*lesson], c *course) *table {
	t := &table{}
	for i, h := range hearts {
		if h.paced || !c.teaches(h.record) {
			continue
		}
		for version, l := range h.teaching() {
			thin := version > 0 || h.database == healthy
			t.addBeats(l.beats, thin, float32(versionWeight(version)), int32(i))
		}
	}
	return t
}

func versionWeight(version int) float64 {
	if version > 0 {
		return disturbedWeight
	}
	return 1
}

// addBeats adds a version of a record. Each class weighs by the root of its number.
func (t *table) addBeats(beats []taught, thin bool, weight float32, patient int32) {
	var number [model.MaxOutputs]float64
	for _, b := range beats {
		number[b.class]++
	}
	for k, b := range beats {
		own := weight * float32(30/math.Sqrt(max(number[b.class], 5)))
		switch {
		case !b.real:
			own *= unmarkedWeight
		case thin && b.class == model.Normal && k%fewNormal != 0:
			continue
		case thin && b.class == model.Normal:
			own *= fewNormal
		}
		t.features = len(b.traits)
		t.add(b.traits, b.class, own, patient)
	}
}

func growBeats(c *course) (*model.Forest, error) {
	hearts, err := readLessons(c.data, c.forests)
	if err != nil {
		return nil, err
	}
	return grow(beatTable(hearts, c), beatRecipe), nil
}

// validateBeats asks about each patient the forest that was grown without their fold.
func validateBeats(data string, out io.Writer) error {
	hearts, err := readLessons(data, model.Embedded())
	if err != nil {
		return err
	}
	unseen, err := crossed(data, func(c *course) *model.Forest { return grow(beatTable(hearts, c), beatRecipe) })
	if err != nil {
		return err
	}
	return reportBeats(hearts, unseen, out)
}
