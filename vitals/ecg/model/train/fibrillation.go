package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"sync"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// windowRecipe is that of the forest for windows of five seconds.
var windowRecipe = recipe{
	outputs: 3, trees: 200, depth: 5, rate: 0.1, smooth: 150, least: 20, share: 0.4, columns: 0.25, seed: 3,
}

// windowSources are the databases that teach fibrillation, or what it is not. Of those without rhythms
// marked in them nobody knows of any.
var windowSources = []windowSource{
	{name: "vfdb", other: true, noises: []noiseLevel{{"em", 6}, {"bw", 0}}},
	{name: "cudb", fibrillationOnly: true, noises: []noiseLevel{{"em", 6}, {"bw", 0}}},
	{name: "mitdb", other: true, noises: []noiseLevel{{"em", 6}, {"em", 0}, {"bw", -6}}},
	{name: "svdb", noises: []noiseLevel{{"em", 0}}},
	{name: "nsrdb-2h", noises: []noiseLevel{{"em", 0}}},
	{name: "cinc2015"},
	{name: "cinc2017"},
}

// windowSource is a database.
type windowSource struct {
	name             string
	other            bool // its second channel teaches, too
	fibrillationOnly bool // is marked, and no other rhythm
	noises           []noiseLevel
}

// noiseLevel is a noise of nstdb, and by how many decibels the signal exceeds it.
type noiseLevel struct {
	name     string
	decibels float64
}

// seen is a window with what experts marked in it.
type seen struct {
	at     int64 // second at which it ends
	class  uint8
	pure   bool    // they marked one thing throughout
	judged bool    // it was worth a closer look
	traits []int16 // where it was
	lethal int32   // logit of fibrillation or tachycardia, by a forest that does not know the patient
	fib    int32   // of fibrillation against all else
}

// seconds is a stretch of a record.
type seconds struct{ from, to float64 }

// strip is a record as the detector saw it, once for each disturbance; the first is undisturbed.
type strip struct {
	record   record
	source   *windowSource
	hours    float64
	versions [][]seen
	episodes []seconds // of fibrillation
	lethal   []seconds // of it, of ventricular tachycardia and of asystole
}

// readStrips runs the detector over all records, two at a time.
func readStrips(data string, forests *model.Forests) ([]*strip, error) {
	noises, err := readNoises(data)
	if err != nil {
		return nil, err
	}
	var out []*strip
	var group sync.WaitGroup
	free := make(chan struct{}, 2)
	var failed []error
	var lock sync.Mutex
	for i := range windowSources {
		source := &windowSources[i]
		dir := filepath.Join(data, source.name)
		names, err := wfdb.Records(dir)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", source.name, err)
		}
		for _, name := range names {
			s := &strip{source: source, record: record{source.name, name}}
			out = append(out, s)
			group.Go(func() {
				free <- struct{}{}
				defer func() { <-free }()
				if err := s.read(dir, forests, noises); err != nil && !errors.Is(err, fs.ErrNotExist) { // a header may be lost
					lock.Lock()
					defer lock.Unlock()
					failed = append(failed, fmt.Errorf("read %s of %s: %w", name, source.name, err))
				}
			})
		}
	}
	group.Wait()
	return slices.DeleteFunc(out, func(s *strip) bool { return len(s.versions) == 0 }), errors.Join(failed...)
}

// noise is a recording of noise alone.
type noise struct {
	samples []int16
	rateHz  float64
}

func readNoises(data string) (map[string]noise, error) {
	out := map[string]noise{}
	for _, name := range []string{"em", "bw"} {
		r, err := wfdb.Open(filepath.Join(data, "nstdb"), name)
		if err != nil {
			return nil, fmt.Errorf("open noise %s: %w", name, err)
		}
		samples, err := r.Microvolts(0)
		if err != nil {
			return nil, fmt.Errorf("read noise %s: %w", name, err)
		}
		out[name] = noise{samples, r.Rate}
	}
	return out, nil
}

