package alerts_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

func (r *room) must(c alerts.Command) {
	r.t.Helper()
	c.ID = string(c.Kind) + r.now.String()
	if err := r.command(c); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) standby() {
	r.must(alerts.Command{Kind: alerts.Standby, For: time.Hour, Where: "X-ray"})
}

func (r *room) off(c alerts.Condition, d time.Duration) {
	r.must(alerts.Command{Kind: alerts.AlarmOff, Condition: c, For: d, Reason: "palliative"})
}

func TestWhileAPatientIsAwayOnlyWhatKillsAndCallsIsTold(t *testing.T) {
	check(t, []story{
		{
			name: "no device is missed, and everything is told that is still so when the hour is over",
			tell: func(r *room) { r.last(20, oxygen(97)); r.standby(); r.last(3610) },
			want: []string{"3620s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "a low saturation is not told, a fibrillation is, at once",
			tell: func(r *room) {
				r.last(20, heart(72), oxygen(97))
				r.standby()
				r.last(60, heart(72), oxygen(84))
				r.last(6, heart(scriptVF), oxygen(84))
			},
			want: []string{"84s VF raised: 4 s of fibrillation, 97 % sure"},
		},
		{
			name: "three minutes of a good signal, and the patient is back",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.standby()
				r.last(600)
				r.last(200, oxygen(84))
			},
			want: []string{"802s SPO2_LOW raised: SpO₂ 84 < 88 %"},
		},
		{
			name: "a signal that breaks off begins anew",
			tell: func(r *room) {
				r.standby()
				for range 10 {
					r.last(120, oxygen(84))
					r.last(20)
				}
			},
		},
		{
			name: "a nurse says that the patient is back",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.standby()
				r.last(60)
				r.must(alerts.Command{Kind: alerts.Resume, Role: vitals.Nurse})
				r.last(1)
			},
			want: []string{"81s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "who falls on the way is told of as always",
			tell: func(r *room) { r.standby(); r.last(1, fallen()); r.last(60) },
			want: []string{"30s FALL raised: not cancelled by the patient"},
		},
		{
			name: "what was open stays open",
			tell: func(r *room) { r.last(20, oxygen(84)); r.standby(); r.last(60) },
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "31s SPO2_LOW input_lost"},
		},
	})
}

func TestAConditionThatIsSwitchedOff(t *testing.T) {
	check(t, []story{
		{
			name: "is told of no more, until its time is over",
			tell: func(r *room) {
				r.off(alerts.SpO2Low, 10*time.Minute)
				r.last(620, oxygen(84))
			},
			want: []string{"600s SPO2_LOW raised: SpO₂ 84 < 88 %"},
		},
		{
			name: "ends what is open, and leaves everything else",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.off(alerts.SpO2Low, time.Hour)
				r.last(20, oxygen(84))
				r.last(1, oxygen(75))
			},
			want: []string{
				"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "20s SPO2_LOW closed off", "41s SPO2_RAPID_DESAT raised: SpO₂ 75 ≤ 78 %",
			},
		},
		{
			name: "may be switched on again before",
			tell: func(r *room) {
				r.off(alerts.SpO2Low, time.Hour)
				r.last(60, oxygen(84))
				r.must(alerts.Command{Kind: alerts.AlarmOn, Condition: alerts.SpO2Low})
				r.last(5, oxygen(84))
			},
			want: []string{"61s SPO2_LOW raised: SpO₂ 84 < 88 %"},
		},
	})
}

// successor is the engine of another node, which knows what is stored and reads the last of the journal.
func (r *room) successor(recent ...vitals.Delivery) *room {
	r.t.Helper()
	next := newRoom(r.t)
	next.now, next.told = r.now, slices.Clone(r.told)
	next.engine.RestoreCare(r.engine.Care())
	stored := map[alerts.AlarmID]alerts.Alarm{}
	for _, x := range r.told {
		stored[x.Alarm.ID] = x.Alarm
	}
	next.engine.Restore(slices.Collect(maps.Values(stored)))
	for _, d := range recent {
		next.take(next.engine.Observe(d))
	}
	return next
}

