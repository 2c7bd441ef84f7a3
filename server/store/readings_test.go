package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

// chart is readings as they are drawn at random, each with the way it is stored.
type chart map[vitals.Key]vitals.Charted

// drawReadings draws readings of two devices around the same few minutes, so that times, kinds and
// devices collide often.
func drawReadings(t *rapid.T, label string, from time.Time) []vitals.Charted {
	kinds := []vitals.Kind{vitals.HeartRate, vitals.SpO2, vitals.Systolic, vitals.Temperature}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) vitals.Charted {
		at := from.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "step")) * 25 * time.Second)
		return reading(anna, rapid.SampledFrom([]vitals.DeviceID{strap, clip}).Draw(t, "device"),
			rapid.SampledFrom(kinds).Draw(t, "kind"), at, rapid.Int64Range(50, 99).Draw(t, "value"))
	}), 0, 20).Draw(t, label)
}

// keep stores readings as the monitor does: streamed kinds in packed minutes, others alone.
func (c chart) keep(ctx context.Context, t *rapid.T, s *store.Store, readings []vitals.Charted) {
	fresh := lo.Filter(lo.UniqBy(readings, vitals.Charted.Key), func(r vitals.Charted, _ int) bool {
		_, there := c[r.Key()]
		return !there
	})
	for _, r := range fresh {
		c[r.Key()] = r
	}
	type place struct {
		device vitals.DeviceID
		kind   vitals.Kind
		start  time.Time
	}
	minutes := map[place]*codec.Series{}
	for _, r := range c { // a minute is written again whole
		if r.Kind.Info().Shape != vitals.Streamed {
			continue
		}
		p := place{r.Device, r.Kind, r.Time.Truncate(time.Minute)}
		if minutes[p] == nil {
			minutes[p] = &codec.Series{}
		}
		if err := minutes[p].Add(codec.Point{Time: r.Time, Value: r.Value, Quality: r.Quality}); err != nil {
			t.Fatal(err)
		}
	}
	blocks := lo.MapToSlice(minutes, func(p place, series *codec.Series) vitals.Block {
		return series.Block(anna, p.device, p.kind, p.start)
	})
	err := s.Commit(ctx, func(tx *store.Tx) error {
		if err := tx.SaveBlocks(blocks); err != nil {
			return err
		}
		return tx.SaveReadings(lo.Filter(fresh, func(r vitals.Charted, _ int) bool { return r.Kind.Info().Shape == vitals.Spot }))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wanted is what a query should give, all pages together.
func (c chart) wanted(q vitals.Query) []vitals.Charted {
	all := lo.Filter(lo.Values(c), func(r vitals.Charted, _ int) bool {
		return (len(q.Kinds) == 0 || slices.Contains(q.Kinds, r.Kind)) &&
			(q.From.IsZero() || !r.Time.Before(q.From)) && (q.To.IsZero() || r.Time.Before(q.To))
	})
	slices.SortFunc(all, func(a, b vitals.Charted) int { return a.Key().Compare(b.Key()) })
	if q.Descending {
		slices.Reverse(all)
	}
	return all
}

func drawQuery(t *rapid.T) vitals.Query {
	q := vitals.Query{
		Patient: anna, Limit: rapid.IntRange(1, 9).Draw(t, "limit"), Descending: rapid.Bool().Draw(t, "descending"),
		Kinds: rapid.SliceOfNDistinct(rapid.SampledFrom([]vitals.Kind{vitals.HeartRate, vitals.SpO2, vitals.Systolic}), 0, 3, rapid.ID).Draw(t, "kinds"),
	}
	if rapid.Bool().Draw(t, "bounded") {
		q.From = noon.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "from")) * time.Second)
		q.To = noon.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "to")) * time.Second)
	}
	return q
}

func TestPagesNeverRepeatNorSkipWhileDataArrives(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			wipe(rt, s, round)
			round++
			c := chart{}
			c.keep(ctx, rt, s, drawReadings(rt, "before", noon))
			q := drawQuery(rt)
			early := c.wanted(q)
			var pages []vitals.Charted
			for n := 0; ; n++ {
				page, err := s.Readings(ctx, onlyA, q)
				if err != nil {
					rt.Fatal(err)
				}
				pages = append(pages, page...)
				if len(page) < q.Limit {
					break
				}
				last := page[len(page)-1].Key()
				q.After = &last
				if n < 4 { // then it ends
					c.keep(ctx, rt, s, drawReadings(rt, fmt.Sprintf("meanwhile %d", n), noon.Add(time.Duration(n)*time.Minute)))
				}
			}
			late := c.wanted(q)
			for i, r := range pages {
				if i > 0 && !precedes(q, pages[i-1], r) {
					rt.Fatalf("%v does not come behind %v", r.Key(), pages[i-1].Key())
				}
				if !slices.Contains(late, r) {
					rt.Fatalf("%v was never stored", r)
				}
			}
			for _, r := range early {
				if !slices.Contains(pages, r) {
					rt.Fatalf("%v was skipped", r)
				}
			}
		})
	})
}

