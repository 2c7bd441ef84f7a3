package monitor_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// Ann is about to be discharged. Her heart races in the very moment, which no record shows yet, as the database is away:
// she stays. When a nurse has taken the alarm she may go; what her devices send from then on is nobody's, her alarm is
// closed and her discharge recorded in one step, and nobody is told of anything again.
func TestADischargeIsDecidedInOneStepWithTheAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return alerts.NewEngine(p) }
		m := w.start(cfg)
		w.live(ann, 5, 70)
		leave := alerts.Command{Kind: alerts.Leave, Role: vitals.Charge}

		w.db.set(func() { w.db.away = true })
		w.live(ann, 10, racing)
		_, err := m.Command(t.Context(), ann, leave)
		refused, _ := errors.AsType[*alerts.RefusedError](err)
		if refused == nil || refused.Code != alerts.HighWaits || len(w.db.admissions) != 1 {
			t.Fatalf("with an alarm that nobody has: %v", err)
		}
		w.db.set(func() { w.db.away = false })

		a := refused.Current
		_, err = m.Command(t.Context(), ann, alerts.Command{
			Kind: alerts.Acknowledge, ID: "take", Alarm: a.ID, SeenVersion: a.Version, SeenPriority: a.Priority, Role: vitals.Nurse,
		})
		must(t, err)
		w.db.set(func() { w.db.away = true }) // decided, and not recorded: the second one is told so, too
		gone := make(chan error, 2)
		for range 2 {
			go func() { _, err := m.Command(t.Context(), ann, leave); gone <- err }()
		}
		w.live(ann, 5, racing)
		if len(w.db.admissions) != 1 {
			t.Error("discharged before it is recorded")
		}
		w.db.set(func() { w.db.away = false })
		pass(10 * time.Second)
		first, second := <-gone, <-gone
		if (first == nil) == (second == nil) || !errors.Is(errors.Join(first, second), monitor.ErrUnavailable) {
			t.Errorf("answered %v and %v", first, second)
		}
		if last := w.lastTold(ann); len(w.db.admissions) != 0 || last.Alarm.ID != a.ID || last.Alarm.Reason != alerts.ClosedDischarged {
			t.Errorf("%d patients; told last: %s of %s, %s", len(w.db.admissions), last.Change, last.Alarm.Condition, last.Alarm.Reason)
		}
		w.stop()
	})
}

// The database goes away in the moment in which Ann is to be discharged. The charge nurse is told that it is not done, and
// that is how it is: Ann is watched, and her heart that races is told of, though nothing can be recorded. She is still
// here when the database is back, with her alarm, and can go when somebody has taken that.
func TestADischargeThatIsNotRecordedIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.real("node-1")
		w.send(ann, 5, vitals.HeartRate, vitals.Int(70))
		leave := func(id string) error {
			_, err := w.node.Command(t.Context(), ann, alerts.Command{Kind: alerts.Leave, ID: id, Role: vitals.Charge})
			return err
		}
		w.db.set(func() { w.db.away = true })
		if err := leave("c-1"); !errors.Is(err, monitor.ErrUnavailable) {
			t.Fatalf("answered %v", err)
		}
		w.send(ann, 60, vitals.HeartRate, vitals.Int(racing))
		w.shows("EXTREME_TACHY active_unack")
		w.db.set(func() { w.db.away = false })
		w.send(ann, 20, vitals.HeartRate, vitals.Int(racing))
		if len(w.db.admissions) != 1 {
			t.Error("discharged behind an alarm that nobody has")
		}
		w.shows("EXTREME_TACHY active_unack")
		refused, _ := errors.AsType[*alerts.RefusedError](leave("c-2"))
		if refused == nil || refused.Code != alerts.HighWaits {
			t.Fatalf("answered %v", refused)
		}
		a := refused.Current
		_, err := w.node.Command(t.Context(), ann, alerts.Command{
			Kind: alerts.Acknowledge, ID: "take", Alarm: a.ID, SeenVersion: a.Version, SeenPriority: a.Priority, Role: vitals.Nurse,
		})
		must(t, errors.Join(err, leave("c-3")))
		w.oneOfEach()
		w.stop()
	})
}

// Ann presses her button in the seconds in which nobody knows yet whether she is discharged. As she is not, she is heard.
func TestWhoCallsForHelpWhileADischargeWaitsIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.real("node-1")
		w.send(ann, 5, vitals.HeartRate, vitals.Int(70))
		w.db.set(func() { w.db.away = true })
		gone := make(chan error, 1)
		go func() {
			_, err := w.node.Command(t.Context(), ann, alerts.Command{Kind: alerts.Leave, ID: "c-1", Role: vitals.Charge})
			gone <- err
		}()
		pass(3 * time.Second)
		d := w.beat(ann, 70)
		d.Batch = vitals.Batch{Device: strap, Events: []vitals.Event{{Code: vitals.SOS, Time: d.Received}}}
		w.sent[len(w.sent)-1] = d
		w.log.publish(d)
		w.shows()
		w.send(ann, 10, vitals.HeartRate, vitals.Int(70))
		w.shows("SOS active_unack")
		if err := <-gone; !errors.Is(err, monitor.ErrUnavailable) {
			t.Errorf("answered %v", err)
		}
		w.db.set(func() { w.db.away = false })
		w.stop()
	})
}

