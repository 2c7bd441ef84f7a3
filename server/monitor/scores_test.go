package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
	"vigil/vitals/ecg/model"
)

// talker is an engine whose forests say one thing between two checkpoints.
type talker struct{ monitor.Engine }

func (talker) DrainScores(into *model.Scores) { into.Beats[4]++ }

// hasty is an engine of which a condition is over too soon at each tick.
type hasty struct{ monitor.Engine }

func (h hasty) Tick(now time.Time) alerts.Outcome {
	out := h.Engine.Tick(now)
	out.Delayed = append(out.Delayed, alerts.HRHigh)
	return out
}

func TestWhatDelaysKeptFromPeopleIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return hasty{newSimple(p)} }
		m := w.start(cfg)
		for range 35 {
			w.log.publish(w.beat(ann, 70))
			w.log.publish(w.beat(ben, 80))
			pass(time.Second)
		}
		total := uint64(0)
		for of, n := range m.Delayed() {
			if of.Condition != alerts.HRHigh {
				t.Errorf("%+v was gathered", of)
			}
			total += n
		}
		if total < 40 || total > 80 { // two patients, a tick each second, up to the last checkpoint
			t.Errorf("%d were gathered", total)
		}
		w.settle()
	})
}

func TestWhatTheForestsOfAllPatientsSayIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann, ben)
		cfg := w.config("node-1")
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine { return talker{newSimple(p)} }
		m := w.start(cfg)
		for range 35 {
			w.log.publish(w.beat(ann, 70))
			w.log.publish(w.beat(ben, 80))
			pass(time.Second)
		}
		if n := m.Scores().Beats[4]; n < 4 || n > 10 { // two patients, a checkpoint each 10 s
			t.Errorf("%d answers were gathered", n)
		}
		w.settle()
	})
}
