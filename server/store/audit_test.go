package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
)

// aNight is recorded: Anna's alarm was raised, seen and heard at the desk, acknowledged and closed; then Bert's
// was raised. It was witnessed before Bert's.
func aNight(t *testing.T, s *store.Store) (anna1, bert1 alerts.AlarmID, kept store.Witness) {
	t.Helper()
	ctx := context.Background()
	first := raised(alarm(anna, 1))
	second := acked(first.Alarm)
	save(t, s, first)
	must(t, s.SaveNotes(ctx, []alerts.Note{seen(first.Alarm, "desk-1"), heard(first.Alarm, "desk-1")}))
	save(t, s, second, closed(second.Alarm))
	kept, added, err := s.Witness(ctx, after(time.Minute))
	must(t, err)
	if !added {
		t.Fatal("nothing was witnessed")
	}
	last := raised(alarm(bert, 1))
	save(t, s, last)
	return first.Alarm.ID, last.Alarm.ID, kept
}

func seen(a alerts.Alarm, station string) alerts.Note {
	return alerts.Note{Kind: alerts.Rendered, At: a.Changed.Add(time.Second), Alarm: a.ID, Version: a.Version, Unit: unitA, Station: station, Actor: "nurse-1"}
}

func heard(a alerts.Alarm, station string) alerts.Note {
	n := seen(a, station)
	n.Kind = alerts.Sounded
	return n
}

func TestAnAuditThatNobodyTouchedIsWhole(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		_, _, kept := aNight(t, s)
		newest, _, err := s.Witness(context.Background(), after(2*time.Minute))
		must(t, err)
		for _, w := range []store.Witness{{}, kept, newest} {
			r := got[*store.AuditReport](t)(s.VerifyAudit(context.Background(), w))
			same(t, r, &store.AuditReport{Alarms: 2, Events: 4, Entries: 6, Chains: 3, Newest: newest})
		}
		_, added, err := s.Witness(context.Background(), after(3*time.Minute))
		must(t, err)
		if added {
			t.Fatal("a quiet minute was witnessed")
		}
	})
}

func TestAReceiptIsKeptOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := raised(alarm(anna, 1))
		save(t, s, first)
		worse := first.Alarm
		worse.Version++
		again := seen(first.Alarm, "desk-1")
		again.At = again.At.Add(time.Hour)
		told := []alerts.Note{seen(first.Alarm, "desk-1"), seen(first.Alarm, "desk-2"), heard(first.Alarm, "desk-1")}
		must(t, s.SaveNotes(ctx, append(told, again)))
		must(t, s.SaveNotes(ctx, []alerts.Note{again}))
		must(t, s.SaveNotes(ctx, []alerts.Note{seen(worse, "desk-1")}))
		same(t, got[[]alerts.Note](t)(s.Notes(ctx, onlyA, first.Alarm.ID)), append(told, seen(worse, "desk-1")))
		_, err := s.Notes(ctx, onlyB, first.Alarm.ID)
		wantError(t, err, store.ErrNotFound)
	})
}

func TestWhoeverTampersIsFound(t *testing.T) {
	const anna3 = "alarm = 'anna-1' AND version = 3"
	for _, row := range []struct {
		story  string
		tamper string // statements with ; between
		says   string
	}{
		{"a byte of a change's record", `UPDATE alarm_event SET record = REPLACE(record, 'desk-1', 'desk-2') WHERE alarm = 'anna-1' AND version = 2`, "alarm anna-1: version 2"},
		{"who a receipt is of", `UPDATE audit SET station = 'desk-2' WHERE kind = 'sounded'`, "chain 64 entry 2"},
		{"when an entry was made", `UPDATE audit SET at = at + 1 WHERE kind = 'rendered'`, "chain 64 entry 1"},
		{"an event in the middle is gone", `DELETE FROM alarm_event WHERE alarm = 'anna-1' AND version = 2`, "version 2 is missing"},
		{"the newest event is gone", `DELETE FROM alarm_event WHERE ` + anna3, "alarm differs from its last event"},
		{"the newest event is gone, with its entry", `DELETE FROM alarm_event WHERE ` + anna3 + `; DELETE FROM audit WHERE ` + anna3, "it ends with entry 2 instead of 3"},
		{"a whole alarm is gone, its entries are left", `DELETE FROM alarm_event WHERE alarm = 'anna-1'; DELETE FROM alarm WHERE id = 'anna-1'`, "event of alarm anna-1 version 1 is missing"},
		{"a whole alarm is gone, with its entries", `DELETE FROM alarm_event WHERE alarm = 'bert-1'; DELETE FROM alarm WHERE id = 'bert-1'; DELETE FROM audit WHERE alarm = 'bert-1'`, "it ends with entry 0 instead of 1"},
		{"the first entry of a chain is gone", `DELETE FROM audit WHERE kind = 'rendered'`, "chain 64 entry 2: the entries from 1 on are missing"},
		{"only the entry of an event is gone", `DELETE FROM audit WHERE alarm = 'bert-1'`, "alarm bert-1 version 1: its event is in no chain"},
		{"only the alarm is gone", `DELETE FROM alarm WHERE id = 'bert-1'`, "of an alarm that is not there"},
		{"the alarm says something else", `UPDATE alarm SET acked_by = 'nurse-2' WHERE id = 'anna-1'`, "alarm anna-1: alarm differs"},
		{"an entry is put between", `UPDATE audit SET seq = 3 WHERE kind = 'sounded'; INSERT INTO audit SELECT chain, 2, at, kind, alarm, version, unit, 'desk-9', actor, detail, event, hash, patient FROM audit WHERE kind = 'rendered'`, "chain 64 entry 2"},
		{"two entries change places", `UPDATE audit SET seq = 9 WHERE kind = 'rendered'; UPDATE audit SET seq = 1 WHERE kind = 'sounded'; UPDATE audit SET seq = 2 WHERE kind = 'rendered'`, "chain 64 entry 1"},
		{"an entry is added behind", `INSERT INTO audit SELECT chain, 3, at, kind, alarm, version, unit, 'desk-9', actor, detail, event, hash, patient FROM audit WHERE kind = 'sounded'`, "chain 64 entry 3"},
		{"a witness is gone", `DELETE FROM audit_witness WHERE n = 1`, "witness 2"},
		{"a witness says less", `UPDATE audit_witness SET seq = seq - 1 WHERE n = 1`, "witness 1"},
	} {
		t.Run(row.story, func(t *testing.T) {
			tampered(t, func(t *testing.T, s *store.Store) { aNight(t, s) }, row.tamper, row.says)
		})
	}
}

