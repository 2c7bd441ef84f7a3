package alerts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// ward is who cares for the patient of these stories.
var ward = alerts.Assigned{
	Nurse: "nora", Buddy: "ben", Charge: "carla", Physician: "paul", Technician: "tom",
	Unit: []vitals.StaffID{"nora", "ben", "carla", "paul"}, Admins: []vitals.StaffID{"root"},
}

var asked = time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)

// calling is an alarm that asked for somebody at 03:00.
func calling(c alerts.Condition) alerts.Call {
	return alerts.Call{Epoch: 1, Since: asked, Alarm: alerts.Alarm{
		ID: "a", Patient: "p", Condition: c, Priority: c.Spec().Priority, State: alerts.ActiveUnack, Version: 1, Raised: asked,
	}}
}

// told puts calls in words.
func told(calls []alerts.Calling) (words []string) {
	for _, c := range calls {
		words = append(words, fmt.Sprintf("%s step %d.%d %v", c.At.Sub(asked), c.Step, c.Round, c.To))
	}
	return words
}

func TestWhoIsCalledWhen(t *testing.T) {
	without := func(change func(*alerts.Assigned)) alerts.Assigned {
		a := ward
		change(&a)
		return a
	}
	for name, story := range map[string]struct {
		call  alerts.Condition
		by    alerts.Assigned
		after time.Duration
		want  []string
		next  time.Duration // zero: never
	}{
		"a heart stands still, and the nurse is called at once": {
			alerts.Asystole, ward, 0, []string{"0s step 0.0 [nora]"}, 30 * time.Second,
		},
		"after a minute everybody comes": {
			alerts.Asystole, ward, time.Minute, []string{
				"0s step 0.0 [nora]", "30s step 1.0 [ben]", "1m0s step 2.0 [carla nora ben paul]",
			}, 2 * time.Minute,
		},
		"the physician is called again every minute, and once for all that was missed": {
			alerts.Asystole, ward, 7*time.Minute + 20*time.Second, []string{
				"0s step 0.0 [nora]", "30s step 1.0 [ben]", "1m0s step 2.0 [carla nora ben paul]", "7m0s step 3.5 [paul]",
			}, 8 * time.Minute,
		},
		"without a nurse the unit is called at once, and the physician a minute later": {
			alerts.Asystole, without(func(a *alerts.Assigned) { a.Nurse = "" }), time.Minute, []string{
				"0s step 2.0 [carla nora ben paul]", "1m0s step 3.0 [paul]",
			}, 2 * time.Minute,
		},
		"nobody is on call: the charge nurse is the failsafe": {
			alerts.Asystole, without(func(a *alerts.Assigned) { a.Physician = "" }), 2 * time.Minute, []string{
				"0s step 0.0 [nora]", "30s step 1.0 [ben]", "1m0s step 2.0 [carla nora ben paul]", "2m0s step 3.0 [carla]",
			}, 3 * time.Minute,
		},
		"nobody is anywhere: the administrators are called": {
			alerts.Asystole, alerts.Assigned{Admins: []vitals.StaffID{"root"}}, time.Minute, []string{
				"0s step 2.0 []", "1m0s step 3.0 [root]",
			}, 2 * time.Minute,
		},
		"a low oxygen has ten minutes to the physician, once": {
			alerts.SpO2Low, ward, time.Hour, []string{
				"0s step 0.0 [nora]", "2m0s step 1.0 [ben]", "5m0s step 2.0 [carla]", "10m0s step 3.0 [paul]",
			}, 0,
		},
		"a battery waits on the worklist": {
			alerts.BatteryLow, without(func(a *alerts.Assigned) { a.Nurse = "" }), time.Hour, []string{"0s step 0.0 []"}, 4 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			due, next := alerts.DefaultPolicy().Due(calling(story.call), story.by, asked.Add(story.after))
			got := told(due)
			if diff := cmp.Diff(story.want, got); diff != "" {
				t.Error(diff)
			}
			if want := story.next; (want == 0) != next.IsZero() || want != 0 && next.Sub(asked) != want {
				t.Errorf("next at %s, want %s", next.Sub(asked), want)
			}
		})
	}
}

