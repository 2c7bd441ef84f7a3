package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

// TestWhoMayDoWhat is the table of roles.
func TestWhoMayDoWhat(t *testing.T) {
	type act struct {
		name string
		kind alerts.CommandKind
		of   alerts.Type
		own  bool
	}
	acts := []act{
		{"acknowledge physiological", alerts.Acknowledge, alerts.Physiological, false},
		{"acknowledge technical", alerts.Acknowledge, alerts.Technical, false},
		{"give back one's own", alerts.Unacknowledge, alerts.Physiological, true},
		{"give back another's", alerts.Unacknowledge, alerts.Physiological, false},
		{"snooze", alerts.Snooze, alerts.Physiological, false},
		{"pause the audio", alerts.PauseAudio, alerts.Physiological, false},
		{"switch an alarm off", alerts.AlarmOff, alerts.Physiological, false},
		{"switch an alarm on", alerts.AlarmOn, alerts.Physiological, false},
		{"standby", alerts.Standby, alerts.Physiological, false},
		{"resume", alerts.Resume, alerts.Physiological, false},
		{"acknowledge several of low priority", alerts.AcknowledgeLow, alerts.Physiological, false},
		{"discharge", alerts.Leave, alerts.Physiological, false},
	}
	all := "++++++++++++"
	want := map[vitals.Role]string{
		vitals.Viewer: "------------", vitals.Nurse: "+++-++--+++-", vitals.Charge: all, vitals.Physician: all,
		vitals.Technician: "-+--------+-", vitals.Admin: "-----------+",
	}
	for _, role := range vitals.Roles {
		for i, a := range acts {
			if got := alerts.May(role, a.kind, a.of, a.own); got != (want[role][i] == '+') {
				t.Errorf("%s may %s: %v", role, a.name, got)
			}
		}
	}
}

func TestWhoeverCannotGoGivesTheAlarmBack(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(84))
	r.ack(alerts.SpO2Low)
	a := r.open(alerts.SpO2Low)
	unack := alerts.Command{Kind: alerts.Unacknowledge, ID: "back", Alarm: a.ID, SeenVersion: a.Version, SeenPriority: a.Priority, Role: vitals.Nurse}
	if err := r.command(unack); err != nil {
		t.Fatal(err)
	}
	back := r.open(alerts.SpO2Low)
	if back.State != alerts.ActiveUnack || back.AckedBy != "" || !back.Calls() {
		t.Errorf("given back: %+v", back)
	}
	unack.ID, unack.Role = "again", vitals.Charge
	if got := codeOf(r.command(unack)); got != alerts.NotAcked {
		t.Errorf("nobody has it: refused with %q", got)
	}
	if _, err := acknowledge(r.engine, seen(a, "late"), r.now); codeOf(err) != alerts.Worse {
		t.Errorf("an acknowledgement of what was seen before: %v", err)
	}
	if last := r.told[len(r.told)-1]; last.Change != alerts.Unacked || !last.Change.Asks() || last.Actor != "s-7" {
		t.Errorf("told as %+v", last)
	}
}

