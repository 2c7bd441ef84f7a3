package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func save(t *testing.T, s *store.Store, transitions ...alerts.Transition) {
	t.Helper()
	commit(t, s, func(tx *store.Tx) error { return tx.SaveTransitions(transitions) })
}

func TestAnOlderVersionChangesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := raised(alarm(anna, 1))
		second := acked(first.Alarm)
		third := closed(second.Alarm)
		save(t, s, first, second, third)
		same(t, got[alerts.Alarm](t)(s.Alarm(ctx, onlyA, first.Alarm.ID)), third.Alarm)

		forged := second
		forged.Alarm.Detail, forged.Actor = "something else", "somebody else"
		save(t, s, first, forged) // what a stalled node still had to say
		save(t, s, third)
		same(t, got[alerts.Alarm](t)(s.Alarm(ctx, onlyA, first.Alarm.ID)), third.Alarm)
		same(t, got[[]alerts.Transition](t)(s.History(ctx, onlyA, first.Alarm.ID)), []alerts.Transition{first, second, third})
	})
}

func TestHistoryIsReadInOrderAcrossCommits(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		first := raised(alarm(anna, 1))
		second := acked(first.Alarm)
		third := closed(second.Alarm)
		third.Alarm.Version += 3 // versions in between were never worth a row
		other := raised(alarm(anna, 2))
		for _, transition := range []alerts.Transition{first, other, second, third} {
			save(t, s, transition)
		}
		ctx := context.Background()
		same(t, got[[]alerts.Transition](t)(s.History(ctx, onlyA, first.Alarm.ID)), []alerts.Transition{first, second, third})
		same(t, got[[]alerts.Transition](t)(s.History(ctx, onlyA, other.Alarm.ID)), []alerts.Transition{other})
	})
}

func TestManyAlarmsInOneCommit(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		var all []alerts.Transition
		for i := range 700 { // more than one statement holds
			first := raised(alarm(anna, i))
			all = append(all, first, acked(first.Alarm))
		}
		save(t, s, all...)
		save(t, s, all...)
		ctx := context.Background()
		same(t, len(got[[]alerts.Alarm](t)(s.Alarms(ctx, onlyA, vitals.AlarmQuery{State: vitals.OpenAlarms}))), 700)
		same(t, len(got[[]alerts.Transition](t)(s.History(ctx, onlyA, all[1398].Alarm.ID))), 2)
	})
}

func TestTamperingIsNoticed(t *testing.T) {
	for story, tamper := range map[string]string{
		"a record is reworded":        `UPDATE alarm_event SET record = REPLACE(record, 'nurse-1', 'nurse-2') WHERE version = 2`,
		"a column is reworded":        `UPDATE alarm_event SET actor = 'nurse-2' WHERE version = 2`,
		"an event is taken out":       `DELETE FROM alarm_event WHERE version = 2`,
		"the last event is taken off": `DELETE FROM alarm_event WHERE version = 3`,
		"all events are taken off":    `DELETE FROM alarm_event`,
		"the alarm itself is changed": `UPDATE alarm SET acked_by = 'nurse-2'`,
	} {
		t.Run(story, func(t *testing.T) {
			storetest.EachConfig(t, func(t *testing.T, c store.Config) {
				s := storetest.Open(t, c)
				settle(t, s)
				first := raised(alarm(anna, 1))
				second := acked(first.Alarm)
				save(t, s, first, second, closed(second.Alarm))
				vandal := openRaw(t, c)
				if _, err := vandal.Exec(tamper); err == nil && story != "the alarm itself is changed" {
					t.Fatal("the database lets events be changed")
				}
				dropGuards(t, vandal, c)
				if _, err := vandal.Exec(tamper); err != nil {
					t.Fatal(err)
				}
				_, err := s.History(context.Background(), everything, first.Alarm.ID)
				wantError(t, err, store.ErrTampered)
			})
		})
	}
}

func TestAnEventThatWasSealedAnewBreaksTheNext(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		s := storetest.Open(t, c)
		settle(t, s)
		first := raised(alarm(anna, 1))
		save(t, s, first, acked(first.Alarm))
		vandal := openRaw(t, c)
		dropGuards(t, vandal, c)
		var record string
		must(t, vandal.QueryRow("SELECT record FROM alarm_event WHERE version = 1").Scan(&record))
		record = strings.Replace(record, "no beat for 4.0 s", "no beat for 9.0 s", 1)
		seal := fmt.Sprintf("x'%x'", sha256.Sum256([]byte(record))) // the first event follows none
		if c.URL != "" {
			seal = strings.Replace(seal, "x'", `'\x`, 1)
		}
		_, err := vandal.Exec("UPDATE alarm_event SET record = '" + record + "', hash = " + seal + " WHERE version = 1")
		must(t, err)
		_, err = s.History(context.Background(), everything, first.Alarm.ID)
		wantError(t, err, store.ErrTampered)
	})
}

