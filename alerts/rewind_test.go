package alerts_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// raisedOf is the ids under which alarms of the condition were raised, in order.
func raisedOf(c alerts.Condition, told []alerts.Transition) []alerts.AlarmID {
	return lo.FilterMap(told, func(x alerts.Transition, _ int) (alerts.AlarmID, bool) {
		return x.Alarm.ID, x.Change == alerts.Raised && x.Alarm.Condition == c
	})
}

// setClock sets the server's clock, while what comes goes on by clocks that are right.
func (r *room) setClock(by time.Duration, all ...measured) []measured {
	r.now = r.now.Add(by)
	return lo.Map(all, func(m measured, _ int) measured { return ahead(-by, m) })
}

// The server's clock jumps while somebody is watched: what is told is the same, some seconds later where detectors
// begin anew.
func TestTheServersClockJumps(t *testing.T) {
	for _, tt := range []struct {
		name string
		by   time.Duration
		tell func(r *room, by time.Duration)
		want []string // seconds are those that have passed
	}{
		{
			"back, and the heart stops", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(60, heart(72))
				r.last(20, r.setClock(by, heart(72))...)
				r.last(6, ahead(-by, heart(scriptStop)))
			},
			[]string{"84s ASYSTOLE raised"},
		},
		{
			"an hour back, and the heart stops at once", -time.Hour,
			func(r *room, by time.Duration) {
				r.last(60, heart(72))
				r.last(20, r.setClock(by, heart(scriptStop))...)
			},
			[]string{"61s HUB_CLOCK_SKEW raised", "65s ASYSTOLE raised"},
		},
		{
			"forth, and the heart stops", 40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(60, heart(72))
				r.last(5, r.setClock(by, heart(72))...)
				r.last(6, ahead(-by, heart(scriptStop)))
			},
			[]string{"69s ASYSTOLE raised"},
		},
		{
			"back in the middle of an alarm, which is the same one and ends when it ends", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(84))
				r.last(20, r.setClock(by, oxygen(84))...)
				r.last(20, ahead(-by, oxygen(97)))
			},
			[]string{"16s SPO2_LOW raised", "46s SPO2_LOW closed"},
		},
		{
			"back within a delay, which begins anew", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(10, oxygen(84))
				r.last(20, r.setClock(by, oxygen(84))...)
			},
			[]string{"27s SPO2_LOW raised"},
		},
		{
			"back while a fall waits for a word of the patient", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(1, fallen())
				r.last(10)
				r.setClock(by)
				r.last(40)
			},
			[]string{"42s FALL raised"},
		},
		{
			"back behind an acknowledgement, which is reminded of two minutes later at the latest", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(5, oxygen(70))
				r.ack(alerts.SpO2RapidDesat)
				r.last(125, r.setClock(by, oxygen(70))...)
			},
			[]string{"1s SPO2_RAPID_DESAT raised", "5s SPO2_RAPID_DESAT acked", "126s SPO2_RAPID_DESAT rearmed"},
		},
		{
			"back behind an acknowledgement, and it becomes worse", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(86))
				r.ack(alerts.SpO2Low)
				r.last(25, r.setClock(by, oxygen(81))...)
			},
			[]string{"16s SPO2_LOW raised", "20s SPO2_LOW acked", "37s SPO2_LOW worsened"},
		},
		{
			"back behind a fibrillation that is over: it explains nothing of what comes", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(30, heart(72))
				r.last(10, heart(scriptVF))
				r.last(20, heart(72))
				r.ack(alerts.VF)
				r.last(10, r.setClock(by, heart(72))...)
				r.last(10, ahead(-by, heart(scriptVT+168)))
			},
			[]string{"34s VF raised", "46s VF latched", "60s VF closed", "73s VT raised"},
		},
		{
			"nor does one that nobody has seen", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(30, heart(72))
				r.last(10, heart(scriptVF))
				r.last(20, heart(72))
				r.last(10, r.setClock(by, heart(72))...)
				r.last(10, ahead(-by, heart(scriptVT+168)))
			},
			[]string{"34s VF raised", "46s VF latched", "73s VT raised"},
		},
		{
			"back, and a device falls silent", -time.Hour,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(97))
				r.setClock(by)
				r.last(20)
			},
			[]string{"32s NO_DATA raised"},
		},
		{
			"an hour back while the leads are off, which is worse a minute later at the latest", -time.Hour,
			func(r *room, by time.Duration) {
				r.last(20, heart(72))
				r.last(30, heart(scriptFlat))
				r.last(80, r.setClock(by, heart(scriptFlat))...)
			},
			[]string{"26s LEADS_OFF raised", "51s HUB_CLOCK_SKEW raised", "111s LEADS_OFF worsened"},
		},
		{
			"back while a device is silent: it still is, and whoever has it has it", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(97))
				r.last(20)
				r.ack(alerts.NoData)
				r.setClock(by)
				r.last(40)
			},
			[]string{"31s NO_DATA raised", "40s NO_DATA acked"},
		},
		{
			"back while the ECG of a patch is missed, which goes on counting the heart rate", -40 * time.Second,
			func(r *room, by time.Duration) {
				rate := value(patch, vitals.HeartRate, 72)
				r.last(20, heart(72), rate)
				r.last(20, rate)
				r.ack(alerts.NoData)
				r.last(40, r.setClock(by, rate)...)
			},
			[]string{"31s NO_DATA raised", "40s NO_DATA acked"},
		},
		{
			"back, and the ECG of a patch stops, which goes on counting the heart rate", -40 * time.Second,
			func(r *room, by time.Duration) {
				rate := value(patch, vitals.HeartRate, 72)
				r.last(20, heart(72), rate)
				r.last(20, r.setClock(by, rate)...)
			},
			[]string{"32s NO_DATA raised"},
		},
		{
			"an hour back while the hub is away: what it does not bring is missed as soon as it is there again", -time.Hour,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(97))
				r.take(r.engine.Hub(false, string(home), r.now))
				r.last(30)
				r.setClock(by)
				r.last(5)
				r.take(r.engine.Hub(true, string(home), r.now))
				r.last(20)
			},
			[]string{"20s HUB_OFFLINE raised", "66s HUB_OFFLINE closed", "66s NO_DATA raised"},
		},
		{
			"a day back while a condition is switched off: it is alarmed again, not off for a day more", -24 * time.Hour,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(97))
				r.off(alerts.SpO2Low, time.Hour)
				r.last(30, oxygen(84))
				r.last(30, r.setClock(by, oxygen(84))...)
			},
			[]string{"51s HUB_CLOCK_SKEW raised", "67s SPO2_LOW raised"},
		},
		{
			"by less than a condition has been switched off: it still is", -40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(97))
				r.off(alerts.SpO2Low, time.Hour)
				r.last(60, oxygen(84))
				r.last(60, r.setClock(by, oxygen(84))...)
			},
			nil,
		},
		{
			"an hour back while the patient is away, who is missed then", -time.Hour,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(97))
				r.standby()
				r.last(30)
				r.setClock(by)
				r.last(20)
			},
			[]string{"51s NO_DATA raised"},
		},
		{
			"half an hour back while a pressure is put off, which is over for nobody knows how long it has been", -30 * time.Minute,
			func(r *room, by time.Duration) {
				r.last(1, pressureOf(185, 100))
				r.last(305)
				r.snooze(alerts.BPHigh, 15*time.Minute)
				r.last(5)
				r.setClock(by)
				r.last(10)
			},
			[]string{"300s BP_HIGH raised", "306s BP_HIGH snoozed", "312s BP_HIGH rearmed"},
		},
		{
			"two days back, all clocks: the weights of the days between are known, and a gain on the next day is told", -48 * time.Hour,
			func(r *room, by time.Duration) {
				r.last(1, kilograms(740))
				r.later(24 * time.Hour)
				r.last(1, kilograms(741))
				r.setClock(by)
				r.last(5)
				r.later(24 * time.Hour)
				r.last(5, kilograms(760))
			},
			[]string{"8s WEIGHT_GAIN raised"},
		},
		{
			"forth: everything was silent for as long, until it comes again", 40 * time.Second,
			func(r *room, by time.Duration) {
				r.last(20, oxygen(84))
				all := r.setClock(by, oxygen(84))
				r.take(r.engine.Tick(r.now))
				r.last(20, all...)
			},
			[]string{
				"16s SPO2_LOW raised", "20s NO_DATA raised", "20s SPO2_LOW input_lost", "21s SPO2_LOW input_back", "26s NO_DATA closed",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t)
			tt.tell(r, tt.by)
			if diff := cmp.Diff(tt.want, r.live); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A server that was down while its clock was set back takes what it had stored for known just now, not for what is to
// come.
func TestAServerThatStartsWithItsClockSetBack(t *testing.T) {
	before := newRoom(t)
	before.last(20, oxygen(84))
	before.last(10, oxygen(97))
	before.last(5, oxygen(70))
	stored := map[alerts.AlarmID]alerts.Alarm{}
	for _, x := range before.told {
		stored[x.Alarm.ID] = x.Alarm
	}
	after := newRoom(t)
	after.now = before.now.Add(-40 * time.Second)
	after.engine.Restore(lo.Values(stored))
	after.last(15, ahead(40*time.Second, oxygen(97)))
	after.ack(alerts.SpO2RapidDesat)
	after.last(20, ahead(40*time.Second, oxygen(84)))
	want := []string{"12s SPO2_RAPID_DESAT latched", "15s SPO2_RAPID_DESAT closed", "31s SPO2_LOW raised"}
	if diff := cmp.Diff(want, after.live); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The clock jumps an hour ahead, so that the oximeter counts as silent, and back to before it would; three times. Then
// it is silent for as long indeed. All that began when it had not been heard for ten seconds, and each is another alarm.
func TestSilenceIsAnotherAlarmEachTimeThatTheClockComesToIt(t *testing.T) {
	r := newRoom(t, oximeter)
	r.last(30, oxygen(97))
	r.last(6)
	for range 3 {
		r.setClock(time.Hour)
		r.last(1)
		r.setClock(-time.Hour - 7*time.Second)
		r.last(6)
	}
	r.last(10)
	ids := raisedOf(alerts.NoData, r.told)
	if len(ids) != 4 || len(lo.Uniq(ids)) != len(ids) {
		t.Errorf("raised as %v: %q", ids, r.live)
	}
}

// desaturates is eight falls of oxygen, within 400 s.
func desaturates(r *room) {
	for range 8 {
		r.last(30, oxygen(84))
		r.last(20, oxygen(97))
	}
}

// All clocks are set back, so that values of the same seconds come again, more of them low than an engine remembers
// onsets. Each fall of oxygen is an alarm of its own.
func TestATimeThatComesTwiceBringsOtherAlarms(t *testing.T) {
	r := newRoom(t, oximeter)
	r.last(30, oxygen(97))
	desaturates(r)
	first := len(r.told)
	r.setClock(-400 * time.Second)
	desaturates(r)
	onsets := func(told []alerts.Transition) []time.Time {
		return lo.FilterMap(told, func(x alerts.Transition, _ int) (time.Time, bool) {
			return x.Alarm.Onset, x.Change == alerts.Raised && x.Alarm.Condition == alerts.SpO2Low
		})
	}
	if len(lo.Intersect(onsets(r.told[:first]), onsets(r.told[first:]))) == 0 {
		t.Fatal("no onset came twice, so this shows nothing")
	}
	if ids := raisedOf(alerts.SpO2Low, r.told); len(ids) != 16 || len(lo.Uniq(ids)) != len(ids) {
		t.Errorf("raised as %v: %q", ids, r.live)
	}
}

// The heart slows down at the same second of a clock that is set back: a second alarm, or it would be taken for late news of
// the first, which is over, and be lost.
func TestWhatIsHighIsAnotherAlarmInATimeThatComesTwice(t *testing.T) {
	r := newRoom(t)
	r.last(30, heart(72))
	for range 3 {
		r.last(10, heart(28))
		r.ack(alerts.ExtremeBrady)
		r.last(20, heart(72))
		r.setClock(-60 * time.Second)
		r.last(30, heart(72))
	}
	first, _ := lo.Find(r.told, func(x alerts.Transition) bool { return x.Alarm.Condition == alerts.ExtremeBrady })
	onsets := lo.CountBy(r.told, func(x alerts.Transition) bool {
		return x.Change == alerts.Raised && x.Alarm.Onset.Equal(first.Alarm.Onset)
	})
	if ids := raisedOf(alerts.ExtremeBrady, r.told); onsets < 2 || len(ids) != 3 || len(lo.Uniq(ids)) != len(ids) {
		t.Errorf("%d alarms of one onset, raised as %v: %q", onsets, ids, r.live)
	}
}

// An engine that starts anew comes to the same ids in a time that comes twice, by what is on record.
func TestATimeThatComesTwiceIsNamedAlikeAfterARestart(t *testing.T) {
	before := newRoom(t, oximeter)
	before.last(30, oxygen(97))
	desaturates(before)
	stored := map[alerts.AlarmID]alerts.Alarm{}
	for _, x := range before.told {
		stored[x.Alarm.ID] = x.Alarm
	}
	before.setClock(-400 * time.Second)
	after := newRoom(t, oximeter)
	after.now = before.now
	after.engine.Restore(slices.SortedFunc(maps.Values(stored), func(a, b alerts.Alarm) int { return a.Onset.Compare(b.Onset) }))
	known := len(before.told)
	desaturates(before)
	desaturates(after)
	want := raisedOf(alerts.SpO2Low, before.told[known:])
	if diff := cmp.Diff(want, raisedOf(alerts.SpO2Low, after.told)); len(want) != 8 || diff != "" {
		t.Errorf("after a restart (-without +with):\n%s\n%q", diff, before.live)
	}
	for _, id := range want {
		if _, old := stored[id]; old {
			t.Errorf("%s is on record already", id)
		}
	}
}