func TestACommandThatIsNoneIsRefused(t *testing.T) {
	off := alerts.Command{Kind: alerts.AlarmOff, Condition: alerts.SpO2Low, For: time.Hour, Reason: "palliative"}
	with := func(c alerts.Command, change func(*alerts.Command)) alerts.Command { change(&c); return c }
	tests := []struct {
		name string
		c    alerts.Command
		want alerts.RefusalCode
	}{
		{"no kind", alerts.Command{}, alerts.Unfit},
		{"a kind that nobody knows", alerts.Command{Kind: "dance"}, alerts.Unfit},
		{"a pause of three minutes", alerts.Command{Kind: alerts.PauseAudio, For: 3 * time.Minute}, alerts.Unfit},
		{"a pause of a time before", alerts.Command{Kind: alerts.PauseAudio, For: -time.Second}, alerts.Unfit},
		{"a standby without a place", alerts.Command{Kind: alerts.Standby, For: time.Minute}, alerts.Unfit},
		{"a standby of a day", alerts.Command{Kind: alerts.Standby, For: 24 * time.Hour, Where: "X-ray"}, alerts.Unfit},
		{"off without a reason", with(off, func(c *alerts.Command) { c.Reason = "" }), alerts.Unfit},
		{"off for two days", with(off, func(c *alerts.Command) { c.For = 48 * time.Hour }), alerts.Unfit},
		{"off by a nurse", with(off, func(c *alerts.Command) { c.Role = vitals.Nurse }), alerts.Forbidden},
		{"off for what does not exist", with(off, func(c *alerts.Command) { c.Condition = "LUCK" }), alerts.Unfit},
		{"off for electrodes", with(off, func(c *alerts.Command) { c.Condition = alerts.LeadsOff }), alerts.Unfit},
		{"off for an alarm of the devices", with(off, func(c *alerts.Command) { c.Condition = alerts.HubOffline }), alerts.Unfit},
		{"snooze of an alarm that goes on", alerts.Command{Kind: alerts.Snooze, Alarm: "open"}, alerts.Unfit},
		{"a viewer's acknowledgement", alerts.Command{Kind: alerts.Acknowledge, Alarm: "open", Role: vitals.Viewer}, alerts.Forbidden},
		{"a technician's, of what is physiological", alerts.Command{Kind: alerts.Acknowledge, Alarm: "open", Role: vitals.Technician}, alerts.Forbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t)
			r.last(20, oxygen(84))
			before := r.engine.Care()
			if a := r.open(alerts.SpO2Low); tt.c.Alarm == "open" {
				tt.c.Alarm, tt.c.SeenVersion, tt.c.SeenPriority = a.ID, a.Version, a.Priority
			}
			tt.c.ID = "c"
			if got := codeOf(r.command(tt.c)); got != tt.want {
				t.Errorf("refused with %q, want %q", got, tt.want)
			}
			if len(r.told) != 1 || !cmp.Equal(before, r.engine.Care()) {
				t.Error("it changed something")
			}
		})
	}
}

func TestWhatKillsCanNeverBeSwitchedOff(t *testing.T) {
	lethal := 0
	for _, c := range alerts.Conditions() {
		if !c.Spec().Lethal {
			continue
		}
		lethal++
		r := newRoom(t)
		err := r.command(alerts.Command{Kind: alerts.AlarmOff, ID: "c", Condition: c, For: time.Hour, Reason: "noise", Role: vitals.Physician})
		if codeOf(err) != alerts.Unfit {
			t.Errorf("%s was switched off: %v", c, err)
		}
	}
	for _, c := range []alerts.Condition{alerts.VF, alerts.Asystole, alerts.VT, alerts.Apnea, alerts.SpO2RapidDesat, alerts.SOS} {
		if !c.Spec().Lethal {
			t.Errorf("%s can be switched off", c)
		}
	}
	if lethal == 0 {
		t.Error("nothing is lethal")
	}
}

// An engine made after a restart has forgotten the answers; the alarm has not forgotten the command.
func TestARepeatedCommandIsNoConflictAfterARestart(t *testing.T) {
	before := newRoom(t)
	before.last(5, oxygen(70))
	c := seen(before.open(alerts.SpO2RapidDesat), "cmd-1")
	if _, err := acknowledge(before.engine, c, before.now); err != nil {
		t.Fatal(err)
	}
	after := newRoom(t)
	after.engine.Restore(before.engine.Open())
	out, a, err := after.engine.Command(c, before.now.Add(time.Second))
	if err != nil || len(out.Transitions) > 0 || a.Alarm.State != alerts.ActiveAck {
		t.Errorf("the repeat: %+v %v", a.Alarm, err)
	}
	c.ID = "cmd-2"
	if _, _, err := after.engine.Command(c, before.now); codeOf(err) != alerts.AlreadyAcked {
		t.Errorf("another one: %v", err)
	}
}

