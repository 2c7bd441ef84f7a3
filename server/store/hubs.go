package store

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

type hubRow struct {
	ID         vitals.HubID `gorm:"primaryKey"`
	Name       string
	SecretHash []byte
	Online     bool
	Seen       *int64
}

func (hubRow) TableName() string { return "hub" }

// SaveHub writes a hub, new or changed. Without a secret's hash the hub keeps the one it has.
func (s *Store) SaveHub(ctx context.Context, h vitals.Hub, secretHash []byte) error {
	row := hubRow{ID: h.ID, Name: h.Name, SecretHash: secretHash}
	columns := []string{"name"}
	if len(secretHash) > 0 {
		columns = append(columns, "secret_hash")
	}
	err := s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(columns),
	}).Create(&row).Error
	return fault("save hub", err)
}

// RenewHub replaces the hash of a hub's secret. An unknown hub is not found.
func (s *Store) RenewHub(ctx context.Context, hub vitals.HubID, secretHash []byte) error {
	result := s.writer(ctx).Model(&hubRow{}).Where("id = ?", hub).Update("secret_hash", secretHash)
	if result.Error == nil && result.RowsAffected == 0 {
		return fmt.Errorf("renew the secret of a hub: %w", ErrNotFound)
	}
	return fault("renew the secret of a hub", result.Error)
}

// HubSecret is the hash of a hub's secret. A hub that was never given one is not found.
func (s *Store) HubSecret(ctx context.Context, hub vitals.HubID) ([]byte, error) {
	var row hubRow
	err := s.reader(ctx).Where("id = ? AND secret_hash IS NOT NULL", hub).Take(&row).Error
	return row.SecretHash, fault("find hub", err)
}

// Hubs lists all hubs, with when each was last heard and how its clock stood then.
func (s *Store) Hubs(ctx context.Context) ([]vitals.HubStatus, error) {
	var rows []hubRow
	if err := s.reader(ctx).Order("name, id").Find(&rows).Error; err != nil {
		return nil, fault("list hubs", err)
	}
	var told []hubStateRow
	if err := s.reader(ctx).Select("hub", "ahead").Where("ahead IS NOT NULL").Find(&told).Error; err != nil {
		return nil, fault("list clocks of hubs", err)
	}
	ahead := lo.SliceToMap(told, func(r hubStateRow) (vitals.HubID, *time.Duration) { return r.Hub, r.ahead() })
	return lo.Map(rows, func(r hubRow, _ int) vitals.HubStatus {
		return vitals.HubStatus{Hub: vitals.Hub{ID: r.ID, Name: r.Name}, Online: r.Online, Seen: momentOrZero(r.Seen), Ahead: ahead[r.ID]}
	}), nil
}

// TouchHub notes that a hub was heard, or that it says that it leaves. What happened earlier than what is known changes
// nothing, unless that is to come: the clock was set back behind it.
func (s *Store) TouchHub(ctx context.Context, hub vitals.HubID, at time.Time, online bool) error {
	return s.noteHub(ctx, hub, at, at, online)
}

// LoseHub notes that a connection to a hub ended over which it was heard last a while before. Where it was heard
// since then, that was over another one, on whatever node, and it is there.
func (s *Store) LoseHub(ctx context.Context, hub vitals.HubID, heard, at time.Time) error {
	return s.noteHub(ctx, hub, heard, at, false)
}

// noteHub notes whether a hub is there, unless it is known how it was later than the first of the times.
func (s *Store) noteHub(ctx context.Context, hub vitals.HubID, as, at time.Time, online bool) error {
	const clockSlack = 10 * time.Second // by which the clocks of two nodes may differ
	before, soon := micros(as), micros(s.now().Add(clockSlack))
	const newer = "CASE WHEN seen > ? AND seen <= ? THEN "
	result := s.writer(ctx).Model(&hubRow{}).Where("id = ?", hub).Updates(map[string]any{
		"online": clause.Expr{SQL: newer + "online ELSE ? END", Vars: []any{before, soon, online}},
		"seen":   clause.Expr{SQL: newer + "seen ELSE ? END", Vars: []any{before, soon, micros(at)}},
	})
	if result.Error == nil && result.RowsAffected == 0 {
		return fmt.Errorf("touch hub: %w", ErrNotFound)
	}
	return fault("touch hub", result.Error)
}
