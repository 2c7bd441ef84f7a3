package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
	"vigil/vitals/codec"
)

// defaultPage is how many rows a query gives that does not say how many it wants.
const defaultPage = 1000

func page(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return limit
}

// sees reports whether the patient lies within the scope.
func (s *Store) sees(ctx context.Context, scope vitals.Scope, patient vitals.PatientID) (bool, error) {
	var n int64
	err := s.reader(ctx).Model(&patientRow{}).Scopes(within(scope, "unit")).Where("id = ?", patient).Count(&n).Error
	return n == 1, fault("find patient", err)
}

// Readings lists the charted readings of one patient in the order of their keys: those that came
// alone and those in packed minutes. A patient outside the scope has none.
//
// Continued with After, it gives every reading once, however much arrives meanwhile: the place of
// the last one is a key, not a count. Two values of one key, which no decoder makes, count as one.
func (s *Store) Readings(ctx context.Context, scope vitals.Scope, q vitals.Query) ([]vitals.Charted, error) {
	seen, err := s.sees(ctx, scope, q.Patient)
	if err != nil || !seen {
		return nil, err
	}
	return s.readings(ctx, q)
}

func (s *Store) readings(ctx context.Context, q vitals.Query) ([]vitals.Charted, error) {
	q.Kinds = numericKinds(q.Kinds)
	q.Limit = page(q.Limit)
	sources := []source{{fill: s.spotFiller(ctx, q)}}
	for _, kind := range q.Kinds {
		if kind.Info().Shape == vitals.Streamed {
			sources = append(sources, source{fill: s.minuteFiller(ctx, q, kind)})
		}
	}
	return merge(q, sources)
}

// numericKinds are those of the wanted kinds that have readings; all where none is named.
func numericKinds(wanted []vitals.Kind) []vitals.Kind {
	if len(wanted) == 0 {
		wanted = vitals.Kinds()
	}
	return lo.Filter(lo.Uniq(wanted), func(k vitals.Kind, _ int) bool {
		return k.Valid() && k.Info().Shape != vitals.Sampled
	})
}

// source is a sorted sequence of readings that is read from the database as it is needed.
type source struct {
	// fill returns the next readings, sorted and behind all earlier ones; none at the end.
	fill    func() ([]vitals.Charted, error)
	waiting []vitals.Charted
	done    bool
}

// head is the source's next reading; ok is false at the end.
func (s *source) head() (next vitals.Charted, ok bool, err error) {
	for len(s.waiting) == 0 && !s.done {
		if s.waiting, err = s.fill(); err != nil {
			return next, false, err
		}
		s.done = len(s.waiting) == 0
	}
	if len(s.waiting) == 0 {
		return next, false, nil
	}
	return s.waiting[0], true, nil
}

// merge takes the first readings of all sources in the order of the query.
func merge(q vitals.Query, sources []source) ([]vitals.Charted, error) {
	merged := make([]vitals.Charted, 0, min(q.Limit, 4096)) // more is asked for than there is, as a rule
	for len(merged) < q.Limit {
		next, ok, err := first(sources, order(q))
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if n := len(merged); n == 0 || merged[n-1].Key().Compare(next.Key()) != 0 {
			merged = append(merged, next)
		}
	}
	return merged, nil
}

// first takes the source's reading that comes first; ok is false when all are at their end.
func first(sources []source, compare func(a, b vitals.Charted) int) (best vitals.Charted, ok bool, err error) {
	var from *source
	for i := range sources {
		next, there, err := sources[i].head()
		if err != nil {
			return best, false, err
		}
		if there && (from == nil || compare(next, best) < 0) {
			from, best = &sources[i], next
		}
	}
	if from == nil {
		return best, false, nil
	}
	from.waiting = from.waiting[1:]
	return best, true, nil
}

// order compares readings as the query wants them sorted.
func order(q vitals.Query) func(a, b vitals.Charted) int {
	if q.Descending {
		return func(a, b vitals.Charted) int { return b.Key().Compare(a.Key()) }
	}
	return func(a, b vitals.Charted) int { return a.Key().Compare(b.Key()) }
}

// wanted reports whether a reading lies within the query's times and behind its place.
func wanted(q vitals.Query, c vitals.Charted) bool {
	if (!q.From.IsZero() && c.Time.Before(q.From)) || (!q.To.IsZero() && !c.Time.Before(q.To)) {
		return false
	}
	if q.After == nil {
		return true
	}
	if q.Descending {
		return c.Key().Compare(*q.After) < 0
	}
	return c.Key().Compare(*q.After) > 0
}

// kindOrder gives a row's kind the place that it has in vitals, by which keys are compared.
var kindOrder = func() string {
	var b strings.Builder
	b.WriteString("CASE kind")
	for _, k := range vitals.Kinds() {
		fmt.Fprintf(&b, " WHEN '%s' THEN %d", k, k)
	}
	b.WriteString(" END")
	return b.String()
}()

