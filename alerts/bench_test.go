package alerts_test

import (
	"runtime"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
)

// deaf is a detector that costs nothing, so that what is measured is the engine.
type deaf struct{}

func (*deaf) Standing(ecg.Rhythm) bool { return false }
func (*deaf) Quality() ecg.Quality     { return ecg.FullAnalysis }
func (*deaf) Cause() ecg.Cause         { return ecg.NoCause }

func (d *deaf) Push(int32, bool) []ecg.Finding { return nil }

// batches are 200 ms of ECG at 250 Hz with, once a second, a pulse rate and an oxygen saturation.
func batches(n int) []vitals.Delivery {
	all := make([]vitals.Delivery, n)
	for i := range all {
		at := start.Add(time.Duration(i) * 200 * time.Millisecond)
		b := vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{{
			Kind: vitals.ECGII, Start: at, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1),
			First: uint64(i * 50), Samples: make([]int16, 50),
		}}}
		if i%5 == 0 {
			b.Readings = []vitals.Reading{
				{Kind: vitals.PulseRate, Time: at, Value: vitals.Int(72)},
				{Kind: vitals.SpO2, Time: at, Value: vitals.Int(97)},
			}
		}
		all[i] = delivered(at.Add(300*time.Millisecond), b)
	}
	return all
}

func benchmarkObserve(b *testing.B, detector func(float64) (alerts.Analyser, error)) {
	b.Helper()
	e := alerts.NewEngine(patient)
	if detector != nil {
		e.Analyse(detector)
	}
	all := batches(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range all {
		if o := e.Observe(all[i]); len(o.Transitions) > 0 && detector != nil {
			b.Fatal("a quiet batch raised something")
		}
	}
}

// BenchmarkObserve is the engine's own work on a batch of 50 samples that changes nothing.
func BenchmarkObserve(b *testing.B) {
	benchmarkObserve(b, func(float64) (alerts.Analyser, error) { return &deaf{}, nil })
}

// BenchmarkObserveAndDetect is the same with the real detector.
func BenchmarkObserveAndDetect(b *testing.B) { benchmarkObserve(b, nil) }

// BenchmarkTick is one second of the server's clock for a patient with two devices.
func BenchmarkTick(b *testing.B) {
	e := alerts.NewEngine(patient)
	e.Analyse(func(float64) (alerts.Analyser, error) { return &deaf{}, nil })
	for _, d := range batches(10) {
		e.Observe(d)
	}
	b.ReportAllocs()
	for b.Loop() {
		e.Tick(start.Add(2 * time.Second))
	}
}

// BenchmarkEngineSize reports the bytes that one patient with one ECG and one oximeter holds.
func BenchmarkEngineSize(b *testing.B) {
	const patients = 200
	var before, after runtime.MemStats
	for b.Loop() {
		all := make([]*alerts.Engine, patients)
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range all {
			all[i] = alerts.NewEngine(patient)
			all[i].Observe(batches(1)[0])
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(all)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/patients, "B/patient")
}