func TestOnlyWhatIsOpenOrJustClosedIsRestored(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		standing, latched, waiting := alarm(anna, 1), alarm(anna, 2), alarm(anna, 3)
		latched.State, latched.Truth = alerts.LatchedUnack, alerts.False
		waiting.State, waiting.Raised = alerts.Pending, time.Time{}
		justClosed, longClosed := closed(alarm(anna, 4)).Alarm, closed(alarm(anna, 5)).Alarm
		longClosed.Changed = after(-time.Hour)
		elsewhere := alarm(bert, 6)
		for _, a := range []alerts.Alarm{standing, latched, waiting, justClosed, longClosed, elsewhere} {
			save(t, s, raised(a))
		}
		same(t, got[[]alerts.Alarm](t)(s.OpenAlarms(ctx, vitals.PartitionOf(anna), noon)),
			[]alerts.Alarm{standing, latched, waiting, justClosed})
	})
}

func TestAlarmsAreListedAsAskedFor(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		var all []alerts.Alarm // oldest first
		for i, p := range []vitals.PatientID{anna, bert, anna, bert} {
			a := alarm(p, i)
			a.Raised = after(time.Duration(i) * time.Hour)
			if i >= 2 {
				a = closed(a).Alarm
			}
			all = append(all, a)
			save(t, s, raised(a))
		}
		for story, row := range map[string]struct {
			query vitals.AlarmQuery
			want  []int
		}{
			"all":                  {vitals.AlarmQuery{}, []int{3, 2, 1, 0}},
			"the newest two":       {vitals.AlarmQuery{Limit: 2}, []int{3, 2}},
			"open ones":            {vitals.AlarmQuery{State: vitals.OpenAlarms}, []int{1, 0}},
			"closed ones":          {vitals.AlarmQuery{State: vitals.ClosedAlarms}, []int{3, 2}},
			"of a patient":         {vitals.AlarmQuery{Patient: anna}, []int{2, 0}},
			"of a unit":            {vitals.AlarmQuery{Unit: unitB}, []int{3, 1}},
			"of a time":            {vitals.AlarmQuery{From: after(time.Hour), To: after(3 * time.Hour)}, []int{2, 1}},
			"open ones of a unit":  {vitals.AlarmQuery{Unit: unitA, State: vitals.OpenAlarms}, []int{0}},
			"of a patient of none": {vitals.AlarmQuery{Unit: unitA, Patient: bert}, []int{}},
		} {
			want := lo.Map(row.want, func(i, _ int) alerts.Alarm { return all[i] })
			found := got[[]alerts.Alarm](t)(s.Alarms(context.Background(), everything, row.query))
			t.Run(story, func(t *testing.T) { same(t, found, want) })
		}
	})
}

func TestWhatIsDecidedAboutAPatientIsKeptByVersion(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		change := func(p vitals.PatientID, version int, off ...alerts.Off) alerts.CareChange {
			return alerts.CareChange{
				Kind: alerts.AlarmOff, At: noon, Actor: "c-1", Command: "cmd", Station: "desk", Reason: "palliative",
				Care: alerts.Care{
					Patient: p, Version: version, Changed: noon, Off: off,
					Away: alerts.Decided{Since: noon, Until: after(time.Hour), By: "n-1", ByName: "N. Urse", Where: "X-ray"},
				},
			}
		}
		off := alerts.Off{
			Condition: alerts.Fall, Reason: "palliative", Called: after(time.Minute),
			Decided: alerts.Decided{Since: noon, Until: after(time.Hour), By: "c-1"},
		}
		save := func(all ...alerts.CareChange) {
			t.Helper()
			commit(t, s, func(tx *store.Tx) error { return tx.SaveCare(all) })
		}
		save(change(anna, 1), change(anna, 2, off), change(bert, 1))
		save(change(anna, 1, off, off)) // told again, by somebody who was late
		got, err := s.Care(t.Context(), vitals.PartitionOf(anna))
		if err != nil {
			t.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(c alerts.Care) bool { return c.Patient != anna })
		if diff := cmp.Diff([]alerts.Care{change(anna, 2, off).Care}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		all, err := s.AllCare(t.Context())
		if err != nil || len(all) != 2 {
			t.Errorf("%+v %v", all, err)
		}
	})
}

// The server's clock jumps ahead, so that a device counts as silent, and back; then the device is silent indeed, since the
// same moment. The second alarm must not be taken for old news of the first, which is closed.
func TestAnAlarmOfATimeThatComesTwiceIsKept(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		const device vitals.DeviceID = "a09e1a000003"
		e := alerts.NewEngine(anna)
		e.Bind([]vitals.DeviceID{device}, noon)
		tick := func(from time.Time, seconds int) {
			for i := range seconds {
				save(t, s, e.Tick(from.Add(time.Duration(i)*time.Second)).Transitions...)
			}
		}
		heard := noon
		for range 10 {
			heard = heard.Add(time.Second)
			e.Observe(vitals.Delivery{Patient: anna, Stream: vitals.Stream{Hub: "hub-1"}, Received: heard, Batch: vitals.Batch{
				Device: device, Readings: []vitals.Reading{{Kind: vitals.SpO2, Time: heard, Value: vitals.Int(97)}},
			}})
			tick(heard, 1)
		}
		tick(heard.Add(time.Hour), 1)
		tick(heard.Add(time.Second), 15)

		all := got[[]alerts.Alarm](t)(s.Alarms(context.Background(), onlyA, vitals.AlarmQuery{Patient: anna}))
		states := lo.Map(all, func(a alerts.Alarm, _ int) alerts.State { return a.State })
		slices.Sort(states)
		same(t, states, []alerts.State{alerts.ActiveUnack, alerts.Closed})
	})
}
