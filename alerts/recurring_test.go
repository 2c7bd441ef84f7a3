package alerts_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// hears plays an alarm that nobody answers to a server that looks each second but while it is away, and says when whom
// it called.
func hears(p alerts.Policy, a alerts.Asking, by alerts.Assigned, seconds int, away ...int) map[vitals.StaffID][]int {
	heard := map[vitals.StaffID][]int{}
	called := map[alerts.StepID]bool{}
	for second := range seconds {
		if len(away) == 2 && second >= away[0] && second < away[1] {
			continue
		}
		now := asked.Add(time.Duration(second) * time.Second)
		known := alerts.Asking{Alarm: a.Alarm}
		for _, x := range a.Asked {
			if !x.At.After(now) {
				known.Asked = append(known.Asked, x)
			}
		}
		call := p.CallOf(known, by, func(id alerts.StepID) bool { return called[id] })
		due, _ := p.Due(call, by, now)
		for _, d := range due {
			id := alerts.StepID{Alarm: a.Alarm.ID, Epoch: call.Epoch, Step: d.Step, Round: d.Round}
			if called[id] {
				continue
			}
			called[id] = true
			for _, who := range d.To {
				heard[who] = append(heard[who], second)
			}
		}
	}
	return heard
}

// comingBack is a latched alarm that was raised at 03:00 and came back at seconds behind that.
func comingBack(c alerts.Condition, seconds ...int) alerts.Asking {
	a := alerts.Asking{Alarm: calling(c).Alarm, Asked: []alerts.Asked{{Change: alerts.Raised, Version: 1, At: asked}}}
	for i, s := range seconds {
		a.Asked = append(a.Asked, alerts.Asked{Change: alerts.Recurred, Version: 3 + 2*i, At: asked.Add(time.Duration(s) * time.Second)})
	}
	return a
}

// TestWhatComesBackMakesNoCallLater: also where the server was away for a while, whoever would have been called had it not come back is called as often, and
// each time no later. And whenever it comes back, somebody is called then, or will be.
func TestWhatComesBackMakesNoCallLater(t *testing.T) {
	const seconds = 12 * 60
	var latching []alerts.Condition
	for _, c := range alerts.Conditions() {
		if s := c.Spec(); s.Latching && s.Priority > alerts.Info {
			latching = append(latching, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		condition := rapid.SampledFrom(latching).Draw(t, "condition")
		by := randomly(t, "there")
		policy := alerts.DefaultPolicy()
		class := alerts.ClassOf(condition.Spec().Type, condition.Spec().Priority)
		if rapid.Bool().Draw(t, "the last step is called once") {
			e := policy.Escalations[class]
			e.Repeat = 0
			policy.Escalations[class] = e
		}
		var back []int
		for at := rapid.IntRange(1, 200).Draw(t, "first"); at < seconds && len(back) < 40; {
			back = append(back, at)
			at += rapid.IntRange(1, 200).Draw(t, "then")
		}
		from := rapid.IntRange(0, seconds).Draw(t, "the server is away from")
		until := rapid.IntRange(from, min(from+300, seconds)).Draw(t, "until")
		with := hears(policy, comingBack(condition, back...), by, seconds, from, until)
		for who, times := range hears(policy, comingBack(condition), by, seconds, from, until) {
			for i, at := range times {
				if len(with[who]) <= i || with[who][i] > at {
					t.Fatalf("%s: call %d of %s was to come at %d s; with recurrences at %v they come at %v", condition, i, who, at, back, with[who])
				}
			}
		}
		for i, s := range back {
			call := policy.CallOf(comingBack(condition, back[:i+1]...), by, func(alerts.StepID) bool { return true })
			if _, next := policy.Due(call, by, asked.Add(time.Duration(s)*time.Second)); next.IsZero() && call.Epoch != 3+2*i {
				t.Fatalf("%s came back at %d s, and nobody will be called", condition, s)
			}
		}
	})
}

func TestARhythmThatComesEvery25Seconds(t *testing.T) {
	var back []int
	for s := 25; s < 180; s += 25 {
		back = append(back, s)
	}
	for name, story := range map[string]struct {
		repeat time.Duration
		back   []int
		want   string
	}{
		"comes to the buddy, the charge nurse and the physician in their time": {
			time.Minute, back, "map[ben:[30 60] carla:[60] nora:[0 60] paul:[60 120 180]]",
		},
		"and begins anew behind the last step, where a unit has that called once": {
			0, append(back, 190), "map[ben:[30 60 155 185] carla:[60 185] nora:[0 60 125 185] paul:[60 120 185]]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := alerts.DefaultPolicy()
			e := policy.Escalations[alerts.ClassOf(alerts.Physiological, alerts.High)]
			e.Repeat = story.repeat
			policy.Escalations[alerts.ClassOf(alerts.Physiological, alerts.High)] = e
			if got := fmt.Sprint(hears(policy, comingBack(alerts.VT, story.back...), ward, 190)); got != story.want {
				t.Errorf("got  %s\nwant %s", got, story.want)
			}
		})
	}
}
