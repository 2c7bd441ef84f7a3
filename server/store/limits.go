package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"vigil/alerts"
	"vigil/vitals"
)

// limitsRow is one version of the limits of a unit or a patient. Its JSON form is what is sealed.
type limitsRow struct {
	Unit         vitals.UnitID    `gorm:"primaryKey" json:"unit"`
	Patient      vitals.PatientID `gorm:"primaryKey" json:"patient"`
	Version      int              `gorm:"primaryKey;autoIncrement:false" json:"version"`
	Changes      string           `json:"changes"`
	Author       vitals.StaffID   `json:"author"`
	AuthorName   string           `json:"author_name"`
	At           int64            `json:"at"`
	Reason       string           `json:"reason"`
	Approved     vitals.StaffID   `json:"approved"`
	ApprovedName string           `json:"approved_name"`
	ApprovedAt   *int64           `json:"approved_at"`
}

func (limitsRow) TableName() string { return "limits" }

func toLimitsRow(v alerts.LimitsVersion) (limitsRow, error) {
	changes, err := json.Marshal(v.Changes)
	return limitsRow{
		Unit: v.Unit, Patient: v.Patient, Version: v.Version, Changes: string(changes),
		Author: v.Author.ID, AuthorName: v.Author.Name, At: micros(v.Author.At), Reason: storable(v.Author.Reason),
		Approved: v.Approved.ID, ApprovedName: v.Approved.Name, ApprovedAt: microsOrNull(v.Approved.At),
	}, err
}

func (r limitsRow) version() (alerts.LimitsVersion, error) {
	v := alerts.LimitsVersion{
		Unit: r.Unit, Patient: r.Patient, Version: r.Version,
		Author:   alerts.Author{ID: r.Author, Name: r.AuthorName, At: moment(r.At), Reason: r.Reason},
		Approved: alerts.Author{ID: r.Approved, Name: r.ApprovedName, At: momentOrZero(r.ApprovedAt)},
	}
	if err := json.Unmarshal([]byte(r.Changes), &v.Changes); err != nil {
		return v, fmt.Errorf("version %d of limits: %w", r.Version, err)
	}
	return v, nil
}

// newestOnly leaves the newest version of each unit and patient.
const newestOnly = "NOT EXISTS (SELECT 1 FROM limits later WHERE later.unit = limits.unit AND later.patient = limits.patient AND later.version > limits.version)"

// LimitsRevision grows with every version of anybody's limits.
func (s *Store) LimitsRevision(ctx context.Context) (int64, error) {
	var n int64 // counted, because a number that is given out before the end of a transaction may be seen late
	err := s.reader(ctx).Model(&limitsRow{}).Count(&n).Error
	return n, fault("count versions of limits", err)
}

// Limits lists the newest version of every unit and patient that has one.
func (s *Store) Limits(ctx context.Context) ([]alerts.LimitsVersion, error) {
	return findLimits(s.reader(ctx).Where(newestOnly))
}

