package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestWhatIsTooOldIsForgotten(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		const day = 24 * time.Hour
		today := noon.Truncate(day)
		c.Now = func() time.Time { return noon }
		s := storetest.Open(t, c)
		settle(t, s)
		ctx := context.Background()
		at := func(days int) time.Time { return today.Add(time.Duration(days) * day) }
		days := []int{-40, -30, -5, -2, -1, 0}
		weight := reading(anna, cuff, vitals.Weight, at(-40), 70)
		commit(t, s, func(tx *store.Tx) error {
			for _, d := range days {
				if err := tx.SaveBlocks([]vitals.Block{minute(t, anna, strap, vitals.HeartRate, at(d)), wave(anna, strap, vitals.ECG, at(d))}); err != nil {
					return err
				}
			}
			return tx.SaveReadings([]vitals.Charted{weight})
		})
		for _, d := range []int{-40, -1} {
			got[vitals.Position](t)(s.Quarantine(ctx, vitals.Refusal{Stream: vitals.Stream{Hub: aHub}, Received: at(d), Reason: "x", Payload: []byte{byte(d)}}))
		}
		must(t, s.SaveStaff(ctx, vitals.Staff{ID: "s1", Login: "n"}, "h"))
		must(t, s.SaveSession(ctx, vitals.Session{Key: []byte("over"), Staff: "s1", Created: at(-1), Expires: at(0), Seen: at(-1)}))
		must(t, s.SaveSession(ctx, vitals.Session{Key: []byte("good"), Staff: "s1", Created: at(0), Expires: at(1), Seen: at(0)}))

		must(t, s.Prune(ctx, at(-3), at(-30)))

		waves := got[[]vitals.Block](t)(s.Waves(ctx, onlyA, vitals.Query{Patient: anna}))
		same(t, lo.Map(waves, func(b vitals.Block, _ int) time.Time { return b.Start }), []time.Time{at(-2), at(-1), at(0)})
		readings := got[[]vitals.Charted](t)(s.Readings(ctx, onlyA, vitals.Query{Patient: anna}))
		same(t, readings[0], weight) // what came alone is kept
		same(t, len(readings), 1+5*60)
		same(t, readings[1].Time, at(-30))
		same(t, len(got[[]vitals.Refusal](t)(s.Quarantined(ctx, 10))), 1)
		_, err := s.Session(ctx, []byte("over"))
		wantError(t, err, store.ErrNotFound)
		got[vitals.Session](t)(s.Session(ctx, []byte("good")))

		// A hub may still bring what is older; there is room for it until the next round.
		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{wave(anna, strap, vitals.ECG, at(-40))}) })
		same(t, len(got[[]vitals.Block](t)(s.Waves(ctx, onlyA, vitals.Query{Patient: anna}))), 4)
	})
}

func TestBlocksOfANewDayFromSeveralNodesAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		done := make(chan error, 8)
		start := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range 6 {
			block := wave(anna, strap, vitals.ECG, start.Add(time.Duration(i)*vitals.WaveBlock))
			go func() {
				done <- s.Commit(context.Background(), func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{block}) })
			}()
		}
		for range 6 {
			must(t, <-done)
		}
		same(t, len(got[[]vitals.Block](t)(s.Waves(context.Background(), onlyA, vitals.Query{Patient: anna}))), 6)
	})
}
