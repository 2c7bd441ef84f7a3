package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"vigil/alerts"
)

// manyFaults is how many faults are named one by one.
const manyFaults = 100

// AuditReport is what VerifyAudit found.
type AuditReport struct {
	Alarms, Events, Entries int
	Chains                  int
	Newest                  Witness  // zero where nothing was witnessed yet
	Faults                  []string // what is broken where, for people; at most a hundred
	More                    int      // further faults
}

func (r *AuditReport) blame(format string, args ...any) {
	if len(r.Faults) == manyFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

// Whole reports whether nothing is broken.
func (r *AuditReport) Whole() bool { return len(r.Faults) == 0 }

// VerifyAudit walks everything that is sealed, as it stands at one moment: each alarm's events and the alarm
// itself, the chains of the audit, what people decided, what alarms rest on, and the witnesses. kept is a witness from another place; the zero Witness
// where there is none. The error is about the reading; what is broken is in the report.
func (s *Store) VerifyAudit(ctx context.Context, kept Witness) (*AuditReport, error) {
	r := &AuditReport{}
	var options []*sql.TxOptions
	if s.kind.name() != (sqliteDialect{}).name() { // where a transaction that reads does not see one moment by itself
		options = append(options, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	}
	err := s.reader(ctx).Transaction(func(tx *gorm.DB) error {
		for _, step := range []func(*gorm.DB) error{r.verifyAlarms, r.verifyLostEvents, r.verifyChains, r.verifyDecisions, r.verifyEvidence} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return r.verifyWitnesses(tx, kept)
	}, options...)
	if err != nil {
		return nil, fault("verify the audit", err)
	}
	return r, nil
}

// verifyAlarms checks the events of each alarm, and the alarm against its last event.
func (r *AuditReport) verifyAlarms(tx *gorm.DB) error {
	for last := alerts.AlarmID(""); ; {
		var alarms []alarmRow
		if err := tx.Where("id > ?", last).Order("id").Limit(listed).Find(&alarms).Error; err != nil || len(alarms) == 0 {
			return err
		}
		first := alarms[0].ID
		last = alarms[len(alarms)-1].ID
		var rows []eventRow
		if err := tx.Where("alarm BETWEEN ? AND ?", first, last).Order("alarm, version").Find(&rows).Error; err != nil {
			return err
		}
		events := map[alerts.AlarmID][]eventRow{}
		for _, row := range rows {
			events[row.Alarm] = append(events[row.Alarm], row)
		}
		for _, a := range alarms {
			r.Alarms++
			r.verifyAlarm(a, events[a.ID])
		}
	}
}

func (r *AuditReport) verifyAlarm(row alarmRow, events []eventRow) {
	r.Events += len(events)
	history, err := openHistory(events)
	if err != nil {
		r.blame("alarm %s: %v", row.ID, err)
		return
	}
	alarm, err := row.alarm()
	if err != nil || len(history) == 0 || history[len(history)-1].Alarm != alarm {
		r.blame("alarm %s: %v", row.ID, errDiffers)
	}
}

// verifyLostEvents finds events of which there is no alarm, or no entry in a chain.
func (r *AuditReport) verifyLostEvents(tx *gorm.DB) error {
	for about, missing := range map[string]string{
		"is of an alarm that is not there": "NOT EXISTS (SELECT 1 FROM alarm a WHERE a.id = alarm_event.alarm)",
		"is in no chain of the audit": "NOT EXISTS (SELECT 1 FROM audit e WHERE e.alarm = alarm_event.alarm " +
			"AND e.version = alarm_event.version AND e.event IS NOT NULL)",
	} {
		var rows []eventRow
		if err := tx.Select("alarm, version").Where(missing).Order("alarm, version").Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			r.blame("alarm %s version %d: its event %s", row.Alarm, row.Version, about)
		}
	}
	return nil
}

// verifyChains walks all chains from their beginning.
func (r *AuditReport) verifyChains(tx *gorm.DB) error {
	heads := map[int]headRow{}
	for last := (auditRow{Chain: -1}); ; {
		var rows []auditRow
		err := tx.Table("audit").Select("audit.*, e.hash AS sealed").
			Joins("LEFT JOIN alarm_event e ON e.alarm = audit.alarm AND e.version = audit.version AND audit.event IS NOT NULL").
			Where("(audit.chain, audit.seq) > (?, ?)", last.Chain, last.Seq).
			Order("audit.chain, audit.seq").Limit(listed).Scan(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return r.verifyHeads(tx, heads)
		}
		for _, row := range rows {
			last = row
			head := heads[row.Chain]
			r.Entries++
			r.verifyEntry(row, head)
			heads[row.Chain] = headRow{Chain: row.Chain, Seq: row.Seq, Hash: row.Hash}
		}
	}
}

// verifyEntry checks an entry behind the one before.
func (r *AuditReport) verifyEntry(row auditRow, before headRow) {
	where := fmt.Sprintf("chain %d entry %d", row.Chain, row.Seq)
	if row.Seq != before.Seq+1 {
		r.blame("%s: the entries from %d on are missing before it", where, before.Seq+1)
	}
	if sum, err := sealBehind(before.Hash, row); err != nil || !bytes.Equal(sum, row.Hash) {
		r.blame("%s (%s): %v", where, cmp.Or(string(row.Alarm), string(row.Patient), row.Station), ErrTampered)
	}
	switch {
	case row.Event == nil || row.Version == 0 || row.Alarm == "": // of no event of an alarm
	case row.Sealed == nil:
		r.blame("%s: the event of alarm %s version %d is missing", where, row.Alarm, row.Version)
	case !bytes.Equal(row.Event, row.Sealed):
		r.blame("%s: the event of alarm %s version %d is another one", where, row.Alarm, row.Version)
	}
}

// verifyHeads compares where the chains end with where they are said to.
func (r *AuditReport) verifyHeads(tx *gorm.DB, found map[int]headRow) error {
	var stored []headRow
	if err := tx.Order("chain").Find(&stored).Error; err != nil {
		return err
	}
	for _, h := range stored {
		if end := found[h.Chain]; end.Seq != h.Seq || !bytes.Equal(end.Hash, h.Hash) {
			r.blame("chain %d: it ends with entry %d instead of %d", h.Chain, end.Seq, h.Seq)
		}
		delete(found, h.Chain)
		if h.Seq > 0 {
			r.Chains++
		}
	}
	for chain := range found {
		r.blame("chain %d: nothing says where it ends", chain)
	}
	return nil
}

// verifyWitnesses checks the chain of the witnesses, what each of them saw, and that the one that was kept
// elsewhere is among them.
func (r *AuditReport) verifyWitnesses(tx *gorm.DB, kept Witness) error {
	rows, err := tx.Table("audit_witness w").Select("w.*, a.hash AS found").
		Joins("LEFT JOIN audit a ON a.chain = w.chain AND a.seq = w.seq").Order("w.n").Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // it was read to its end, or another error is told
	seen := false
	for rows.Next() {
		var row witnessRow
		if err := tx.ScanRows(rows, &row); err != nil {
			return err
		}
		sum, err := sealBehind(r.Newest.Hash, row)
		if err != nil || row.N != r.Newest.Number+1 || !bytes.Equal(sum, row.Hash) {
			r.blame("witness %d: %v", row.N, ErrTampered)
		}
		if !bytes.Equal(row.Head, row.Found) {
			r.blame("witness %d: chain %d entry %d is not what it was at %s", row.N, row.Chain, row.Seq, moment(row.At))
		}
		r.Newest = Witness{row.N, row.Hash}
		seen = seen || (row.N == kept.Number && bytes.Equal(row.Hash, kept.Hash))
	}
	if kept.Number > 0 && !seen {
		r.blame("the witness %s that was kept elsewhere is not here: what it saw was taken away or made anew", kept)
	}
	return rows.Err()
}
