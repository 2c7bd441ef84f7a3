package store

import (
	"context"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// receiptMemory is how long a sender may repeat something and be told that it is there already. A
// gateway repeats after minutes, or after the days that its line was cut. What comes later is absorbed by
// the keys of the readings; only the answer is that of something new then.
const receiptMemory = 30 * 24 * time.Hour

// receiptRow is what a sender brought under a name of its own.
type receiptRow struct {
	Source vitals.HubID `gorm:"primaryKey"`
	Name   string       `gorm:"primaryKey"`
	At     int64
	Answer string
}

func (receiptRow) TableName() string { return "receipt" }

// SaveReceipts keeps the answers to what the source brought, by its own names for it. The first answer
// to a name stands.
func (s *Store) SaveReceipts(ctx context.Context, source vitals.HubID, answers map[string]string) error {
	if len(answers) == 0 {
		return nil
	}
	at := micros(s.now())
	rows := lo.MapToSlice(answers, func(name, answer string) receiptRow {
		return receiptRow{Source: source, Name: storable(name), At: at, Answer: storable(answer)}
	})
	_, err := insert(s.writer(ctx).Clauses(ignoreRepeat), rows)
	return fault("save receipts", err)
}

// Receipts finds the answers to those of the names that the source brought before.
func (s *Store) Receipts(ctx context.Context, source vitals.HubID, names []string) (map[string]string, error) {
	found := map[string]string{}
	const most = 500 // variables of one statement
	for _, part := range lo.Chunk(names, most) {
		var rows []receiptRow
		err := s.reader(ctx).Where("source = ? AND name IN ?", source, lo.Map(part, func(n string, _ int) string { return storable(n) })).
			Find(&rows).Error
		if err != nil {
			return nil, fault("find receipts", err)
		}
		for _, r := range rows {
			found[r.Name] = r.Answer
		}
	}
	return found, nil
}