// tampered lets somebody who may change everything change what happened, and finds it.
func tampered(t *testing.T, happened func(*testing.T, *store.Store), tamper, says string) {
	t.Helper()
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		s := storetest.Open(t, c)
		settle(t, s)
		happened(t, s)
		if r := got[*store.AuditReport](t)(s.VerifyAudit(context.Background(), store.Witness{})); !r.Whole() {
			t.Fatalf("broken before anybody touched it: %v", r.Faults)
		}
		vandal := openRaw(t, c)
		refusesChange(t, vandal)
		dropGuards(t, vandal, c)
		for statement := range strings.SplitSeq(tamper, "; ") {
			_, err := vandal.Exec(statement)
			must(t, err)
		}
		finds(t, s, store.Witness{}, says)
	})
}

func finds(t *testing.T, s *store.Store, kept store.Witness, says string) {
	t.Helper()
	r := got[*store.AuditReport](t)(s.VerifyAudit(context.Background(), kept))
	if all := strings.Join(r.Faults, "\n"); !strings.Contains(all, says) {
		t.Fatalf("the report does not say %q:\n%s", says, all)
	}
}

// refusesChange proves that the database itself keeps the audit from being changed.
func refusesChange(t *testing.T, db *sql.DB) {
	t.Helper()
	for table, column := range map[string]string{
		"audit": "at", "audit_witness": "at", "alarm_event": "at", "care": "at", "limits": "at", "evidence": "frozen",
	} {
		var rows int
		must(t, db.QueryRow("SELECT COUNT(*) FROM "+table).Scan(&rows))
		if rows == 0 {
			continue // nothing of it happened in this story
		}
		for _, statement := range []string{"DELETE FROM " + table, "UPDATE " + table + " SET " + column + " = 0"} {
			if _, err := db.Exec(statement); err == nil {
				t.Fatalf("the database carries out %q", statement)
			}
		}
	}
}

// Somebody who may write everything takes Anna's whole alarm away and makes the rest anew, so that nothing in the
// database contradicts itself. Only what was kept elsewhere tells.
func TestAWitnessKeptElsewhereTellsOfAHistoryMadeAnew(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		s := storetest.Open(t, c)
		settle(t, s)
		_, _, kept := aNight(t, s)
		vandal := openRaw(t, c)
		dropGuards(t, vandal, c)
		for _, table := range []string{"alarm_event", "alarm", "audit", "audit_head", "audit_witness"} {
			_, err := vandal.Exec("DELETE FROM " + table)
			must(t, err)
		}
		save(t, s, raised(alarm(bert, 1)))
		_, _, err := s.Witness(context.Background(), after(time.Minute))
		must(t, err)
		if r := got[*store.AuditReport](t)(s.VerifyAudit(context.Background(), store.Witness{})); !r.Whole() {
			t.Fatalf("the story is not the one that it should be: %v", r.Faults)
		}
		again, err := store.ParseWitness(kept.String())
		must(t, err)
		finds(t, s, again, "kept elsewhere is not here")
	})
}

func TestWhatIsNoWitnessIsRefused(t *testing.T) {
	for _, text := range []string{"", "1", "1:", ":ab", "x:ab", "0:ab", "1:xy", "-1:ab"} {
		if w, err := store.ParseWitness(text); err == nil {
			t.Errorf("%q is read as %v", text, w)
		}
	}
}

// BenchmarkTransitions records 1,000 HIGH alarms that were raised in the same second, in one transaction.
func BenchmarkTransitions(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		settle(b, s)
		for n := 0; b.Loop(); n += 1000 {
			storm := make([]alerts.Transition, 1000)
			for i := range storm {
				storm[i] = raised(alarm(anna, n+i))
			}
			commit(b, s, func(tx *store.Tx) error { return tx.SaveTransitions(storm) })
		}
		b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "alarms/s")
	})
}
