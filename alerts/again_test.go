package alerts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

func TestWhatBecomesWorseIsToldAgain(t *testing.T) {
	raised := []string{"16s SPO2_LOW raised: SpO₂ 87 < 88 %", "20s SPO2_LOW acked"}
	check(t, []story{
		{
			name: "four percent below what was acknowledged, for as long as an onset takes",
			tell: func(r *room) { r.last(20, oxygen(87)); r.ack(alerts.SpO2Low); r.last(20, oxygen(83)) },
			want: append(raised, "36s SPO2_LOW worsened"),
		},
		{
			name: "three percent are none",
			tell: func(r *room) { r.last(20, oxygen(87)); r.ack(alerts.SpO2Low); r.last(60, oxygen(84)) },
			want: raised,
		},
		{
			name: "a dip that is over sooner is none",
			tell: func(r *room) {
				r.last(20, oxygen(87))
				r.ack(alerts.SpO2Low)
				for range 5 {
					r.last(14, oxygen(83))
					r.last(1, oxygen(86))
				}
			},
			want: raised,
		},
		{
			name: "it counts from the worst that there was when it was acknowledged",
			tell: func(r *room) {
				r.last(20, oxygen(80))
				r.last(5, oxygen(87))
				r.ack(alerts.SpO2Low)
				r.last(60, oxygen(79))
			},
			want: []string{"16s SPO2_LOW raised: SpO₂ 80 < 88 %", "25s SPO2_LOW acked"},
		},
		{
			name: "slowly, too",
			tell: func(r *room) {
				r.last(20, heart(135))
				r.ack(alerts.HRHigh)
				r.last(10, heart(139))
				r.last(10, heart(144))
				r.last(20, heart(150))
			},
			want: []string{"18s HR_HIGH raised: HR 135 > 130 /min", "20s HR_HIGH acked", "56s HR_HIGH worsened"},
		},
		{
			name: "not while nobody has acknowledged it: it asks already",
			tell: func(r *room) { r.last(20, oxygen(87)); r.last(60, oxygen(80)) },
			want: raised[:1],
		},
		{
			name: "not while another one explains it",
			tell: func(r *room) {
				r.last(20, oxygen(87))
				r.ack(alerts.SpO2Low)
				r.last(5, oxygen(78))
			},
			want: append(raised, "21s SPO2_RAPID_DESAT raised: SpO₂ 78 ≤ 78 %", "21s SPO2_LOW suppressed"),
		},
	})
}

func TestAnAlarmSaysTheWorstThatThereWas(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(84))
	r.last(10, oxygen(80))
	r.ack(alerts.SpO2Low)
	if got := r.open(alerts.SpO2Low).Worst; got != vitals.Int(80) {
		t.Errorf("acknowledged at %s, want 80", got)
	}
	r.last(10, oxygen(79))
	r.last(10, oxygen(97))
	last := r.told[len(r.told)-1].Alarm
	if diff := cmp.Diff([]vitals.Decimal{vitals.Int(84), vitals.Int(79)}, []vitals.Decimal{last.Value, last.Worst}); diff != "" {
		t.Errorf("value and worst of the whole episode (-want +got):\n%s", diff)
	}
}

func TestAnAlarmThatBecameWorseIsNobodys(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(87))
	r.ack(alerts.SpO2Low)
	acked := r.open(alerts.SpO2Low)
	r.last(20, oxygen(83))
	a := r.open(alerts.SpO2Low)
	if a.State != alerts.ActiveUnack || a.AckedBy != "" || a.Value != vitals.Int(83) || a.Detail != "SpO₂ 83 < 88 %" {
		t.Errorf("%+v", a)
	}
	_, err := acknowledge(r.engine, seen(acked, "late"), r.now)
	if got := codeOf(err); got != alerts.Worse {
		t.Errorf("acknowledging what was seen before is refused with %q, want %q", got, alerts.Worse)
	}
}

func TestWhatIsUnseenForLongBecomesMoreUrgent(t *testing.T) {
	check(t, []story{
		{
			name: "electrodes that are off for a minute, though somebody has the alarm; it reminds from then on",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(10, heart(scriptFlat))
				r.ack(alerts.LeadsOff)
				r.last(55, heart(scriptFlat))
				r.ack(alerts.LeadsOff)
				r.last(605, heart(scriptFlat))
			},
			want: []string{
				"26s LEADS_OFF raised: check electrodes: flat line", "30s LEADS_OFF acked", "81s LEADS_OFF worsened",
				"85s LEADS_OFF acked", "685s LEADS_OFF rearmed",
			},
		},
		{
			name: "a sensor on the table is none of that",
			tell: func(r *room) {
				r.last(10, oxygen(97))
				r.last(1, event(oximeter, vitals.ContactLost, 0))
				r.last(8, absent(oxygen(0)))
			},
			want: []string{"16s LEADS_OFF raised: check electrodes: no contact"},
		},
		{
			name: "a device that is silent for two minutes; not where its hub explains it",
			tell: func(r *room) {
				r.last(5, oxygen(97), value(strap, vitals.HeartRate, 72))
				r.last(140, value(strap, vitals.HeartRate, 72))
			},
			want: []string{"16s NO_DATA raised: silent for more than 10s", "135s NO_DATA worsened"},
		},
		{
			name: "what the hub explains rises when it is explained no more",
			tell: func(r *room) {
				r.last(5, oxygen(97))
				r.last(20)
				r.offline(true)
				r.last(200)
				r.offline(false)
				r.last(12)
			},
			want: []string{
				"16s NO_DATA raised: silent for more than 10s", "25s HUB_OFFLINE raised: home hub not connected", "25s NO_DATA suppressed",
				"236s HUB_OFFLINE closed self", "236s NO_DATA released", "236s NO_DATA worsened",
			},
		},
		{
			name: "a battery of five percent, from the start or later",
			tell: func(r *room) {
				r.last(1, oxygen(97), event(oximeter, vitals.BatteryLevel, 15))
				r.last(1, oxygen(97), event(oximeter, vitals.BatteryLevel, 5))
				r.last(1, oxygen(97), event(strap, vitals.BatteryLevel, 4))
			},
			want: []string{
				"1s BATTERY_LOW raised: battery 15 ≤ 20 %", "2s BATTERY_LOW worsened", "3s BATTERY_LOW raised: battery 4 ≤ 20 %",
			},
		},
	})
	r := newRoom(t)
	r.last(1, oxygen(97), event(oximeter, vitals.BatteryLevel, 15))
	low := r.open(alerts.BatteryLow)
	r.last(1, oxygen(97), event(oximeter, vitals.BatteryLevel, 5))
	if a := r.open(alerts.BatteryLow); a.Priority != alerts.Medium || a.ID != low.ID {
		t.Errorf("%+v", a)
	}
	if _, err := acknowledge(r.engine, seen(low, "late"), r.now); codeOf(err) != alerts.Worse {
		t.Errorf("what was seen was less urgent: %v", err)
	}
}
