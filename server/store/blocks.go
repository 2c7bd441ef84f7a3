package store

import (
	"context"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// blockCursor walks over the packed minutes of one kind, in the order of a query.
type blockCursor struct {
	store   *Store
	q       vitals.Query
	kind    vitals.Kind
	size    int // blocks to read at once
	waiting []vitals.Block
	last    *vitals.Block // the block read last
	done    bool
}

// nextMinute is all blocks that start with the next minute; none at the end.
func (c *blockCursor) nextMinute(ctx context.Context) ([]vitals.Block, error) {
	// The minute is whole once a block of another one is there.
	for !c.done && (len(c.waiting) == 0 || c.waiting[0].Start.Equal(c.waiting[len(c.waiting)-1].Start)) {
		if err := c.read(ctx); err != nil {
			return nil, err
		}
	}
	n := slices.IndexFunc(c.waiting, func(b vitals.Block) bool { return !b.Start.Equal(c.waiting[0].Start) })
	if n < 0 {
		n = len(c.waiting)
	}
	minute := c.waiting[:n]
	c.waiting = c.waiting[n:]
	return minute, nil
}

func (c *blockCursor) read(ctx context.Context) error {
	from, to := blockRange(c.q, vitals.SeriesBlock)
	query := c.store.reader(ctx).Table(seriesTable).Where("patient = ? AND kind = ?", c.q.Patient, c.kind.String())
	if !from.IsZero() {
		query = query.Where("start > ?", micros(from))
	}
	if !to.IsZero() {
		query = query.Where("start < ?", micros(to))
	}
	switch {
	case c.q.Descending && c.last != nil:
		query = query.Where("start <= ?", micros(c.last.Start)).
			Where("(start, device) < (?, ?)", micros(c.last.Start), c.last.Device)
	case c.last != nil:
		query = query.Where("start >= ?", micros(c.last.Start)).
			Where("(start, device) > (?, ?)", micros(c.last.Start), c.last.Device)
	}
	sorting := "start, device"
	if c.q.Descending {
		sorting = "start DESC, device DESC"
	}
	var rows []blockRow
	if err := query.Order(sorting).Limit(c.size).Find(&rows).Error; err != nil {
		return fault("list blocks", err)
	}
	blocks, err := toBlocks(rows)
	if err != nil {
		return err
	}
	c.done = len(blocks) < c.size
	c.waiting = append(c.waiting, blocks...)
	if len(blocks) > 0 {
		c.last = &blocks[len(blocks)-1]
	}
	return nil
}

// blockRange bounds the starts, both exclusive, of blocks that can hold what the query wants.
func blockRange(q vitals.Query, length time.Duration) (from, to time.Time) {
	from, to = q.From, q.To
	if q.After != nil && q.Descending && (to.IsZero() || q.After.Time.Before(to)) {
		to = q.After.Time.Add(time.Microsecond)
	}
	if q.After != nil && !q.Descending && q.After.Time.After(from) {
		from = q.After.Time
	}
	if !from.IsZero() {
		from = from.Add(-length)
	}
	return from, to
}

// Waves lists the packed waveforms of one patient that overlap the query's time, in order of time,
// kind and device; a whole number of blocks, so that the first and the last may reach beyond it.
// A patient outside the scope has none. Continue with From at the start of the last block.
func (s *Store) Waves(ctx context.Context, scope vitals.Scope, q vitals.Query) ([]vitals.Block, error) {
	seen, err := s.sees(ctx, scope, q.Patient)
	if err != nil || !seen {
		return nil, err
	}
	if len(q.Kinds) == 0 {
		q.Kinds = vitals.Kinds()
	}
	names := lo.FilterMap(q.Kinds, func(k vitals.Kind, _ int) (string, bool) {
		return k.String(), k.Info().Shape == vitals.Sampled
	})
	query := s.reader(ctx).Table(waveTable).Where("patient = ? AND kind IN ?", q.Patient, names)
	if !q.From.IsZero() {
		query = query.Where("start > ?", micros(q.From.Add(-vitals.WaveBlock)))
	}
	if !q.To.IsZero() {
		query = query.Where("start < ?", micros(q.To))
	}
	sorting := "start, " + kindOrder + ", device"
	if q.Descending {
		sorting = "start DESC, " + kindOrder + " DESC, device DESC"
	}
	var rows []blockRow
	if err := query.Order(sorting).Limit(page(q.Limit)).Find(&rows).Error; err != nil {
		return nil, fault("list waves", err)
	}
	return toBlocks(rows)
}
