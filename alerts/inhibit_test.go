package alerts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

// offline tells that the hub is away, or back.
func (r *room) offline(away bool) { r.take(r.engine.Hub(!away, string(home), r.now)) }

func TestWhatAnotherAlarmExplainsIsSilent(t *testing.T) {
	check(t, []story{
		{
			name: "a fast heart fibrillates, and is fast again behind it: its alarm is heard again",
			tell: func(r *room) {
				r.last(30, heart(140))
				r.last(10, heart(scriptVF))
				r.last(40, heart(140))
			},
			want: []string{
				"18s HR_HIGH raised: HR 140 > 130 /min", "34s VF raised: 4 s of fibrillation, 97 % sure", "34s HR_HIGH suppressed",
				"46s VF latched", "46s HR_HIGH released",
			},
		},
		{
			name: "the most urgent of two explains it",
			tell: func(r *room) {
				r.last(30, heart(140))
				r.last(20, heart(160))
				r.last(6, heart(scriptVF))
			},
			want: []string{
				"18s HR_HIGH raised: HR 140 > 130 /min", "36s EXTREME_TACHY raised: HR 160 > 150 /min", "36s HR_HIGH suppressed",
				"54s VF raised: 4 s of fibrillation, 97 % sure", "54s EXTREME_TACHY suppressed", "54s HR_HIGH suppressed",
			},
		},
		{
			name: "the saturation falls further at once, and comes back to where it was",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.last(10, oxygen(75))
				r.last(20, oxygen(84))
			},
			want: []string{
				"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "21s SPO2_RAPID_DESAT raised: SpO₂ 75 ≤ 78 %", "21s SPO2_LOW suppressed",
				"41s SPO2_RAPID_DESAT latched", "41s SPO2_LOW released",
			},
		},
		{
			name: "an acknowledged alarm that another one explains is not told again; afterwards it is",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.ack(alerts.SpO2Low)
				r.last(1, oxygen(75))
				r.ack(alerts.SpO2RapidDesat)
				r.last(100, oxygen(75))
				r.last(520, oxygen(84))
			},
			want: []string{
				"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "20s SPO2_LOW acked",
				"21s SPO2_RAPID_DESAT raised: SpO₂ 75 ≤ 78 %", "21s SPO2_LOW suppressed", "21s SPO2_RAPID_DESAT acked",
				"132s SPO2_RAPID_DESAT closed resolved", "132s SPO2_LOW released", "620s SPO2_LOW rearmed",
			},
		},
		{
			name: "losing the leads silences no asystole",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(6, heart(scriptStop))
				r.last(60, heart(scriptFlat))
			},
			want: []string{
				"24s ASYSTOLE raised: no QRS for 4 s", "32s LEADS_OFF raised: check electrodes: flat line", "57s ASYSTOLE input_lost",
			},
		},
		{
			name: "nor does a hub that is away",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.offline(true)
				r.last(30)
			},
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "20s HUB_OFFLINE raised: home hub not connected", "31s SPO2_LOW input_lost"},
		},
		{
			name: "a device's silence is its hub's, when that proves to be away",
			tell: func(r *room) {
				r.last(5, oxygen(97))
				r.last(20)
				r.offline(true)
				r.last(30)
				r.offline(false)
				r.last(20)
			},
			want: []string{
				"16s NO_DATA raised: silent for more than 10s", "25s HUB_OFFLINE raised: home hub not connected", "25s NO_DATA suppressed",
				"66s HUB_OFFLINE closed self", "66s NO_DATA released",
			},
		},
		{
			name: "electrodes and battery of a silent device say nothing of their own",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(10, heart(scriptFlat), event(patch, vitals.BatteryLevel, 8))
				r.last(15)
			},
			want: []string{
				"21s BATTERY_LOW raised: battery 8 ≤ 20 %", "26s LEADS_OFF raised: check electrodes: flat line",
				"41s NO_DATA raised: silent for more than 10s", "41s LEADS_OFF suppressed", "41s BATTERY_LOW suppressed",
				"41s LEADS_OFF input_lost",
			},
		},
		{
			name: "a sensor that is off explains a low saturation, but not for long where the device goes on to measure",
			tell: func(r *room) {
				r.last(10, oxygen(97))
				r.last(1, oxygen(97), event(oximeter, vitals.ContactLost, 0))
				r.last(19, oxygen(97))
				r.last(30, oxygen(70))
			},
			want: []string{"16s LEADS_OFF raised: check electrodes: no contact", "42s SPO2_RAPID_DESAT raised: SpO₂ 70 ≤ 78 %"},
		},
		{
			name: "what begins while nobody knows of what would explain it is told",
			tell: func(r *room) {
				r.last(30, heart(72))
				r.last(6, heart(scriptVF))
				r.last(60, value(strap, vitals.HeartRate, 145))
			},
			want: []string{
				"34s VF raised: 4 s of fibrillation, 97 % sure", "47s NO_DATA raised: silent for more than 10s", "47s VF input_lost",
				"57s HR_HIGH raised: HR 145 > 130 /min",
			},
		},
		{
			name: "what another source still shows is heard while nobody knows of what explained it",
			tell: func(r *room) {
				r.last(30, heart(140))
				r.last(6, heart(scriptVF))
				r.last(60, value(strap, vitals.HeartRate, 145))
			},
			want: []string{
				"18s HR_HIGH raised: HR 140 > 130 /min", "34s VF raised: 4 s of fibrillation, 97 % sure", "34s HR_HIGH suppressed",
				"47s NO_DATA raised: silent for more than 10s", "47s VF input_lost",
				"47s HR_HIGH released",
			},
		},
	})
}