func TestAnAcknowledgedOrClosedAlarmCallsNobody(t *testing.T) {
	explained := calling(alerts.HRHigh)
	explained.Alarm.Suppressor = "vf"
	if explained.Alarm.Calls() {
		t.Error("one that another alarm explains calls somebody")
	}
	for _, s := range []alerts.State{alerts.Pending, alerts.ActiveAck, alerts.Closed} {
		c := calling(alerts.VF)
		c.Alarm.State = s
		if due, next := alerts.DefaultPolicy().Due(c, ward, asked.Add(time.Hour)); len(due) > 0 || !next.IsZero() {
			t.Errorf("%s: %v, next %s", s, told(due), next)
		}
	}
	latched := calling(alerts.VF)
	latched.Alarm.State = alerts.LatchedUnack
	if due, _ := alerts.DefaultPolicy().Due(latched, ward, asked); len(due) != 1 {
		t.Error("a lethal rhythm that has ended and that nobody has seen must go on calling")
	}
}

// randomly draws who is there.
func randomly(t *rapid.T, label string) alerts.Assigned {
	one := func(id vitals.StaffID) vitals.StaffID {
		return rapid.SampledFrom([]vitals.StaffID{"", id}).Draw(t, label+" "+string(id))
	}
	a := alerts.Assigned{Nurse: one("nora"), Buddy: one("ben"), Charge: one("carla"), Physician: one("paul"), Technician: one("tom"), Admins: ward.Admins}
	if rapid.Bool().Draw(t, label+" unit") {
		a.Unit = ward.Unit
	}
	return a
}

// TestEachStepOnceAndNoneBeforeItsTime lets a server look at any times, be away at others, and people come
// and go meanwhile.
func TestEachStepOnceAndNoneBeforeItsTime(t *testing.T) {
	policy := alerts.DefaultPolicy()
	rapid.Check(t, func(t *rapid.T) {
		call := calling(rapid.SampledFrom(alerts.Conditions()).Draw(t, "condition"))
		if alerts.ClassOf(call.Alarm.Condition.Spec().Type, call.Alarm.Priority) == "" {
			t.Skip("INFO calls nobody")
		}
		acked := asked.Add(time.Duration(rapid.IntRange(0, 6*3600).Draw(t, "acknowledged")) * time.Second)
		now := asked
		for i := range rapid.IntRange(1, 30).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1800).Draw(t, "pause")) * time.Second)
			if !now.Before(acked) {
				call.Alarm.State = alerts.ActiveAck
			}
			by := randomly(t, fmt.Sprint("look ", i))
			due, next := policy.Due(call, by, now)
			if call.Alarm.State == alerts.ActiveAck && len(due) > 0 {
				t.Fatalf("called %v after the acknowledgement", told(due))
			}
			steps := map[int]bool{}
			for _, d := range due {
				if d.At.After(now) || d.At.Before(asked) || steps[d.Step] {
					t.Fatalf("%s: %v", now.Sub(asked), told(due))
				}
				steps[d.Step] = true
			}
			if !next.IsZero() && !next.After(now) {
				t.Fatalf("next at %s is not after %s", next.Sub(asked), now.Sub(asked))
			}
			if again, _ := policy.Due(call, by, now); !cmp.Equal(again, due) {
				t.Fatal("the same question got another answer")
			}
		}
	})
}

// TestNobodyIsLeftAloneForLong: whoever is there or not, every alarm above INFO comes to somebody within the
// time of its last step.
func TestNobodyIsLeftAloneForLong(t *testing.T) {
	policy := alerts.DefaultPolicy()
	rapid.Check(t, func(t *rapid.T) {
		call := calling(rapid.SampledFrom(alerts.Conditions()).Draw(t, "condition"))
		if call.Alarm.Priority == alerts.Info {
			t.Skip("INFO calls nobody")
		}
		plan := policy.Plan(call, randomly(t, "there"))
		if len(plan) == 0 || len(plan[len(plan)-1].To) == 0 {
			t.Fatalf("%s ends with %v", call.Alarm.Condition, told(plan))
		}
		if !slices.IsSortedFunc(plan, func(a, b alerts.Calling) int { return a.At.Compare(b.At) }) || !plan[0].At.Equal(asked) {
			t.Fatalf("out of order: %v", told(plan))
		}
	})
}

