package monitor_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/server/monitor"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// BenchmarkAThousandAlarmsInOneSecond is how long it takes until a thousand patients, whose saturation falls at the
// same moment, have their alarm of high priority on the feed and in the database, over the real journal.
func BenchmarkAThousandAlarmsInOneSecond(b *testing.B) {
	const patients = 1000
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	s := storetest.SQLite(b)
	begin := time.Now().UTC().Add(-time.Hour)
	must(s.SaveUnit(b.Context(), vitals.Unit{ID: "unit", Name: "Unit", Zone: "UTC"}))
	who := make([]vitals.PatientID, patients)
	device := func(i int) vitals.DeviceID { return vitals.DeviceID(fmt.Sprintf("a09e1b%06x", i)) }
	for i := range who {
		who[i] = vitals.PatientID(fmt.Sprint("patient-", i))
		must(s.Admit(b.Context(), vitals.Patient{ID: who[i], Unit: "unit", MRN: strconv.Itoa(i), Sex: vitals.UnknownSex, Admitted: begin}))
		must(s.SaveDevice(b.Context(), vitals.Device{ID: device(i)}))
		must(s.Bind(b.Context(), vitals.Binding{Device: device(i), Patient: who[i], From: begin}))
	}
	j, err := journal.Open(b.Context(), journal.Config{Dir: filepath.Join(b.TempDir(), "journal"), MaxBytes: 256 << 20})
	must(err)
	defer func() { _ = j.Close() }()
	shown := make(chan alerts.Transition, 10*patients)
	stop, err := j.Subscribe(journal.Handlers{Alarm: func(t alerts.Transition) { shown <- t }})
	must(err)
	defer stop()
	db := &realStore{Store: s}
	m := monitor.New(monitor.Config{Node: "node-1", Leases: db, Store: db, Journal: j, Feed: j})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = m.Run(ctx)
	}()
	defer func() { cancel(); <-ended }()

	seq := uint64(0)
	everybody := func(oxygen int64) {
		seq++
		for i, p := range who {
			now := time.Now().UTC().Truncate(time.Microsecond)
			must(j.Publish(b.Context(), vitals.Delivery{
				Patient: p, Stream: vitals.Stream{Hub: vitals.HubID(fmt.Sprint("hub-", i)), Device: device(i), Epoch: 1}, Seq: seq, Received: now,
				Batch: vitals.Batch{Device: device(i), Readings: []vitals.Reading{{Kind: vitals.SpO2, Time: now, Value: vitals.Int(oxygen)}}},
			}))
		}
	}
	await := func(change alerts.Change) {
		b.Helper()
		seen := map[alerts.AlarmID]bool{}
		for timeout := time.After(time.Minute); len(seen) < patients; {
			select {
			case t := <-shown:
				if t.Change == change && t.Alarm.Condition == alerts.SpO2RapidDesat {
					seen[t.Alarm.ID] = true
				}
			case <-timeout:
				b.Fatalf("%d of %d %s", len(seen), patients, change)
			}
		}
	}
	stored := func() int {
		open, err := s.Alarms(b.Context(), vitals.Scope{All: true}, vitals.AlarmQuery{State: vitals.OpenAlarms, Limit: 10 * patients})
		must(err)
		return count(open, func(a alerts.Alarm) bool {
			return a.State == alerts.ActiveUnack && a.Condition == alerts.SpO2RapidDesat
		})
	}
	if b.N > 1 {
		b.Skip("an alarm is raised once: run it with -benchtime 1x")
	}
	b.ResetTimer()
	everybody(70)
	await(alerts.Raised)
	for stored() < patients {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(b.Elapsed().Seconds(), "s/1000-alarms")
}
