package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/alerts"
	"vigil/vitals"
)

// sharedChain holds what any node may add: what stations report, who was called, changes of limits. The chains
// before it are those of the partitions: whoever holds the fence of a partition is the only one who adds to its
// chain, so no node ever waits for another to seal an alarm.
const sharedChain = vitals.Partitions

// auditRow is one entry of a chain: a change of an alarm, whose event it names by its seal, or a note. Its JSON
// form is what is sealed, so what must be added later goes to the end, with omitempty. Hash is SHA-256 over
// the hash of the entry before and that.
type auditRow struct {
	Chain   int            `gorm:"primaryKey;autoIncrement:false" json:"chain"`
	Seq     int64          `gorm:"primaryKey;autoIncrement:false" json:"seq"`
	At      int64          `json:"at"`
	Kind    string         `json:"kind"`
	Alarm   alerts.AlarmID `json:"alarm"`
	Version int            `json:"version"`
	Unit    vitals.UnitID  `json:"unit"`
	Station string         `json:"station"`
	Actor   string         `json:"actor"`
	Detail  string         `json:"detail"`
	Event   []byte         `json:"event"` // NULL for a note
	Hash    []byte         `json:"-"`

	Patient vitals.PatientID `json:"patient,omitempty"` // of what is of no alarm

	Sealed []byte `gorm:"->" json:"-"` // what verify.go reads beside it: the seal of the event as it is now
}

func (auditRow) TableName() string { return "audit" }

// headRow is where a chain ends.
type headRow struct {
	Chain int `gorm:"primaryKey;autoIncrement:false"`
	Seq   int64
	Hash  []byte
}

func (headRow) TableName() string { return "audit_head" }

// sealBehind is the seal of a row behind the one with the hash.
func sealBehind(prev []byte, row any) ([]byte, error) {
	text, err := json.Marshal(row)
	if err != nil {
		return nil, fmt.Errorf("encode audit entry: %w", err)
	}
	h := sha256.New()
	_, _ = h.Write(prev) // a hash never fails
	_, _ = h.Write(text)
	return h.Sum(nil), nil
}

// appendAudit seals the entries behind those of their chains. Whoever adds to the same chain meanwhile waits.
func appendAudit(db *gorm.DB, entries []auditRow) error {
	if len(entries) == 0 {
		return nil
	}
	chains := lo.Uniq(lo.Map(entries, func(r auditRow, _ int) int { return r.Chain }))
	var stored []headRow
	if err := db.Clauses(forUpdate).Where("chain IN ?", chains).Order("chain").Find(&stored).Error; err != nil {
		return err
	}
	heads := lo.KeyBy(stored, func(h headRow) int { return h.Chain })
	for i := range entries {
		e := &entries[i]
		head := heads[e.Chain]
		e.Seq = head.Seq + 1
		var err error
		if e.Hash, err = sealBehind(head.Hash, *e); err != nil {
			return err
		}
		heads[e.Chain] = headRow{Chain: e.Chain, Seq: e.Seq, Hash: e.Hash}
	}
	if _, err := insert(db, entries); err != nil {
		return err
	}
	moved := clause.OnConflict{Columns: []clause.Column{{Name: "chain"}}, DoUpdates: clause.AssignmentColumns([]string{"seq", "hash"})}
	_, err := insert(db.Clauses(moved), lo.Map(chains, func(c, _ int) headRow { return heads[c] }))
	return err
}

// audited is the entries of the events of one transaction.
func (l *ledger) audited() []auditRow {
	return lo.Map(l.events, func(e eventRow, _ int) auditRow {
		return auditRow{
			Chain: l.alarms[e.Alarm].Part, At: e.At, Kind: string(e.Change), Alarm: e.Alarm, Version: e.Version, Event: e.Hash,
		}
	})
}

// SaveNotes adds notes to the audit, in order. A receipt that is there changes nothing.
func (s *Store) SaveNotes(ctx context.Context, notes []alerts.Note) error {
	return s.transact(ctx, "save audit notes", func(tx *gorm.DB) error {
		known, err := receiptsOf(tx, notes)
		if err != nil {
			return err
		}
		return appendNotes(tx, lo.Filter(notes, func(n alerts.Note, _ int) bool {
			key := receiptKeyOf(n)
			fresh := !n.Receipt() || !known[key]
			known[key] = true
			return fresh
		}))
	})
}

func appendNotes(tx *gorm.DB, notes []alerts.Note) error {
	return appendAudit(tx, lo.Map(notes, func(n alerts.Note, _ int) auditRow {
		return auditRow{
			Chain: sharedChain, At: micros(n.At), Kind: string(n.Kind), Alarm: n.Alarm, Version: n.Version,
			Unit: n.Unit, Station: storable(n.Station), Actor: n.Actor, Detail: storable(n.Detail),
		}
	}))
}

// receiptKey is what a receipt is kept once for.
type receiptKey struct {
	kind    alerts.NoteKind
	alarm   alerts.AlarmID
	version int
	station string
}

func receiptKeyOf(n alerts.Note) receiptKey {
	return receiptKey{n.Kind, n.Alarm, n.Version, storable(n.Station)}
}

// receiptsOf is which receipts there are of the alarms that the notes are about.
func receiptsOf(db *gorm.DB, notes []alerts.Note) (map[receiptKey]bool, error) {
	ids := lo.Uniq(lo.FilterMap(notes, func(n alerts.Note, _ int) (alerts.AlarmID, bool) { return n.Alarm, n.Receipt() }))
	known := map[receiptKey]bool{}
	for _, part := range lo.Chunk(ids, listed) {
		var rows []auditRow
		if err := db.Where("alarm IN ? AND event IS NULL", part).Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, r := range rows {
			known[receiptKeyOf(r.note())] = true
		}
	}
	return known, nil
}

func (r auditRow) note() alerts.Note {
	return alerts.Note{
		Kind: alerts.NoteKind(r.Kind), At: moment(r.At), Alarm: r.Alarm, Version: r.Version,
		Unit: r.Unit, Station: r.Station, Actor: r.Actor, Detail: r.Detail,
	}
}

// Notes lists what was noted of an alarm of the scope, oldest first.
func (s *Store) Notes(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) ([]alerts.Note, error) {
	if _, err := s.Alarm(ctx, scope, id); err != nil {
		return nil, err
	}
	var rows []auditRow
	if err := s.reader(ctx).Where("alarm = ? AND event IS NULL", id).Order("seq").Find(&rows).Error; err != nil {
		return nil, fault("list audit notes", err)
	}
	return lo.Map(rows, func(r auditRow, _ int) alerts.Note { return r.note() }), nil
}
