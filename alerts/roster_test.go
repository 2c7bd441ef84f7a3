package alerts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

func wantPolicyError(t *testing.T, err error, want string) {
	t.Helper()
	if !errors.Is(err, alerts.ErrPolicy) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want one that says %q", err, want)
	}
}

var (
	evening = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	night   = evening.Add(2 * time.Hour)
	people  = []vitals.Staff{
		{ID: "nora", Role: vitals.Nurse, Units: []vitals.UnitID{"w"}},
		{ID: "nick", Role: vitals.Nurse, Units: []vitals.UnitID{"w"}},
		{ID: "gone", Role: vitals.Nurse, Units: []vitals.UnitID{"w"}, Disabled: true},
		{ID: "tess", Role: vitals.Technician, Units: []vitals.UnitID{"w"}},
		{ID: "else", Role: vitals.Nurse, Units: []vitals.UnitID{"x"}},
		{ID: "root", Role: vitals.Admin},
	}
	// Nora has the patient until nine, then Nick.
	shifts = alerts.Roster{
		{Unit: "w", Patient: "p", Duty: alerts.AssignedNurse, From: night, Staff: "nick"},
		{Unit: "w", Patient: "p", Duty: alerts.AssignedNurse, From: evening, Staff: "nora"},
		{Unit: "w", Patient: "p", Duty: alerts.Buddy, From: evening, Staff: "gone"},
		{Unit: "w", Duty: alerts.OnCallTech, From: evening, Staff: "tess"},
		{Unit: "w", Duty: alerts.OnCallTech, From: night, Staff: ""},
	}
)

func TestTheShiftChangesWhoIsCalled(t *testing.T) {
	unit, admins := []vitals.StaffID{"nora", "nick"}, []vitals.StaffID{"root"}
	for name, story := range map[string]struct {
		at   time.Time
		want alerts.Assigned
	}{
		"before anybody was put anywhere":              {evening.Add(-time.Second), alerts.Assigned{Unit: unit, Admins: admins}},
		"in the evening; the buddy has left the house": {evening, alerts.Assigned{Nurse: "nora", Technician: "tess", Unit: unit, Admins: admins}},
		"a moment before the switch":                   {night.Add(-time.Microsecond), alerts.Assigned{Nurse: "nora", Technician: "tess", Unit: unit, Admins: admins}},
		"at the switch, no technician":                 {night, alerts.Assigned{Nurse: "nick", Unit: unit, Admins: admins}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(story.want, shifts.Assigned("w", "p", people, story.at)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if all := shifts.Assigned("", "", people, evening).Unit; len(all) != 3 {
		t.Errorf("an alarm about Vigil itself calls %v, want the nurses of all units", all)
	}
}

func TestAtTheSwitchOpenAlarmsAreOfferedToTheNewNurse(t *testing.T) {
	old := alerts.Alarm{ID: "a", Patient: "p", Priority: alerts.Medium, State: alerts.ActiveAck, AckedBy: "nora", Raised: evening.Add(time.Hour)}
	change := func(f func(*alerts.Alarm)) alerts.Alarm { a := old; f(&a); return a }
	for name, story := range map[string]struct {
		alarm alerts.Alarm
		at    time.Time
		want  vitals.StaffID
	}{
		"still Nora's shift":                              {old, night.Add(-time.Second), ""},
		"Nick takes over what Nora acknowledged":          {old, night, "nick"},
		"what Nick acknowledged before is his":            {change(func(a *alerts.Alarm) { a.AckedBy = "nick" }), night, ""},
		"what is raised in his shift comes to him anyway": {change(func(a *alerts.Alarm) { a.Raised = night }), night.Add(time.Minute), ""},
		"nor does what another alarm explains":            {change(func(a *alerts.Alarm) { a.Suppressor = "outage" }), night, ""},
		"what is for information only calls nobody":       {change(func(a *alerts.Alarm) { a.Priority = alerts.Info }), night, ""},
		"what is over is over":                            {change(func(a *alerts.Alarm) { a.State = alerts.Closed }), night, ""},
		"a patient of nobody":                             {change(func(a *alerts.Alarm) { a.Patient = "q" }), night, ""},
	} {
		t.Run(name, func(t *testing.T) {
			offer, found := shifts.Offered("w", story.alarm, story.at)
			if offer.Nurse != story.want || found != (story.want != "") {
				t.Errorf("offered to %q, want %q", offer.Nurse, story.want)
			}
		})
	}
}

func TestWhoMayDecideAboutWhom(t *testing.T) {
	for name, story := range map[string]struct {
		got, want bool
	}{
		"a nurse hands a patient on":             {alerts.MayPost(vitals.Nurse, alerts.AssignedNurse), true},
		"a nurse does not name the charge nurse": {alerts.MayPost(vitals.Nurse, alerts.ChargeNurse), false},
		"the charge nurse names the physician":   {alerts.MayPost(vitals.Charge, alerts.OnCallDoctor), true},
		"nobody is put on the whole unit":        {alerts.MayPost(vitals.Charge, alerts.WholeUnit), false},
		"a viewer decides nothing":               {alerts.MayPost(vitals.Viewer, alerts.Buddy), false},
		"a technician is no nurse":               {alerts.MayHold(vitals.Technician, alerts.AssignedNurse), false},
		"a physician is on call":                 {alerts.MayHold(vitals.Physician, alerts.OnCallDoctor), true},
		"a technician is on call for devices":    {alerts.MayHold(vitals.Technician, alerts.OnCallTech), true},
		"nobody holds a screen":                  {alerts.MayHold(vitals.Nurse, alerts.Stations), false},
	} {
		if story.got != story.want {
			t.Errorf("%s: %t", name, story.got)
		}
	}
}
