package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/alerts"
	"vigil/vitals"
)

// When evidence is frozen.
const (
	// evidenceLater is how long after an alarm was raised the waveforms behind it are on disk: those of 20 s,
	// a checkpoint of 10 s, and what the sender and the writer take.
	evidenceLater = 45 * time.Second
	// evidenceAgain is how long after that they are taken once more, for a hub that was cut off brings
	// what it kept when it is back.
	evidenceAgain = time.Hour
	// evidenceAtOnce bounds one round.
	evidenceAtOnce = 100
)

type (
	// The JSON forms of the first two are what is sealed.
	evidenceRow struct {
		Alarm   alerts.AlarmID `gorm:"primaryKey" json:"alarm"`
		FromAt  int64          `json:"from_at"`
		ToAt    int64          `json:"to_at"`
		Frozen  int64          `json:"frozen"`
		Program string         `json:"program"`
		Limits  string         `json:"limits"` // JSON: every setting's value by name
	}
	evidenceWaveRow struct {
		Alarm  alerts.AlarmID  `gorm:"primaryKey" json:"alarm"`
		Kind   string          `gorm:"primaryKey" json:"kind"`
		Start  int64           `gorm:"primaryKey;autoIncrement:false" json:"start"`
		Device vitals.DeviceID `gorm:"primaryKey" json:"device"`
		N      int             `json:"n"`
		Data   []byte          `json:"data"`
	}
	evidenceDueRow struct {
		Alarm alerts.AlarmID `gorm:"primaryKey"`
		Due   int64
		Again bool // it was frozen once
		Ahead int64
	}
)

func (evidenceRow) TableName() string     { return "evidence" }
func (evidenceWaveRow) TableName() string { return "evidence_wave" }
func (evidenceDueRow) TableName() string  { return "evidence_due" }

// due is what is to be frozen of the events of one transaction.
func (l *ledger) due() []evidenceDueRow {
	return lo.FilterMap(l.events, func(e eventRow, _ int) (evidenceDueRow, bool) {
		raised := e.Change == alerts.Raised && l.alarms[e.Alarm].Patient != ""
		return evidenceDueRow{Alarm: e.Alarm, Due: e.At + evidenceLater.Microseconds(), Ahead: l.ahead[e.Alarm].Microseconds()}, raised
	})
}

// FreezeEvidence keeps what the alarms rest on whose waveforms are on disk by now. No alarm waits for it, and it
// may run on several nodes at once: freezing twice is freezing once. What fails is tried again later.
func (s *Store) FreezeEvidence(ctx context.Context, now time.Time) error {
	var due []evidenceDueRow
	err := s.reader(ctx).Where("due <= ?", micros(now)).Order("due, alarm").Limit(evidenceAtOnce).Find(&due).Error
	if err != nil {
		return fault("list evidence to freeze", err)
	}
	var faults []error
	for _, d := range due {
		err := s.transact(ctx, "freeze evidence", func(tx *gorm.DB) error { return freeze(tx, d, now) })
		if err != nil {
			faults = append(faults, err)
			d.Due = micros(now.Add(evidenceAgain)) // others must not wait behind it
			faults = append(faults, fault("postpone evidence", s.writer(ctx).Model(&d).Update("due", d.Due).Error))
		}
	}
	return errors.Join(faults...)
}

func freeze(tx *gorm.DB, d evidenceDueRow, now time.Time) error {
	var event eventRow
	if err := tx.Where("alarm = ?", d.Alarm).Order("version").Limit(1).Take(&event).Error; err != nil {
		return err
	}
	raised, err := event.open(nil)
	if err != nil {
		return err
	}
	raised.Ahead = time.Duration(d.Ahead) * time.Microsecond
	from, to := alerts.EvidenceSpan(raised)
	if err := copyWaves(tx, raised.Alarm, from, to); err != nil {
		return err
	}
	limits, err := limitsThen(tx, raised.Alarm.Patient, raised.At)
	if err != nil {
		return err
	}
	program, err := event.program()
	if err != nil {
		return err
	}
	row := evidenceRow{Alarm: d.Alarm, FromAt: micros(from), ToAt: micros(to), Frozen: micros(now), Program: program, Limits: limits}
	if err := tx.Clauses(ignoreRepeat).Create(&row).Error; err != nil {
		return err
	}
	if err := sealEvidence(tx, d.Alarm, now); err != nil {
		return err
	}
	if d.Again {
		return tx.Delete(&d).Error
	}
	return tx.Model(&d).Updates(map[string]any{"due": d.Due + evidenceAgain.Microseconds(), "again": true}).Error
}

