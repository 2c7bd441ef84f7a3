package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// ahead is for how many days from today block tables have room before the first block needs it.
const ahead = 3

// callMemory is how long calls of alarms that are over can be read, longer than a shift's or a month's review goes
// back. The audit keeps for good who was called, whom it reached and what they said.
const callMemory = 90 * 24 * time.Hour

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
// seriesBefore. In PostgreSQL blocks go by whole days. Sessions that are over, old receipts and calls of
// alarms that have long been over go too. It prepares the coming days as well and is meant to run about once an hour.
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
	if err := s.pruneCalls(ctx, micros(s.now().Add(-callMemory))); err != nil {
		return err
	}
	if err := s.pruneTrends(ctx); err != nil {
		return err
	}
	err = s.writer(ctx).Where("expires < ?", micros(s.now())).Delete(&sessionRow{}).Error
	return fault("prune sessions", err)
}

// pruneCalls forgets steps, notices and acceptances from before a time, unless their alarm is open or was until
// then, or they still wait to be sent.
func (s *Store) pruneCalls(ctx context.Context, before int64) error {
	for _, t := range []struct{ name, key, old string }{
		{"called", "alarm, epoch, step, round", "at < ?"},
		{"notice", "id", "made < ? AND state <> 'waiting'"},
		{"acceptance", "alarm, staff", "at < ?"},
	} {
		over := " AND NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.id = " + t.name + ".alarm AND (state <> 'closed' OR changed >= ?))"
		if err := deleteInSteps(s.writer(ctx), t.name, t.key, t.old+over, before, before); err != nil {
			return fault("prune "+t.name, err)
		}
	}
	return nil
}

// deleteInSteps deletes what the condition says, a bounded number of rows at a time.
func deleteInSteps(db *gorm.DB, table, key, condition string, args ...any) error {
	statement := "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table +
		" WHERE " + condition + " LIMIT ?)"
	for {
		result := db.Exec(statement, append(args, pruneStep)...)
		if result.Error != nil || result.RowsAffected < pruneStep {
			return result.Error
		}
	}
}
