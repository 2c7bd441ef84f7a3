package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// fragile is an engine that a rate of poison makes panic.
type fragile struct{ *alerts.Engine }

func (e fragile) Observe(d vitals.Delivery) alerts.Outcome {
	for _, r := range d.Batch.Readings {
		if r.Value == vitals.Int(poison) {
			panic("poison")
		}
	}
	return e.Engine.Observe(d)
}

// Ann's heart races. A nurse takes the alarm, cannot go and gives it back; then the first command comes again, from a
// screen that had no answer. The alarm goes on calling: on the screens, and for an engine that has to take over from
// what the partition remembers.
func TestACommandThatComesAgainDoesNotTakeBackWhatCameAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return fragile{alerts.NewEngine(p)} }
		m := w.start(cfg)
		w.live(ann, 10, racing)
		a := w.lastTold(ann).Alarm
		take := alerts.Command{
			Kind: alerts.Acknowledge, ID: "take", Alarm: a.ID, SeenVersion: a.Version, SeenPriority: a.Priority, Actor: "s-1", Role: vitals.Nurse,
		}
		back := take
		back.Kind, back.ID = alerts.Unacknowledge, "back"
		for _, c := range []alerts.Command{take, back, take} {
			_, err := m.Command(t.Context(), ann, c)
			must(t, err)
		}
		pass(2 * time.Second)
		if told := w.lastTold(ann); told.Change != alerts.Unacked || told.Alarm.State != alerts.ActiveUnack {
			t.Errorf("the screens were told last that it is %s, %s", told.Change, told.Alarm.State)
		}

		w.live(ann, 3, poison) // the third makes a new engine
		again := take
		again.ID, again.SeenVersion = "again", a.Version+2
		if got, err := m.Command(t.Context(), ann, again); err != nil || got.Alarm.Version != a.Version+3 {
			t.Errorf("the new engine knows version %d: %v", got.Alarm.Version, err)
		}
		w.settle()
	})
}
