package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// TestTrendsAreKeptOncePerPatient: the newest take the place of those before, nobody is told of another partition's
// or of somebody who has left, and what is older than a week is forgotten.
func TestTrendsAreKeptOncePerPatient(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		now := noon
		c.Now = func() time.Time { return now }
		s := storetest.Open(t, c)
		settle(t, s)
		ctx := context.Background()
		kept := func(p vitals.PatientID, hour int, data ...byte) alerts.KeptTrends {
			return alerts.KeptTrends{Patient: p, At: after(time.Duration(hour) * time.Hour), Data: data}
		}
		save := func(all ...alerts.KeptTrends) {
			commit(t, s, func(tx *store.Tx) error { return tx.SaveTrends(all) })
		}
		of := func(p vitals.PatientID) []alerts.KeptTrends {
			return got[[]alerts.KeptTrends](t)(s.Trends(ctx, vitals.PartitionOf(p)))
		}
		save(kept(anna, 1, 1), kept(bert, 1, 2))
		save(kept(anna, 2, 3), kept(anna, 3, 4)) // of one transaction the last
		same(t, of(anna), []alerts.KeptTrends{kept(anna, 3, 4)})
		same(t, of(bert), []alerts.KeptTrends{kept(bert, 1, 2)})

		must(t, s.Discharge(ctx, bert, after(4*time.Hour)))
		same(t, len(of(bert)), 0)

		now = after(3*time.Hour + alerts.TrendsSpan)
		must(t, s.Prune(ctx, noon, noon))
		same(t, of(anna), []alerts.KeptTrends{kept(anna, 3, 4)})
		now = now.Add(time.Second)
		must(t, s.Prune(ctx, noon, noon))
		same(t, len(of(anna)), 0)
	})
}
