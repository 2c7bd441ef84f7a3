package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func TestWhoeverWoreItADeviceThatStreamedIsKnown(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		const watch vitals.DeviceID = "02000000000000a1"
		must(t, s.SaveDevice(ctx, vitals.Device{ID: watch}))
		must(t, s.Bind(ctx, vitals.Binding{Device: watch, Patient: anna, From: noon}))
		streamed := func(d vitals.DeviceID) bool { t.Helper(); return got[bool](t)(s.Streamed(ctx, d)) }
		const finger vitals.DeviceID = "a09e1a0000f1"
		must(t, s.SaveDevice(ctx, vitals.Device{ID: finger}))
		for _, d := range []vitals.DeviceID{strap, clip, cuff, finger} {
			must(t, s.Bind(ctx, vitals.Binding{Device: d, Patient: anna, From: noon}))
			commit(t, s, func(tx *store.Tx) error {
				_, err := tx.SaveProgress(vitals.Stream{Hub: "home-1", Device: d, Epoch: 1}, []vitals.Span{{First: 1, Last: 1}})
				return err
			})
		}
		same(t, streamed(strap), false)
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveReadings([]vitals.Charted{reading(anna, cuff, vitals.Systolic, noon, 120)})
		})
		check := &codec.Series{}
		for _, at := range []time.Time{noon, noon.Add(20 * time.Second)} {
			must(t, check.Add(codec.Point{Time: at, Value: vitals.Int(97)}))
		}
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveBlocks([]vitals.Block{
				minute(t, anna, strap, vitals.HeartRate, noon.Truncate(time.Minute)),
				wave(anna, clip, vitals.ECG, noon.Truncate(10*time.Second)),
				check.Block(anna, finger, vitals.SpO2, noon.Truncate(time.Minute)), // put on twice within a minute
				wave(anna, watch, vitals.ECG, noon.Truncate(10*time.Second)),       // a recording that a cloud brought
			})
		})
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: bert, From: after(time.Hour)}))
		for device, want := range map[vitals.DeviceID]bool{strap: true, clip: true, cuff: false, watch: false, finger: false, "ffffffffffff": false} {
			if streamed(device) != want {
				t.Errorf("device %s streamed: %v, want %v", device, !want, want)
			}
		}
	})
}

// A cuff was lent to Bert, in whose home it was heard, and before that to Anna, in whose it was moved from one hub to
// another. Only what was heard since somebody has a device says through which hub.
func TestTheHubOfADeviceIsThatThroughWhichItWasHeardLast(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		heard := func(hub vitals.HubID, d vitals.DeviceID, seq uint64) {
			t.Helper()
			commit(t, s, func(tx *store.Tx) error {
				_, err := tx.SaveProgress(vitals.Stream{Hub: hub, Device: d, Epoch: 1}, []vitals.Span{{First: seq, Last: seq}})
				return err
			})
		}
		through := func(p vitals.PatientID) map[vitals.DeviceID]vitals.HubID {
			t.Helper()
			return got[map[vitals.DeviceID]vitals.HubID](t)(s.Through(ctx, vitals.PartitionOf(p)))
		}
		must(t, s.Bind(ctx, vitals.Binding{Device: cuff, Patient: anna, From: time.Now()}))
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: anna, From: time.Now()}))
		same(t, through(anna), map[vitals.DeviceID]vitals.HubID{})
		heard("home-1", cuff, 1)
		heard("home-2", cuff, 1)
		heard("home-1", strap, 1)
		same(t, through(anna), map[vitals.DeviceID]vitals.HubID{cuff: "home-2", strap: "home-1"})
		heard("home-1", cuff, 2)
		same(t, through(anna), map[vitals.DeviceID]vitals.HubID{cuff: "home-1", strap: "home-1"})

		must(t, s.Bind(ctx, vitals.Binding{Device: cuff, Patient: bert, From: time.Now()}))
		same(t, through(anna), map[vitals.DeviceID]vitals.HubID{strap: "home-1"})
		same(t, through(bert), map[vitals.DeviceID]vitals.HubID{})
		heard("home-3", cuff, 1)
		same(t, through(bert), map[vitals.DeviceID]vitals.HubID{cuff: "home-3"})
		must(t, s.Discharge(ctx, bert, time.Now()))
		same(t, through(bert), map[vitals.DeviceID]vitals.HubID{})
	})
}
