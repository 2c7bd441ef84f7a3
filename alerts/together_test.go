package alerts_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

// together asks for the acknowledgement of alarms, and tells what became of each.
func (r *room) together(command string, role vitals.Role, seen ...alerts.Alarm) []string {
	r.t.Helper()
	c := alerts.Command{
		Kind: alerts.AcknowledgeLow, ID: command, Role: role, Actor: "s-7", ActorName: "K. Lee", Station: "desk-1",
	}
	for _, a := range seen {
		c.Seen = append(c.Seen, alerts.SeenAlarm{Alarm: a.ID, Version: a.Version})
	}
	out, answer, err := r.engine.Command(c, r.now)
	r.take(out)
	if err != nil {
		return []string{string(codeOf(err))}
	}
	var told []string
	for _, x := range answer.Each {
		what := string(x.Refused)
		if what == "" {
			what = x.Alarm.State.String() + " by " + x.Alarm.AckedName
		}
		told = append(told, fmt.Sprintf("%s %s", x.Alarm.Condition, what))
	}
	return told
}

// threeLow is a patient with three alarms of LOW priority: it is warm, a battery is low, and an electrode is off.
func threeLow(t *testing.T) (r *room, fever, battery, leads alerts.Alarm) {
	t.Helper()
	r = newRoom(t, patch, scale, thermometer)
	r.last(121, celsius(395), event(scale, vitals.BatteryLevel, 15), heart(72))
	r.last(8, celsius(395), heart(scriptFlat), event(patch, vitals.ContactLost, 0))
	return r, r.open(alerts.TempHigh), r.open(alerts.BatteryLow), r.open(alerts.LeadsOff)
}

func TestAlarmsOfLowPriorityAreAcknowledgedTogether(t *testing.T) {
	r, fever, battery, leads := threeLow(t)
	before := len(r.told)
	want := []string{"TEMP_HIGH active_ack by K. Lee", "BATTERY_LOW active_ack by K. Lee", "LEADS_OFF active_ack by K. Lee"}
	if diff := cmp.Diff(want, r.together("c1", vitals.Nurse, fever, battery, leads)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, x := range r.told[before:] {
		if x.Change != alerts.Acknowledged || x.Actor != "s-7" || x.Command != "c1" || x.Station != "desk-1" {
			t.Errorf("told %s of %s by %q", x.Change, x.Alarm.Condition, x.Actor)
		}
	}
	if n := len(r.told) - before; n != 3 {
		t.Errorf("%d changes, want one of each alarm", n)
	}
	if again := r.together("c1", vitals.Nurse, fever, battery, leads); !cmp.Equal(again, want) {
		t.Errorf("the repeat was answered %v", again)
	}
	after := newRoom(t)
	after.engine.Restore(r.engine.Open())
	if again := after.together("c1", vitals.Nurse, fever, battery, leads); !cmp.Equal(again, want) || len(after.told) > 0 {
		t.Errorf("the repeat after a restart was answered %v", again)
	}
}

func TestWhatIsMoreUrgentThanLowIsTakenOneAtATime(t *testing.T) {
	r, fever, battery, leads := threeLow(t)
	r.last(60, celsius(395), heart(scriptFlat), event(patch, vitals.ContactLost, 0)) // a minute without electrodes is MEDIUM
	r.last(1, press())
	sos := r.open(alerts.SOS)
	r.ack(alerts.BatteryLow)
	before := len(r.told)
	got := r.together("c1", vitals.Charge, sos, leads, battery, fever, alerts.Alarm{ID: "01NONE", Condition: "?"})
	want := []string{"SOS worse", "LEADS_OFF worse", "BATTERY_LOW already_acked", "TEMP_HIGH active_ack by K. Lee", " unknown"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(r.told)-before != 1 || !r.open(alerts.SOS).Calls() || !r.open(alerts.LeadsOff).Calls() {
		t.Errorf("told %v", r.told[before:])
	}
}

func TestAnAlarmThatWasNotSeenAsItIsIsNotAcknowledgedWithOthers(t *testing.T) {
	r, fever, battery, _ := threeLow(t)
	old := fever
	r.ack(alerts.TempHigh)
	fever = r.open(alerts.TempHigh)
	back := alerts.Command{Kind: alerts.Unacknowledge, ID: "back", Alarm: fever.ID, SeenVersion: fever.Version, SeenPriority: fever.Priority}
	if err := r.command(back); err != nil {
		t.Fatal(err)
	}
	want := []string{"TEMP_HIGH worse", "BATTERY_LOW active_ack by K. Lee"}
	if diff := cmp.Diff(want, r.together("c1", vitals.Nurse, old, battery)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoMayAcknowledgeTogether(t *testing.T) {
	for role, want := range map[vitals.Role][]string{
		vitals.Viewer:     {"forbidden"},
		vitals.Admin:      {"forbidden"},
		vitals.Technician: {"TEMP_HIGH forbidden", "BATTERY_LOW active_ack by K. Lee"},
		vitals.Physician:  {"TEMP_HIGH active_ack by K. Lee", "BATTERY_LOW active_ack by K. Lee"},
	} {
		r, fever, battery, _ := threeLow(t)
		if diff := cmp.Diff(want, r.together("c1", role, fever, battery)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
	r, fever, _, _ := threeLow(t)
	for name, seen := range map[string][]alerts.Alarm{"none": nil, "more than anybody has": slices.Repeat([]alerts.Alarm{fever}, alerts.MostTogether+1)} {
		if got := r.together(name, vitals.Nurse, seen...); !cmp.Equal(got, []string{"unfit"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
