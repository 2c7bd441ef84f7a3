package main

import (
	"fmt"
	"math"

	"vigil/vitals/ecg"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/wfdb"
)

// runIntervals runs the detector for devices that tell the times of beats and nothing else, over
// the beats that a program put into the record's .qrs file.
func (r *result) runIntervals() error {
	rec, err := wfdb.Open(r.database.dir, r.record)
	if err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	marks, err := wfdb.Annotations(r.database.dir, r.record, "qrs")
	if err != nil {
		return fmt.Errorf("read beats: %w", err)
	}
	r.rateHz, r.samples = rec.Rate, int64(rec.Samples)
	r.analysis = &analysis{open: map[string]int{}}
	detector := ecg.NewIntervalDetector(r.forests)
	for _, m := range marks {
		if _, ok := score.EC57.Class(m.Code); !ok {
			continue
		}
		r.beats = append(r.beats, beat{score.Beat{At: m.Sample, Class: score.Normal}, m.Sample})
		for _, f := range detector.Push(int64(math.Round(1000*r.at(m.Sample))), ecg.FullAnalysis) {
			f.At, f.Known = r.seconds(float64(f.At)/1000), m.Sample
			r.take(f)
		}
		r.samples = max(r.samples, m.Sample+1) // some headers are too short
	}
	r.finish(r.samples)
	r.reference, err = r.readReference()
	return err
}
