package main_test

import (
	"testing"
	"time"

	"vigil/alerts"
	hub "vigil/devices/hub"
	"vigil/vitals"
)

const strap = vitals.DeviceID("a09e1a000001")

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func pulse(bpm int64, at time.Time) vitals.Batch {
	return vitals.Batch{Device: strap, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(bpm)}}}
}

// hearts lets a heart beat at a rate for some seconds and returns the time behind.
func hearts(w hub.Watch, bpm int64, at time.Time, seconds int) time.Time {
	for range seconds {
		w.Observe(pulse(bpm, at), at)
		at = at.Add(time.Second)
		w.Tick(at)
	}
	return at
}

func TestHomeHearsWhatCannotWaitAndHearsItAgain(t *testing.T) {
	var sounded []alerts.Condition
	w := hub.NewWatch([]vitals.DeviceID{strap}, func(a alerts.Alarm) { sounded = append(sounded, a.Condition) }, noon)
	at := hearts(w, 72, noon, 60)
	if len(sounded) > 0 {
		t.Fatalf("a healthy heart sounded %v", sounded)
	}
	at = hearts(w, 25, at, 150)
	if len(sounded) < 2 || len(sounded) > 4 || sounded[0] != alerts.ExtremeBrady || sounded[1] != alerts.ExtremeBrady {
		t.Fatalf("a heart at 25 /min for 150 s sounded %v", sounded)
	}
	n := len(sounded)
	hearts(w, 72, at, 300)
	if len(sounded) > n+1 {
		t.Errorf("it went on sounding: %v", sounded)
	}
}

func TestLostStrapIsNoReasonToWakeTheHome(t *testing.T) {
	var sounded []alerts.Condition
	w := hub.NewWatch([]vitals.DeviceID{strap}, func(a alerts.Alarm) { sounded = append(sounded, a.Condition) }, noon)
	at := hearts(w, 72, noon, 60)
	for range 600 {
		at = at.Add(time.Second)
		w.Tick(at)
	}
	if len(sounded) > 0 {
		t.Errorf("%v", sounded)
	}
}