func TestAFallWhileFallsAreSwitchedOffIsToldWhenTheyAreNoLonger(t *testing.T) {
	const raised = "FALL raised: not cancelled by the patient"
	for name, tt := range map[string]struct {
		tell func(r *room) *room
		want []string
	}{
		"the time is over": {
			func(r *room) *room { r.last(1, fallen()); r.last(700); return r }, []string{"600s " + raised},
		},
		"the node died between": {
			func(r *room) *room { r.last(1, fallen()); r.last(200); r = r.successor(); r.last(500); return r }, []string{"600s " + raised},
		},
		"the node died twice, and the journal is read again": {
			func(r *room) *room {
				r.last(1, fallen())
				again := delivered(r.now, fallen()(r, start))
				r.last(20)
				r = r.successor(again)
				r.last(200)
				r = r.successor()
				r.last(500)
				return r
			}, []string{"600s " + raised},
		},
		"somebody switches them on": {
			func(r *room) *room {
				r.last(1, fallen())
				r.last(100)
				r = r.successor()
				r.must(alerts.Command{Kind: alerts.AlarmOn, Condition: alerts.Fall})
				return r
			}, []string{"101s " + raised},
		},
		"somebody switches them off for longer": {
			func(r *room) *room {
				r.last(1, fallen())
				r.last(100)
				r.off(alerts.Fall, 20*time.Minute)
				r = r.successor()
				r.last(1300)
				return r
			}, []string{"1301s " + raised},
		},
		"the patient needs no help": {
			func(r *room) *room {
				r.last(1, fallen())
				r.last(10, noHelp())
				r = r.successor()
				r.last(700)
				return r
			}, nil,
		},
		"the patient falls a moment before the end, and may still say so": {
			func(r *room) *room { r.last(590); r.last(1, fallen()); r = r.successor(); r.last(60); return r }, []string{"620s " + raised},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			r.off(alerts.Fall, 10*time.Minute)
			r = tt.tell(r)
			if diff := cmp.Diff(tt.want, r.transcript()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever takes over between the end of the decision and the record of the alarm tells of the same one.
func TestACallThatWaitedIsOneAlarm(t *testing.T) {
	r := newRoom(t)
	r.off(alerts.Fall, 10*time.Minute)
	r.last(1, fallen())
	r.last(598)
	other := r.successor()
	r.last(1)
	other.last(2)
	if a, b := r.open(alerts.Fall), other.open(alerts.Fall); a.ID != b.ID || !a.Onset.Equal(start) {
		t.Errorf("%s and %s, which began at %s", a.ID, b.ID, a.Onset)
	}
	if off := r.engine.Care().Off; len(off) > 0 {
		t.Errorf("%+v", off)
	}
}

func TestADecisionSaysWhoseItIsAndEndsByItself(t *testing.T) {
	r := newRoom(t)
	var kinds []string
	note := func(o alerts.Outcome) {
		for _, c := range o.Care {
			kinds = append(kinds, string(c.Kind)+" by "+c.Actor)
			if c.Care.Version != len(kinds) || c.Care.Patient != patient || c.At != c.Care.Changed {
				t.Errorf("%+v", c)
			}
		}
	}
	for _, c := range []alerts.Command{
		{Kind: alerts.AlarmOff, Condition: alerts.SpO2Low, For: time.Minute, Reason: "palliative"},
		{Kind: alerts.Standby, For: 2 * time.Minute, Where: "X-ray"},
		{Kind: alerts.PauseAudio, For: 90 * time.Second},
	} {
		c.ID, c.Actor, c.ActorName, c.Role = string(c.Kind), "s-9", "P. Adams", vitals.Physician
		out, a, err := r.engine.Command(c, r.now)
		note(out)
		again, same, _ := r.engine.Command(c, r.now.Add(time.Second))
		if err != nil || out.Repeated || !again.Repeated || !cmp.Equal(out.Care, again.Care) || !cmp.Equal(a, same) {
			t.Fatalf("%s: %v, repeated %+v", c.Kind, err, again)
		}
	}
	care := r.engine.Care()
	if !care.Paused.Lasts(start.Add(89*time.Second)) || care.Paused.Lasts(start.Add(90*time.Second)) {
		t.Errorf("paused until %s", care.Paused.Until)
	}
	after := alerts.NewEngine(patient) // the next one goes on
	after.RestoreCare(care)
	for s := range 121 {
		note(after.Tick(start.Add(time.Duration(s) * time.Second)))
	}
	want := []string{"alarm_off by s-9", "standby by s-9", "pause by s-9", "alarm_on by ", "resume by "}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPauseIsEndedBeforeItsTime(t *testing.T) {
	r := newRoom(t)
	r.must(alerts.Command{Kind: alerts.PauseAudio, For: 2 * time.Minute, Role: vitals.Nurse})
	r.last(5)
	r.must(alerts.Command{Kind: alerts.PauseAudio, Role: vitals.Nurse})
	if care := r.engine.Care(); care.Version != 2 || care.View().Paused != nil {
		t.Errorf("still paused: %+v", care.Paused)
	}
}

// The clock is an hour ahead when somebody silences a patient for a moment. It is put right: the moment is over, on
// whatever node, or the patient would be silent at all stations for an hour.
func TestAPauseEndsWhenTheClockIsSetBackBehindIt(t *testing.T) {
	r := newRoom(t)
	r.must(alerts.Command{Kind: alerts.PauseAudio, For: 2 * time.Minute, Role: vitals.Nurse})
	next := alerts.NewEngine(patient)
	next.RestoreCare(r.engine.Care())
	r.setClock(-time.Hour)
	for name, e := range map[string]*alerts.Engine{"here": r.engine, "elsewhere": next} {
		out := e.Tick(r.now)
		if len(out.Care) != 1 || out.Care[0].Kind != alerts.PauseAudio || out.Care[0].Actor != "" || e.Care().View().Paused != nil {
			t.Errorf("%s: %+v, still paused: %+v", name, out.Care, e.Care().Paused)
		}
	}
}

func TestADischargeEndsWhatWasDecided(t *testing.T) {
	r := newRoom(t)
	r.off(alerts.SpO2Low, time.Hour)
	r.standby()
	if out := r.engine.Discharge(r.now); len(out.Care) != 1 || len(out.Care[0].Care.Off) > 0 || !out.Care[0].Care.Away.Until.IsZero() {
		t.Errorf("%+v", out.Care)
	}
}
