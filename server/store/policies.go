package store

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"vigil/alerts"
	"vigil/vitals"
)

// policyRow is one version of how a unit's alarms escalate.
type policyRow struct {
	Unit         vitals.UnitID `gorm:"primaryKey"`
	Version      int           `gorm:"primaryKey;autoIncrement:false"`
	Policy       string
	Author       vitals.StaffID
	AuthorName   string
	At           int64
	Reason       string
	Approved     vitals.StaffID
	ApprovedName string
	ApprovedAt   *int64
}

func (policyRow) TableName() string { return "escalation_policy" }

func (r policyRow) version() (alerts.PolicyVersion, error) {
	v := alerts.PolicyVersion{
		Unit: r.Unit, Version: r.Version,
		Author:   alerts.Author{ID: r.Author, Name: r.AuthorName, At: moment(r.At), Reason: r.Reason},
		Approved: alerts.Author{ID: r.Approved, Name: r.ApprovedName, At: momentOrZero(r.ApprovedAt)},
	}
	if err := json.Unmarshal([]byte(r.Policy), &v.Policy); err != nil {
		return v, fmt.Errorf("version %d of the escalation policy of %s: %w", r.Version, r.Unit, err)
	}
	return v, nil
}

// ProposePolicy writes the next version of a unit's policy, which nobody has approved. It takes the place of
// what was proposed before.
func (s *Store) ProposePolicy(ctx context.Context, v alerts.PolicyVersion) (alerts.PolicyVersion, error) {
	text, err := json.Marshal(v.Policy)
	if err != nil {
		return v, fmt.Errorf("encode escalation policy: %w", err)
	}
	err = s.transact(ctx, "propose escalation policy", func(tx *gorm.DB) error {
		if err := tx.Clauses(forUpdate).Where("id = ?", v.Unit).Take(&unitRow{}).Error; err != nil {
			return err
		}
		if err := tx.Model(&policyRow{}).Where("unit = ?", v.Unit).Select("COALESCE(MAX(version), 0) + 1").Scan(&v.Version).Error; err != nil {
			return err
		}
		return tx.Create(&policyRow{
			Unit: v.Unit, Version: v.Version, Policy: string(text),
			Author: v.Author.ID, AuthorName: v.Author.Name, At: micros(v.Author.At), Reason: storable(v.Author.Reason),
		}).Error
	})
	return v, err
}

// ApprovePolicy puts a version in force that somebody else proposed. Only the newest can be.
func (s *Store) ApprovePolicy(ctx context.Context, unit vitals.UnitID, version int, by alerts.Author) error {
	return s.transact(ctx, "approve escalation policy", func(tx *gorm.DB) error {
		var newest policyRow
		if err := tx.Clauses(forUpdate).Where("unit = ?", unit).Order("version DESC").Take(&newest).Error; err != nil {
			return err
		}
		switch {
		case version > newest.Version:
			return ErrNotFound
		case version < newest.Version || newest.Approved != "":
			return vitals.ErrDecided
		case newest.Author == by.ID:
			return vitals.ErrOwnProposal
		}
		return tx.Model(&newest).Updates(map[string]any{
			"approved": by.ID, "approved_name": by.Name, "approved_at": micros(by.At),
		}).Error
	})
}

// Policies lists for the units of the scope the version in force and the newest, which may be one that is
// proposed; nothing for a unit that has decided nothing.
func (s *Store) Policies(ctx context.Context, scope vitals.Scope) ([]alerts.PolicyVersion, error) {
	var rows []policyRow
	const newest = "version = (SELECT MAX(other.version) FROM escalation_policy other WHERE other.unit = escalation_policy.unit"
	err := s.reader(ctx).Scopes(within(scope, "unit")).
		Where(newest + ") OR " + newest + " AND other.approved <> '')").Order("unit, version").Find(&rows).Error
	if err != nil {
		return nil, fault("list escalation policies", err)
	}
	all := make([]alerts.PolicyVersion, len(rows))
	for i, r := range rows {
		if all[i], err = r.version(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
