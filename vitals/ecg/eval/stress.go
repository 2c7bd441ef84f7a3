package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/wfdb"
)

// The Noise Stress Test adds recorded noise to clean records (Moody, Muldrow and Mark, Computers
// in Cardiology 1984;11:381): from the sixth minute on, two minutes with and two without.
const (
	noiseFrom = 300.0 // seconds
	noiseTurn = 120.0
)

// decibels are the signal-to-noise ratios of the test.
var decibels = []float64{24, 18, 12, 6, 0, -6}

// noisy is the outcome of one record, or several, at one signal-to-noise ratio.
type noisy struct {
	name     string
	decibels float64
	all      score.Matrix
	standing score.Matrix // without what the detector does not stand for
	noise    score.Share  // samples covered with NOISE
}

// stress runs the clean records 118 and 119 with the noise em, where both are there.
func stress(ctx context.Context, databases []*database, judges *experts) ([]noisy, error) {
	clean, okClean := lo.Find(databases, func(d *database) bool { return d.name == "mitdb" })
	noises, okNoise := lo.Find(databases, func(d *database) bool { return d.name == "nstdb" })
	if !okClean || !okNoise || !slices.Contains(noises.records, "em") ||
		!slices.Contains(clean.records, "118") || !slices.Contains(clean.records, "119") {
		return nil, nil
	}
	_, em, err := channel(noises.dir, "em")
	if err != nil {
		return nil, err
	}
	out := make([]noisy, len(decibels))
	for i, db := range decibels {
		out[i] = noisy{name: "118+119 with em", decibels: db}
		for _, record := range []string{"118", "119"} {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("run the noise test: %w", ctx.Err())
			}
			if err := out[i].add(clean, record, em, judges); err != nil {
				return nil, fmt.Errorf("run the noise test on record %s: %w", record, err)
			}
		}
	}
	return out, nil
}

func channel(dir, record string) (*wfdb.Record, []int16, error) {
	rec, err := wfdb.Open(dir, record)
	if err != nil {
		return nil, nil, fmt.Errorf("read header of %s: %w", record, err)
	}
	microvolts, err := rec.Microvolts(0)
	if err != nil {
		return nil, nil, fmt.Errorf("read channel 0 of %s: %w", record, err)
	}
	return rec, microvolts, nil
}

func (n *noisy) add(d *database, record string, noise []int16, judges *experts) error {
	rec, microvolts, err := channel(d.dir, record)
	if err != nil {
		return err
	}
	r := &result{database: d, record: record, rateHz: rec.Rate, samples: int64(len(microvolts))}
	if r.reference, err = r.readReference(); err != nil {
		return err
	}
	r.mix(microvolts, noise, n.decibels)
	if r.analysis, err = analyse(rec.Rate, microvolts, judges.of(d.name, record)); err != nil {
		return err
	}
	n.count(r)
	return nil
}

func (n *noisy) count(r *result) {
	n.all.Add(r.matrix(protocol))
	hidden := protocol
	hidden.hide = true
	n.standing.Add(r.matrix(hidden))
	counted := []score.Span{{From: r.seconds(noiseFrom), To: r.samples}}
	n.noise = n.noise.Plus(score.Share{Part: score.Total(score.Overlap(r.spans(noise), counted)), Whole: score.Total(counted)})
}

// mix adds the noise so that it has the wanted ratio to the signal. As in the Noise Stress Test,
// the signal's power is that of a sine with the amplitude of a usual QRS complex, and the noise's
// is its variance within a usual second.
func (r *result) mix(signal, noise []int16, decibels float64) {
	gain := math.Sqrt(r.qrsPower(signal) / (variance(noise, int(r.rateHz)) * math.Pow(10, decibels/10)))
	from, turn := int(noiseFrom*r.rateHz), int(noiseTurn*r.rateHz)
	for i := from; i < len(signal); i++ {
		if (i-from)/turn%2 == 0 {
			v := float64(signal[i]) + gain*float64(noise[i%len(noise)])
			signal[i] = int16(math.Round(min(max(v, -math.MaxInt16), math.MaxInt16)))
		}
	}
}

const usualBeats = 300 // the first so many beats, and seconds of noise, are measured

func (r *result) qrsPower(signal []int16) float64 {
	near := int64(0.050 * r.rateHz)
	var heights []float64
	for _, b := range r.reference.beats {
		if b.Class == score.Normal && b.At >= near && b.At+near < int64(len(signal)) && len(heights) < usualBeats {
			qrs := signal[b.At-near : b.At+near+1]
			heights = append(heights, float64(slices.Max(qrs))-float64(slices.Min(qrs)))
		}
	}
	height := trimmedMean(heights)
	return height * height / 8
}

func variance(noise []int16, second int) float64 {
	var seconds []float64
	for i := 0; i+second <= len(noise) && len(seconds) < usualBeats; i += second {
		sum, squares := 0.0, 0.0
		for _, v := range noise[i : i+second] {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		mean := sum / float64(second)
		seconds = append(seconds, squares/float64(second)-mean*mean)
	}
	return trimmedMean(seconds)
}

// trimmedMean is the mean without the lowest and the highest twentieth.
func trimmedMean(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	cut := len(sorted) / 20
	return score.Mean(sorted[cut : len(sorted)-cut])
}
