package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// ahead is for how many days from today block tables have room before the first block needs it.
const ahead = 3

// pruneStep is how many rows one DELETE takes, so that other writers wait for milliseconds only.
const pruneStep = 1000

// makeRoomAhead prepares the block tables for the next days.
func (s *Store) makeRoomAhead(ctx context.Context) error {
	today := s.now()
	return s.transact(ctx, "prepare block tables", func(tx *gorm.DB) error {
		for _, table := range []string{seriesTable, waveTable} {
			if err := s.kind.makeRoom(tx, table, today, today.AddDate(0, 0, ahead)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Prune forgets waveforms that started before waveBefore, and series and refused input from before
// seriesBefore. In PostgreSQL blocks go by whole days. Sessions that are over and old receipts go too. It prepares
// the coming days as well and is meant to run about once an hour.
func (s *Store) Prune(ctx context.Context, waveBefore, seriesBefore time.Time) error {
	if err := s.makeRoomAhead(ctx); err != nil {
		return err
	}
	for table, before := range map[string]time.Time{waveTable: waveBefore, seriesTable: seriesBefore} {
		if err := s.kind.pruneBlocks(s.writer(ctx), table, before); err != nil {
			return fault("prune "+table, err)
		}
	}
	err := deleteInSteps(s.writer(ctx), "quarantine", "id", "received < ?", micros(seriesBefore))
	if err != nil {
		return fault("prune quarantine", err)
	}
	err = deleteInSteps(s.writer(ctx), "receipt", "source, name", "at < ?", micros(s.now().Add(-receiptMemory)))
	if err != nil {
		return fault("prune receipts", err)
	}
	err = s.writer(ctx).Where("expires < ?", micros(s.now())).Delete(&sessionRow{}).Error
	return fault("prune sessions", err)
}

// deleteInSteps deletes what the condition says, a bounded number of rows at a time.
func deleteInSteps(db *gorm.DB, table, key, condition string, arg int64) error {
	statement := "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table +
		" WHERE " + condition + " LIMIT ?)"
	for {
		result := db.Exec(statement, arg, pruneStep)
		if result.Error != nil || result.RowsAffected < pruneStep {
			return result.Error
		}
	}
}