// Two people's clients happen to choose the same id, or one does for two things. Whoever commands is told what became of
// that, not of something else.
func TestAnotherCommandOfTheSameIDIsAnotherCommand(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(84))
	r.last(1, sugar(60))
	low, sweet := r.open(alerts.SpO2Low), r.open(alerts.GlucoseLow)
	ask := func(e *alerts.Engine, c alerts.Command) (alerts.Answer, alerts.RefusalCode) {
		_, a, err := e.Command(c, r.now)
		return a, codeOf(err)
	}
	if a, refused := ask(r.engine, seen(low, "1")); refused != "" || a.Alarm.ID != low.ID {
		t.Fatalf("%s of %s", refused, a.Alarm.Condition)
	}
	another := seen(low, "1")
	another.Actor = "s-8"
	if _, refused := ask(r.engine, another); refused != alerts.AlreadyAcked {
		t.Errorf("somebody else takes the same alarm: %q", refused)
	}
	if a, refused := ask(r.engine, seen(sweet, "1")); refused != "" || a.Alarm.ID != sweet.ID || a.Alarm.State != alerts.ActiveAck {
		t.Errorf("the same person takes another alarm: %q, %s %s", refused, a.Alarm.Condition, a.Alarm.State)
	}
	pause := alerts.Command{Kind: alerts.PauseAudio, ID: "1", For: time.Minute, Actor: "s-7", Role: vitals.Nurse}
	if a, refused := ask(r.engine, pause); refused != "" || a.Care.Paused.Until.IsZero() {
		t.Errorf("and silences the patient: %q, %+v", refused, a.Care)
	}
	next := alerts.NewEngine(patient)
	next.Restore(r.engine.Open())
	if _, refused := ask(next, another); refused != alerts.AlreadyAcked {
		t.Errorf("somebody else takes the same alarm after a restart: %q", refused)
	}
}

func TestAnAlarmOfASingleReadingIsPutOff(t *testing.T) {
	type step struct {
		name string
		tell func(r *room)
		want []string
	}
	raised := []string{"16s SPO2_LOW raised: SpO₂ 86 < 88 %", "20s SPO2_LOW snoozed"}
	for _, tt := range []step{
		{"for a quarter of an hour", func(r *room) { r.snooze(alerts.SpO2Low, 15*time.Minute); r.last(901, oxygen(86)) }, append(raised, "920s SPO2_LOW rearmed")},
		{"by the server's clock, whether anything comes or not", func(r *room) { r.snooze(alerts.SpO2Low, 15*time.Minute); r.last(901) }, append(raised,
			"31s NO_DATA raised: silent for more than 10s", "31s SPO2_LOW input_lost", "150s NO_DATA worsened", "920s SPO2_LOW rearmed")},
		{"until it is worse by a step", func(r *room) { r.snooze(alerts.SpO2Low, time.Hour); r.last(1, oxygen(83)); r.last(1, oxygen(82)) }, append(raised, "22s SPO2_LOW rearmed")},
		{"until the next reading, if that is low, too", func(r *room) { r.snooze(alerts.SpO2Low, 0); r.last(1, oxygen(87)) }, append(raised, "21s SPO2_LOW rearmed")},
		{"until it is over", func(r *room) { r.snooze(alerts.SpO2Low, time.Hour); r.last(10, oxygen(97)) }, append(raised, "26s SPO2_LOW closed self")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t)
			r.engine.Spot(alerts.SpO2Low)
			r.last(20, oxygen(86))
			tt.tell(r)
			if diff := cmp.Diff(tt.want, r.transcript()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, x := range r.told {
				if x.Change == alerts.Snoozed && x.Alarm.Calls() || x.Change == alerts.Rearmed && !x.Alarm.Calls() {
					t.Errorf("%s calls: %v", x.Change, x.Alarm.Calls())
				}
			}
		})
	}
}

// snooze puts the open alarm of the condition off.
func (r *room) snooze(condition alerts.Condition, d time.Duration) {
	r.t.Helper()
	a := r.open(condition)
	c := seen(a, "later")
	c.Kind, c.For = alerts.Snooze, d
	if err := r.command(c); err != nil {
		r.t.Fatal(err)
	}
}
