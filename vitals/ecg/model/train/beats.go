package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// beatRecipe is that of the forest for the classes of beats.
var beatRecipe = recipe{
	outputs: 3, trees: 240, depth: 4, rate: 0.12, smooth: 60, least: 10, share: 0.4, columns: 0.3, seed: 2,
}

// beatSources are the databases in which every beat is marked with its class.
var beatSources = []string{"mitdb", "svdb", "nsrdb-2h"}

// disturbance is what is done to a record: a noise of nstdb, with how far the beats stand out of
// it in decibels, or its other channel, where the same heart looks different.
type disturbance struct {
	channel  int
	noise    string // empty for none
	decibels float64
}

// disturbances are done to each record in turn, so that the forest learns what they make of beats.
var disturbances = []disturbance{{}, {noise: "em", decibels: 18}, {noise: "em", decibels: 12}, {noise: "em", decibels: 6}, {channel: 1}}

// taught is a beat that the detector found, with what experts called it.
type taught struct {
	traits []int16
	class  uint8
	late   bool // behind the first five minutes
	real   bool // it is marked at all
}

// heart is a record as the detector saw it, once for each disturbance.
type heart struct {
	record
	paced    bool
	hours    float64
	versions [][]taught
	missed   [model.MaxOutputs]int // marked beats by class behind five minutes that were not put to the model, undisturbed: not found, or taken for plain
}

// readHearts runs the detector over all records with all disturbances, two at a time.
func readHearts(data string, forests *model.Forests) ([]*heart, error) {
	noises := map[string]*wfdb.Record{}
	samples := map[string][]int16{}
	for _, name := range []string{"em", "bw"} {
		r, err := wfdb.Open(filepath.Join(data, "nstdb"), name)
		if err != nil {
			return nil, fmt.Errorf("open noise %s: %w", name, err)
		}
		if samples[name], err = r.Microvolts(0); err != nil {
			return nil, fmt.Errorf("read noise %s: %w", name, err)
		}
		noises[name] = r
	}
	var out []*heart
	var errs []error
	var group sync.WaitGroup
	var lock sync.Mutex
	free := make(chan struct{}, 2)
	for _, database := range beatSources {
		dir := filepath.Join(data, database)
		names, err := wfdb.Records(dir)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", database, err)
		}
		for _, name := range names {
			h := &heart{record: record{database, name}}
			out = append(out, h)
			group.Go(func() {
				free <- struct{}{}
				defer func() { <-free }()
				if err := h.read(dir, forests, samples, noises); err != nil {
					lock.Lock()
					defer lock.Unlock()
					errs = append(errs, fmt.Errorf("read %s of %s: %w", name, database, err))
				}
			})
		}
	}
	group.Wait()
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return out, nil
}

func (h *heart) read(dir string, forests *model.Forests, noises map[string][]int16, headers map[string]*wfdb.Record) error {
	r, err := wfdb.Open(dir, h.name)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	marks, err := wfdb.Annotations(dir, h.name, "atr")
	if err != nil {
		return fmt.Errorf("read beats: %w", err)
	}
	h.hours = float64(r.Samples) / r.Rate / 3600
	for i, d := range disturbances {
		if d.channel >= len(r.Signals) {
			continue
		}
		signal, err := r.Microvolts(d.channel)
		if err != nil {
			return fmt.Errorf("read signal: %w", err)
		}
		if d.noise != "" {
			height := usualHeight(signal, marks, r.Rate)
			signal = disturb(signal, r.Rate, noises[d.noise], headers[d.noise].Rate, height*height/8/math.Pow(10, d.decibels/10))
		}
		found, err := teach(signal, r.Rate, marks, forests)
		if err != nil {
			return err
		}
		h.versions = append(h.versions, found.beats)
		if i == 0 {
			h.missed, h.paced = found.missed, found.paced
		}
	}
	return nil
}

