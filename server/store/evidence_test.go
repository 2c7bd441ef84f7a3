package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// An asystole is raised at noon. Its waveforms reach the disk with the next checkpoints, one piece only after an
// hour; then the waveforms of the day are forgotten.
func TestEvidenceOutlivesTheWaveforms(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		ctx := context.Background()
		c.Program = "vigil 1, rules 2, detector 3"
		s := storetest.Open(t, c)
		settle(t, s)
		a := alarm(anna, 1)
		save(t, s, raised(a))
		strip := func(seconds int) vitals.Block {
			return wave(anna, strap, vitals.ECG, noon.Truncate(vitals.WaveBlock).Add(time.Duration(seconds)*time.Second))
		}
		for _, offset := range []int{-30, -20, -10, 0, 20, 30} { // that of 10 s was held up
			commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{strip(offset)}) })
		}
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveBlocks([]vitals.Block{wave(bert, clip, vitals.ECG, noon.Truncate(vitals.WaveBlock))})
		})
		must(t, s.FreezeEvidence(ctx, after(44*time.Second)))
		_, err := s.Evidence(ctx, onlyA, a.ID)
		wantError(t, err, store.ErrNotFound)

		frozen := after(time.Minute)
		must(t, s.FreezeEvidence(ctx, frozen))
		e := got[alerts.Evidence](t)(s.Evidence(ctx, onlyA, a.ID))
		starts := func(e alerts.Evidence) []int {
			return lo.Map(e.Waves, func(b vitals.Block, _ int) int {
				return int(b.Start.Sub(noon.Truncate(vitals.WaveBlock)).Seconds())
			})
		}
		same(t, starts(e), []int{-10, 0, 20})
		same(t, e.Waves[1].Data, strip(0).Data)
		same(t, e.Program, c.Program)
		same(t, []time.Time{e.From, e.To, e.Frozen}, []time.Time{after(-10 * time.Second), after(20 * time.Second), frozen})
		same(t, e.Limits[alerts.HRHighLimit], alerts.DefaultLimits().Value(alerts.HRHighLimit))

		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{strip(10)}) })
		must(t, s.FreezeEvidence(ctx, after(2*time.Minute))) // not due yet
		must(t, s.FreezeEvidence(ctx, after(2*time.Hour)))
		must(t, s.Prune(ctx, after(50*time.Hour), after(-time.Hour)))
		must(t, s.FreezeEvidence(ctx, after(51*time.Hour)))
		e = got[alerts.Evidence](t)(s.Evidence(ctx, onlyA, a.ID))
		same(t, starts(e), []int{-10, 0, 10, 20})
		same(t, e.Frozen, frozen)

		_, err = s.Evidence(ctx, onlyB, a.ID)
		wantError(t, err, store.ErrNotFound)
	})
}

// Limits are changed while the evidence waits for the waveforms: those count that were in force at the alarm.
func TestEvidenceKeepsTheLimitsThatWereInForce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		change := func(version int, at time.Time, high int64) {
			_, err := s.ChangePatientLimits(ctx, alerts.LimitsVersion{
				Patient: anna, Version: version, Changes: alerts.Changes{alerts.HRHighLimit: vitals.Int(high)},
				Author: alerts.Author{ID: "nurse-1", Name: "N. Urse", At: at, Reason: "runs"},
			}, func([]alerts.Difference) error { return nil })
			must(t, err)
		}
		change(0, after(-time.Hour), 150)
		a := alarm(anna, 1)
		save(t, s, raised(a))
		change(1, after(10*time.Second), 160)
		must(t, s.FreezeEvidence(ctx, after(time.Minute)))
		e := got[alerts.Evidence](t)(s.Evidence(ctx, onlyA, a.ID))
		same(t, e.Limits[alerts.HRHighLimit], vitals.Int(150))
		same(t, e.Limits[alerts.HRLowLimit], alerts.DefaultLimits().Value(alerts.HRLowLimit))
	})
}

// The clock of a hub is 40 s ahead, by which its waveforms are charted. The asystole of noon is kept, not what was 40 s
// before it.
func TestEvidenceIsFoundThoughTheClockOfTheHubIsAhead(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		tr := raised(alarm(anna, 1))
		tr.Ahead = 40 * time.Second
		save(t, s, tr)
		for offset := -20; offset <= 80; offset += 10 {
			commit(t, s, func(tx *store.Tx) error {
				return tx.SaveBlocks([]vitals.Block{wave(anna, strap, vitals.ECG, noon.Truncate(vitals.WaveBlock).Add(time.Duration(offset)*time.Second))})
			})
		}
		must(t, s.FreezeEvidence(ctx, after(time.Minute)))
		e := got[alerts.Evidence](t)(s.Evidence(ctx, onlyA, alarm(anna, 1).ID))
		same(t, []time.Time{e.From, e.To}, []time.Time{after(30 * time.Second), after(time.Minute)})
		same(t, lo.Map(e.Waves, func(b vitals.Block, _ int) int { return int(b.Start.Sub(noon.Truncate(vitals.WaveBlock)).Seconds()) }), []int{30, 40, 50, 60})
	})
}
