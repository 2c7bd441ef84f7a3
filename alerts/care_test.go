package alerts_test

import (
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
		if err != nil || !cmp.Equal(out, again) || !cmp.Equal(a, same) {
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

func TestADischargeEndsWhatWasDecided(t *testing.T) {
	r := newRoom(t)
	r.off(alerts.SpO2Low, time.Hour)
	r.standby()
	if out := r.engine.Discharge(r.now); len(out.Care) != 1 || len(out.Care[0].Care.Off) > 0 || !out.Care[0].Care.Away.Until.IsZero() {
		t.Errorf("%+v", out.Care)
	}
}
