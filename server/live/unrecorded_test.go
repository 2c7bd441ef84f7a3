package live_test

import (
	"testing"

	"vigil/alerts"
)

// The database is away when an asystole is shown; a screen that comes then sees the mark, too. Once it is recorded, or is
// read back, the mark goes with the same version; a mark that speaks of an older version says nothing.
func TestAScreenSaysWhatIsNotRecorded(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	tell := func(version int, unrecorded bool) {
		s.feed.Alarm(alerts.Transition{Alarm: asystole(version, alerts.ActiveUnack), Unrecorded: unrecorded})
	}
	expect := func(version int, unrecorded bool) {
		t.Helper()
		if f := st.until("ev:alarm"); f.Alarm.Version != version || f.Alarm.Unrecorded != unrecorded {
			t.Fatalf("shown version %d, unrecorded %v; want %d, %v", f.Alarm.Version, f.Alarm.Unrecorded, version, unrecorded)
		}
	}
	tell(1, false)
	expect(1, false)
	tell(1, true)
	expect(1, true)
	tell(1, true) // known
	if _, snap := s.join(t, "west"); !snap.Alarms[0].Unrecorded {
		t.Error("a screen that comes now does not know")
	}
	tell(1, false)
	expect(1, false)
	tell(2, true)
	expect(2, true)
	tell(1, false) // is recorded now, and no longer shown
	s.house.set(func() { s.house.alarms["01A"] = asystole(1, alerts.ActiveUnack) })
	refresh(t, s) // reads version 1
	s.house.set(func() { s.house.alarms["01A"] = asystole(2, alerts.ActiveUnack) })
	refresh(t, s)
	expect(2, false)
	s.feed.Alarm(alerts.Transition{Alarm: asystole(3, alerts.Closed), Unrecorded: true})
	expect(3, true)
	s.feed.Alarm(alerts.Transition{Alarm: asystole(3, alerts.Closed)}) // it is on no screen any more
	another := asystole(1, alerts.ActiveUnack)
	another.ID = "01C"
	s.feed.Alarm(alerts.Transition{Alarm: another})
	if f := st.until("ev:alarm"); f.Alarm.ID != "01C" {
		t.Fatalf("shown %+v", f.Alarm)
	}
}

// An asystole is raised and over while the database is away. When it has taken the beginning, and not yet the end, nobody
// is told again of an asystole that is over: neither of a patient nor where it is about Vigil itself.
func TestAnAlarmThatIsOverDoesNotComeBackWhenItIsRecorded(t *testing.T) {
	for story, of := range map[string]func(*alerts.Alarm){
		"of a patient": func(*alerts.Alarm) {},
		"of a unit":    func(a *alerts.Alarm) { a.Patient, a.Condition, a.Site = alerts.Nobody, alerts.StationSilent, "west" },
		"of Vigil":     func(a *alerts.Alarm) { a.Patient, a.Condition = alerts.Nobody, alerts.DatabaseAway },
	} {
		t.Run(story, func(t *testing.T) {
			s := open(t)
			st, _ := s.join(t, "west")
			tell := func(version int, state alerts.State, unrecorded, retold bool) {
				a := asystole(version, state)
				of(&a)
				s.feed.Alarm(alerts.Transition{Alarm: a, Unrecorded: unrecorded, Retold: retold})
			}
			tell(1, alerts.ActiveUnack, true, false)
			if f := st.until("ev:alarm"); !f.Alarm.Unrecorded || f.Alarm.State != "active_unack" {
				t.Fatalf("shown %+v", f.Alarm)
			}
			tell(1, alerts.ActiveUnack, false, true)
			if f := st.until("ev:alarm"); f.Alarm.Unrecorded || f.Alarm.Version != 1 {
				t.Fatalf("recorded after all, and shown %+v", f.Alarm)
			}
			tell(2, alerts.Closed, true, false)
			if f := st.until("ev:alarm"); f.Alarm.State != "closed" {
				t.Fatalf("shown %+v", f.Alarm)
			}
			tell(1, alerts.ActiveUnack, false, true)
			if _, snap := s.join(t, "west"); len(snap.Alarms) != 0 {
				t.Errorf("a screen that comes now is shown %+v", snap.Alarms)
			}
		})
	}
}

// The disk is full: what is stored can be read, and nothing is added. An asystole that is stored as open ends meanwhile, and
// the feed is compared with the records again and again.
func TestAnAlarmThatIsOverDoesNotComeBackFromRecordsThatTakeNothing(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	s.house.set(func() { s.house.alarms["01A"] = asystole(1, alerts.ActiveUnack) })
	refresh(t, s)
	if f := st.until("ev:alarm"); f.Alarm.State != "active_unack" {
		t.Fatalf("shown %+v", f.Alarm)
	}
	s.feed.Alarm(alerts.Transition{Alarm: asystole(2, alerts.Closed), Unrecorded: true})
	if f := st.until("ev:alarm"); f.Alarm.State != "closed" {
		t.Fatalf("shown %+v", f.Alarm)
	}
	for range 3 {
		refresh(t, s)
		if _, snap := s.join(t, "west"); len(snap.Alarms) != 0 {
			t.Fatalf("a screen that comes now is shown %+v", snap.Alarms)
		}
	}
	s.house.set(func() { s.house.alarms["01A"] = asystole(2, alerts.Closed) })
	refresh(t, s)
	another := asystole(1, alerts.ActiveUnack)
	another.ID = "01C"
	s.feed.Alarm(alerts.Transition{Alarm: another})
	if f := st.until("ev:alarm"); f.Alarm.ID != "01C" {
		t.Fatalf("shown %+v", f.Alarm)
	}
}
