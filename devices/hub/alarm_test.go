package main_test

import (
	"os"
	"path/filepath"
	"syscall"
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

func TestAnAlarmThatComesWhileAnotherIsSoundedIsHeardBehindIt(t *testing.T) {
	dir := t.TempDir()
	heard := filepath.Join(dir, "heard")
	for _, gate := range []string{"SOS", "VF"} {
		if err := syscall.Mkfifo(filepath.Join(dir, gate), 0o600); err != nil {
			t.Skip(err)
		}
	}
	// The program tells of the alarm and ends when somebody opens its gate.
	sound, wait := hub.Siren(t.Context(), "sh", "-c", `echo "$VIGIL_ALARM_CONDITION" >> "$0"; read -r _ < "$1/$VIGIL_ALARM_CONDITION"`, heard, dir)
	for _, c := range []alerts.Condition{alerts.SOS, alerts.VF, alerts.VF} { // the same one again is told once
		sound(alerts.Alarm{ID: alerts.AlarmID(c), Condition: c})
	}
	for _, gate := range []string{"SOS", "VF"} {
		if err := os.WriteFile(filepath.Join(dir, gate), []byte("\n"), 0); err != nil {
			t.Fatal(err)
		}
	}
	wait()
	got, err := os.ReadFile(heard)
	if err != nil {
		t.Fatal(err)
	}
	if want := "SOS\nVF\n"; string(got) != want {
		t.Errorf("heard %q, want %q", got, want)
	}
}
