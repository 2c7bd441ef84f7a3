package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// Somebody acknowledges with a command whose id holds what PostgreSQL keeps in no text. It and what is to be stored with it
// are stored, and the audit is whole; what is looked up by such an id is not there.
func TestATextThatCannotBeStoredHoldsUpNothing(t *testing.T) {
	const garbled = "\x00 and \xff"
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		asystole := alerts.Alarm{
			ID: alerts.NewAlarmID(anna, alerts.Asystole, "", noon), Patient: anna, Condition: alerts.Asystole, Priority: alerts.High,
			State: alerts.ActiveAck, Truth: alerts.True, Version: 1, Onset: noon, Evidence: noon, Raised: noon, Changed: noon,
			Command: garbled, AckedName: garbled,
		}
		paused := alerts.CareChange{
			Kind: alerts.PauseAudio, At: noon, Actor: "nurse-1", Command: garbled, Station: garbled,
			Care: alerts.Care{Patient: anna, Version: 1, Changed: noon, Away: alerts.Decided{Since: noon, Until: after(time.Hour), Where: garbled}},
		}
		commit(t, s, func(tx *store.Tx) error {
			if err := tx.SaveTransitions([]alerts.Transition{{Change: alerts.Raised, Alarm: asystole, At: noon, Command: garbled, Station: garbled}}); err != nil {
				return err
			}
			return tx.SaveCare([]alerts.CareChange{paused})
		})
		same(t, got[alerts.Alarm](t)(s.Alarm(ctx, everything, asystole.ID)).Version, 1)
		same(t, len(got[[]alerts.Care](t)(s.Care(ctx, vitals.PartitionOf(anna)))), 1)
		audit := got[*store.AuditReport](t)(s.VerifyAudit(ctx, store.Witness{}))
		same(t, audit.Whole(), true)

		must(t, s.SaveDevice(ctx, vitals.Device{ID: "00a09e0000aa", Manufacturer: garbled, Model: garbled}))
		_, err := s.Patient(ctx, everything, garbled)
		wantError(t, err, store.ErrNotFound)
		_, err = s.PatientByMRN(ctx, everything, garbled)
		wantError(t, err, store.ErrNotFound)
	})
}
