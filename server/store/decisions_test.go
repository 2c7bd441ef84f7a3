package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// aDay is recorded: Anna's audio is paused, she goes to X-ray, her oxygen alarm is switched off, and on again by itself;
// her limits are changed, and those of the unit by two people; HR HIGH was brief twelve times within the hour; and an
// asystole was raised, whose evidence was kept and, an hour later, completed.
func aDay(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	decide := func(version int, kind alerts.CommandKind, actor, reason string) alerts.CareChange {
		return alerts.CareChange{
			Kind: kind, At: after(time.Duration(version) * time.Minute), Actor: actor, Command: "c", Station: "desk-1", Reason: reason,
			Care: alerts.Care{Patient: anna, Version: version, Changed: noon},
		}
	}
	day := []alerts.CareChange{
		decide(1, alerts.PauseAudio, "nurse-1", ""), decide(2, alerts.Standby, "nurse-1", ""), decide(3, alerts.Resume, "", ""),
		decide(4, alerts.AlarmOff, "charge-1", "palliative"), decide(5, alerts.AlarmOn, "", ""),
	}
	commit(t, s, func(tx *store.Tx) error { return tx.SaveCare(day[:2]) })
	commit(t, s, func(tx *store.Tx) error { return tx.SaveCare(day[1:]) }) // the second is told again

	got[alerts.LimitsVersion](t)(s.ChangePatientLimits(ctx, ofPatient(anna, 0, slower(40)), anybody))
	must(t, s.ProposeUnitLimits(ctx, alerts.LimitsProposal{ID: "p-1", Unit: unitA, Changes: slower(42), Author: nurse}))
	got[alerts.LimitsVersion](t)(s.ApproveUnitLimits(ctx, unitA, "p-1", charge))

	brief := []alerts.Dropped{{Patient: anna, Condition: alerts.HRHigh, To: after(time.Hour), Times: 12}}
	for range 2 { // a transaction of which nobody knew whether it was made
		commit(t, s, func(tx *store.Tx) error { return tx.SaveDropped(brief) })
	}

	save(t, s, raised(alarm(anna, 1)))
	strip := wave(anna, strap, vitals.ECG, noon.Truncate(vitals.WaveBlock))
	commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{strip}) })
	must(t, s.FreezeEvidence(ctx, after(time.Minute)))
	late := wave(anna, strap, vitals.ECG, noon.Truncate(vitals.WaveBlock).Add(vitals.WaveBlock))
	commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{late}) })
	must(t, s.FreezeEvidence(ctx, after(2*time.Hour)))
	_, _, err := s.Witness(ctx, after(3*time.Hour))
	must(t, err)
}

func TestWhatPeopleDecideIsInTheChains(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		aDay(t, s)
		r := got[*store.AuditReport](t)(s.VerifyAudit(context.Background(), store.Witness{}))
		// five decisions, limits of a patient and a unit, a count, an event, evidence twice
		same(t, r, &store.AuditReport{Alarms: 1, Events: 1, Entries: 5 + 2 + 1 + 1 + 2, Chains: 2, Newest: r.Newest})
	})
}

func TestEvidenceThatDidNotChangeIsSealedOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		save(t, s, raised(alarm(anna, 1)))
		for _, at := range []time.Duration{time.Minute, 2 * time.Hour} {
			must(t, s.FreezeEvidence(context.Background(), after(at)))
		}
		r := got[*store.AuditReport](t)(s.VerifyAudit(context.Background(), store.Witness{}))
		same(t, r, &store.AuditReport{Alarms: 1, Events: 1, Entries: 2, Chains: 2})
	})
}

