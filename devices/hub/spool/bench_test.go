package spool_test

import (
	"testing"
	"time"

	"vigil/devices/hub/spool"
)

// BenchmarkAppend keeps frames and flushes them to the disk as a hub does, four times a second, at 500
// frames a second: each flush holds 125.
func BenchmarkAppend(b *testing.B) {
	const perFlush = 125
	s, err := spool.Open(spool.Config{Dir: b.TempDir()}, noon)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	frame := chunk(patch, 73)
	n := 0
	for b.Loop() {
		n++
		at := noon.Add(time.Duration(n) * time.Millisecond)
		if err := s.Add(frame, synced, at); err != nil {
			b.Fatal(err)
		}
		if n%perFlush == 0 {
			if err := s.Sync(at); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}
