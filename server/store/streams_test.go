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
		streamed := func(d vitals.DeviceID) bool { t.Helper(); return got[bool](t)(s.Streamed(ctx, d)) }
		for _, d := range []vitals.DeviceID{strap, clip, cuff} {
			must(t, s.Bind(ctx, vitals.Binding{Device: d, Patient: anna, From: noon}))
		}
		same(t, streamed(strap), false)
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveReadings([]vitals.Charted{reading(anna, cuff, vitals.Systolic, noon, 120)})
		})
		commit(t, s, func(tx *store.Tx) error {
			return tx.SaveBlocks([]vitals.Block{
				minute(t, anna, strap, vitals.HeartRate, noon.Truncate(time.Minute)),
				wave(anna, clip, vitals.ECG, noon.Truncate(10*time.Second)),
			})
		})
		must(t, s.Bind(ctx, vitals.Binding{Device: strap, Patient: bert, From: after(time.Hour)}))
		for device, want := range map[vitals.DeviceID]bool{strap: true, clip: true, cuff: false, "ffffffffffff": false} {
			if streamed(device) != want {
				t.Errorf("device %s streamed: %v, want %v", device, !want, want)
			}
		}
	})
}
