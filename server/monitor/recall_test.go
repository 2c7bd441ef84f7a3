package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/vitals"
)

// once publishes one single value of the patient.
func (w *ward) once(p vitals.PatientID, kind vitals.Kind, v vitals.Decimal) { w.send(p, 1, kind, v) }

func TestSingleValuesOutliveTheServer(t *testing.T) {
	stories := map[string]struct {
		tell func(w *ward)
		want []string
	}{
		"a high pressure that waits for a second one when the server is stopped": {
			tell: func(w *ward) {
				w.once(ann, vitals.Systolic, vitals.Int(190))
				pass(time.Minute)
				w.stop()
				pass(time.Minute)
				w.real("node-2")
				for range 4 {
					w.connect(streamOf(ann).Hub, true)
					pass(time.Minute)
				}
			},
			want: []string{"BP_HIGH active_unack"},
		},
		"and that is refuted after the server is back": {
			tell: func(w *ward) {
				w.once(ann, vitals.Systolic, vitals.Int(190))
				pass(time.Minute)
				w.stop()
				w.real("node-2")
				w.once(ann, vitals.Systolic, vitals.Int(130))
				w.once(ann, vitals.Diastolic, vitals.Int(80))
				for range 5 {
					w.connect(streamOf(ann).Hub, true)
					pass(time.Minute)
				}
			},
		},
		"a weight of yesterday, which another server saw": {
			tell: func(w *ward) {
				w.once(ann, vitals.Weight, vitals.Int(74))
				w.stop()
				pass(24 * time.Hour)
				w.real("node-2")
				w.once(ann, vitals.Weight, vitals.Int(76))
				pass(2 * time.Second)
			},
			want: []string{"WEIGHT_GAIN active_unack"},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				w.real("node-1")
				story.tell(w)
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}
