package store

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

type (
	campaignRow struct {
		ID      string `gorm:"primaryKey"`
		Version string
		Unit    vitals.UnitID
		Percent int
		Most    int
		ByName  string
		Started int64
		Halted  bool
		Reason  string
	}
	enlistedRow struct {
		Campaign string       `gorm:"primaryKey"`
		Hub      vitals.HubID `gorm:"primaryKey"`
		At       int64
	}
)

func (campaignRow) TableName() string { return "campaign" }
func (enlistedRow) TableName() string { return "campaign_hub" }

func (r campaignRow) campaign() vitals.Campaign {
	return vitals.Campaign{
		ID: r.ID, Version: r.Version, Unit: r.Unit, Percent: r.Percent, Most: r.Most, By: r.ByName,
		Started: moment(r.Started), Halted: r.Halted, Reason: r.Reason,
	}
}

// SaveCampaign writes a campaign, new or changed.
func (s *Store) SaveCampaign(ctx context.Context, c vitals.Campaign) error {
	row := campaignRow{
		ID: c.ID, Version: c.Version, Unit: c.Unit, Percent: c.Percent, Most: c.Most, ByName: c.By,
		Started: micros(c.Started), Halted: c.Halted, Reason: c.Reason,
	}
	err := s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"percent", "halted", "reason"}),
	}).Create(&row).Error
	return fault("save campaign", err)
}

// Campaigns lists all campaigns, the newest first.
func (s *Store) Campaigns(ctx context.Context) ([]vitals.Campaign, error) {
	var rows []campaignRow
	if err := s.reader(ctx).Order("started DESC, id").Find(&rows).Error; err != nil {
		return nil, fault("list campaigns", err)
	}
	return lo.Map(rows, func(r campaignRow, _ int) vitals.Campaign { return r.campaign() }), nil
}

// Enlisted are the hubs that were told the campaign's version, with what each runs.
func (s *Store) Enlisted(ctx context.Context, campaign string) ([]vitals.Enlisted, error) {
	return enlisted(s.reader(ctx), campaign)
}

func enlisted(db *gorm.DB, campaign string) (all []vitals.Enlisted, err error) {
	var rows []struct {
		Hub  vitals.HubID
		At   int64
		Runs string
	}
	err = db.Raw(`SELECT c.hub AS hub, c.at AS at, COALESCE(s.version, '') AS runs
		FROM campaign_hub c LEFT JOIN hub_state s ON s.hub = c.hub WHERE c.campaign = ? ORDER BY c.hub`, campaign).Scan(&rows).Error
	for _, r := range rows {
		all = append(all, vitals.Enlisted{Hub: r.Hub, At: moment(r.At), Runs: r.Runs})
	}
	return all, fault("list hubs of a campaign", err)
}

// Wanted is what a hub is to be told: its desired state, with the version of the campaign that has come to
// it. A campaign in which too many hubs failed is halted here, before it comes to another.
func (s *Store) Wanted(ctx context.Context, hub vitals.HubID) (d vitals.Desired, err error) {
	var running int64
	if err := s.reader(ctx).Model(&campaignRow{}).Where("NOT halted").Count(&running).Error; err != nil {
		return d, fault("count campaigns", err)
	}
	if running == 0 { // most of the time, and every hub asks twice a minute
		return s.Desired(ctx, hub)
	}
	err = s.transact(ctx, "find what is wanted of a hub", func(tx *gorm.DB) error {
		var rows []desiredRow
		if err := tx.Clauses(forUpdate).Where("hub = ?", hub).Find(&rows).Error; err != nil {
			return err
		}
		row := desiredRow{Hub: hub, Devices: "null"}
		if len(rows) > 0 {
			row = rows[0]
		}
		agent, err := s.campaignFor(tx, hub, row.Agent)
		if err != nil {
			return err
		}
		if agent != row.Agent {
			row.Agent, row.Version, row.At = agent, row.Version+1, micros(s.now())
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
				return err
			}
		}
		if row.Version == 0 {
			d = vitals.Desired{Hub: hub}
			return nil
		}
		d, err = row.desired()
		return err
	})
	return d, err
}

// campaignFor is the version of the newest campaign that has come to the hub; the one of before where none has.
func (s *Store) campaignFor(tx *gorm.DB, hub vitals.HubID, before string) (string, error) {
	var rows []campaignRow
	if err := tx.Where("NOT halted").Order("started DESC, id").Find(&rows).Error; err != nil {
		return "", err
	}
	for _, row := range rows {
		c := row.campaign()
		within, err := ofUnit(tx, hub, c.Unit)
		if err != nil {
			return "", err
		}
		if !within || !c.Includes(hub) {
			continue
		}
		halted, err := s.enlist(tx, c, hub)
		if err != nil {
			return "", err
		}
		if !halted {
			return c.Version, nil
		}
	}
	return before, nil
}

// ofUnit reports whether the hub is one of the unit's: a device that is registered to it is worn there.
func ofUnit(tx *gorm.DB, hub vitals.HubID, unit vitals.UnitID) (bool, error) {
	if unit == "" {
		return true, nil
	}
	var n int64
	err := tx.Raw(`SELECT COUNT(*) FROM device d JOIN binding b ON b.device = d.id AND b.until_at IS NULL
		JOIN patient p ON p.id = b.patient WHERE d.hub = ? AND p.unit = ?`, hub, unit).Scan(&n).Error
	return n > 0, err
}

// enlist notes that the campaign has come to the hub, unless it has to be halted.
func (s *Store) enlist(tx *gorm.DB, c vitals.Campaign, hub vitals.HubID) (halted bool, err error) {
	all, err := enlisted(tx, c.ID)
	if err != nil {
		return false, err
	}
	if lo.ContainsBy(all, func(e vitals.Enlisted) bool { return e.Hub == hub }) {
		return false, nil
	}
	now := s.now()
	failed := lo.CountBy(all, func(e vitals.Enlisted) bool { return e.Failed(c, now) })
	if failed > 0 && failed >= c.Most {
		reason := fmt.Sprintf("%d of %d hubs are not of version %s an hour after they were told", failed, len(all), c.Version)
		return true, tx.Model(&campaignRow{}).Where("id = ?", c.ID).Updates(map[string]any{"halted": true, "reason": reason}).Error
	}
	return false, tx.Create(&enlistedRow{Campaign: c.ID, Hub: hub, At: micros(now)}).Error
}
