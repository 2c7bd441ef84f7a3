package alerts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// flap lets the saturation be low until it is told, and back for so long.
func flap(low, high int64, back int) func(r *room) {
	return func(r *room) { r.last(20, oxygen(low)); r.last(back, oxygen(high)) }
}

func TestAnEpisodeRightBehindOneThatSomebodyHadIsTheirs(t *testing.T) {
	had := func(r *room) {
		r.last(20, oxygen(87))
		r.ack(alerts.SpO2Low)
		r.last(10, oxygen(92))
	}
	before := []string{"16s SPO2_LOW raised: SpO₂ 87 < 88 %", "20s SPO2_LOW acked", "26s SPO2_LOW closed resolved"}
	type seen struct {
		State    alerts.State
		Previous bool
		AckedBy  string
	}
	tests := []struct {
		name string
		tell func(r *room)
		told string
		want seen
	}{
		{
			name: "within a minute, and no worse",
			tell: func(r *room) { r.last(30, oxygen(92)); r.last(20, oxygen(86)) },
			told: "76s SPO2_LOW raised: SpO₂ 86 < 88 %", want: seen{alerts.ActiveAck, true, "s-7"},
		},
		{
			name: "later",
			tell: func(r *room) { r.last(60, oxygen(92)); r.last(20, oxygen(86)) },
			told: "106s SPO2_LOW raised: SpO₂ 86 < 88 %", want: seen{alerts.ActiveUnack, false, ""},
		},
		{
			name: "worse",
			tell: func(r *room) { r.last(20, oxygen(83)) },
			told: "46s SPO2_LOW raised: SpO₂ 83 < 88 %", want: seen{alerts.ActiveUnack, false, ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t)
			had(r)
			tt.tell(r)
			if diff := cmp.Diff(append(slices.Clone(before), tt.told), r.transcript()); diff != "" {
				t.Fatalf("transitions (-want +got):\n%s", diff)
			}
			a := r.open(alerts.SpO2Low)
			if diff := cmp.Diff(tt.want, seen{a.State, a.Previous == r.told[0].Alarm.ID, a.AckedBy}); diff != "" {
				t.Errorf("the new episode (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatFlapsIsToldAtTheFourthTimeAndChattersFromTheSixth(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(87))
	r.ack(alerts.SpO2Low)
	r.last(10, oxygen(92))
	for range 5 {
		flap(87, 92, 10)(r)
		for _, a := range r.engine.Open() {
			t.Fatalf("still open: %+v", a)
		}
	}
	raised := lo.FilterMap(r.told, func(x alerts.Transition, _ int) (string, bool) {
		said := x.Alarm.State.String() + lo.Ternary(x.Alarm.Previous != "", " continued", "") + lo.Ternary(x.Alarm.Chattering, " chattering", "")
		return said, x.Change == alerts.Raised
	})
	want := []string{
		"active_unack", "active_ack continued", "active_ack continued", "active_ack continued",
		"active_unack", "active_unack chattering",
	}
	if diff := cmp.Diff(want, raised); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.last(700, oxygen(97))
	r.last(20, oxygen(87))
	if a := r.open(alerts.SpO2Low); a.Chattering {
		t.Error("it chatters ten minutes later")
	}
}

func TestAFlapDoesNotPutOffTheReminder(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(87))
	r.ack(alerts.SpO2Low) // at 20 s: told again at 620 s
	r.last(560, oxygen(87))
	r.last(10, oxygen(92))
	r.last(40, oxygen(87))
	want := []string{
		"16s SPO2_LOW raised: SpO₂ 87 < 88 %", "20s SPO2_LOW acked", "586s SPO2_LOW closed resolved",
		"606s SPO2_LOW raised: SpO₂ 87 < 88 %", "620s SPO2_LOW rearmed",
	}
	if diff := cmp.Diff(want, r.transcript()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsHighIsToldEachTime(t *testing.T) {
	r := newRoom(t)
	for range 8 {
		r.last(2, oxygen(70))
		r.ack(alerts.SpO2RapidDesat)
		r.last(15, oxygen(97))
	}
	for _, x := range r.told {
		if x.Change == alerts.Raised && (x.Alarm.State != alerts.ActiveUnack || x.Alarm.Chattering || x.Alarm.Previous != "") {
			t.Errorf("%s: %+v", x.At.Sub(start), x.Alarm)
		}
	}
}

func TestFlapsAreCountedAcrossARestart(t *testing.T) {
	before := newRoom(t)
	before.last(20, oxygen(87))
	before.ack(alerts.SpO2Low)
	before.last(10, oxygen(92))
	for range 3 {
		flap(87, 92, 10)(before)
	}
	stored := map[alerts.AlarmID]alerts.Alarm{}
	for _, x := range before.told {
		stored[x.Alarm.ID] = x.Alarm
	}
	after := newRoom(t)
	after.now = before.now.Add(time.Second)
	after.engine.Restore(lo.Values(stored))
	after.last(20, oxygen(87))
	if a := after.open(alerts.SpO2Low); a.State != alerts.ActiveUnack || a.Value != vitals.Int(87) {
		t.Errorf("the fourth continuation within ten minutes: %+v", a)
	}
}