func TestWhatAsksCallsAgainFromTheFirstStep(t *testing.T) {
	for _, c := range []alerts.Change{alerts.Raised, alerts.Recurred, alerts.Rearmed, alerts.Worsened, alerts.Released, alerts.Unacked} {
		if !c.Asks() {
			t.Errorf("%s asks for nobody", c)
		}
	}
	for _, c := range []alerts.Change{alerts.Acknowledged, alerts.Latched, alerts.Ceased, alerts.InputLost, alerts.InputBack, alerts.Suppressed} {
		if c.Asks() {
			t.Errorf("%s asks for somebody, and what was called for goes on", c)
		}
	}
}

func TestAPolicyThatCannotBeFollowedIsRefused(t *testing.T) {
	high := alerts.ClassOf(alerts.Physiological, alerts.High)
	change := func(f func(*alerts.Escalation)) func(*alerts.Policy) {
		return func(p *alerts.Policy) { e := p.Escalations[high]; f(&e); p.Escalations[high] = e }
	}
	if err := alerts.DefaultPolicy().Validate(); err != nil {
		t.Fatalf("the default: %v", err)
	}
	for name, story := range map[string]struct {
		change func(*alerts.Policy)
		want   string
	}{
		"no failsafe":               {func(p *alerts.Policy) { p.Failsafe = nil }, "failsafe calls nobody"},
		"a screen as failsafe":      {func(p *alerts.Policy) { p.Failsafe = []alerts.Duty{alerts.Stations} }, "failsafe calls nobody"},
		"a class is missing":        {func(p *alerts.Policy) { delete(p.Escalations, high) }, "physiological/high: has 0 steps"},
		"a class that there is not": {func(p *alerts.Policy) { p.Escalations["physiological/info"] = alerts.Escalation{} }, "no class"},
		"no steps":                  {change(func(e *alerts.Escalation) { e.Steps = nil }), "has 0 steps"},
		"the first waits":           {change(func(e *alerts.Escalation) { e.Steps[0].After = time.Second }), "first step waits"},
		"times that do not ascend":  {change(func(e *alerts.Escalation) { e.Steps[2].After = e.Steps[1].After }), "step 2 does not come after step 1"},
		"a step for tomorrow":       {change(func(e *alerts.Escalation) { e.Steps[3].After = 25 * time.Hour }), "more than 24h"},
		"a step for nobody":         {change(func(e *alerts.Escalation) { e.Steps[1].Call = nil }), "step 1 calls nobody"},
		"an unknown duty":           {change(func(e *alerts.Escalation) { e.Steps[1].Call = []alerts.Duty{"porter"} }), `"porter"`},
		"repeats every second":      {change(func(e *alerts.Escalation) { e.Repeat = time.Second }), "repeats every 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			p := alerts.DefaultPolicy()
			story.change(&p)
			wantPolicyError(t, p.Validate(), story.want)
		})
	}
}

func TestTheStepOfACallIsReadBackOutOfTheAudit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := alerts.StepID{Alarm: "01A", Epoch: 3, Step: rapid.IntRange(0, 9).Draw(t, "step"), Round: rapid.IntRange(0, 99).Draw(t, "round")}
		for _, detail := range []string{s.String(), s.String() + ", push"} {
			if step, is := alerts.SaidStep(detail); !is || step != s.Step {
				t.Errorf("%q is step %d, %t", detail, step, is)
			}
		}
	})
	for _, detail := range []string{alerts.OfferID("01A", time.Time{}).String() + ", push", "", "artefact"} {
		if step, is := alerts.SaidStep(detail); is {
			t.Errorf("%q is step %d of a call", detail, step)
		}
	}
}
