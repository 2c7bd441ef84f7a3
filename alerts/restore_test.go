package alerts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// replay is how much of the journal a new owner observes again.
const replay = 45 * time.Second

// crash plays the night to an engine that is killed after step k, and continues it with another
// one. The database then lacks what the last steps told, down to the last acknowledgement, because
// that is answered only when it is stored. The book is the database at the end.
func crash(t rapid.TB, night []step, k, unstored int) *book {
	b := newBook()
	first := newEngine(start)
	var told [][]alerts.Transition
	var kept [][]byte
	var charted []vitals.Charted
	for _, s := range night[:k] {
		transitions, o := playKept(first, s)
		told, kept = append(told, transitions), append(kept, o.Trends)
		charted = append(charted, append(chartOf(s), o.Derived...)...)
	}
	stored := max(0, k-unstored)
	for i := stored; i < k; i++ {
		for _, x := range told[i] {
			if x.Change == alerts.Acknowledged || x.Actor != "" {
				stored = i + 1
			}
		}
	}
	for _, all := range told[:stored] {
		for _, x := range all {
			b.enter(t, x)
		}
	}

	now := start
	if k > 0 {
		now = night[k-1].now()
	}
	second := newEngine(now)
	second.Restore(b.list())
	second.Recall(slices.DeleteFunc(charted, func(c vitals.Charted) bool { return c.Time.After(now.Add(-checkpoint)) }), start, now)
	if trends, _, found := lo.FindLastIndexOf(kept[:stored], func(b []byte) bool { return b != nil }); found {
		if err := second.RestoreTrends(trends); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range night[:k] {
		if r := s.delivery.Received; r.After(now.Add(-replay)) {
			for _, x := range second.Observe(s.delivery).Transitions {
				b.again(t, x)
			}
		}
	}
	for _, s := range night[k:] {
		for _, x := range play(second, s) {
			b.again(t, x)
		}
	}
	return b
}

// checkpoint is how long ago a value may have come and not be stored yet; it is in the journal then.
const checkpoint = 10 * time.Second

// chartOf are the readings of a step.
func chartOf(s step) (all []vitals.Charted) {
	for _, r := range s.delivery.Batch.Readings {
		all = append(all, vitals.Charted{Patient: patient, Device: s.delivery.Batch.Device, Reading: r})
	}
	return all
}

// again enters a transition that the book may have already: a version that is not higher changes
// nothing.
func (b *book) again(t rapid.TB, x alerts.Transition) {
	if known, ok := b.alarms[x.Alarm.ID]; ok && x.Alarm.Version <= known.Version {
		return
	}
	b.enter(t, x)
}

// episodes counts the physiological episodes of each condition.
func (b *book) episodes() map[alerts.Condition][]time.Time {
	all := map[alerts.Condition][]time.Time{}
	for _, a := range b.list() {
		if a.Condition.Spec().Type == alerts.Physiological {
			all[a.Condition] = append(all[a.Condition], a.Onset)
		}
	}
	return all
}

// explained reports whether another physiological condition may keep this one from being raised.
func explained(c alerts.Condition) bool {
	return slices.ContainsFunc(c.Spec().InhibitedBy, func(by alerts.Condition) bool {
		return by.Spec().Type == alerts.Physiological
	})
}

func TestACrashNeitherLosesNorRepeatsAnEpisode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom([]drawing{shortGaps, wrongClocks}).Draw(t, "night").draw(t, 160)
		k := rapid.IntRange(0, len(night)-1).Draw(t, "killed after") // a tick comes afterwards at least
		unstored := rapid.IntRange(0, 10).Draw(t, "steps not stored")

		whole := newBook()
		for _, x := range playAll(newEngine(start), night) {
			whole.enter(t, x)
		}
		broken := crash(t, night, k, unstored)
		want, got := whole.episodes(), broken.episodes()
		for _, c := range alerts.Conditions() {
			if explained(c) && len(got[c]) >= len(want[c]) {
				continue // told once more, because less is known of what explains it: the safe side
			}
			if diff := cmp.Diff(want[c], got[c]); diff != "" {
				t.Fatalf("onsets of %s (-whole +crashed):\n%s", c, diff)
			}
		}
		for _, a := range whole.list() {
			c := broken.alarms[a.ID]
			if a.Condition.Spec().Type == alerts.Physiological && !explained(a.Condition) && c.State != a.State {
				t.Fatalf("%s ends as %s, not as %s", a.Condition, c.State, a.State)
			}
		}
	})
}

func TestRestoredAlarmsAreUnknownUntilJudged(t *testing.T) {
	a := alerts.Alarm{
		ID:      alerts.NewAlarmID(patient, alerts.SpO2Low, "", start),
		Patient: patient, Condition: alerts.SpO2Low, Priority: alerts.Medium, State: alerts.ActiveUnack,
		Truth: alerts.True, Version: 1, Count: 1, Onset: start, Evidence: start.Add(15 * time.Second),
	}
	e := newEngine(start.Add(time.Minute))
	e.Restore([]alerts.Alarm{a})
	if got := e.Open(); len(got) != 1 || got[0].Truth != alerts.Unknown || got[0].Version != 1 {
		t.Fatalf("restored as %+v", got)
	}
	at := start.Add(50 * time.Second)
	o := e.Observe(delivered(at, vitals.Batch{Device: oximeter, Readings: []vitals.Reading{
		{Kind: vitals.SpO2, Time: at, Value: vitals.Int(84)},
	}}))
	if len(o.Transitions) != 0 {
		t.Errorf("what was known before is told again: %+v", o.Transitions)
	}
	if got := e.Open(); got[0].Truth != alerts.True {
		t.Errorf("still %s after a judgement", got[0].Truth)
	}
}

func TestAfterARestartAHubThatIsAwayExplainsTheSilenceOfItsDevicesStill(t *testing.T) {
	before := newRoom(t, oximeter)
	before.last(20, oxygen(97))
	before.take(before.engine.Hub(false, string(home), before.now))
	before.last(30)

	after := newRoom(t, oximeter)
	after.now = before.now
	after.engine.Bind(nil, after.now)
	after.engine.Bind([]vitals.DeviceID{oximeter}, after.now)
	after.engine.Streamed(oximeter)
	after.engine.Restore(before.engine.Open())
	after.take(after.engine.Hub(false, string(home), before.now))
	after.last(300)
	if diff := cmp.Diff([]string(nil), after.transcript()); diff != "" {
		t.Error(diff)
	}
}

// A condition that only another version of the program knows: what else is stored of the patient is taken up.
func TestWhatIsStoredOfAnUnknownConditionIsLeftAlone(t *testing.T) {
	before := newRoom(t)
	before.last(20, oxygen(84))
	stranger := before.open(alerts.SpO2Low)
	stranger.ID, stranger.Condition, stranger.Suppressor = "01STRANGER", "NOT_OF_THIS_VERSION", "01OUTAGE"
	after := newRoom(t)
	after.engine.Restore(append(before.engine.Open(), stranger))
	if open := after.engine.Open(); len(open) != 1 || open[0].Condition != alerts.SpO2Low {
		t.Errorf("open are %v", open)
	}
}
