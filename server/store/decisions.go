package store

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"vigil/alerts"
	"vigil/vitals"
)

// What people decide beside the alarms themselves (audio pause, standby, alarms that are off, limits) stands in rows
// of its own, one per version. The audit has an entry for each, whose Event is the seal of the row.

// entry is what the audit says of a change of care.
func (r careRow) entry() (auditRow, error) {
	kind := alerts.NoteKind(r.Kind)
	if r.Kind == alerts.PauseAudio {
		kind = alerts.Paused
	}
	seal, err := sealBehind(nil, r)
	return auditRow{
		Chain: r.Part, At: r.At, Kind: string(kind), Version: r.Version, Station: r.Station, Actor: r.Actor, Detail: r.Reason,
		Event: seal, Patient: r.Patient,
	}, err
}

// entry is what the audit says of a version of limits: by whom it is in force, and why.
func (r limitsRow) entry() (auditRow, error) {
	seal, err := sealBehind(nil, r)
	at := r.At
	if r.ApprovedAt != nil {
		at = *r.ApprovedAt
	}
	return auditRow{
		Chain: sharedChain, At: at, Kind: string(alerts.LimitChanged), Version: r.Version, Unit: r.Unit,
		Actor: string(cmp.Or(r.Approved, r.Author)), Detail: r.Reason, Event: seal, Patient: r.Patient,
	}, err
}

// SaveDropped notes how often nobody was told of a condition that was brief. The same note again changes nothing.
func (t *Tx) SaveDropped(dropped []alerts.Dropped) error {
	entries := make([]auditRow, 0, len(dropped))
	for _, d := range dropped {
		e := auditRow{
			Chain: vitals.PartitionOf(d.Patient), At: micros(d.To), Kind: string(alerts.DelayedDropped), Patient: d.Patient,
			Detail: string(d.Condition) + " " + strconv.Itoa(d.Times),
		}
		var there int64
		err := t.db.Model(&auditRow{}).Where("patient = ? AND kind = ? AND version = 0 AND at = ? AND detail = ?", e.Patient, e.Kind, e.At, e.Detail).
			Count(&there).Error
		if err != nil {
			return fault("find what nobody was told", err)
		}
		if there == 0 {
			entries = append(entries, e)
		}
	}
	return fault("save what nobody was told", appendAudit(t.db, entries))
}

// dropped reads what SaveDropped wrote.
func (r auditRow) dropped() (alerts.Dropped, error) {
	condition, times, _ := strings.Cut(r.Detail, " ")
	n, err := strconv.Atoi(times)
	if err != nil {
		return alerts.Dropped{}, fmt.Errorf("entry %d of chain %d: %w", r.Seq, r.Chain, err)
	}
	return alerts.Dropped{Patient: r.Patient, Condition: alerts.Condition(condition), To: moment(r.At), Times: n}, nil
}

// verifyDecisions checks each version of care and limits against its entry in the audit, and each entry against
// its version.
func (r *AuditReport) verifyDecisions(tx *gorm.DB) error {
	if err := r.verifyCare(tx); err != nil {
		return err
	}
	if err := r.verifyLimits(tx); err != nil {
		return err
	}
	var lost []auditRow
	err := tx.Select("patient, unit, kind, version").
		Where("event IS NOT NULL AND alarm = '' AND ("+
			"kind <> @limits AND NOT EXISTS (SELECT 1 FROM care c WHERE c.patient = audit.patient AND c.version = audit.version) OR "+
			"kind = @limits AND NOT EXISTS (SELECT 1 FROM limits l WHERE l.patient = audit.patient AND l.unit = audit.unit AND l.version = audit.version))",
			map[string]any{"limits": alerts.LimitChanged}).
		Order("patient, unit, version").Find(&lost).Error
	for _, e := range lost {
		r.blame("%s of %s version %d is missing", e.Kind, cmp.Or(string(e.Patient), string(e.Unit)), e.Version)
	}
	return err
}

func (r *AuditReport) verifyCare(tx *gorm.DB) error {
	for last := (careRow{}); ; {
		var rows []careRow
		err := tx.Table("care").Select("care.*, e.event AS sealed").
			Joins("LEFT JOIN audit e ON e.patient = care.patient AND e.patient <> '' AND e.version = care.version "+
				"AND e.event IS NOT NULL AND e.kind <> ?", alerts.LimitChanged).
			Where("(care.patient, care.version) > (?, ?)", last.Patient, last.Version).
			Order("care.patient, care.version").Limit(listed).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			last = row
			entry, err := row.entry()
			r.compare(fmt.Sprintf("%s of patient %s version %d", row.Kind, row.Patient, row.Version), entry, row.Sealed, err)
		}
	}
}

// verifyLimits knows the entries of all limits at once: they are few.
func (r *AuditReport) verifyLimits(tx *gorm.DB) error {
	var entries []auditRow
	if err := tx.Where("kind = ?", alerts.LimitChanged).Find(&entries).Error; err != nil {
		return err
	}
	type version struct {
		unit    vitals.UnitID
		patient vitals.PatientID
		version int
	}
	sealed := map[version][]byte{}
	for _, e := range entries {
		sealed[version{e.Unit, e.Patient, e.Version}] = e.Event
	}
	var rows []limitsRow
	if err := tx.Order("unit, patient, version").Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		entry, err := row.entry()
		about := fmt.Sprintf("limits of %s version %d", cmp.Or(string(row.Patient), string(row.Unit)), row.Version)
		r.compare(about, entry, sealed[version{row.Unit, row.Patient, row.Version}], err)
	}
	return nil
}

// compare blames a row whose seal is not the one in the audit.
func (r *AuditReport) compare(about string, entry auditRow, sealed []byte, err error) {
	switch {
	case err != nil:
		r.blame("%s: %v", about, err)
	case sealed == nil:
		r.blame("%s is in no chain of the audit", about)
	case string(entry.Event) != string(sealed):
		r.blame("%s: %v", about, ErrTampered)
	}
}
