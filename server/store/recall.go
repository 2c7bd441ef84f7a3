package store

import (
	"context"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"vigil/alerts"
	"vigil/vitals"
)

// Recent lists the values that the engines of a partition have to know when they start now: of each patient under
// care the weights of the last days, of what else conditions rest on each value of the last hours and the newest
// before, as far as they can be judged, and what was streamed in the last minutes.
func (s *Store) Recent(ctx context.Context, partition int, now time.Time) ([]vitals.Charted, error) {
	recent, err := s.recentStreams(ctx, partition, now.Add(-alerts.RecallStreams))
	if err != nil {
		return nil, err
	}
	for _, kind := range alerts.RecalledKinds() {
		query := s.recentOf(ctx, partition, kind, now.Add(-alerts.RecallSpan))
		if kind != vitals.Weight {
			query = query.Where(`(reading.at >= ? OR reading.at = (SELECT MAX(newest.at) FROM reading newest
				WHERE newest.patient = reading.patient AND newest.kind = reading.kind AND newest.quality = ? AND newest.absent IN ?))`,
				micros(now.Add(-alerts.RecallEach)), vitals.Good, judged)
		}
		var rows []readingRow
		if err := query.Order("reading.patient, reading.at, reading.device").Find(&rows).Error; err != nil {
			return nil, fault("list recent readings", err)
		}
		readings, err := toCharted(rows)
		if err != nil {
			return nil, err
		}
		recent = append(recent, readings...)
	}
	return recent, nil
}

// recentStreams lists what was streamed since a time, and a minute before, as finely as is needed.
func (s *Store) recentStreams(ctx context.Context, partition int, since time.Time) ([]vitals.Charted, error) {
	kinds := lo.Map(alerts.RecalledStreams(), func(k vitals.Kind, _ int) string { return k.String() })
	var rows []blockRow
	err := s.reader(ctx).Table(seriesTable).
		Where("patient IN (SELECT id FROM patient WHERE part = ? AND discharged IS NULL)", partition).
		Where("kind IN ? AND start >= ?", kinds, micros(since.Add(-vitals.SeriesBlock))).
		Order("patient, kind, start, device").Find(&rows).Error
	if err != nil {
		return nil, fault("list recent minutes", err)
	}
	blocks, err := toBlocks(rows)
	if err != nil {
		return nil, err
	}
	var recent []vitals.Charted
	for _, b := range blocks {
		points, err := pointsOf(b)
		if err != nil {
			return nil, err
		}
		good := lo.Filter(points, func(c vitals.Charted, _ int) bool { return c.Quality == vitals.Good })
		recent = append(recent, lo.UniqBy(good, func(c vitals.Charted) time.Time { return c.Time.Truncate(alerts.RecallStep) })...)
	}
	return recent, nil
}

// judged are the absences of readings that say something all the same.
var judged = []vitals.Absence{vitals.Present, vitals.NegativeInfinity, vitals.PositiveInfinity}

func (s *Store) recentOf(ctx context.Context, partition int, kind vitals.Kind, since time.Time) *gorm.DB {
	return s.reader(ctx).Model(&readingRow{}).Select("reading.*").
		Joins("JOIN patient ON patient.id = reading.patient AND patient.discharged IS NULL AND patient.part = ?", partition).
		Where("reading.kind = ? AND reading.at >= ?", kind.String(), micros(since)).
		Where("reading.quality = ? AND reading.absent IN ?", vitals.Good, judged)
}
