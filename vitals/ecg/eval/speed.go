package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// speed is what the detector costs, docs/detector.md, protocol.
type speed struct {
	NsPerSample      float64  `json:"ns_per_sample"`
	MsPerECGHour     float64  `json:"ms_per_ecg_hour"`
	AllocsPerSample  float64  `json:"allocs_per_sample"`
	BytesPerPatient  int64    `json:"bytes_per_patient"`
	StreamsPerCore   float64  `json:"streams_per_core"` // at a quarter of its time
	AfterADay        *worn    `json:"after_24_h"`
	Records          []string `json:"records"`
	SamplesPerSecond float64  `json:"input_samples_per_second"`
	Samples          int      `json:"samples"`
	Runs             int      `json:"runs"`
	CPU              string   `json:"cpu"`
	Go               string   `json:"go"`
}

// speedRecords are the fixed records of the protocol; those that are there are measured.
var speedRecords = []string{"100", "105", "119", "203", "208", "228", "213", "231"}

const (
	speedRuns = 5
	share     = 0.25 // of a core's time that streams may take
)

// measureSpeed measures processor time on one core, the least of five runs. It must be called when
// nothing else runs in the program.
func measureSpeed(databases []*database, out string) (*speed, error) {
	d, ok := lo.Find(databases, func(d *database) bool { return d.name == "mitdb" })
	if !ok {
		return nil, nil // without the records there is nothing to measure
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := &speed{Runs: speedRuns, CPU: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	total, hours := 0.0, 0.0
	allocations := uint64(0)
	for _, record := range lo.Intersect(speedRecords, d.records) {
		rec, microvolts, err := channel(d.dir, record)
		if err != nil {
			return nil, fmt.Errorf("measure speed: %w", err)
		}
		least, made, err := cheapest(rec.Rate, microvolts)
		if err != nil {
			return nil, fmt.Errorf("measure speed on record %s: %w", record, err)
		}
		total += least.Seconds()
		allocations += made
		hours += float64(len(microvolts)) / rec.Rate / 3600
		s.Samples += len(microvolts)
		s.SamplesPerSecond = rec.Rate
		s.Records = append(s.Records, record)
	}
	if s.Samples == 0 {
		return nil, nil
	}
	s.NsPerSample = total * 1e9 / float64(s.Samples)
	s.MsPerECGHour = total * 1e3 / hours
	s.AllocsPerSample = float64(allocations) / float64(s.Samples)
	s.StreamsPerCore = share * 3600e3 / s.MsPerECGHour
	var err error
	if s.BytesPerPatient, err = bytesPerPatient(s.SamplesPerSecond); err != nil {
		return nil, err
	}
	if s.AfterADay, err = wearOut(d, s.Records); err != nil {
		return nil, err
	}
	return s, create(filepath.Join(out, "speed.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s)
	})
}

// cheapest is the least processor time of several passes over a record, and the allocations of
// that with the fewest.
func cheapest(rateHz float64, microvolts []int16) (least time.Duration, allocations uint64, err error) {
	var times []time.Duration
	var made []uint64
	for range speedRuns {
		d, err := ecg.New(rateHz)
		if err != nil {
			return 0, 0, fmt.Errorf("make a detector: %w", err)
		}
		before, began := mallocs(), processorTime()
		for _, v := range microvolts {
			d.Push(int32(v), v == vitals.Missing)
		}
		times, made = append(times, processorTime()-began), append(made, mallocs()-before)
	}
	return slices.Min(times), slices.Min(made), nil
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// processorTime is the user time that the program has used. Others may share the machine, so the
// clock on the wall would measure them, too.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano())
}

// bytesPerPatient is what a detector adds to the heap.
func bytesPerPatient(rateHz float64) (int64, error) {
	const many = 100
	detectors := make([]*ecg.Detector, many)
	before := heap()
	for i := range detectors {
		d, err := ecg.New(rateHz)
		if err != nil {
			return 0, fmt.Errorf("make a detector: %w", err)
		}
		detectors[i] = d
	}
	grown := heap() - before
	runtime.KeepAlive(detectors)
	return grown / many, nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
