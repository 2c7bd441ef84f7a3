package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/vitals"
)

// assign says who wears the strap from now on; nobody is to be the empty patient.
func (w *ward) assign(to vitals.PatientID) {
	w.db.set(func() {
		for i, a := range w.db.admissions {
			w.db.admissions[i].Devices = nil
			if a.Patient.ID == to {
				w.db.admissions[i].Devices = []vitals.DeviceID{strap}
			}
		}
	})
	pass(3 * time.Second)
}

// send publishes one value of the patient a second.
func (w *ward) send(p vitals.PatientID, seconds int, kind vitals.Kind, value vitals.Decimal) {
	for range seconds {
		d := w.beat(p, 70)
		d.Batch.Waveforms = nil
		d.Batch.Readings = []vitals.Reading{{Kind: kind, Time: d.Received, Value: value}}
		w.mu.Lock()
		w.sent[len(w.sent)-1] = d
		w.mu.Unlock()
		w.log.publish(d)
		pass(time.Second)
	}
}

func TestADeviceThatStreamedIsMissedWhereItIsAssignedNext(t *testing.T) {
	pulse := func(w *ward) { w.send(ann, 10, vitals.HeartRate, vitals.Int(70)) }
	stories := map[string]struct {
		tell func(w *ward)
		want []string
	}{
		"moved to another patient, and never heard there": {
			tell: func(w *ward) { pulse(w); w.assign(ben); pass(65 * time.Second) },
			want: []string{"NO_DATA active_unack"},
		},
		"it has a minute to be put on": {
			tell: func(w *ward) { pulse(w); w.assign(ben); pass(50 * time.Second) },
		},
		"taken off and given back, and not heard since": {
			tell: func(w *ward) { pulse(w); w.assign(""); w.assign(ann); pass(65 * time.Second) },
			want: []string{"NO_DATA active_unack"},
		},
		"moved while the server was down": {
			tell: func(w *ward) {
				pulse(w)
				w.stop()
				w.assign(ben)
				w.real("node-2")
				pass(65 * time.Second)
			},
			want: []string{"NO_DATA active_unack"},
		},
		"worn long ago, before the server was started": {
			tell: func(w *ward) {
				pulse(w)
				w.assign("")
				pass(time.Hour)
				w.stop()
				w.real("node-2")
				w.assign(ben)
				pass(65 * time.Second)
			},
			want: []string{"NO_DATA active_unack"},
		},
		"its last wearer has no hub to miss": {
			tell: func(w *ward) { pulse(w); w.assign(""); pass(5 * time.Minute) },
		},
		"a thermometer is not expected to speak": {
			tell: func(w *ward) {
				w.send(ann, 3, vitals.Temperature, vitals.NewDecimal(366, -1))
				w.assign(ben)
				for range 20 {
					w.connect(streamOf(ann).Hub, true)
					pass(30 * time.Second)
				}
			},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann, ben)
				w.db.admissions[1].Devices = nil
				w.real("node-1")
				story.tell(w)
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}

// real starts a node with the engines of the product.
func (w *ward) real(node string) {
	cfg := w.config(node)
	cfg.NewEngine = nil
	w.start(cfg)
}
