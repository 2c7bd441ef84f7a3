package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/server/monitor"
	"vigil/vitals"
	"vigil/vitals/ecg/model"
)

// talker is an engine whose forests say one thing between two checkpoints.
type talker struct{ monitor.Engine }

func (talker) DrainScores(into *model.Scores) { into.Beats[4]++ }

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