func (s *strip) read(dir string, forests *model.Forests, noises map[string]noise) error {
	r, err := wfdb.Open(dir, s.record.name)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	marks, err := wfdb.Annotations(dir, s.record.name, "atr")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read marks: %w", err)
	}
	s.hours = float64(r.Samples) / r.Rate / 3600
	rhythms := s.readRhythms(marks, r)
	signal, err := r.Microvolts(0)
	if err != nil {
		return fmt.Errorf("read signal: %w", err)
	}
	signals, err := s.disturb(signal, r, noises)
	if err != nil {
		return err
	}
	for _, signal := range signals {
		windows, err := watch(signal, r.Rate, rhythms, forests)
		if err != nil {
			return err
		}
		s.versions = append(s.versions, windows)
	}
	return nil
}

// disturb gives the signal as it is, with noises, and as the other channel saw it.
func (s *strip) disturb(signal []int16, r *wfdb.Record, noises map[string]noise) ([][]int16, error) {
	signals := [][]int16{signal}
	swing := usualSwing(signal, r.Rate)
	for _, n := range s.source.noises {
		added := noises[n.name]
		power := swing * swing / 8 / math.Pow(10, n.decibels/10) // as the noise stress test counts
		signals = append(signals, disturb(signal, r.Rate, added.samples, added.rateHz, power))
	}
	if s.source.other && len(r.Signals) > 1 {
		other, err := r.Microvolts(1)
		if err != nil {
			return nil, fmt.Errorf("read second signal: %w", err)
		}
		signals = append(signals, other)
	}
	return signals, nil
}

// usualSwing is the median range of a second, in µV.
func usualSwing(signal []int16, rateHz float64) float64 {
	var swings []int
	for second := int(rateHz); len(signal) >= second; signal = signal[second:] {
		swings = append(swings, int(slices.Max(signal[:second]))-int(slices.Min(signal[:second])))
	}
	slices.Sort(swings)
	if len(swings) == 0 {
		return 0
	}
	return float64(swings[len(swings)/2])
}

// watch runs the detector and notes each window.
func watch(signal []int16, rateHz float64, rhythms []uint8, forests *model.Forests) ([]seen, error) {
	d, err := ecg.NewWith(rateHz, forests)
	if err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	var out []seen
	next := 1
	for i, v := range signal {
		d.Push(int32(v), v == vitals.Missing)
		traits, judged := d.WindowEvidence()
		if judged {
			next = int(math.Round(float64(i+1) / rateHz))
		}
		if !judged && float64(i) < (float64(next)+0.1)*rateHz {
			continue
		}
		if next >= windowSeconds {
			w := seen{at: int64(next), judged: judged}
			w.class, w.pure = classAt(rhythms, next)
			if judged {
				w.traits = slices.Clone(traits)
			}
			if w.class != unknownRhythm {
				out = append(out, w)
			}
		}
		next++
	}
	return out, nil
}

// unsureWeight is that of windows of which the experts did not say what they are: in cudb they marked
// fibrillation only, and what goes before it is often ventricular tachycardia.
const unsureWeight = 0.3

// windowTable gathers what teaches.
func windowTable(strips []*strip, c *course) *table {
	t := &table{}
	for i, s := range strips {
		if !c.teaches(s.record) {
			continue
		}
		for version, windows := range s.versions {
			t.addWindows(windows, version, s.source, int32(i))
		}
	}
	t.balance()
	return t
}

func (t *table) addWindows(windows []seen, version int, source *windowSource, patient int32) {
	for _, w := range windows {
		if !w.judged {
			continue
		}
		weight := float32(versionWeight(version))
		if source.fibrillationOnly && w.class == model.OtherRhythm {
			weight *= unsureWeight
		}
		t.features = len(w.traits)
		t.add(w.traits, w.class, weight, patient)
	}
}

func growWindows(c *course) (*model.Forest, error) {
	strips, err := readStrips(c.data, c.forests)
	if err != nil {
		return nil, err
	}
	return grow(windowTable(strips, c), windowRecipe), nil
}

// validateWindows grows a forest for each fifth of the patients from the others.
func validateWindows(data string, out io.Writer) error {
	strips, err := readStrips(data, model.Embedded())
	if err != nil {
		return err
	}
	all, _, err := courses(data)
	if err != nil {
		return err
	}
	forests := make([]*model.Forest, folds)
	for _, c := range all {
		forests[c.without] = grow(windowTable(strips, c), windowRecipe)
	}
	for _, s := range strips {
		s.judge(forests[all[0].patients[s.record]])
	}
	return reportWindows(strips, out)
}