func TestWhoeverTampersWithADecisionIsFound(t *testing.T) {
	for _, row := range []struct{ story, tamper, says string }{
		{"who switched an alarm off", `UPDATE care SET actor = 'charge-2' WHERE version = 4`, "alarm_off of patient anna version 4"},
		{"why", `UPDATE care SET reason = 'noise' WHERE version = 4`, "alarm_off of patient anna version 4"},
		{"for how long", `UPDATE care SET care = REPLACE(care, '"Version":4', '"Version":6') WHERE version = 4`, "alarm_off of patient anna version 4"},
		{"that a patient was on standby", `DELETE FROM care WHERE version = 2`, "standby of anna version 2 is missing"},
		{"that audio was paused, with the entry", `DELETE FROM care WHERE version = 1; DELETE FROM audit WHERE kind = 'paused'`, "the entries from 1 on are missing"},
		{"the entry of a pause", `DELETE FROM audit WHERE kind = 'paused'`, "pause of patient anna version 1 is in no chain"},
		{"a standby that never was", `INSERT INTO care SELECT patient, 9, part, at, kind, actor, command, station, reason, care FROM care WHERE version = 2`, "standby of patient anna version 9 is in no chain"},
		{"a limit of a patient", `UPDATE limits SET changes = REPLACE(changes, '40', '35') WHERE patient = 'anna'`, "limits of anna version 1"},
		{"who approved the limits of a unit", `UPDATE limits SET approved = 's-nurse' WHERE unit = 'unit-a'`, "limits of unit-a version 1"},
		{"that the limits of a unit were changed", `DELETE FROM limits WHERE unit = 'unit-a'`, "limit_changed of unit-a version 1 is missing"},
		{"how often nobody was told", `UPDATE audit SET detail = 'HR_HIGH 2' WHERE kind = 'delayed_dropped'`, "entry 6 (anna)"},
		{"a sample of the evidence", `UPDATE evidence_wave SET data = (SELECT data FROM evidence_wave ORDER BY start LIMIT 1)`, "evidence of alarm anna-1"},
		{"a block of the evidence", `DELETE FROM evidence_wave WHERE start = (SELECT MAX(start) FROM evidence_wave)`, "evidence of alarm anna-1"},
		{"the limits in force at the alarm", `UPDATE evidence SET limits = REPLACE(limits, '45', '46')`, "evidence of alarm anna-1"},
		{"all the evidence", `DELETE FROM evidence_wave; DELETE FROM evidence`, "the evidence of alarm anna-1 is missing"},
		{"what the evidence rests on", `DELETE FROM evidence`, "alarm anna-1 has waveforms without evidence"},
		{"the seal of the evidence", `DELETE FROM audit WHERE kind = 'evidence'`, "evidence of alarm anna-1 is in no chain"},
		{"the newer seal of the evidence", `DELETE FROM audit WHERE kind = 'evidence' AND seq = 4`, "it ends with entry 3 instead of 4"},
	} {
		t.Run(row.story, func(t *testing.T) { tampered(t, aDay, row.tamper, row.says) })
	}
}

// Stations report, limits are changed and evidence is frozen at the same moment, by several nodes: nobody is turned away,
// and the one chain that they share is whole.
func TestWhoeverAddsToTheSharedChainAtOnceWaitsForTheOthers(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := raised(alarm(anna, 1))
		save(t, s, first)
		var all sync.WaitGroup
		faults := make(chan error, 64)
		for i := range 8 {
			all.Go(func() {
				for range 5 {
					faults <- s.SaveNotes(ctx, []alerts.Note{{Kind: alerts.StationAudio, At: noon, Station: string(rune('a' + i)), Detail: "running"}})
				}
			})
			all.Go(func() { faults <- s.FreezeEvidence(ctx, after(time.Minute)) })
		}
		for _, p := range []vitals.PatientID{anna, bert} {
			all.Go(func() {
				_, err := s.ChangePatientLimits(ctx, ofPatient(p, 0, slower(40)), anybody)
				faults <- err
			})
		}
		all.Wait()
		close(faults)
		for err := range faults {
			must(t, err)
		}
		r := got[*store.AuditReport](t)(s.VerifyAudit(ctx, store.Witness{}))
		if !r.Whole() || r.Entries < 1+8*5+2+1 {
			t.Fatalf("%d entries, %v", r.Entries, r.Faults)
		}
	})
}
