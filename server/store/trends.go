package store

import (
	"context"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"vigil/alerts"
	"vigil/vitals"
)

// trendRow is what an engine has to be told of a patient's trends when it starts anew. Only alerts can read it.
type trendRow struct {
	Patient vitals.PatientID `gorm:"primaryKey"`
	At      int64
	Data    []byte
}

func (trendRow) TableName() string { return "trend" }

// SaveTrends keeps the trends of patients, each in place of what was kept before.
func (t *Tx) SaveTrends(kept []alerts.KeptTrends) error {
	rows := lo.Map(lo.Values(lo.KeyBy(kept, func(k alerts.KeptTrends) vitals.PatientID { return k.Patient })),
		func(k alerts.KeptTrends, _ int) trendRow { return trendRow{k.Patient, micros(k.At), k.Data} })
	replace := clause.OnConflict{Columns: []clause.Column{{Name: "patient"}}, DoUpdates: clause.AssignmentColumns([]string{"at", "data"})}
	_, err := insert(t.db.Clauses(replace), rows)
	return fault("save trends", err)
}

// Trends lists what was kept of a partition's patients who are under care.
func (s *Store) Trends(ctx context.Context, partition int) ([]alerts.KeptTrends, error) {
	var rows []trendRow
	err := s.reader(ctx).Where("patient IN (SELECT id FROM patient WHERE part = ? AND discharged IS NULL)", partition).
		Order("patient").Find(&rows).Error
	return lo.Map(rows, func(r trendRow, _ int) alerts.KeptTrends {
		return alerts.KeptTrends{Patient: r.Patient, At: moment(r.At), Data: r.Data}
	}), fault("list trends", err)
}

// pruneTrends forgets what says nothing about the week before any more.
func (s *Store) pruneTrends(ctx context.Context) error {
	return fault("prune trends", deleteInSteps(s.writer(ctx), "trend", "patient", "at < ?", micros(s.now().Add(-alerts.TrendsSpan))))
}
