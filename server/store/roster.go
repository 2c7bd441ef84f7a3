package store

import (
	"context"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"vigil/alerts"
	"vigil/vitals"
)

// postRow is somebody put on a duty.
type postRow struct {
	Unit    vitals.UnitID    `gorm:"primaryKey"`
	Patient vitals.PatientID `gorm:"primaryKey"`
	Duty    alerts.Duty      `gorm:"primaryKey"`
	From    int64            `gorm:"primaryKey;autoIncrement:false;column:from_at"`
	Staff   vitals.StaffID
	By      vitals.StaffID `gorm:"column:by_id"`
	Decided int64
}

func (postRow) TableName() string { return "post" }

// SavePost puts somebody on a duty from a time on. What was decided for the same moment is replaced; an
// unknown unit is not found.
func (s *Store) SavePost(ctx context.Context, p alerts.Post) error {
	row := postRow{
		Unit: p.Unit, Patient: p.Patient, Duty: p.Duty, From: micros(p.From), Staff: p.Staff, By: p.By, Decided: micros(p.Decided),
	}
	return fault("save post", s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error)
}

// Roster lists the posts of the scope that hold at a time or begin later, of units and of those under care.
func (s *Store) Roster(ctx context.Context, scope vitals.Scope, at time.Time) (alerts.Roster, error) {
	var rows []postRow
	err := s.reader(ctx).Scopes(within(scope, "unit")).
		Where("patient = '' OR patient IN (SELECT id FROM patient WHERE discharged IS NULL)").
		Where("from_at >= COALESCE((SELECT MAX(held.from_at) FROM post held WHERE held.unit = post.unit AND held.patient = post.patient"+
			" AND held.duty = post.duty AND held.from_at <= ?), 0)", micros(at)).
		Order("unit, patient, duty, from_at").Find(&rows).Error
	if err != nil {
		return nil, fault("list posts", err)
	}
	return lo.Map(rows, func(r postRow, _ int) alerts.Post {
		return alerts.Post{
			Unit: r.Unit, Patient: r.Patient, Duty: r.Duty, From: moment(r.From), Staff: r.Staff, By: r.By, Decided: moment(r.Decided),
		}
	}), nil
}

// acceptanceRow is an open alarm taken over.
type acceptanceRow struct {
	Alarm alerts.AlarmID `gorm:"primaryKey"`
	Staff vitals.StaffID `gorm:"primaryKey"`
	At    int64
}

func (acceptanceRow) TableName() string { return "acceptance" }

// Accept notes that somebody takes an alarm over. Repeating it moves the time.
func (s *Store) Accept(ctx context.Context, a alerts.AlarmID, by vitals.StaffID, at time.Time) error {
	row := acceptanceRow{Alarm: a, Staff: by, At: micros(at)}
	return fault("accept alarm", s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error)
}

// Accepted lists when somebody took open alarms over.
func (s *Store) Accepted(ctx context.Context, by vitals.StaffID) (map[alerts.AlarmID]time.Time, error) {
	var rows []acceptanceRow
	err := s.reader(ctx).Where("staff = ? AND alarm IN (SELECT id FROM alarm WHERE state IN ?)", by, openNames()).Find(&rows).Error
	return lo.SliceToMap(rows, func(r acceptanceRow) (alerts.AlarmID, time.Time) { return r.Alarm, moment(r.At) }), fault("list accepted alarms", err)
}
