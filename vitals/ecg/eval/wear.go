package main

import (
	"fmt"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// worn is what a detector costs that has run for a day of the patient's time.
type worn struct {
	Hours           float64 `json:"hours"`
	NsFirstPass     float64 `json:"ns_per_sample_first_pass"` // over all records
	NsLastPass      float64 `json:"ns_per_sample_last_pass"`
	AllocsPerSample float64 `json:"allocs_per_sample"`
	HeapGrowth      int64   `json:"heap_growth_bytes"` // since the first pass
}

const dayHours = 24

// wearOut runs one detector through the records again and again until a day has passed.
func wearOut(d *database, records []string) (*worn, error) {
	rateHz, signals, samples := 0.0, [][]int16(nil), 0
	for _, record := range records {
		rec, microvolts, err := channel(d.dir, record)
		if err != nil {
			return nil, fmt.Errorf("measure speed: %w", err)
		}
		rateHz, signals, samples = rec.Rate, append(signals, microvolts), samples+len(microvolts)
	}
	detector, err := ecg.New(rateHz)
	if err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	w := &worn{}
	before, allocated, passed := int64(0), mallocs(), 0
	for w.Hours < dayHours {
		began := processorTime()
		for _, microvolts := range signals {
			for _, v := range microvolts {
				detector.Push(int32(v), v == vitals.Missing)
			}
		}
		w.NsLastPass = float64(processorTime()-began) / float64(samples)
		if passed == 0 {
			w.NsFirstPass, before = w.NsLastPass, heap()
		}
		passed += samples
		w.Hours = float64(passed) / rateHz / 3600
	}
	w.AllocsPerSample = float64(mallocs()-allocated) / float64(passed)
	w.HeapGrowth = heap() - before
	return w, nil
}