// SQL of the order of keys and of the place behind one, in both directions.
var (
	spotAscending     = "at, " + kindOrder + ", device"
	spotDescending    = "at DESC, " + kindOrder + " DESC, device DESC"
	spotBehindRising  = "(at, " + kindOrder + ", device) > (?, ?, ?)"
	spotBehindFalling = "(at, " + kindOrder + ", device) < (?, ?, ?)"
)

// spotFiller reads the readings that came alone.
func (s *Store) spotFiller(ctx context.Context, q vitals.Query) func() ([]vitals.Charted, error) {
	names := lo.Map(q.Kinds, func(k vitals.Kind, _ int) string { return k.String() })
	after := q.After
	return func() ([]vitals.Charted, error) {
		query := s.reader(ctx).Where("patient = ? AND kind IN ?", q.Patient, names)
		if !q.From.IsZero() {
			query = query.Where("at >= ?", micros(q.From))
		}
		if !q.To.IsZero() {
			query = query.Where("at < ?", micros(q.To))
		}
		sorting, behind, bound := spotAscending, spotBehindRising, "at >= ?"
		if q.Descending {
			sorting, behind, bound = spotDescending, spotBehindFalling, "at <= ?"
		}
		if after != nil { // the bound says the same again in a way that an index understands
			query = query.Where(bound, micros(after.Time)).Where(behind, micros(after.Time), after.Kind, after.Device)
		}
		var rows []readingRow
		if err := query.Order(sorting).Limit(q.Limit).Find(&rows).Error; err != nil {
			return nil, fault("list readings", err)
		}
		readings, err := toCharted(rows)
		if len(readings) > 0 {
			last := readings[len(readings)-1].Key()
			after = &last
		}
		return readings, err
	}
}

func toCharted(rows []readingRow) ([]vitals.Charted, error) {
	readings := make([]vitals.Charted, len(rows))
	for i, r := range rows {
		c, err := r.charted()
		if err != nil {
			return nil, err
		}
		readings[i] = c
	}
	return readings, nil
}

// minuteFiller reads the packed minutes of one kind. All blocks of one minute, one per device, are
// unpacked and sorted together; minutes do not overlap, so minute follows minute.
func (s *Store) minuteFiller(ctx context.Context, q vitals.Query, kind vitals.Kind) func() ([]vitals.Charted, error) {
	minutes := blockCursor{store: s, q: q, kind: kind, size: min(2+q.Limit/30, listed)}
	return func() ([]vitals.Charted, error) {
		for {
			blocks, err := minutes.nextMinute(ctx)
			if err != nil || len(blocks) == 0 {
				return nil, err
			}
			points, err := unpack(q, blocks)
			if err != nil || len(points) > 0 {
				return points, err
			}
		}
	}
}

// unpack is what the query wants of one minute, sorted.
func unpack(q vitals.Query, blocks []vitals.Block) ([]vitals.Charted, error) {
	points := make([]vitals.Charted, 0, lo.SumBy(blocks, func(b vitals.Block) int { return b.Count }))
	for _, b := range blocks {
		all, err := pointsOf(b)
		if err != nil {
			return nil, err
		}
		points = append(points, lo.Filter(all, func(c vitals.Charted, _ int) bool { return wanted(q, c) })...)
	}
	slices.SortStableFunc(points, order(q))
	return points, nil
}

// pointsOf are the values of a packed minute.
func pointsOf(b vitals.Block) ([]vitals.Charted, error) {
	series, err := codec.UnpackSeries(b.Start, b.Data)
	if err != nil {
		return nil, fmt.Errorf("unpack %s of %s: %w", b.Kind, b.Start.Format(time.RFC3339), err)
	}
	return lo.Map(series, func(p codec.Point, _ int) vitals.Charted {
		return vitals.Charted{Patient: b.Patient, Device: b.Device, Reading: vitals.Reading{
			Kind: b.Kind, Time: p.Time, Value: p.Value, Quality: p.Quality,
		}}
	}), nil
}

// Reading finds one charted reading of the scope.
func (s *Store) Reading(
	ctx context.Context, scope vitals.Scope, patient vitals.PatientID, key vitals.Key,
) (vitals.Charted, error) {
	found, err := s.Readings(ctx, scope, vitals.Query{
		Patient: patient, Kinds: []vitals.Kind{key.Kind}, From: key.Time, To: key.Time.Add(time.Microsecond),
	})
	if err != nil {
		return vitals.Charted{}, err
	}
	c, ok := lo.Find(found, func(c vitals.Charted) bool { return c.Key().Compare(key) == 0 })
	if !ok {
		return vitals.Charted{}, fmt.Errorf("find reading: %w", ErrNotFound)
	}
	return c, nil
}

// Latest lists the newest reading of each kind that a patient has.
func (s *Store) Latest(ctx context.Context, patient vitals.PatientID) ([]vitals.Charted, error) {
	var latest []vitals.Charted
	for _, kind := range numericKinds(nil) {
		newest, err := s.readings(ctx, vitals.Query{
			Patient: patient, Kinds: []vitals.Kind{kind}, Descending: true, Limit: 1,
		})
		if err != nil {
			return nil, err
		}
		latest = append(latest, newest...)
	}
	return latest, nil
}
