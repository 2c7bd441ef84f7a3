package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"vigil/vitals"
	"vigil/vitals/wfdb"
)

// beatSources are the databases in which every beat is marked with its class.
var beatSources = []string{"mitdb", "svdb", healthy}

// healthy is the database of normal hearts, of which one beat is much like the next.
const healthy = "nsrdb-2h"

// disturbance is what is done to a record: a noise of nstdb, with how far the beats stand out of
// it in decibels, its other channel, where the same heart looks different, or electrodes that are swapped.
type disturbance struct {
	channel  int
	noise    string // empty for none
	decibels float64
	inverted bool
}

// String tells it as the tables do.
func (d disturbance) String() string {
	if d.inverted {
		return fmt.Sprintf("channel %d, inverted", d.channel)
	}
	return fmt.Sprintf("channel %d %2s %2.0f dB", d.channel, d.noise, d.decibels)
}

// disturbances are done to each record in turn, so that the forest learns what they make of beats. The channel that
// may be missing stands last.
var disturbances = []disturbance{{}, {noise: "em", decibels: 18}, {noise: "em", decibels: 12}, {noise: "em", decibels: 6}, {inverted: true}, {channel: 1}}

// signal is a channel of a record as a detector would get it.
type signal struct {
	microvolts []int16
	rateHz     float64
	marks      []wfdb.Annotation
}

// window is how far from a mark its beat may lie.
func (s *signal) window() int64 { return int64(0.15 * s.rateHz) }

// late is where the first five minutes end, which are not judged.
func (s *signal) late() int64 { return int64(300 * s.rateHz) }

// replayed is what became of a record under each disturbance.
type replayed[T any] struct {
	record
	hours    float64
	paced    bool
	versions []T
}

// teaching are the versions that teach: all but the inverted one, which shows whether the traits tell which
// way electrodes are worn.
func (r *replayed[T]) teaching() []T {
	var out []T
	for i, v := range r.versions {
		if !disturbances[i].inverted {
			out = append(out, v)
		}
	}
	return out
}

// replay runs something over all records with all disturbances, as many at a time as there are processors.
func replay[T any](data string, one func(s *signal) (T, error)) ([]*replayed[T], error) {
	noises, err := readNoises(data)
	if err != nil {
		return nil, err
	}
	var out []*replayed[T]
	for _, database := range beatSources {
		names, err := wfdb.Records(filepath.Join(data, database))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", database, err)
		}
		for _, name := range names {
			out = append(out, &replayed[T]{record: record{database, name}})
		}
	}
	err = each(len(out), func(i int) error {
		r := out[i]
		if err := r.read(data, noises, one); err != nil {
			return fmt.Errorf("read %s of %s: %w", r.name, r.database, err)
		}
		return nil
	})
	return out, err
}

func (r *replayed[T]) read(data string, noises map[string]*signal, one func(s *signal) (T, error)) error {
	dir := filepath.Join(data, r.database)
	marks, err := wfdb.Annotations(dir, r.name, "atr")
	if err != nil {
		return fmt.Errorf("read beats: %w", err)
	}
	r.paced = slices.ContainsFunc(marks, func(m wfdb.Annotation) bool { return m.Code == "/" })
	for _, d := range disturbances {
		s, hours, err := readSignal(dir, r.name, d.channel)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		r.hours, s.marks = hours, marks
		if d.noise != "" {
			s.disturb(noises[d.noise], d.decibels)
		}
		if d.inverted {
			s.invert()
		}
		version, err := one(s)
		if err != nil {
			return err
		}
		r.versions = append(r.versions, version)
	}
	return nil
}

// readSignal reads a channel; there may be none of that number.
func readSignal(dir, name string, channel int) (*signal, float64, error) {
	r, err := wfdb.Open(dir, name)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", name, err)
	}
	if channel >= len(r.Signals) {
		return nil, 0, nil
	}
	microvolts, err := r.Microvolts(channel)
	if err != nil {
		return nil, 0, fmt.Errorf("read signal of %s: %w", name, err)
	}
	return &signal{microvolts: microvolts, rateHz: r.Rate}, float64(r.Samples) / r.Rate / 3600, nil
}

// invert turns the signal upside down.
func (s *signal) invert() {
	for i, v := range s.microvolts {
		if v != vitals.Missing {
			s.microvolts[i] = -v
		}
	}
}

// usualHeight is the median height of QRS complexes in µV, as the noise stress test measures it.
func (s *signal) usualHeight() float64 {
	var heights []int
	half := int(s.rateHz / 20)
	for _, m := range s.marks {
		from, to := int(m.Sample)-half, int(m.Sample)+half
		if isBeat(m.Code) && from >= 0 && to < len(s.microvolts) {
			part := s.microvolts[from:to]
			heights = append(heights, int(slices.Max(part))-int(slices.Min(part)))
		}
	}
	slices.Sort(heights)
	if len(heights) == 0 {
		return 0
	}
	return float64(heights[len(heights)/2])
}

// disturb adds noise, which the beats stand out of by so many decibels (Moody, Muldrow and Mark,
// Computers in Cardiology 1984;11:381: an eighth of the squared height against the noise's power).
func (s *signal) disturb(noise *signal, decibels float64) {
	height := s.usualHeight()
	power := height * height / 8 / math.Pow(10, decibels/10)
	s.microvolts = disturb(s.microvolts, s.rateHz, noise.microvolts, noise.rateHz, power)
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
