package journal_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vigil/server/journal"
	"vigil/vitals"
)

// second is what a chest strap sends in a second.
func second(p vitals.PatientID, seq uint64) vitals.Delivery {
	d := delivery(p, seq)
	d.Batch.Waveforms[0].Samples = make([]int16, 250)
	for i := range d.Batch.Waveforms[0].Samples {
		d.Batch.Waveforms[0].Samples[i] = int16(i * i % 1999)
	}
	return d
}

// BenchmarkJournal is one second of ECG and readings, published by many and read by the owner.
func BenchmarkJournal(b *testing.B) {
	j, err := journal.Open(b.Context(), journal.Config{Dir: filepath.Join(b.TempDir(), "journal"), MaxBytes: 4 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	var read sync.WaitGroup
	read.Add(b.N)
	_, stop, err := j.Consume(b.Context(), vitals.PartitionOf(ann), 1, time.Time{}, func(uint64, uint64, vitals.Delivery) { read.Done() })
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for seq := uint64(1); pb.Next(); seq++ {
			if err := j.Publish(b.Context(), second(ann, seq)); err != nil {
				b.Error(err)
			}
		}
	})
	read.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkDelivery(b *testing.B) {
	d := second(ann, 1)
	data, err := journal.EncodeDelivery(d)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = journal.EncodeDelivery(d)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = journal.DecodeDelivery(data)
		}
	})
}
