package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

func TestLifecycle(t *testing.T) {
	check(t, []story{
		{
			name: "acknowledged while true, then over",
			tell: func(r *room) { r.last(20, oxygen(84)); r.ack(alerts.SpO2Low); r.last(10, oxygen(97)) },
			want: []string{
				"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "20s SPO2_LOW acked", "26s SPO2_LOW closed resolved",
			},
		},
		{
			name: "latched, then acknowledged",
			tell: func(r *room) { r.last(5, oxygen(70)); r.last(20, oxygen(97)); r.ack(alerts.SpO2RapidDesat) },
			want: []string{
				"1s SPO2_RAPID_DESAT raised: SpO₂ 70 ≤ 78 %", "16s SPO2_RAPID_DESAT latched",
				"25s SPO2_RAPID_DESAT closed ack",
			},
		},
		{
			name: "acknowledged HIGH that goes on is told again after two minutes, each time",
			tell: func(r *room) {
				r.last(5, oxygen(70))
				r.ack(alerts.SpO2RapidDesat)
				r.last(125, oxygen(70))
				r.ack(alerts.SpO2RapidDesat)
				r.last(125, oxygen(70))
			},
			want: []string{
				"1s SPO2_RAPID_DESAT raised: SpO₂ 70 ≤ 78 %", "5s SPO2_RAPID_DESAT acked",
				"125s SPO2_RAPID_DESAT rearmed", "130s SPO2_RAPID_DESAT acked", "250s SPO2_RAPID_DESAT rearmed",
			},
		},
		{
			name: "acknowledged MEDIUM that goes on is told again after ten minutes",
			tell: func(r *room) { r.last(20, oxygen(84)); r.ack(alerts.SpO2Low); r.last(601, oxygen(84)) },
			want: []string{
				"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "20s SPO2_LOW acked", "620s SPO2_LOW rearmed",
			},
		},
		{
			name: "acknowledged LOW is not told again",
			tell: func(r *room) {
				r.last(5, oxygen(97), event(oximeter, vitals.BatteryLevel, 15))
				r.ack(alerts.BatteryLow)
				r.last(1800, oxygen(97))
			},
			want: []string{"1s BATTERY_LOW raised: battery 15 ≤ 20 %", "5s BATTERY_LOW acked"},
		},
		{
			name: "no re-alarm while nobody knows whether it is still true, but at once when it is",
			tell: func(r *room) {
				r.last(5, oxygen(70))
				r.ack(alerts.SpO2RapidDesat)
				r.last(5, oxygen(70))
				r.last(200, unsure(oxygen(70)))
				r.last(2, oxygen(70))
			},
			want: []string{
				"1s SPO2_RAPID_DESAT raised: SpO₂ 70 ≤ 78 %", "5s SPO2_RAPID_DESAT acked",
				"41s SPO2_RAPID_DESAT input_lost", "211s SPO2_RAPID_DESAT input_back",
				"211s SPO2_RAPID_DESAT rearmed",
			},
		},
		{
			name: "no re-alarm of what is about to be over",
			tell: func(r *room) {
				r.last(5, oxygen(70))
				r.ack(alerts.SpO2RapidDesat)
				r.last(115, oxygen(70))
				r.last(11, oxygen(97))
			},
			want: []string{
				"1s SPO2_RAPID_DESAT raised: SpO₂ 70 ≤ 78 %", "5s SPO2_RAPID_DESAT acked",
				"131s SPO2_RAPID_DESAT closed resolved",
			},
		},
		{
			name: "a condition that comes back after its episode is over makes another one",
			tell: func(r *room) { r.last(20, oxygen(84)); r.last(10, oxygen(97)); r.last(20, oxygen(84)) },
			want: []string{
				"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "26s SPO2_LOW closed self",
				"46s SPO2_LOW raised: SpO₂ 84 < 88 %",
			},
		},
	})
}

