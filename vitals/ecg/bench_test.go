package ecg_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/wfdb"
)

// benchRecords are the records of mitdb that the cost is told on; those that are there are measured.
var benchRecords = []string{"100", "105", "119", "203", "208", "213", "228", "231"}

// mitdb is the first channel of a record of the arrhythmia database.
func mitdb(b *testing.B, name string) (rateHz float64, samples []int16) {
	b.Helper()
	root := os.Getenv("VIGIL_PHYSIONET")
	if root == "" {
		b.Skip("VIGIL_PHYSIONET names no folder with PhysioNet databases")
	}
	dir := filepath.Join(root, "mitdb")
	if _, err := os.Stat(filepath.Join(dir, name+".hea")); err != nil {
		b.Skip("the record is not there")
	}
	r, err := wfdb.Open(dir, name)
	if err != nil {
		b.Fatal(err)
	}
	if samples, err = r.Microvolts(0); err != nil {
		b.Fatal(err)
	}
	return r.Rate, samples
}

func push(d *ecg.Detector, samples []int16) {
	for _, v := range samples {
		d.Push(int32(v), v == vitals.Missing)
	}
}

// tell says what the loop cost for each sample and hour, and how many streams a core bears at a quarter of its time.
func tell(b *testing.B, samples int, rateHz float64) {
	b.Helper()
	perSample := float64(b.Elapsed()) / float64(b.N) / float64(samples)
	hour := perSample * rateHz * 3600 / float64(time.Millisecond)
	b.ReportMetric(perSample, "ns/sample")
	b.ReportMetric(hour, "ms/ECG-hour")
	b.ReportMetric(0.25*float64(time.Hour/time.Millisecond)/hour, "streams/core")
	b.ReportMetric(float64(unsafe.Sizeof(ecg.Detector{})), "B/patient")
}

// BenchmarkRecord analyses half an hour of a real heart, from the first sample on.
func BenchmarkRecord(b *testing.B) {
	for _, name := range benchRecords {
		b.Run(name, func(b *testing.B) {
			rateHz, samples := mitdb(b, name)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				d := newDetector(b, rateHz)
				b.StartTimer()
				push(d, samples)
			}
			tell(b, len(samples), rateHz)
		})
	}
}

// BenchmarkAfterADay is the same with a detector that has run for 24 hours of the patient's time: nothing
// may have grown.
func BenchmarkAfterADay(b *testing.B) {
	for _, name := range benchRecords {
		b.Run(name, func(b *testing.B) {
			rateHz, samples := mitdb(b, name)
			d := newDetector(b, rateHz)
			for run := 0.0; run < 24*3600; run += float64(len(samples)) / rateHz {
				push(d, samples)
			}
			b.ReportAllocs()
			for b.Loop() {
				push(d, samples)
			}
			tell(b, len(samples), rateHz)
		})
	}
}
