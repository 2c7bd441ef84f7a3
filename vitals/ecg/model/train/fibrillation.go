package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

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

// readStrips runs the detector over all records.
func readStrips(data string, forests *model.Forests) ([]*strip, error) {
	noises, err := readNoises(data)
	if err != nil {
		return nil, err
	}
	var out []*strip
	for i := range windowSources {
		source := &windowSources[i]
		names, err := wfdb.Records(filepath.Join(data, source.name))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", source.name, err)
		}
		for _, name := range names {
			out = append(out, &strip{source: source, record: record{source.name, name}})
		}
	}
	err = each(len(out), func(i int) error {
		s := out[i]
		err := s.read(filepath.Join(data, s.source.name), forests, noises)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a header may be lost
			return fmt.Errorf("read %s of %s: %w", s.record.name, s.source.name, err)
		}
		return nil
	})
	return slices.DeleteFunc(out, func(s *strip) bool { return len(s.versions) == 0 }), err
}

func (s *strip) read(dir string, forests *model.Forests, noises map[string]*signal) error {
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
func (s *strip) disturb(signal []int16, r *wfdb.Record, noises map[string]*signal) ([][]int16, error) {
	signals := [][]int16{signal}
	swing := usualSwing(signal, r.Rate)
	for _, n := range s.source.noises {
		added := noises[n.name]
		power := swing * swing / 8 / math.Pow(10, n.decibels/10) // as the noise stress test counts
		signals = append(signals, disturb(signal, r.Rate, added.microvolts, added.rateHz, power))
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
	unseen, err := crossed(data, func(c *course) *model.Forest { return grow(windowTable(strips, c), windowRecipe) })
	if err != nil {
		return err
	}
	for _, s := range strips {
		s.judge(unseen(s.record))
	}
	return reportWindows(strips, out)
}
