package live_test

import (
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

func TestAlarmsOfLowPriorityAreAcknowledgedTogetherOverTheSocket(t *testing.T) {
	s := open(t)
	s.house.alarms["01A"] = asystole(1, alerts.ActiveUnack)
	st, _ := s.join(t, "west")
	low := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "ack_low", "patient": "p1", "seen": []map[string]any{{"alarm": "01A", "version": 4}}}
	st.say(low)
	f := st.until("res")
	if !f.OK || f.Care != nil || len(f.Each) != 2 || f.Each[0].Now.State != "active_ack" || f.Each[1].Code != alerts.UnknownAlarm || f.Each[1].Now != nil {
		t.Errorf("answer %+v", f)
	}
	c := s.house.asked[0]
	if c.Kind != alerts.AcknowledgeLow || c.ID != "c1" || len(c.Seen) != 1 || c.Seen[0] != (alerts.SeenAlarm{Alarm: "01A", Version: 4}) || c.Role != vitals.Nurse {
		t.Errorf("asked %+v", c)
	}
	for name, story := range map[string]struct {
		say  map[string]any
		role vitals.Role
		want string
	}{
		"a patient of another unit":  {with(low, "patient", "p2"), vitals.Nurse, "unknown"},
		"with a priority that it is": {with(low, "seen_priority", "high"), vitals.Nurse, "bad_request"},
		"by a viewer":                {low, vitals.Viewer, "forbidden"},
	} {
		s.house.set(func() { s.house.staff.Role = story.role })
		st, _ := s.join(t, "west")
		st.say(story.say)
		if f := st.until("res"); f.Code != story.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAStationsSoundIsPausedForAMomentByTheServer(t *testing.T) {
	s := open(t)
	st, snap := s.join(t, "west")
	other, _ := s.join(t, "west")
	if snap.Station.Paused != nil {
		t.Fatalf("a screen begins paused: %+v", snap.Station)
	}
	pause := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "pause_station", "seconds": 120}
	st.say(pause)
	f := st.until("ev:station")
	if p := f.Station.Paused; p == nil || p.By != "K. Lee" || !p.Since.Equal(noon) || !p.Until.Equal(noon.Add(2*time.Minute)) || f.Seq != 2 {
		t.Fatalf("event %+v", f)
	}
	if f := st.until("res"); !f.OK || f.Command != "c1" {
		t.Errorf("answer %+v", f)
	}
	st.say(map[string]any{"t": "resync"})
	if f := st.until("snap"); f.Station.Paused == nil {
		t.Error("a screen that lost count forgets its pause")
	}
	// The other screen of the station is another loudspeaker, and a screen that comes back sounds.
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	if f := other.until("ev:alarm", "ev:station"); f.Kind != "alarm" {
		t.Errorf("the other screen was told %+v", f)
	}
	if _, again := s.join(t, "west"); again.Station.Paused != nil {
		t.Errorf("a new connection begins paused: %+v", again.Station)
	}
	st.say(with(pause, "seconds", 0))
	if f := st.until("ev:station"); f.Station.Paused != nil {
		t.Errorf("ended: %+v", f.Station)
	}
	want := []string{"station_paused 2m0s0", "station_paused 0s0"}
	for i, got := range s.noted(t, 2)[:2] {
		if got != want[i] {
			t.Errorf("noted %q, want %q", got, want[i])
		}
	}
}

// The clock is an hour ahead when somebody silences a station for a moment. It is put right: the moment is over, or the
// station would be silent for an hour. That it ends by itself needs no word, but nobody is told of it any more.
func TestAStationsPauseEndsWhenTheClockIsSetBackBehindIt(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	setClock := func(fromPress time.Duration) {
		st.say(map[string]any{"t": "cred", "seq": 100, "visible": true, "audio": "running"})
		st.say(map[string]any{"t": "cmd", "cmd_id": "c2", "op": "none"})
		st.until("res") // the screen has confirmed all that it was told: it is not too slow
		s.house.set(func() { s.house.clock = noon.Add(fromPress) })
	}
	told := func(fromPress time.Duration) bool {
		setClock(fromPress)
		st.say(map[string]any{"t": "resync"})
		return st.until("snap").Station.Paused != nil
	}
	st.say(map[string]any{"t": "cmd", "cmd_id": "c1", "op": "pause_station", "seconds": 120})
	st.until("ev:station")
	st.until("res")
	for _, step := range []struct {
		fromPress time.Duration
		want      bool
	}{{-5 * time.Second, true}, {119 * time.Second, true}, {120 * time.Second, false}} {
		if got := told(step.fromPress); got != step.want {
			t.Errorf("a screen that asks %v from the press is told a pause: %t, want %t", step.fromPress, got, step.want)
		}
	}
	setClock(-time.Hour)
	if f := st.until("ev:station"); f.Station.Paused != nil {
		t.Errorf("told %+v, want that the pause is over", f.Station.Paused)
	}
	if told(time.Second) {
		t.Error("the clock is set forward again, and a pause that was withdrawn comes back")
	}
}

func TestAStationIsNeverSilentForLongNorAtAnybodysWord(t *testing.T) {
	s := open(t)
	pause := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "pause_station", "seconds": 120}
	for name, story := range map[string]struct {
		say  map[string]any
		role vitals.Role
		want string
	}{
		"two minutes and a second": {with(pause, "seconds", 121), vitals.Nurse, "unfit"},
		"a time that is none":      {with(pause, "seconds", -1), vitals.Nurse, "bad_request"},
		"a viewer":                 {pause, vitals.Viewer, "forbidden"},
		"a technician":             {pause, vitals.Technician, "forbidden"},
	} {
		s.house.set(func() { s.house.staff.Role = story.role })
		st, _ := s.join(t, "west")
		st.say(story.say)
		if f := st.until("res", "ev:station"); f.T != "res" || f.Code != story.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestWhetherThereIsAnAlarmIsNotKnownWhileTheDatabaseIsAway(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	ack := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "ack", "alarm": "01A", "seen_version": 2, "seen_priority": "high"}
	s.house.set(func() { s.house.down = true })
	st.say(ack)
	if f := st.until("res"); f.Code != "unavailable" {
		t.Errorf("answer %+v", f)
	}
	s.house.set(func() { s.house.down = false })
	st.say(ack)
	if f := st.until("res"); f.Code != "unknown" {
		t.Errorf("when it is back: %+v", f)
	}
}

func TestAnAlarmThatItsOwnerHasForgottenIsOverOverTheSocketToo(t *testing.T) {
	s := open(t)
	over, elsewhere := asystole(3, alerts.Closed), asystole(3, alerts.Closed)
	elsewhere.ID, elsewhere.Patient = "01B", "p2"
	s.house.alarms[over.ID], s.house.alarms[elsewhere.ID] = over, elsewhere
	s.house.answer = &alerts.RefusedError{Code: alerts.UnknownAlarm}
	st, _ := s.join(t, "west")
	ack := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "ack", "alarm": "01A", "seen_version": 2, "seen_priority": "high"}
	st.say(ack)
	if f := st.until("res"); f.Code != "closed" || f.Alarm == nil || f.Alarm.State != "closed" || f.Alarm.Version != 3 {
		t.Errorf("answer %+v", f)
	}
	st.say(with(ack, "alarm", "01B"))
	if f := st.until("res"); f.Code != "unknown" || f.Alarm != nil {
		t.Errorf("of an alarm of another unit: %+v", f)
	}
}
