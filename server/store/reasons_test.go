package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// Anna's alarm was acknowledged and is over. The nurse says what it was, says so again, and thinks better of it. The
// alarm and its events stay as they were; the list and the reports say what she said last.
func TestWhatIsOverIsExplainedWithoutChangingIt(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := raised(alarm(anna, 1))
		second := acked(first.Alarm)
		third := closed(second.Alarm)
		say := func(reason alerts.AckReason) (alerts.Alarm, error) {
			return s.Explain(ctx, alerts.Command{Alarm: first.Alarm.ID, AckReason: reason, Actor: "nurse-1", Station: "desk-1"}, after(time.Hour))
		}
		refused := func(reason alerts.AckReason) alerts.RefusalCode {
			_, err := say(reason)
			r, _ := errors.AsType[*alerts.RefusedError](err)
			if r == nil {
				t.Fatalf("%v is no refusal", err)
			}
			return r.Code
		}
		_, err := say(alerts.Artefact)
		wantError(t, err, store.ErrNotFound)
		save(t, s, first, second)
		_, err = say(alerts.Artefact)
		wantError(t, err, store.ErrConflict) // its end is not on disk yet
		save(t, s, third)
		same(t, refused("a mistake"), alerts.Unfit)
		for _, reason := range []alerts.AckReason{alerts.Artefact, alerts.Artefact, alerts.Actioned} {
			same(t, got[alerts.Alarm](t)(say(reason)).AckReason, reason)
		}
		same(t, got[[]alerts.Transition](t)(s.History(ctx, onlyA, first.Alarm.ID)), []alerts.Transition{first, second, third})
		same(t, got[[]alerts.Alarm](t)(s.Alarms(ctx, onlyA, vitals.AlarmQuery{State: vitals.AllAlarms}))[0].AckReason, alerts.Actioned)
		courses := got[alerts.Period](t)(s.Period(ctx, onlyA, vitals.AlarmQuery{From: noon, To: after(time.Minute)})).Courses
		same(t, courses[0].Alarm.AckReason, alerts.Actioned)
		notes := got[[]alerts.Note](t)(s.Notes(ctx, onlyA, first.Alarm.ID))
		same(t, len(notes), 2)
		same(t, notes[1], alerts.Note{
			Kind: alerts.AckReasoned, At: after(time.Hour), Alarm: first.Alarm.ID, Version: third.Alarm.Version,
			Station: "desk-1", Actor: "nurse-1", Detail: "actioned",
		})

		brief := alarm(anna, 2)
		save(t, s, raised(brief), closed(brief)) // nobody ever took it
		_, err = s.Explain(ctx, alerts.Command{Alarm: brief.ID, AckReason: alerts.Artefact}, after(time.Hour))
		if r, _ := errors.AsType[*alerts.RefusedError](err); r == nil || r.Code != alerts.NotAcked {
			t.Fatalf("an alarm that nobody took is explained: %v", err)
		}
		if r := got[*store.AuditReport](t)(s.VerifyAudit(ctx, store.Witness{})); !r.Whole() {
			t.Fatal(r.Faults)
		}
	})
}
