package store_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func eachBench(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	b.Helper()
	b.Run("SQLite", func(b *testing.B) { bench(b, storetest.SQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { bench(b, storetest.Postgres(b)) })
}

// BenchmarkCommit writes 1,000 rows in one transaction, as a node with 400 patients might: 400 spot
// readings, 400 packed minutes, 100 blocks of ten seconds and the progress of 100 streams.
func BenchmarkCommit(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		settle(b, s)
		series := minute(b, anna, strap, vitals.HeartRate, noon.Truncate(time.Minute))
		ecg := wave(anna, strap, vitals.ECG, noon.Truncate(vitals.WaveBlock))
		lease := claim(b, s, aNode, noon)[0]
		patient := func(i int) vitals.PatientID { return vitals.PatientID(fmt.Sprintf("patient-%04d", i)) }
		round := 0
		for b.Loop() {
			readings := lo.Times(400, func(i int) vitals.Charted {
				return reading(patient(i), cuff, vitals.Systolic, noon.Add(time.Duration(round)*time.Second), 120)
			})
			blocks := lo.Times(500, func(i int) vitals.Block {
				block := lo.Ternary(i < 400, series, ecg)
				block.Patient = patient(i % 400)
				block.Start = block.Start.Add(time.Duration(round) * time.Minute)
				return block
			})
			err := s.Commit(context.Background(), func(tx *store.Tx) error {
				if held, err := tx.Fence(aNode, lease); err != nil || !held {
					return fmt.Errorf("fence: %w", err)
				}
				for i := range 100 {
					stream := vitals.Stream{Hub: aHub, Device: vitals.DeviceID(strconv.Itoa(i))}
					if _, err := tx.SaveProgress(stream, []vitals.Span{{First: uint64(round + 1), Last: uint64(round + 1)}}); err != nil {
						return err
					}
				}
				if err := tx.SaveBlocks(blocks); err != nil {
					return err
				}
				if err := tx.SaveReadings(readings); err != nil {
					return err
				}
				return tx.Advance(lease, "journal", uint64(round))
			})
			must(b, err)
			round++
		}
		b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkReadings1000 writes 1,000 spot readings in one transaction.
func BenchmarkReadings1000(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		settle(b, s)
		round := 0
		for b.Loop() {
			readings := lo.Times(1000, func(i int) vitals.Charted {
				return reading(vitals.PatientID(fmt.Sprintf("patient-%04d", i)), cuff, vitals.Systolic, noon.Add(time.Duration(round)*time.Second), 120)
			})
			commit(b, s, func(tx *store.Tx) error { return tx.SaveReadings(readings) })
			round++
		}
		b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkSeries24h reads every second's heart rate of a day: 86,400 values.
func BenchmarkSeries24h(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		settle(b, s)
		start := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
		storeDay(b, s, anna, start)
		q := vitals.Query{Patient: anna, Kinds: []vitals.Kind{vitals.HeartRate}, From: start, To: start.Add(24 * time.Hour), Limit: 100_000}
		for b.Loop() {
			if n := len(got[[]vitals.Charted](b)(s.Readings(context.Background(), onlyA, q))); n != 86_400 {
				b.Fatalf("%d readings", n)
			}
		}
	})
}

// BenchmarkPage100 reads the newest hundred readings of a patient with a day of data.
func BenchmarkPage100(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		settle(b, s)
		storeDay(b, s, anna, time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC))
		for b.Loop() {
			got[[]vitals.Charted](b)(s.Readings(context.Background(), onlyA, vitals.Query{Patient: anna, Descending: true, Limit: 100}))
		}
	})
}

// BenchmarkSaveCalled writes the first step of 100 alarms that are raised at once, with four notices each.
func BenchmarkSaveCalled(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		round := 0
		for b.Loop() {
			round++
			steps := lo.Times(100, func(i int) alerts.Called {
				c := aCall(alerts.Alarm{ID: alerts.AlarmID(fmt.Sprintf("%d-%d", round, i)), Patient: anna}, 0)
				for phone := range 3 {
					n := c.Notices[0]
					n.Contact.ID = strconv.Itoa(phone)
					c.Notices = append(c.Notices, n)
				}
				return c
			})
			if fresh, err := s.SaveCalled(context.Background(), steps); err != nil || len(fresh) != len(steps) {
				b.Fatal(len(fresh), err)
			}
		}
	})
}
