package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/server/store"
	"vigil/vitals"
)

func TestWhoeverWoreItADeviceThatStreamedIsKnown(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		const watch vitals.DeviceID = "02000000000000a1"
		must(t, s.SaveDevice(ctx, vitals.Device{ID: watch}))
		must(t, s.Bind(ctx, vitals.Binding{Device: watch, Patient: anna, From: noon}))
		streamed := func(d vitals.DeviceID) bool { t.Helper(); return got[bool](t)(s.Streamed(ctx, d)) }
		for _, d := range []vitals.DeviceID{strap, clip, cuff} {
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
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveBlocks([]vitals.Block{
				minute(t, anna, strap, vitals.HeartRate, noon.Truncate(time.Minute)),
				wave(anna, clip, vitals.ECG, noon.Truncate(10*time.Second)),
				wave(anna, watch, vitals.ECG, noon.Truncate(10*time.Second)), // a recording that a cloud brought
			})
		})
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: bert, From: after(time.Hour)}))
		for device, want := range map[vitals.DeviceID]bool{strap: true, clip: true, cuff: false, watch: false, "ffffffffffff": false} {
			if streamed(device) != want {
				t.Errorf("device %s streamed: %v, want %v", device, !want, want)
			}
		}
	})
}
