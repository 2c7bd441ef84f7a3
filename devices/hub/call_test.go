package main_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	hub "vigil/devices/hub"
	"vigil/vitals"
)

func TestACallForHelpIsHeardAtHomeOnce(t *testing.T) {
	const button = vitals.DeviceID("a09e1a000009")
	var sounded []string
	at := noon
	w := hub.NewWatch([]vitals.DeviceID{button}, func(a alerts.Alarm) {
		sounded = append(sounded, at.Sub(noon).String()+" "+string(a.Condition))
	}, noon)
	pass := func(seconds int) {
		for range seconds {
			at = at.Add(time.Second)
			w.Tick(at)
		}
	}
	press := func(code vitals.EventCode) {
		w.Observe(vitals.Batch{Device: button, Events: []vitals.Event{{Code: code, Time: at}}}, at)
	}
	press(vitals.SOS)
	pass(600)
	press(vitals.SOS)
	pass(60)
	press(vitals.Fall)
	pass(10)
	press(vitals.FallCancelled)
	pass(60)
	press(vitals.Fall)
	pass(600)
	if diff := cmp.Diff([]string{"0s SOS", "10m0s SOS", "12m40s FALL"}, sounded); diff != "" {
		t.Error(diff)
	}
}
