package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"vigil/alerts"
	"vigil/vitals"
)

// Recent lists the single values since a time that the engines of a partition have to know when they start: of
// each patient under care all weights, and of what else conditions rest on the newest that can be judged.
func (s *Store) Recent(ctx context.Context, partition int, since time.Time) ([]vitals.Charted, error) {
	var recent []vitals.Charted
	for _, kind := range alerts.RecalledKinds() {
		query := s.recentOf(ctx, partition, kind, since)
		if kind != vitals.Weight {
			query = query.Where(`reading.at = (SELECT MAX(newest.at) FROM reading newest
				WHERE newest.patient = reading.patient AND newest.kind = reading.kind AND newest.quality = ? AND newest.absent IN ?)`,
				vitals.Good, judged)
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

// judged are the absences of readings that say something all the same.
var judged = []vitals.Absence{vitals.Present, vitals.NegativeInfinity, vitals.PositiveInfinity}

func (s *Store) recentOf(ctx context.Context, partition int, kind vitals.Kind, since time.Time) *gorm.DB {
	return s.reader(ctx).Model(&readingRow{}).Select("reading.*").
		Joins("JOIN patient ON patient.id = reading.patient AND patient.discharged IS NULL AND patient.part = ?", partition).
		Where("reading.kind = ? AND reading.at >= ?", kind.String(), micros(since)).
		Where("reading.quality = ? AND reading.absent IN ?", vitals.Good, judged)
}
