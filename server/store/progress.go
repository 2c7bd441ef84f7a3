package store

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"vigil/vitals"
)

// progressRow is how far one stream is stored. Numbers of messages are unsigned and kept bit for
// bit in the database's signed integers, where nothing compares them.
type progressRow struct {
	Hub    vitals.HubID    `gorm:"primaryKey"`
	Device vitals.DeviceID `gorm:"primaryKey"`
	Epoch  int64           `gorm:"primaryKey;autoIncrement:false"`
	Upto   int64
	Ahead  string // JSON, [[first,last],…]
	Heard  *int64 // server time; NULL where nothing came since that is kept
}

func (progressRow) TableName() string { return "progress" }

func (r progressRow) progress() (vitals.Progress, error) {
	var pairs [][2]uint64
	if err := json.Unmarshal([]byte(r.Ahead), &pairs); err != nil {
		return vitals.Progress{}, fmt.Errorf("read spans of a stream: %w", err)
	}
	p := vitals.Progress{Upto: uint64(r.Upto)}
	for _, pair := range pairs {
		p.Ahead = append(p.Ahead, vitals.Span{First: pair[0], Last: pair[1]})
	}
	return p, nil
}

func toProgressRow(stream vitals.Stream, p vitals.Progress) (progressRow, error) {
	pairs := make([][2]uint64, len(p.Ahead))
	for i, span := range p.Ahead {
		pairs[i] = [2]uint64{span.First, span.Last}
	}
	ahead, err := json.Marshal(pairs)
	if err != nil {
		return progressRow{}, fmt.Errorf("write spans of a stream: %w", err)
	}
	return progressRow{
		Hub: stream.Hub, Device: stream.Device, Epoch: int64(stream.Epoch), Upto: int64(p.Upto), Ahead: string(ahead),
	}, nil
}

// SaveProgress adds the spans to what is stored of the stream and returns up to where everything is.
func (t *Tx) SaveProgress(stream vitals.Stream, spans []vitals.Span) (vitals.Position, error) {
	p, err := saveProgress(t.db, stream, spans, micros(t.now()))
	return p, fault("save progress", err)
}

// touchProgress finds the stream's row, new or old, and locks it: an upsert waits for whoever
// writes the row, which an INSERT that does nothing would not.
const touchProgress = `INSERT INTO progress (hub, device, epoch, upto, ahead) VALUES (?, ?, ?, 0, '[]')
	ON CONFLICT (hub, device, epoch) DO UPDATE SET upto = progress.upto RETURNING hub, device, epoch, upto, ahead`

func saveProgress(db *gorm.DB, stream vitals.Stream, spans []vitals.Span, heard int64) (vitals.Position, error) {
	var before progressRow
	err := db.Raw(touchProgress, stream.Hub, stream.Device, int64(stream.Epoch)).Scan(&before).Error
	if err != nil {
		return vitals.Position{}, err
	}
	progress, err := before.progress()
	if err != nil {
		return vitals.Position{}, err
	}
	progress.Add(spans...)
	after, err := toProgressRow(stream, progress)
	if err != nil {
		return vitals.Position{}, err
	}
	err = db.Model(&progressRow{}).
		Where("hub = ? AND device = ? AND epoch = ?", after.Hub, after.Device, after.Epoch).
		Updates(map[string]any{"upto": after.Upto, "ahead": after.Ahead, "heard": heard}).Error
	return vitals.Position{Stream: stream, Upto: progress.Upto}, err
}

// Progress is what is stored of a stream; of an unknown one, nothing.
func (s *Store) Progress(ctx context.Context, stream vitals.Stream) (vitals.Progress, error) {
	var rows []progressRow
	err := s.reader(ctx).Where("hub = ? AND device = ? AND epoch = ?", stream.Hub, stream.Device, int64(stream.Epoch)).
		Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return vitals.Progress{}, fault("find progress", err)
	}
	return rows[0].progress()
}

// Positions lists up to where each stream of a hub is stored.
func (s *Store) Positions(ctx context.Context, hub vitals.HubID) ([]vitals.Position, error) {
	var rows []progressRow
	err := s.reader(ctx).Select("hub, device, epoch, upto").Where("hub = ?", hub).Order("device, epoch").Find(&rows).Error
	if err != nil {
		return nil, fault("list positions", err)
	}
	positions := make([]vitals.Position, len(rows))
	for i, r := range rows {
		stream := vitals.Stream{Hub: r.Hub, Device: r.Device, Epoch: uint32(r.Epoch)}
		positions[i] = vitals.Position{Stream: stream, Upto: uint64(r.Upto)}
	}
	return positions, nil
}
