package store

import (
	"context"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

type gatewayRow struct {
	ID           vitals.HubID `gorm:"primaryKey"`
	Kind         string
	Name         string
	SecretHash   []byte
	Address      string
	Client       string
	ClientSecret string
	Seen         *int64
}

func (gatewayRow) TableName() string { return "gateway" }

func (r gatewayRow) gateway() vitals.Gateway {
	return vitals.Gateway{
		ID: r.ID, Kind: r.Kind, Name: r.Name, Address: r.Address, Client: r.Client, Secret: r.ClientSecret, Seen: momentOrZero(r.Seen),
	}
}

type accountRow struct {
	Gateway vitals.HubID `gorm:"primaryKey"`
	Name    string       `gorm:"primaryKey"`
	Refresh string
	Access  string
	Expires *int64
	Fetched *int64
	Fault   string
}

func (accountRow) TableName() string { return "account" }

func toAccountRow(a vitals.Account) accountRow {
	return accountRow{
		Gateway: a.Gateway, Name: a.Name, Refresh: a.Refresh, Access: a.Access,
		Expires: microsOrNull(a.Expires), Fetched: microsOrNull(a.Fetched), Fault: storable(a.Fault),
	}
}

func (r accountRow) account() vitals.Account {
	return vitals.Account{
		Gateway: r.Gateway, Name: r.Name, Refresh: r.Refresh, Access: r.Access,
		Expires: momentOrZero(r.Expires), Fetched: momentOrZero(r.Fetched), Fault: r.Fault,
	}
}

// AddGateway registers a gateway. An id that a gateway or a hub has wraps vitals.ErrConflict.
func (s *Store) AddGateway(ctx context.Context, g vitals.Gateway, secretHash []byte) error {
	return s.transact(ctx, "add gateway", func(tx *gorm.DB) error {
		var hubs int64
		if err := tx.Model(&hubRow{}).Where("id = ?", g.ID).Count(&hubs).Error; err != nil {
			return err
		}
		row := gatewayRow{
			ID: g.ID, Kind: g.Kind, Name: g.Name, SecretHash: secretHash, Address: g.Address, Client: g.Client, ClientSecret: g.Secret,
		}
		added := tx.Clauses(ignoreRepeat).Create(&row)
		if added.Error == nil && (hubs > 0 || added.RowsAffected == 0) {
			return vitals.ErrSenderTaken
		}
		return added.Error
	})
}

// SetGatewaySecret gives a gateway another secret.
func (s *Store) SetGatewaySecret(ctx context.Context, id vitals.HubID, secretHash []byte) error {
	return changed("set gateway's secret", s.writer(ctx).Model(&gatewayRow{}).Where("id = ?", id).Update("secret_hash", secretHash))
}

// RemoveGateway takes a gateway's registration away, with its accounts. What it brought stays.
func (s *Store) RemoveGateway(ctx context.Context, id vitals.HubID) error {
	return s.transact(ctx, "remove gateway", func(tx *gorm.DB) error {
		if err := tx.Where("gateway = ?", id).Delete(&accountRow{}).Error; err != nil {
			return err
		}
		return changed("remove gateway", tx.Where("id = ?", id).Delete(&gatewayRow{}))
	})
}

// changed is vitals.ErrNotFound where nothing was there to be changed.
func changed(task string, result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return ErrNotFound
	}
	return fault(task, result.Error)
}

// Gateways lists all gateways.
func (s *Store) Gateways(ctx context.Context) ([]vitals.Gateway, error) {
	var rows []gatewayRow
	if err := s.reader(ctx).Order("name, id").Find(&rows).Error; err != nil {
		return nil, fault("list gateways", err)
	}
	return lo.Map(rows, func(r gatewayRow, _ int) vitals.Gateway { return r.gateway() }), nil
}

// GatewaySecret finds a gateway with the hash of its secret.
func (s *Store) GatewaySecret(ctx context.Context, id vitals.HubID) (vitals.Gateway, []byte, error) {
	var row gatewayRow
	err := s.reader(ctx).Where("id = ?", id).Take(&row).Error
	return row.gateway(), row.SecretHash, fault("find gateway", err)
}

// DevicesOf lists the devices that are registered to a hub or gateway.
func (s *Store) DevicesOf(ctx context.Context, sender vitals.HubID) ([]vitals.DeviceID, error) {
	var ids []vitals.DeviceID
	err := s.reader(ctx).Model(&deviceRow{}).Where("hub = ?", sender).Order("id").Pluck("id", &ids).Error
	return ids, fault("list devices of a gateway", err)
}

// TouchGateway notes that a gateway was heard.
func (s *Store) TouchGateway(ctx context.Context, id vitals.HubID, at time.Time) error {
	return changed("touch gateway", s.writer(ctx).Model(&gatewayRow{}).Where("id = ?", id).Update("seen", micros(at)))
}

// SaveAccount writes an account, new or changed. One of an unknown gateway wraps vitals.ErrNotFound.
func (s *Store) SaveAccount(ctx context.Context, a vitals.Account) error {
	return s.transact(ctx, "save account", func(tx *gorm.DB) error {
		if err := tx.Where("id = ?", a.Gateway).Take(&gatewayRow{}).Error; err != nil {
			return err
		}
		row := toAccountRow(a)
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// MoveAccount keeps what became of an account with the token that it had before. It is ErrNotFound where somebody
// removed it meanwhile or gave it another token: what was done with the old one must not bring that back.
func (s *Store) MoveAccount(ctx context.Context, before, after vitals.Account) error {
	row := toAccountRow(after)
	return changed("move account", s.writer(ctx).Model(&row).Where("refresh = ?", before.Refresh).
		Select("refresh", "access", "expires", "fetched", "fault").Updates(row))
}

// RemoveAccount forgets an account and its tokens.
func (s *Store) RemoveAccount(ctx context.Context, id vitals.HubID, name string) error {
	return changed("remove account", s.writer(ctx).Where("gateway = ? AND name = ?", id, name).Delete(&accountRow{}))
}

// Accounts lists the accounts that are fetched from.
func (s *Store) Accounts(ctx context.Context) ([]vitals.Account, error) {
	var rows []accountRow
	if err := s.reader(ctx).Order("gateway, name").Find(&rows).Error; err != nil {
		return nil, fault("list accounts", err)
	}
	return lo.Map(rows, func(r accountRow, _ int) vitals.Account { return r.account() }), nil
}
