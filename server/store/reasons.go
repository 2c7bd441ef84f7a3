package store

import (
	"context"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"vigil/alerts"
)

// Explain keeps what somebody found an alarm to be that was acknowledged and is over. The alarm stays as it was: a
// closed one never changes. Of several reasons the last holds. A refusal is an *alerts.RefusedError; it is a conflict
// while the end of the alarm is not on disk.
func (s *Store) Explain(ctx context.Context, c alerts.Command, at time.Time) (a alerts.Alarm, err error) {
	err = s.transact(ctx, "explain an alarm", func(tx *gorm.DB) error {
		var row alarmRow
		if err := tx.Where("id = ?", c.Alarm).Take(&row).Error; err != nil {
			return err
		}
		if a, err = row.alarm(); err != nil {
			return err
		}
		switch {
		case !c.AckReason.Valid():
			return &alerts.RefusedError{Code: alerts.Unfit, Why: "there is no such reason"}
		case a.State != alerts.Closed:
			return ErrConflict
		case a.AckedAt.IsZero():
			return &alerts.RefusedError{Code: alerts.NotAcked, Current: a}
		}
		said, err := reasons(tx, []alerts.AlarmID{a.ID})
		if err != nil || said[a.ID] == c.AckReason {
			return err
		}
		return appendNotes(tx, []alerts.Note{{
			Kind: alerts.AckReasoned, At: at, Alarm: a.ID, Version: a.Version, Station: c.Station, Actor: c.Actor, Detail: string(c.AckReason),
		}})
	})
	a.AckReason = c.AckReason
	return a, err
}

// reasons is what was said of alarms after they were over.
func reasons(db *gorm.DB, ids []alerts.AlarmID) (map[alerts.AlarmID]alerts.AckReason, error) {
	said := map[alerts.AlarmID]alerts.AckReason{}
	for _, some := range lo.Chunk(ids, listed) {
		var rows []auditRow
		err := db.Select("alarm, detail").Where("alarm IN ? AND kind = ?", some, alerts.AckReasoned).Order("seq").Find(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			said[r.Alarm] = alerts.AckReason(r.Detail)
		}
	}
	return said, nil
}

// explained puts to alarms that are over what was said of them since.
func explained(db *gorm.DB, alarms []alerts.Alarm) error {
	said, err := reasons(db, lo.FilterMap(alarms, func(a alerts.Alarm, _ int) (alerts.AlarmID, bool) {
		return a.ID, a.State == alerts.Closed && !a.AckedAt.IsZero()
	}))
	if err != nil {
		return fault("list what alarms were", err)
	}
	for i := range alarms {
		if reason, known := said[alarms[i].ID]; known {
			alarms[i].AckReason = reason
		}
	}
	return nil
}
