package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"vigil/vitals"
)

// refusalRow is input that was not charted. Its id is derived from what was refused and why, so
// that a sender who repeats it fills no disk.
type refusalRow struct {
	ID       []byte `gorm:"primaryKey"`
	Hub      vitals.HubID
	Device   vitals.DeviceID
	Epoch    int64
	Seq      int64
	Received int64
	Reason   string
	Payload  []byte
	Whole    bool
}

func (refusalRow) TableName() string { return "quarantine" }

func toRefusalRow(r vitals.Refusal) refusalRow {
	row := refusalRow{
		Hub: r.Stream.Hub, Device: vitals.DeviceID(storable(string(r.Stream.Device))), Epoch: int64(r.Stream.Epoch), Seq: int64(r.Seq),
		Received: micros(r.Received), Reason: storable(r.Reason), Payload: r.Payload, Whole: r.Whole,
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(row.Hub), []byte(row.Device), []byte(row.Reason), row.Payload} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // a hash never fails
		_, _ = h.Write(part)
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, r.Seq), uint64(r.Stream.Epoch)))
	row.ID = h.Sum(nil)
	return row
}

func (r refusalRow) refusal() vitals.Refusal {
	return vitals.Refusal{
		Stream: vitals.Stream{Hub: r.Hub, Device: r.Device, Epoch: uint32(r.Epoch)}, Seq: uint64(r.Seq),
		Received: moment(r.Received), Reason: r.Reason, Payload: r.Payload, Whole: r.Whole,
	}
}

// Quarantine keeps refused input. Where the whole message was refused it counts as stored, and the
// stream's position with it is returned; otherwise, the zero position.
func (s *Store) Quarantine(ctx context.Context, r vitals.Refusal) (position vitals.Position, err error) {
	row := toRefusalRow(r)
	err = s.transact(ctx, "quarantine", func(tx *gorm.DB) error {
		if err := tx.Clauses(ignoreRepeat).Create(&row).Error; err != nil {
			return err
		}
		if !r.Whole || r.Seq == 0 || r.Stream.Device == "" {
			return nil
		}
		position, err = saveProgress(tx, r.Stream, []vitals.Span{{First: r.Seq, Last: r.Seq}}, micros(s.now()))
		return err
	})
	return position, err
}

// Quarantined lists refused input, newest first.
func (s *Store) Quarantined(ctx context.Context, limit int) ([]vitals.Refusal, error) {
	var rows []refusalRow
	err := s.reader(ctx).Order("received DESC, id").Limit(page(limit)).Find(&rows).Error
	if err != nil {
		return nil, fault("list quarantine", err)
	}
	return lo.Map(rows, func(r refusalRow, _ int) vitals.Refusal { return r.refusal() }), nil
}
