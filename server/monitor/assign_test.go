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

// alone publishes what a sender without a hub brings of the patient, once a second.
func (w *ward) alone(seconds int, brings func(time.Time) vitals.Batch) {
	for range seconds {
		d := w.beat(ann, 70)
		d.Stream, d.Seq, d.Batch = vitals.Stream{Device: strap}, 0, brings(d.Received)
		w.mu.Lock()
		w.sent[len(w.sent)-1] = d
		w.mu.Unlock()
		w.log.publish(d)
		pass(time.Second)
	}
}

func saturation(at time.Time) vitals.Batch {
	return vitals.Batch{Device: strap, Readings: []vitals.Reading{{Kind: vitals.SpO2, Time: at, Value: vitals.Int(97)}}}
}

// recording is half a minute of an ECG that ends now.
func recording(at time.Time) vitals.Batch {
	const seconds, rate = 30, 10
	return vitals.Batch{Device: strap, Waveforms: []vitals.Waveform{{
		Kind: vitals.ECGI, Start: at.Add(-seconds * time.Second), Rate: vitals.Rate{Num: rate, Den: 1}, Scale: vitals.Int(1),
		Samples: make([]int16, seconds*rate),
	}}}
}

// rates is the same with the heart rate that is found in it, each second.
func rates(at time.Time) vitals.Batch {
	b := recording(at)
	for s := range 30 {
		b.Readings = append(b.Readings, vitals.Reading{Kind: vitals.HeartRate, Time: at.Add(time.Duration(s-30) * time.Second), Value: vitals.Int(70)})
	}
	return b
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
		"an oximeter that was put on for a check is not expected to speak, here or where it is assigned next": {
			tell: func(w *ward) {
				w.send(ann, 1, vitals.SpO2, vitals.Int(97))
				for range 4 {
					w.connect(streamOf(ann).Hub, true)
					pass(30 * time.Second)
				}
				w.assign(ben)
				w.stop()
				w.real("node-2")
				for range 4 {
					w.connect(streamOf(ann).Hub, true)
					pass(30 * time.Second)
				}
			},
		},
		"a monitor without a hub that streamed is not missed behind a restart while it sends": {
			tell: func(w *ward) { w.alone(90, saturation); w.stop(); w.real("node-2"); w.alone(180, saturation) },
		},
		"a monitor without a hub that streamed and is silent behind a restart is missed": {
			tell: func(w *ward) { w.alone(90, saturation); w.stop(); w.real("node-2"); pass(65 * time.Second) },
			want: []string{"NO_DATA active_unack"},
		},
		"a watch whose recordings came without a hub is not expected to speak behind a restart": {
			tell: func(w *ward) {
				for range 4 {
					w.alone(1, recording)
					pass(2 * time.Minute)
				}
				w.stop()
				w.real("node-2")
				pass(3 * time.Minute)
			},
			want: []string{"POOR_SIGNAL active_unack"}, // it is flat
		},
		"nor is one in whose recordings a heart rate was found": {
			tell: func(w *ward) {
				w.alone(1, rates)
				pass(time.Minute)
				w.stop()
				w.real("node-2")
				pass(3 * time.Minute)
			},
			want: []string{"POOR_SIGNAL active_unack"},
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
