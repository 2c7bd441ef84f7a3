package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"vigil/alerts"
)

// sealEvidence adds to the audit what is kept of an alarm as it is now, unless the audit says so already. An entry of
// evidence has version 0: those of events begin with 1.
func sealEvidence(tx *gorm.DB, id alerts.AlarmID, now time.Time) error {
	var row evidenceRow
	if err := tx.Where("alarm = ?", id).Take(&row).Error; err != nil {
		return err
	}
	var waves []evidenceWaveRow
	if err := tx.Where("alarm = ?", id).Find(&waves).Error; err != nil {
		return err
	}
	sum, err := row.sum(waves)
	if err != nil {
		return err
	}
	before, err := evidenceSeals(tx, []alerts.AlarmID{id})
	if err != nil || bytes.Equal(before[id], sum) {
		return err
	}
	return appendAudit(tx, []auditRow{{
		Chain: sharedChain, At: micros(now), Kind: string(alerts.EvidenceFrozen), Alarm: id, Event: sum,
		Detail: fmt.Sprintf("%d blocks", len(waves)),
	}})
}

// sum is the seal of the evidence with its waveforms.
func (r evidenceRow) sum(waves []evidenceWaveRow) ([]byte, error) {
	sum, err := sealBehind(nil, r)
	slices.SortFunc(waves, func(a, b evidenceWaveRow) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Start, b.Start))
	})
	for _, w := range waves {
		if err == nil {
			sum, err = sealBehind(sum, w)
		}
	}
	return sum, err
}

// evidenceSeals are the newest seals of the evidence of alarms.
func evidenceSeals(tx *gorm.DB, ids []alerts.AlarmID) (map[alerts.AlarmID][]byte, error) {
	var entries []auditRow
	err := tx.Select("alarm, event").Where("alarm IN ? AND version = 0 AND kind = ?", ids, alerts.EvidenceFrozen).Order("seq").Find(&entries).Error
	return lo.SliceToMap(entries, func(e auditRow) (alerts.AlarmID, []byte) { return e.Alarm, e.Event }), err
}

// verifyEvidence checks what is kept of each alarm against its newest seal, and that there still is what was sealed.
func (r *AuditReport) verifyEvidence(tx *gorm.DB) error {
	for last := alerts.AlarmID(""); ; {
		var rows []evidenceRow
		if err := tx.Where("alarm > ?", last).Order("alarm").Limit(listed).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		last = rows[len(rows)-1].Alarm
		ids := lo.Map(rows, func(e evidenceRow, _ int) alerts.AlarmID { return e.Alarm })
		seals, err := evidenceSeals(tx, ids)
		if err != nil {
			return err
		}
		for _, row := range rows {
			var waves []evidenceWaveRow
			if err := tx.Where("alarm = ?", row.Alarm).Find(&waves).Error; err != nil {
				return err
			}
			sum, err := row.sum(waves)
			r.compare(fmt.Sprintf("evidence of alarm %s", row.Alarm), auditRow{Event: sum}, seals[row.Alarm], err)
		}
	}
	var lost, stray []alerts.AlarmID
	err := tx.Model(&auditRow{}).Where("kind = ? AND NOT EXISTS (SELECT 1 FROM evidence k WHERE k.alarm = audit.alarm)", alerts.EvidenceFrozen).
		Distinct().Order("alarm").Pluck("alarm", &lost).Error
	for _, id := range lost {
		r.blame("the evidence of alarm %s is missing", id)
	}
	strayErr := tx.Model(&evidenceWaveRow{}).Where("NOT EXISTS (SELECT 1 FROM evidence k WHERE k.alarm = evidence_wave.alarm)").
		Distinct().Order("alarm").Pluck("alarm", &stray).Error
	for _, id := range stray {
		r.blame("alarm %s has waveforms without evidence", id)
	}
	return errors.Join(err, strayErr)
}
