package live_test

import (
	"slices"
	"testing"

	"vigil/alerts"
	"vigil/vitals"
)

func about(c alerts.Condition, unit string, version int, state alerts.State) alerts.Transition {
	a := asystole(version, state)
	a.ID, a.Patient, a.Condition, a.Site = alerts.AlarmID("01S"+string(c)), alerts.Nobody, c, unit
	return alerts.Transition{Alarm: a}
}

func TestAlarmsAboutVigilItselfAreOnEveryScreen(t *testing.T) {
	s := open(t)
	s.house.set(func() { s.house.staff.Units = append(s.house.staff.Units, "east", "north") })
	west, _ := s.join(t, "west")
	s.feed.Alarm(about(alerts.DetectorLag, "", 1, alerts.ActiveUnack))
	s.feed.Alarm(about(alerts.StationSilent, "east", 1, alerts.ActiveUnack))
	if f := west.until("ev:alarm"); f.Alarm.Condition != alerts.DetectorLag {
		t.Fatalf("%+v", f.Alarm)
	}
	_, east := s.join(t, "east")
	_, north := s.join(t, "north") // whom nobody has looked at before, and without a patient
	if len(east.Alarms) != 2 || len(north.Alarms) != 1 || north.Alarms[0].Condition != alerts.DetectorLag {
		t.Fatalf("east sees %+v, north %+v", east.Alarms, north.Alarms)
	}
	// The census changes, the database has not heard of them yet: they stay.
	s.house.set(func() { delete(s.house.patients, "p1") })
	if err := s.feed.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	west.say(map[string]any{"t": "resync"})
	if f := west.until("snap"); len(f.Alarms) != 1 {
		t.Fatalf("west sees %+v", f.Alarms)
	}
	s.feed.Alarm(about(alerts.DetectorLag, "", 2, alerts.Closed))
	if f := west.until("ev:alarm"); f.Alarm.State != "closed" {
		t.Fatalf("%+v", f.Alarm)
	}
	if _, again := s.join(t, "west"); len(again.Alarms) != 0 {
		t.Fatalf("west sees %+v", again.Alarms)
	}
}

func TestAlarmsAboutVigilItselfAreAcknowledgedFromAScreen(t *testing.T) {
	for name, story := range map[string]struct {
		unit     string
		wantCode string
	}{
		"one that every unit sees": {"", ""},
		"one about the unit":       {"west", ""},
		"one about another unit":   {"east", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			told := about(alerts.StationSilent, story.unit, 1, alerts.ActiveUnack)
			s.house.alarms[told.Alarm.ID] = told.Alarm
			s.feed.Alarm(told)
			st, _ := s.join(t, "west")
			st.say(map[string]any{
				"t": "cmd", "cmd_id": "c1", "op": "ack", "alarm": told.Alarm.ID, "seen_version": 1, "seen_priority": told.Alarm.Priority.String(),
			})
			if f := st.until("res"); f.Code != story.wantCode || f.OK != (story.wantCode == "") {
				t.Errorf("answer %+v", f)
			}
		})
	}
}

func TestAUnitIsAudibleWhileAStationSaysSo(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	if units := s.feed.Audible(); len(units) != 0 {
		t.Fatalf("%v can be heard before anybody said so", units)
	}
	for i, step := range []struct {
		audio string
		want  []vitals.UnitID
	}{{"running", []vitals.UnitID{"west"}}, {"suspended", nil}, {"running", []vitals.UnitID{"west"}}} {
		st.say(map[string]any{"t": "cred", "seq": 1, "visible": true, "audio": step.audio})
		s.noted(t, i+1)
		if units := s.feed.Audible(); !slices.Equal(units, step.want) {
			t.Fatalf("%s: %v can be heard", step.audio, units)
		}
	}
	_ = st.conn.Close()
	s.noted(t, 4)
	if units := s.feed.Audible(); len(units) != 0 {
		t.Fatalf("%v can be heard though the station is gone", units)
	}
}