func findLimits(query *gorm.DB) ([]alerts.LimitsVersion, error) {
	var rows []limitsRow
	if err := query.Order("unit, patient, version DESC").Find(&rows).Error; err != nil {
		return nil, fault("list limits", err)
	}
	all := make([]alerts.LimitsVersion, len(rows))
	for i, r := range rows {
		var err error
		if all[i], err = r.version(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// UnitLimits lists the versions of a unit's limits, the newest first.
func (s *Store) UnitLimits(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) ([]alerts.LimitsVersion, error) {
	if !scope.Covers(unit) {
		return nil, nil
	}
	return findLimits(s.reader(ctx).Where("unit = ? AND patient = ''", unit))
}

// PatientLimits lists the versions of a patient's limits, the newest first.
func (s *Store) PatientLimits(ctx context.Context, scope vitals.Scope, patient vitals.PatientID) ([]alerts.LimitsVersion, error) {
	seen, err := s.sees(ctx, scope, patient)
	if err != nil || !seen {
		return nil, err
	}
	return findLimits(s.reader(ctx).Where("unit = '' AND patient = ?", patient))
}

// newestLimits is the newest version of a unit's or a patient's limits; version 0 where there is none.
func newestLimits(tx *gorm.DB, unit vitals.UnitID, patient vitals.PatientID) (alerts.LimitsVersion, error) {
	var row limitsRow
	err := tx.Where("unit = ? AND patient = ?", unit, patient).Order("version DESC").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return alerts.LimitsVersion{Unit: unit, Patient: patient, Changes: alerts.Changes{}}, nil
	}
	if err != nil {
		return alerts.LimitsVersion{}, err
	}
	return row.version()
}

// follow writes a version behind the one that it says to have seen, else gives a LimitsConflictError.
func follow(tx *gorm.DB, next, newest alerts.LimitsVersion) (alerts.LimitsVersion, error) {
	if next.Version != newest.Version {
		seen, err := versionAt(tx, next)
		if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
			return next, err
		}
		return next, &alerts.LimitsConflictError{Seen: seen, Current: newest}
	}
	next.Version++
	row, err := toLimitsRow(next)
	if err != nil {
		return next, err
	}
	if err := tx.Create(&row).Error; err != nil {
		return next, err
	}
	entry, err := row.entry()
	if err != nil {
		return next, err
	}
	return next, appendAudit(tx, []auditRow{entry})
}

func versionAt(tx *gorm.DB, v alerts.LimitsVersion) (alerts.LimitsVersion, error) {
	var row limitsRow
	if err := tx.Where("unit = ? AND patient = ? AND version = ?", v.Unit, v.Patient, v.Version).Take(&row).Error; err != nil {
		return alerts.LimitsVersion{}, err
	}
	return row.version()
}

// ChangePatientLimits makes the next version of a patient's limits, behind the version that it carries: an
// *alerts.LimitsConflictError where there is a newer one. May is asked about what differs in force by it, and
// limits that will not do together with the unit's are an alerts.ErrLimits.
func (s *Store) ChangePatientLimits(
	ctx context.Context, v alerts.LimitsVersion, may func([]alerts.Difference) error,
) (alerts.LimitsVersion, error) {
	err := s.transact(ctx, "change limits", func(tx *gorm.DB) error {
		var p patientRow
		if err := tx.Clauses(forUpdate).Where("id = ?", v.Patient).Take(&p).Error; err != nil {
			return err
		}
		if p.Discharged != nil {
			return vitals.ErrDischarged
		}
		newest, err := newestLimits(tx, "", v.Patient)
		if err != nil {
			return err
		}
		unit, err := newestLimits(tx, p.Unit, "")
		if err != nil {
			return err
		}
		wanted := v.Changes
		if v, err = follow(tx, v, newest); err != nil {
			return err
		}
		before, after := alerts.LimitsOf(unit.Changes, newest.Changes), alerts.LimitsOf(unit.Changes, wanted)
		if err := after.Validate(); err != nil {
			return err
		}
		return may(alerts.Diff(before, after))
	})
	return v, err
}

// patientsLimits are the newest versions of everybody under care in a unit.
func patientsLimits(tx *gorm.DB, unit vitals.UnitID) ([]alerts.LimitsVersion, error) {
	return findLimits(tx.Where(newestOnly).
		Where("patient IN (SELECT id FROM patient WHERE unit = ? AND discharged IS NULL)", unit))
}

// fits reports what is wrong with a unit's limits, by themselves and for those patients who have changed some.
func fits(tx *gorm.DB, unit vitals.UnitID, c alerts.Changes) error {
	if err := alerts.LimitsOf(c, nil).Validate(); err != nil {
		return err
	}
	patients, err := patientsLimits(tx, unit)
	if err != nil {
		return err
	}
	faults := lo.FilterMap(patients, func(v alerts.LimitsVersion, _ int) (error, bool) {
		err := alerts.LimitsOf(c, v.Changes).Validate()
		return err, err != nil
	})
	if len(faults) > 0 {
		return fmt.Errorf("with what %d patients of the unit have otherwise: %w", len(faults), faults[0])
	}
	return nil
}
