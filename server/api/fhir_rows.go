package api

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/fhir"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func yieldAll(yield func(fhir.Observation, error) bool, all []fhir.Observation) bool {
	return lo.EveryBy(all, func(o fhir.Observation) bool { return yield(o, nil) })
}

// continueReadings lets the query go on behind the row.
func continueReadings(q *vitals.Query, last vitals.Charted) (again bool) {
	q.After = new(last.Key())
	return false
}

// continueWaves lets the query go on with the slot of the row, all of it again: blocks are asked for
// by time alone.
func continueWaves(q *vitals.Query, last vitals.Block) (again bool) {
	if q.Descending {
		q.To = last.Start.Add(resolution)
	} else {
		q.From = last.Start
	}
	return true
}

// How many rows are asked for at once.
const (
	spareReadings = 16 // beyond the page: parts of one Observation are several rows
	blocksAtOnce  = 64 // kilobytes each, and most searches want few
)

// queries are what to ask for, in order: one for each piece of time.
func (c chart) queries(kinds []vitals.Kind, spans []fhir.Span, limit int) []vitals.Query {
	if len(kinds) == 0 {
		return nil
	}
	if c.search.Descending {
		slices.Reverse(spans)
	}
	var all []vitals.Query
	for _, span := range spans {
		q := vitals.Query{
			Patient: c.search.Patient, Kinds: kinds, From: span.From, To: span.To,
			Descending: c.search.Descending, Limit: limit,
		}
		if c.fromCursor(&q) {
			all = append(all, q)
		}
	}
	return all
}

// fromCursor lets the query begin at the instant of the cursor, which is read again because the
// parts of one Observation are several rows. It is false when all of the query lies on earlier pages.
func (c chart) fromCursor(q *vitals.Query) bool {
	place, paging := c.search.Place()
	if !paging {
		return true
	}
	if q.Descending {
		if end := place.Time.Add(resolution); q.To.IsZero() || q.To.After(end) {
			q.To = end
		}
	} else if q.From.Before(place.Time) {
		q.From = place.Time
	}
	return q.From.IsZero() || q.To.IsZero() || q.From.Before(q.To)
}

// table reads rows of one kind page by page.
type table[T any] struct {
	q       vitals.Query
	fetch   func(vitals.Query) ([]T, error)
	at      func(T) time.Time
	proceed func(q *vitals.Query, last T) (again bool)
}

// whole gives the rows in pieces that hold whole instants: rows of one instant are parts of one
// Observation and must not be torn apart.
func (t table[T]) whole() iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		var waiting []T
		for more := true; more; {
			rows, err := t.fetch(t.q)
			if err != nil {
				yield(nil, err)
				return
			}
			more = len(rows) == t.q.Limit
			piece := append(waiting, rows...)
			if more {
				piece, waiting = t.cut(piece)
			}
			if !yield(piece, nil) {
				return
			}
		}
	}
}

// cut keeps back the last instant, of which more rows may come, and lets the query go on.
func (t *table[T]) cut(rows []T) (piece, waiting []T) {
	last := rows[len(rows)-1]
	cut := slices.IndexFunc(rows, func(row T) bool { return t.at(row).Equal(t.at(last)) })
	piece, waiting = rows[:cut:cut], slices.Clone(rows[cut:])
	if t.proceed(&t.q, last) {
		waiting = nil
		if cut == 0 { // one instant fills the page: it would be the same page for ever
			t.q.Limit *= 2
		}
	}
	return piece, waiting
}

// studies makes Observations of the blocks of whole slots.
func studies(blocks []vitals.Block, descending bool) ([]fhir.Observation, error) {
	all := map[vitals.Key]*fhir.Observation{}
	for _, b := range blocks {
		segments, err := codec.UnpackWave(b.Data)
		if err != nil {
			return nil, fmt.Errorf("unpack waveform: %w", err)
		}
		key := vitals.Key{Time: b.Start.UTC(), Kind: fhir.Leading(b.Kind), Device: b.Device}
		for _, segment := range segments {
			if all[key] == nil {
				all[key] = &fhir.Observation{Patient: b.Patient, Key: key}
			}
			all[key].Waves = append(all[key].Waves, vitals.Waveform{
				Kind: b.Kind, Start: segment.Start, Rate: segment.Rate, Scale: segment.Scale,
				First: segment.First, Samples: segment.Samples,
			})
		}
	}
	sorted := lo.MapToSlice(all, func(_ vitals.Key, o *fhir.Observation) fhir.Observation { return *o })
	slices.SortFunc(sorted, func(a, b fhir.Observation) int {
		if descending {
			a, b = b, a
		}
		return a.Key.Compare(b.Key)
	})
	return sorted, nil
}
