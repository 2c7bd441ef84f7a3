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

// Hubs lists all hubs, with when each was last heard.
func (s *Store) Hubs(ctx context.Context) ([]vitals.HubStatus, error) {
	var rows []hubRow
	if err := s.reader(ctx).Order("name, id").Find(&rows).Error; err != nil {
		return nil, fault("list hubs", err)
	}
	return lo.Map(rows, func(r hubRow, _ int) vitals.HubStatus {
		return vitals.HubStatus{Hub: vitals.Hub{ID: r.ID, Name: r.Name}, Online: r.Online, Seen: momentOrZero(r.Seen)}
	}), nil
}

// TouchHub notes that a hub was heard, or that its connection was lost. What happened earlier than
// what is known changes nothing.
func (s *Store) TouchHub(ctx context.Context, hub vitals.HubID, at time.Time, online bool) error {
	result := s.writer(ctx).Model(&hubRow{}).Where("id = ?", hub).Updates(map[string]any{
		"online": clause.Expr{SQL: "CASE WHEN seen > ? THEN online ELSE ? END", Vars: []any{micros(at), online}},
		"seen":   clause.Expr{SQL: "CASE WHEN seen > ? THEN seen ELSE ? END", Vars: []any{micros(at), micros(at)}},
	})
	if result.Error == nil && result.RowsAffected == 0 {
		return fmt.Errorf("touch hub: %w", ErrNotFound)
	}
	return fault("touch hub", result.Error)
}