// usualHeight is the median height of QRS complexes in µV, as the noise stress test measures it.
func usualHeight(signal []int16, marks []wfdb.Annotation, rateHz float64) float64 {
	var heights []int
	half := int(rateHz / 20)
	for _, m := range marks {
		from, to := int(m.Sample)-half, int(m.Sample)+half
		if isBeat(m.Code) && from >= 0 && to < len(signal) {
			part := signal[from:to]
			heights = append(heights, int(slices.Max(part))-int(slices.Min(part)))
		}
	}
	slices.Sort(heights)
	if len(heights) == 0 {
		return 0
	}
	return float64(heights[len(heights)/2])
}

// disturb adds noise of a given power in µV², at the signal's rate.
func disturb(clean []int16, rateHz float64, noise []int16, noiseHz, power float64) []int16 {
	mean, square := 0.0, 0.0
	for _, v := range noise {
		mean += float64(v) / float64(len(noise))
	}
	for _, v := range noise {
		square += (float64(v) - mean) * (float64(v) - mean) / float64(len(noise))
	}
	gain := math.Sqrt(power / square)
	out := slices.Clone(clean)
	for i, v := range clean {
		if v == vitals.Missing {
			continue
		}
		at := int(float64(i)*noiseHz/rateHz) % len(noise)
		out[i] = int16(max(-32000, min(32000, float64(v)+gain*(float64(noise[at])-mean))))
	}
	return out
}

// lesson is what one run over a record gives.
type lesson struct {
	marks  []wfdb.Annotation // beats
	used   []bool            // of the marks, those that a beat was found for
	beats  []taught
	missed [model.MaxOutputs]int
	paced  bool
}

// teach runs the detector and finds the mark of each beat that it put to the model.
func teach(signal []int16, rateHz float64, marks []wfdb.Annotation, forests *model.Forests) (*lesson, error) {
	d, err := ecg.NewWith(rateHz, forests)
	if err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	out := &lesson{
		marks: slices.DeleteFunc(slices.Clone(marks), func(m wfdb.Annotation) bool { return !isBeat(m.Code) }),
		paced: slices.ContainsFunc(marks, func(m wfdb.Annotation) bool { return m.Code == "/" }),
	}
	out.used = make([]bool, len(out.marks))
	for _, v := range signal {
		d.Push(int32(v), v == vitals.Missing)
		if traits, at, ok := d.Evidence(); ok {
			out.take(traits, at, rateHz)
		}
	}
	for i, m := range out.marks {
		if class, known := classOf(m.Code); known && !out.used[i] && float64(m.Sample) >= 300*rateHz {
			out.missed[class]++
		}
	}
	return out, nil
}

// take notes a beat with what experts called it; not a fusion, nor what they could not name.
func (l *lesson) take(traits []int16, at int64, rateHz float64) {
	t := taught{late: float64(at) >= 300*rateHz}
	if i := nearest(l.marks, l.used, at, int64(0.15*rateHz)); i >= 0 {
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
func beatTable(hearts []*heart, c *course) *table {
	t := &table{}
	for i, h := range hearts {
		if h.paced || !c.teaches(h.record) {
			continue
		}
		for version, beats := range h.versions {
			thin := version > 0 || h.database == "nsrdb-2h"
			t.addBeats(beats, thin, float32(versionWeight(version)), int32(i))
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
	hearts, err := readHearts(c.data, c.forests)
	if err != nil {
		return nil, err
	}
	return grow(beatTable(hearts, c), beatRecipe), nil
}

// validateBeats asks about each patient the forest that was grown without their fold.
func validateBeats(data string, out io.Writer) error {
	hearts, err := readHearts(data, model.Embedded())
	if err != nil {
		return err
	}
	all, _, err := courses(data)
	if err != nil {
		return err
	}
	forests := make([]*model.Forest, folds)
	for _, c := range all {
		forests[c.without] = grow(beatTable(hearts, c), beatRecipe)
	}
	unseen := func(h *heart) *model.Forest { return forests[all[0].patients[h.record]] }
	return reportBeats(hearts, unseen, out)
}
