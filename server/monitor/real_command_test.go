package monitor_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// TestAHundredNursesAcknowledgeAtOnce: one of them has the alarm, the others are told who, and the history
// has one row of it.
func TestAHundredNursesAcknowledgeAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		h := openHospital(t, s)
		m, _, _ := h.run("node-1")
		begin := time.Now().UTC().Truncate(time.Second)
		for i := range 30 {
			must(t, h.journal.Publish(t.Context(), vitals.Delivery{
				Patient: h.patient, Stream: vitals.Stream{Hub: "hub", Device: strap, Epoch: 1}, Seq: uint64(i + 1), Received: time.Now().UTC(),
				Batch: vitals.Batch{Device: strap, Readings: []vitals.Reading{{
					Kind: vitals.HeartRate, Time: begin.Add(time.Duration(i-30) * time.Second), Value: vitals.Int(200),
				}}},
			}))
		}
		raised := h.await("EXTREME_TACHY", alerts.Raised)
		for { // until the owner serves commands
			_, err := m.Command(t.Context(), h.patient, alerts.Command{Kind: alerts.Resume, ID: "hello", Role: vitals.Nurse})
			if err == nil {
				break
			}
		}
		codes := make([]string, 100)
		var all sync.WaitGroup
		for i := range codes {
			all.Go(func() {
				a, err := m.Command(t.Context(), h.patient, alerts.Command{
					Kind: alerts.Acknowledge, Alarm: raised.ID, ID: fmt.Sprint("c-", i), SeenVersion: raised.Version, SeenPriority: raised.Priority,
					Actor: fmt.Sprint("nurse-", i), Role: vitals.Nurse,
				})
				refused, _ := errors.AsType[*alerts.RefusedError](err)
				switch {
				case refused != nil && refused.Current.AckedBy != "":
					codes[i] = string(refused.Code)
				case err == nil && a.Alarm.AckedBy == fmt.Sprint("nurse-", i):
					codes[i] = "done"
				default:
					codes[i] = fmt.Sprint(err, a.Alarm)
				}
			})
		}
		all.Wait()
		done := count(codes, func(c string) bool { return c == "done" })
		faster := count(codes, func(c string) bool { return c == string(alerts.AlreadyAcked) })
		if done != 1 || faster != len(codes)-1 {
			t.Errorf("%d have it, %d were told who does: %v", done, faster, codes)
		}
		history, err := s.History(t.Context(), vitals.Scope{All: true}, raised.ID)
		must(t, err)
		if n := count(history, func(tr alerts.Transition) bool { return tr.Change == alerts.Acknowledged }); n != 1 {
			t.Errorf("%d rows of an acknowledgement", n)
		}
	})
}
