package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
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

// TestWhatIsOpenKeepsItsCalls: what was called for an alarm that is open is never forgotten, or it would be called
// again; what is over is, after 90 days, unless it still waits to be sent.
func TestWhatIsOpenKeepsItsCalls(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		const day = 24 * time.Hour
		now := noon
		c.Now = func() time.Time { return now }
		s := storetest.Open(t, c)
		settle(t, s)
		ctx := context.Background()
		open, over, justOver, waits := alarm(anna, 1), alarm(anna, 2), alarm(anna, 3), alarm(anna, 4)
		unknown := alarm(anna, 5) // the server died before it was recorded
		for _, a := range []alerts.Alarm{open, over, justOver, waits, unknown} {
			step := aCall(a, 0)
			got[[]alerts.StepID](t)(s.SaveCalled(ctx, []alerts.Called{step}))
			must(t, s.Accept(ctx, a.ID, "nick", noon))
			if a.ID != waits.ID {
				step.Notices[0].State, step.Notices[0].Settled = alerts.Delivered, noon
				must(t, s.SettleNotices(ctx, step.Notices))
			}
			if a.ID != unknown.ID {
				save(t, s, raised(a))
			}
		}
		late := closed(justOver)
		late.Alarm.Changed = noon.Add(10 * day)
		save(t, s, closed(over), closed(waits), late)

		left := func() (all []string) {
			rows, err := openRaw(t, c).Query(`SELECT 'step of ' || alarm FROM called UNION SELECT 'notice of ' || alarm FROM notice
				UNION SELECT 'acceptance of ' || alarm FROM acceptance ORDER BY 1`)
			must(t, err)
			defer func() { must(t, rows.Close()) }()
			for rows.Next() {
				var what string
				must(t, rows.Scan(&what))
				all = append(all, what)
			}
			must(t, rows.Err())
			return all
		}
		of := func(a alerts.Alarm) []string {
			return []string{"acceptance of " + string(a.ID), "notice of " + string(a.ID), "step of " + string(a.ID)}
		}
		now = noon.Add(90 * day)
		must(t, s.Prune(ctx, now, now))
		same(t, len(left()), 15) // to the day

		now = noon.Add(91 * day)
		must(t, s.Prune(ctx, now, now))
		want := append(append(of(open), of(justOver)...), "notice of "+string(waits.ID))
		slices.Sort(want)
		same(t, left(), want)

		now = noon.Add(400 * day)
		must(t, s.Prune(ctx, now, now))
		want = append(of(open), "notice of "+string(waits.ID))
		slices.Sort(want)
		same(t, left(), want)
		same(t, got[[]alerts.StepID](t)(s.CalledSteps(ctx, []int{vitals.PartitionOf(anna)})), []alerts.StepID{aCall(open, 0).ID})
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