// silencing are what keeps alarms from being raised.
func silencing() []alerts.Command {
	return []alerts.Command{
		{Kind: alerts.Standby, For: time.Hour, Where: "X-ray"},
		{Kind: alerts.AlarmOff, Condition: alerts.ExtremeTachy, For: time.Hour, Reason: "palliative"},
	}
}

// While nothing is recorded, whoever sends a patient away or switches a condition off is told that it is not done. So it
// is not: what comes next is told.
func TestNothingIsSilencedThatNobodyKnowsOf(t *testing.T) {
	for _, c := range silencing() {
		t.Run(string(c.Kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.real("node-1")
				w.db.set(func() { w.db.away = true })
				w.send(ann, 15, vitals.HeartRate, vitals.Int(70))
				w.send(ann, 1, vitals.Temperature, vitals.NewDecimal(366, -1)) // which is not recorded
				c.ID, c.Role = "c-1", vitals.Charge
				if _, err := w.node.Command(t.Context(), ann, c); !errors.Is(err, monitor.ErrUnavailable) {
					t.Fatalf("answered %v", err)
				}
				w.send(ann, 20, vitals.HeartRate, vitals.Int(racing))
				w.shows("EXTREME_TACHY active_unack")
				w.db.set(func() { w.db.away = false })
				w.send(ann, 10, vitals.HeartRate, vitals.Int(racing))
				w.shows("EXTREME_TACHY active_unack")
				if _, err := w.node.Command(t.Context(), ann, c); err != nil {
					t.Errorf("the same, now that it can be recorded: %v", err)
				}
				w.settle()
			})
		})
	}
}

// The database stops answering in the very moment in which Ann is sent away, or a condition is switched off, which nobody
// knows yet. Whoever did it is told that it is not done, and so it is: her heart that races is told of. When the database
// is back, the same command is carried out.
func TestWhatIsSilencedAndCannotBeRecordedIsTakenBack(t *testing.T) {
	for _, c := range silencing() {
		t.Run(string(c.Kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.real("node-1")
				w.send(ann, 15, vitals.HeartRate, vitals.Int(70))
				w.db.set(func() { w.db.hangs = true })
				c.ID, c.Role = "c-1", vitals.Charge
				done := make(chan error, 1)
				go func() { _, err := w.node.Command(t.Context(), ann, c); done <- err }()
				w.send(ann, 12, vitals.HeartRate, vitals.Int(70))
				if err := <-done; !errors.Is(err, monitor.ErrUnavailable) {
					t.Fatalf("answered %v", err)
				}
				w.send(ann, 20, vitals.HeartRate, vitals.Int(racing))
				w.shows("EXTREME_TACHY active_unack")
				w.db.set(func() { w.db.hangs = false })
				w.send(ann, 20, vitals.HeartRate, vitals.Int(racing))
				w.shows("EXTREME_TACHY active_unack")
				if care := w.db.care[ann]; !care.Away.Until.IsZero() || len(care.Off) > 0 {
					t.Errorf("recorded: %+v", care)
				}
				if _, err := w.node.Command(t.Context(), ann, c); err != nil {
					t.Errorf("the same, now that it can be recorded: %v", err)
				}
				if care := w.db.care[ann]; care.Away.Until.IsZero() && len(care.Off) == 0 {
					t.Error("said to be done, and is not")
				}
				w.settle()
			})
		})
	}
}

// Whoever watches Ann is held up for longer than anybody waits for an answer. A nurse is told that her pause is not done,
// and does something else: it is not done a moment later all the same.
func TestACommandForWhichNobodyWaitsAnyMoreIsNotCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.start(w.config("node-1"))
		w.live(ann, 3, 70)
		stuck := make(chan struct{})
		hold := func(on chan struct{}) {
			w.screen.mu.Lock()
			defer w.screen.mu.Unlock()
			w.screen.stuck = on
		}
		hold(stuck)
		w.live(ann, 1, racing)
		_, err := w.node.Command(t.Context(), ann, alerts.Command{Kind: alerts.PauseAudio, ID: "c-1", For: time.Minute})
		if !errors.Is(err, monitor.ErrUnavailable) {
			t.Fatalf("answered %v", err)
		}
		pass(time.Second)
		hold(nil)
		close(stuck)
		w.live(ann, 3, racing)
		if len(w.screen.care) > 0 || len(w.db.care) > 0 {
			t.Errorf("carried out: %+v", w.screen.care)
		}
		w.settle()
	})
}
