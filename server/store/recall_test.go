package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func TestRecentValuesAreThoseThatEnginesHaveToKnow(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		now := after(time.Hour).Add(alerts.RecallSpan)
		doubtful := reading(anna, cuff, vitals.Temperature, after(3*time.Hour), 41)
		doubtful.Quality = vitals.Questionable
		low := reading(anna, clip, vitals.Glucose, after(2*time.Hour), 0)
		low.Absent = vitals.NegativeInfinity
		known := []vitals.Charted{
			reading(anna, cuff, vitals.Temperature, after(2*time.Hour), 37),
			low,
			reading(anna, strap, vitals.Weight, after(time.Hour), 70),
			reading(anna, strap, vitals.Weight, after(2*time.Hour), 71),
			reading(anna, cuff, vitals.Systolic, now.Add(-3*time.Hour), 190), // each of the last hours
			reading(anna, cuff, vitals.Systolic, now.Add(-time.Hour), 185),
		}
		minute := now.Add(-10 * time.Minute).Truncate(vitals.SeriesBlock)
		spo2 := func(second int, percent int64) vitals.Charted {
			return reading(anna, clip, vitals.SpO2, minute.Add(time.Duration(second)*time.Second), percent)
		}
		doubted := spo2(0, 90)
		doubted.Quality = vitals.Questionable
		streamed := []vitals.Charted{doubted, spo2(1, 91), spo2(9, 92), spo2(10, 93)}
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveReadings(append([]vitals.Charted{
				reading(anna, strap, vitals.Weight, noon, 69),                 // too long ago
				reading(anna, cuff, vitals.Temperature, after(time.Hour), 36), // a newer one is known
				doubtful, // says nothing
				reading(anna, strap, vitals.Height, after(2*time.Hour), 170),    // no condition rests on it
				reading(bert, cuff, vitals.Temperature, after(2*time.Hour), 38), // perhaps of another partition
			}, known...))
		})
		block := func(start time.Time, readings []vitals.Charted) vitals.Block {
			points := lo.Map(readings, func(c vitals.Charted, _ int) codec.Point {
				return codec.Point{Time: c.Time, Value: c.Value, Quality: c.Quality}
			})
			data := codec.PackSeries(start, points)
			return vitals.Block{Patient: anna, Device: clip, Kind: vitals.SpO2, Start: start, Count: len(points), Data: data}
		}
		long := minute.Add(-time.Hour)
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveBlocks([]vitals.Block{
				block(minute, streamed), block(long, []vitals.Charted{reading(anna, clip, vitals.SpO2, long, 80)}), // an hour ago says nothing now
			})
		})
		known = append(known, streamed[1], streamed[3]) // the first good one of each ten seconds
		recent := got[[]vitals.Charted](t)(s.Recent(ctx, vitals.PartitionOf(anna), now))
		recent = lo.Filter(recent, func(c vitals.Charted, _ int) bool { return c.Patient == anna })
		byTime := func(all []vitals.Charted) map[vitals.Key]vitals.Charted {
			return lo.KeyBy(all, func(c vitals.Charted) vitals.Key { return c.Key() })
		}
		same(t, byTime(recent), byTime(known))
		must(t, s.Discharge(ctx, anna, after(4*time.Hour)))
		recent = got[[]vitals.Charted](t)(s.Recent(ctx, vitals.PartitionOf(anna), now))
		same(t, lo.CountBy(recent, func(c vitals.Charted) bool { return c.Patient == anna }), 0)
	})
}