// copyWaves keeps the blocks that overlap the time, each as it is now.
func copyWaves(tx *gorm.DB, a alerts.Alarm, from, to time.Time) error {
	var blocks []blockRow
	err := tx.Table(waveTable).Where("patient = ? AND kind IN ?", a.Patient, kindNames(vitals.Sampled)).
		Where("start > ? AND start < ?", micros(from.Add(-vitals.WaveBlock)), micros(to)).Find(&blocks).Error
	if err != nil {
		return err
	}
	_, err = insert(tx.Clauses(clause.OnConflict{UpdateAll: true}), lo.Map(blocks, func(b blockRow, _ int) evidenceWaveRow {
		return evidenceWaveRow{Alarm: a.ID, Kind: b.Kind, Start: b.Start, Device: b.Device, N: b.N, Data: b.Data}
	}))
	return err
}

// limitsThen are the limits that were in force for a patient, as JSON by name.
func limitsThen(tx *gorm.DB, patient vitals.PatientID, at time.Time) (string, error) {
	var p patientRow
	if err := tx.Where("id = ?", patient).Take(&p).Error; err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return "", err
	}
	changes := make([]alerts.Changes, 2)
	for i, whose := range []limitsRow{{Unit: p.Unit}, {Patient: patient}} {
		var rows []limitsRow
		err := tx.Where("unit = ? AND patient = ? AND COALESCE(approved_at, at) <= ?", whose.Unit, whose.Patient, micros(at)).
			Order("version DESC").Limit(1).Find(&rows).Error
		if err != nil {
			return "", err
		}
		for _, r := range rows {
			v, err := r.version()
			if err != nil {
				return "", err
			}
			changes[i] = v.Changes
		}
	}
	inForce := alerts.LimitsOf(changes[0], changes[1])
	all := alerts.Changes{}
	for _, s := range alerts.Settings() {
		all[s] = inForce.Value(s)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("write limits: %w", err)
	}
	return string(text), nil
}

// Evidence is what an alarm of the scope rests on; not found while it is not frozen yet. The blocks are whole: the
// first and the last of a channel may reach beyond the time.
func (s *Store) Evidence(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) (alerts.Evidence, error) {
	alarm, err := s.Alarm(ctx, scope, id)
	if err != nil {
		return alerts.Evidence{}, err
	}
	var row evidenceRow
	if err := s.reader(ctx).Where("alarm = ?", id).Take(&row).Error; err != nil {
		return alerts.Evidence{}, fault("find evidence", err)
	}
	e := alerts.Evidence{Alarm: id, From: moment(row.FromAt), To: moment(row.ToAt), Frozen: moment(row.Frozen), Program: row.Program}
	if err := json.Unmarshal([]byte(row.Limits), &e.Limits); err != nil {
		return e, fmt.Errorf("read limits: %w", err)
	}
	var waves []evidenceWaveRow
	if err := s.reader(ctx).Where("alarm = ?", id).Order(kindOrder + ", device, start").Find(&waves).Error; err != nil {
		return e, fault("list evidence", err)
	}
	for _, w := range waves {
		b, err := blockRow{Patient: alarm.Patient, Kind: w.Kind, Start: w.Start, Device: w.Device, N: w.N, Data: w.Data}.block()
		if err != nil {
			return e, err
		}
		e.Waves = append(e.Waves, b)
	}
	return e, nil
}
