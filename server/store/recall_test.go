package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/server/store"
	"vigil/vitals"
)

func TestRecentValuesAreThoseThatEnginesHaveToKnow(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		doubtful := reading(anna, cuff, vitals.Temperature, after(3*time.Hour), 41)
		doubtful.Quality = vitals.Questionable
		low := reading(anna, clip, vitals.Glucose, after(2*time.Hour), 0)
		low.Absent = vitals.NegativeInfinity
		known := []vitals.Charted{
			reading(anna, cuff, vitals.Temperature, after(2*time.Hour), 37),
			low,
			reading(anna, strap, vitals.Weight, after(time.Hour), 70),
			reading(anna, strap, vitals.Weight, after(2*time.Hour), 71),
		}
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveReadings(append([]vitals.Charted{
				reading(anna, strap, vitals.Weight, noon, 69),                 // too long ago
				reading(anna, cuff, vitals.Temperature, after(time.Hour), 36), // a newer one is known
				doubtful, // says nothing
				reading(anna, strap, vitals.Height, after(2*time.Hour), 170),    // no condition rests on it
				reading(bert, cuff, vitals.Temperature, after(2*time.Hour), 38), // perhaps of another partition
			}, known...))
		})
		recent := got[[]vitals.Charted](t)(s.Recent(ctx, vitals.PartitionOf(anna), after(time.Hour)))
		recent = lo.Filter(recent, func(c vitals.Charted, _ int) bool { return c.Patient == anna })
		byTime := func(all []vitals.Charted) map[vitals.Key]vitals.Charted {
			return lo.KeyBy(all, func(c vitals.Charted) vitals.Key { return c.Key() })
		}
		same(t, byTime(recent), byTime(known))
		must(t, s.Discharge(ctx, anna, after(4*time.Hour)))
		recent = got[[]vitals.Charted](t)(s.Recent(ctx, vitals.PartitionOf(anna), after(time.Hour)))
		same(t, lo.CountBy(recent, func(c vitals.Charted) bool { return c.Patient == anna }), 0)
	})
}
