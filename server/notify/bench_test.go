package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/notify"
	"vigil/vitals"
)

// nobody takes everything at once.
type nobody chan struct{}

func (n nobody) Send(context.Context, alerts.Notice) error { n <- struct{}{}; return nil }

// BenchmarkAThousandAlarmsAtOnce is the time from 1,000 patients' alarms to the last of 1,000 nurses' calls.
func BenchmarkAThousandAlarmsAtOnce(b *testing.B) {
	const patients = 1000
	r := newRecords()
	r.dir.Roster = nil
	for i := range patients {
		p := vitals.PatientID(fmt.Sprintf("patient-%d", i))
		r.dir.Patients = append(r.dir.Patients, vitals.Patient{ID: p, Unit: "cardio"})
		r.dir.Roster = append(r.dir.Roster, alerts.Post{Unit: "cardio", Patient: p, Duty: alerts.AssignedNurse, Staff: "nora"})
	}
	arrived := make(nobody, patients)
	n := notify.New(notify.Options{
		Records: r, Owns: func(int) bool { return true }, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Senders: map[alerts.Channel]notify.Sender{alerts.Webhook: arrived},
	})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	round := 0
	for b.Loop() {
		round++
		for i := range patients {
			t := asystole()
			t.Alarm.ID, t.Alarm.Patient = alerts.AlarmID(fmt.Sprintf("%d-%d", round, i)), vitals.PatientID(fmt.Sprintf("patient-%d", i))
			n.Transition(t)
		}
		for range patients {
			<-arrived
		}
		b.StopTimer()
		for i := range patients {
			t := then(asystole(), alerts.Ceased, alerts.Closed)
			t.Alarm.ID, t.Alarm.Patient = alerts.AlarmID(fmt.Sprintf("%d-%d", round, i)), vitals.PatientID(fmt.Sprintf("patient-%d", i))
			n.Transition(t)
		}
		b.StartTimer()
	}
	cancel()
	<-done
}
