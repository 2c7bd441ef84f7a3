package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// faster is HR HIGH at so many per minute, by a patient's next version.
func (w *ward) faster(p vitals.PatientID, rate int64) {
	w.db.set(func() {
		w.db.revision++
		w.db.limits = append(w.db.limits[:0], alerts.LimitsVersion{
			Patient: p, Version: int(w.db.revision), Changes: alerts.Changes{alerts.HRHighLimit: vitals.Int(rate)},
		})
	})
}

func TestPatientsAreWatchedByTheirOwnLimits(t *testing.T) {
	stories := map[string]struct {
		tell func(w *ward)
		want []string
	}{
		"by the defaults, where nobody said otherwise": {
			tell: func(w *ward) { w.real("node-1"); w.send(ann, 20, vitals.HeartRate, vitals.Int(135)) },
			want: []string{"HR_HIGH active_unack"},
		},
		"from the start": {
			tell: func(w *ward) {
				w.faster(ann, 150)
				w.real("node-1")
				w.send(ann, 20, vitals.HeartRate, vitals.Int(135))
			},
		},
		"not by a neighbour's": {
			tell: func(w *ward) {
				w.faster(ben, 150)
				w.real("node-1")
				w.send(ann, 20, vitals.HeartRate, vitals.Int(135))
			},
			want: []string{"HR_HIGH active_unack"},
		},
		"by the unit's": {
			tell: func(w *ward) {
				w.db.set(func() {
					w.db.limits = []alerts.LimitsVersion{{Unit: "cardio", Version: 1, Changes: alerts.Changes{alerts.HRHighLimit: vitals.Int(120)}}}
					w.db.admissions[0].Patient.Unit = "cardio"
				})
				w.real("node-1")
				w.send(ann, 20, vitals.HeartRate, vitals.Int(125))
			},
			want: []string{"HR_HIGH active_unack"},
		},
		"which are changed while they are watched": {
			tell: func(w *ward) {
				w.real("node-1")
				w.send(ann, 5, vitals.HeartRate, vitals.Int(125))
				w.faster(ann, 120)
				w.send(ann, 20, vitals.HeartRate, vitals.Int(125))
			},
			want: []string{"HR_HIGH active_unack"},
		},
		"which are kept while the database is away": {
			tell: func(w *ward) {
				w.faster(ann, 150)
				w.real("node-1")
				w.send(ann, 5, vitals.HeartRate, vitals.Int(135))
				w.db.set(func() { w.db.away = true })
				w.send(ann, 20, vitals.HeartRate, vitals.Int(135))
				w.db.set(func() { w.db.away = false })
				pass(3 * time.Second)
			},
		},
		"those before, where the new ones will not do": {
			tell: func(w *ward) {
				w.faster(ann, 150)
				w.real("node-1")
				w.faster(ann, 1)
				w.send(ann, 20, vitals.HeartRate, vitals.Int(135))
			},
		},
		"for which a node that starts waits a little": {
			tell: func(w *ward) {
				w.faster(ann, 150)
				w.db.set(func() { w.db.noLimits = true })
				w.real("node-1")
				w.send(ann, 7, vitals.HeartRate, vitals.Int(135))
				w.db.set(func() { w.db.noLimits = false })
				w.send(ann, 20, vitals.HeartRate, vitals.Int(135))
			},
		},
		"or by the defaults, rather than not at all": {
			tell: func(w *ward) {
				w.faster(ann, 150)
				w.db.set(func() { w.db.noLimits = true })
				w.real("node-1")
				w.send(ann, 30, vitals.HeartRate, vitals.Int(135))
			},
			want: []string{"HR_HIGH active_unack"},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann, ben)
				w.db.admissions[1].Devices = nil
				story.tell(w)
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}
