package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"vigil/alerts"
	"vigil/vitals"
)

// proposalRow is what somebody proposed for a unit. Outcome is empty while nobody has decided.
type proposalRow struct {
	ID          string `gorm:"primaryKey"`
	Unit        vitals.UnitID
	Seen        int
	Changes     string
	Author      vitals.StaffID
	AuthorName  string
	At          int64
	Reason      string
	Outcome     string
	DecidedBy   vitals.StaffID
	DecidedName string
	DecidedAt   *int64
}

func (proposalRow) TableName() string { return "limits_proposal" }

// What became of a proposal.
const (
	approved  = "approved"
	withdrawn = "withdrawn"
)

func (r proposalRow) proposal() (alerts.LimitsProposal, error) {
	p := alerts.LimitsProposal{
		ID: r.ID, Unit: r.Unit, Seen: r.Seen,
		Author: alerts.Author{ID: r.Author, Name: r.AuthorName, At: moment(r.At), Reason: r.Reason},
	}
	if err := json.Unmarshal([]byte(r.Changes), &p.Changes); err != nil {
		return p, fmt.Errorf("proposal %s: %w", r.ID, err)
	}
	return p, nil
}

// ProposedLimits finds what is proposed for a unit of the scope and not decided.
func (s *Store) ProposedLimits(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) (alerts.LimitsProposal, error) {
	if !scope.Covers(unit) {
		return alerts.LimitsProposal{}, fmt.Errorf("find proposal: %w", ErrNotFound)
	}
	return openProposal(s.reader(ctx), unit)
}

func openProposal(tx *gorm.DB, unit vitals.UnitID) (alerts.LimitsProposal, error) {
	var row proposalRow
	if err := tx.Where("unit = ? AND outcome = ''", unit).Take(&row).Error; err != nil {
		return alerts.LimitsProposal{}, fault("find proposal", err)
	}
	return row.proposal()
}

// ProposeUnitLimits keeps a proposal until a second person decides. One at a time waits for a unit.
func (s *Store) ProposeUnitLimits(ctx context.Context, p alerts.LimitsProposal) error {
	changes, err := json.Marshal(p.Changes)
	if err != nil {
		return fmt.Errorf("propose limits: %w", err)
	}
	err = s.transact(ctx, "propose limits", func(tx *gorm.DB) error {
		newest, err := lockedUnitLimits(tx, p.Unit)
		if err != nil {
			return err
		}
		if p.Seen != newest.Version {
			seen, err := versionAt(tx, alerts.LimitsVersion{Unit: p.Unit, Version: p.Seen})
			if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
				return err
			}
			return &alerts.LimitsConflictError{Seen: seen, Current: newest}
		}
		if err := fits(tx, p.Unit, p.Changes); err != nil {
			return err
		}
		return tx.Create(&proposalRow{
			ID: p.ID, Unit: p.Unit, Seen: p.Seen, Changes: string(changes), Author: p.Author.ID,
			AuthorName: p.Author.Name, At: micros(p.Author.At), Reason: storable(p.Author.Reason),
		}).Error
	})
	if errors.Is(err, ErrConflict) && !errors.As(err, new(*alerts.LimitsConflictError)) {
		return fmt.Errorf("propose limits: %w", vitals.ErrProposed) // the only thing that is unique
	}
	return err
}

// lockedUnitLimits is the newest version of a unit's limits, which nobody else changes until the end.
func lockedUnitLimits(tx *gorm.DB, unit vitals.UnitID) (alerts.LimitsVersion, error) {
	if err := tx.Clauses(forUpdate).Where("id = ?", unit).Take(&unitRow{}).Error; err != nil {
		return alerts.LimitsVersion{}, err
	}
	return newestLimits(tx, unit, "")
}

// ApproveUnitLimits puts a proposal into force. Whoever proposed it may not approve it (vitals.ErrOwnProposal);
// one that is not open is not found.
func (s *Store) ApproveUnitLimits(ctx context.Context, unit vitals.UnitID, id string, by alerts.Author) (alerts.LimitsVersion, error) {
	var v alerts.LimitsVersion
	err := s.transact(ctx, "approve limits", func(tx *gorm.DB) error {
		newest, err := lockedUnitLimits(tx, unit)
		if err != nil {
			return err
		}
		p, err := openProposal(tx, unit)
		switch {
		case err != nil:
			return err
		case p.ID != id:
			return ErrNotFound
		case p.Author.ID == by.ID:
			return vitals.ErrOwnProposal
		}
		if err := fits(tx, unit, p.Changes); err != nil {
			return err // patients were changed, or admitted, since
		}
		v = alerts.LimitsVersion{Unit: unit, Version: p.Seen, Changes: p.Changes, Author: p.Author, Approved: by}
		if v, err = follow(tx, v, newest); err != nil {
			return err
		}
		return settleProposal(tx, id, approved, by)
	})
	return v, err
}

// WithdrawUnitLimits ends a proposal without effect.
func (s *Store) WithdrawUnitLimits(ctx context.Context, unit vitals.UnitID, id string, by alerts.Author) error {
	return s.transact(ctx, "withdraw limits", func(tx *gorm.DB) error {
		p, err := openProposal(tx, unit)
		if err != nil {
			return err
		}
		if p.ID != id {
			return ErrNotFound
		}
		return settleProposal(tx, id, withdrawn, by)
	})
}

func settleProposal(tx *gorm.DB, id, outcome string, by alerts.Author) error {
	result := tx.Model(&proposalRow{}).Where("id = ? AND outcome = ''", id).Updates(map[string]any{
		"outcome": outcome, "decided_by": by.ID, "decided_name": by.Name, "decided_at": micros(by.At),
	})
	if result.Error == nil && result.RowsAffected == 0 {
		return ErrNotFound
	}
	return result.Error
}