func precedes(q vitals.Query, a, b vitals.Charted) bool {
	if q.Descending {
		a, b = b, a
	}
	return a.Key().Compare(b.Key()) < 0
}

// wipe empties the chart between two draws.
func wipe(t *rapid.T, s *store.Store, round int) {
	if round == 0 {
		return
	}
	if err := s.Wipe(); err != nil {
		t.Fatal(err)
	}
}

func TestADayOfASeriesIsReadWhole(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		start := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
		storeDay(t, s, anna, start)
		day := vitals.Query{Patient: anna, Kinds: []vitals.Kind{vitals.HeartRate}, From: start, To: start.Add(24 * time.Hour), Limit: 100_000}
		all := got[[]vitals.Charted](t)(s.Readings(ctx, onlyA, day))
		same(t, len(all), 24*60*60)
		day.Descending = true
		backward := got[[]vitals.Charted](t)(s.Readings(ctx, onlyA, day))
		slices.Reverse(backward)
		same(t, slices.Equal(all, backward), true)
		day.From, day.Descending, day.Limit = start.Add(90*time.Minute+30*time.Second), false, 3
		same(t, got[[]vitals.Charted](t)(s.Readings(ctx, onlyA, day)), all[90*60+30:90*60+33])
	})
}

// storeDay stores a heart rate for each second of a day.
func storeDay(tb testing.TB, s *store.Store, p vitals.PatientID, start time.Time) {
	tb.Helper()
	blocks := lo.Times(24*60, func(i int) vitals.Block {
		return minute(tb, p, strap, vitals.HeartRate, start.Add(time.Duration(i)*time.Minute))
	})
	commit(tb, s, func(tx *store.Tx) error { return tx.SaveBlocks(blocks) })
}

func TestTheNewestOfEachKindIsTheLatest(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		start := noon.Truncate(time.Minute)
		weight, oldWeight := reading(anna, cuff, vitals.Weight, after(time.Hour), 70), reading(anna, cuff, vitals.Weight, noon, 71)
		commit(t, s, func(tx *store.Tx) error {
			if err := tx.SaveBlocks([]vitals.Block{
				minute(t, anna, strap, vitals.HeartRate, start), minute(t, anna, strap, vitals.HeartRate, start.Add(-time.Hour)),
			}); err != nil {
				return err
			}
			return tx.SaveReadings([]vitals.Charted{oldWeight, weight, reading(bert, cuff, vitals.Glucose, noon, 90)})
		})
		rate := reading(anna, strap, vitals.HeartRate, start.Add(59*time.Second), 60+59%7)
		same(t, got[[]vitals.Charted](t)(s.Latest(context.Background(), anna)), []vitals.Charted{rate, weight})
	})
}

func TestWavesOverlapTheTimeAskedFor(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		start := noon.Truncate(10 * time.Second)
		blocks := lo.Times(4, func(i int) vitals.Block {
			return wave(anna, strap, vitals.ECGII, start.Add(time.Duration(i)*vitals.WaveBlock))
		})
		lead := wave(anna, strap, vitals.ECG, blocks[1].Start)
		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks(append(slices.Clone(blocks), lead)) })
		q := vitals.Query{Patient: anna, From: start.Add(15 * time.Second), To: start.Add(30 * time.Second)}
		ctx := context.Background()
		same(t, got[[]vitals.Block](t)(s.Waves(ctx, onlyA, q)), []vitals.Block{lead, blocks[1], blocks[2]})
		q.Kinds = []vitals.Kind{vitals.ECGII, vitals.HeartRate}
		same(t, got[[]vitals.Block](t)(s.Waves(ctx, onlyA, q)), []vitals.Block{blocks[1], blocks[2]})
		q.Descending, q.Limit = true, 1
		same(t, got[[]vitals.Block](t)(s.Waves(ctx, onlyA, q)), []vitals.Block{blocks[2]})
	})
}

func TestADamagedMinuteIsAnError(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		b := minute(t, anna, strap, vitals.HeartRate, noon.Truncate(time.Minute))
		b.Data[len(b.Data)/2] ^= 1
		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{b}) })
		if _, err := s.Readings(context.Background(), onlyA, vitals.Query{Patient: anna}); err == nil {
			t.Fatal("a flipped bit was not noticed")
		}
	})
}