func TestAnAlarmTellsItsWholeStory(t *testing.T) {
	r := newRoom(t)
	r.last(5, oxygen(97))
	r.last(20, oxygen(84))
	r.ack(alerts.SpO2Low)
	r.last(10, oxygen(97))

	got := r.told[len(r.told)-1]
	onset := start.Add(5 * time.Second)
	want := alerts.Transition{
		Change: alerts.Ceased, Before: alerts.ActiveAck, At: start.Add(31 * time.Second),
		Alarm: alerts.Alarm{
			ID:      alerts.NewAlarmID(patient, alerts.SpO2Low, "", onset),
			Patient: patient, Condition: alerts.SpO2Low, Priority: alerts.Medium,
			State: alerts.Closed, Truth: alerts.False, Version: 3,
			Onset: onset, Evidence: start.Add(30 * time.Second), Raised: start.Add(21 * time.Second),
			Ended: start.Add(25 * time.Second), Changed: start.Add(31 * time.Second), Count: 1,
			Detail: "SpO₂ 84 < 88 %", Value: vitals.Int(84), Limit: vitals.Int(88), Worst: vitals.Int(84),
			AckedBy: "s-7", AckedName: "K. Lee", AckedAt: start.Add(25 * time.Second), Command: start.Add(25 * time.Second).String(),
			Reason: alerts.ClosedResolved,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last transition (-want +got):\n%s", diff)
	}
	acked := r.told[1]
	if acked.Actor != "s-7" || acked.Station != "desk-1" || acked.Command == "" {
		t.Errorf("the acknowledgement does not say who and where: %+v", acked)
	}
}

func TestAcknowledgementsAreRefused(t *testing.T) {
	desat := func(r *room) alerts.Alarm { r.last(5, oxygen(70)); return r.open(alerts.SpO2RapidDesat) }
	tests := []struct {
		name string
		tell func(r *room) alerts.Command
		want alerts.RefusalCode
	}{
		{
			name: "of an alarm that nobody knows",
			tell: func(*room) alerts.Command {
				return alerts.Command{Kind: alerts.Acknowledge, Alarm: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}
			},
			want: alerts.UnknownAlarm,
		},
		{
			name: "that name no alarm",
			tell: func(r *room) alerts.Command { desat(r); return alerts.Command{Kind: alerts.Acknowledge} },
			want: alerts.UnknownAlarm,
		},
		{
			name: "when somebody was faster",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				r.ack(alerts.SpO2RapidDesat)
				return seen(a, "other")
			},
			want: alerts.AlreadyAcked,
		},
		{
			name: "when it is over",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				r.last(20, oxygen(97))
				r.ack(alerts.SpO2RapidDesat)
				r.last(5, oxygen(70)) // another episode
				return seen(a, "late")
			},
			want: alerts.ClosedAlarm,
		},
		{
			name: "when a lesser priority was on the screen",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				a.Priority = alerts.Medium
				return seen(a, "yellow")
			},
			want: alerts.Worse,
		},
		{
			name: "when it has recurred since it was seen",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				r.last(20, oxygen(97))
				r.last(1, oxygen(70))
				return seen(a, "recurred")
			},
			want: alerts.Worse,
		},
		{
			name: "when it was told again since it was seen",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				r.ack(alerts.SpO2RapidDesat)
				r.last(125, oxygen(70))
				return seen(a, "rearmed")
			},
			want: alerts.Worse,
		},
		{
			name: "when a version was seen that is not known here",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				a.Version++
				return seen(a, "future")
			},
			want: alerts.Worse,
		},
		{
			name: "but not because the input was lost in between",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				r.last(20)
				return seen(a, "lost")
			},
		},
		{
			name: "nor because it has latched in between",
			tell: func(r *room) alerts.Command {
				a := desat(r)
				r.last(20, oxygen(97))
				return seen(a, "latched")
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t)
			a := tt.tell(r)
			_, err := acknowledge(r.engine, a, r.now)
			if got := codeOf(err); got != tt.want {
				t.Errorf("refused with %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

func TestARepeatedCommandGetsItsFirstAnswer(t *testing.T) {
	r := newRoom(t)
	r.last(5, oxygen(70))
	a := seen(r.open(alerts.SpO2RapidDesat), "cmd-1")
	first, err := acknowledge(r.engine, a, r.now)
	if err != nil {
		t.Fatal(err)
	}
	r.last(125, oxygen(70)) // told again in the meantime
	again, err := acknowledge(r.engine, a, r.now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the repeat was answered otherwise (-first +repeat):\n%s", diff)
	}
	if got := r.open(alerts.SpO2RapidDesat).State; got != alerts.ActiveUnack {
		t.Errorf("the repeat acknowledged the re-alarm: %s", got)
	}
}

func TestOldCommandsAreForgotten(t *testing.T) {
	r := newRoom(t)
	r.last(5, oxygen(70))
	a := r.open(alerts.SpO2RapidDesat)
	r.ack(alerts.SpO2RapidDesat)
	for i := range 100 {
		_, err := acknowledge(r.engine, seen(a, start.Add(time.Duration(i)).String()), r.now)
		if codeOf(err) != alerts.AlreadyAcked {
			t.Fatalf("acknowledgement %d: %v", i, err)
		}
	}
}