func TestAnAcknowledgementFromBeforeTheReleaseIsRefused(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(84))
	r.last(10, oxygen(75))
	silent := r.open(alerts.SpO2Low)
	if silent.Suppressor != r.open(alerts.SpO2RapidDesat).ID {
		t.Fatalf("suppressed by %q", silent.Suppressor)
	}
	r.last(20, oxygen(84))
	_, err := acknowledge(r.engine, seen(silent, "late"), r.now)
	if got := codeOf(err); got != alerts.Worse {
		t.Errorf("refused with %q, want %q", got, alerts.Worse)
	}
}

func TestAnAlarmThatIsOverIsNobodysAnyMore(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(84))
	r.last(2, oxygen(75))
	r.take(r.engine.Discharge(r.now))
	for _, x := range r.told[len(r.told)-2:] {
		if x.Alarm.State != alerts.Closed || x.Alarm.Suppressor != "" {
			t.Errorf("%+v", x.Alarm)
		}
	}
}

// Every chain must lead to what is judged before, or it would be raised a moment too early, and no condition of
// lesser priority may explain one of higher.
func TestTheChainsAreInOrder(t *testing.T) {
	rank := map[alerts.Condition]int{}
	for i, c := range alerts.Conditions() {
		rank[c] = i
	}
	for _, c := range alerts.Conditions() {
		for _, by := range c.Spec().InhibitedBy {
			technical := by.Spec().Type != alerts.Physiological
			if !technical && rank[by] >= rank[c] {
				t.Errorf("%s explains %s, and is judged behind it", by, c)
			}
			if !technical && by.Spec().Priority < c.Spec().Priority {
				t.Errorf("%s explains %s, which is more urgent", by, c)
			}
		}
	}
}

func TestARestartKeepsWhatIsSilent(t *testing.T) {
	before := newRoom(t)
	before.last(20, oxygen(84))
	before.last(10, oxygen(75))

	after := newRoom(t)
	after.now = before.now
	after.engine.Restore(before.engine.Open())
	after.last(30, oxygen(75))
	after.last(11, oxygen(84))
	want := []string{"71s SPO2_RAPID_DESAT latched", "71s SPO2_LOW released"}
	if diff := cmp.Diff(want, after.transcript()); diff != "" {
		t.Error(diff)
	}
}
