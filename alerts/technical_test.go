package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

func TestTechnicalConditions(t *testing.T) {
	check(t, []story{
		{
			name: "a continuous device that falls silent is told after ten seconds",
			tell: func(r *room) { r.last(20, heart(72)); r.last(20) },
			want: []string{"31s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "five seconds of data end it",
			tell: func(r *room) { r.last(20, heart(72)); r.last(20); r.last(10, heart(72)) },
			want: []string{"31s NO_DATA raised: silent for more than 10s", "46s NO_DATA closed self"},
		},
		{
			name: "a scale is not expected to speak",
			tell: func(r *room) { r.last(1, value(scale, vitals.Weight, 80)); r.last(600) },
		},
		{
			name: "a device that never sent anything may be a scale",
			tell: func(r *room) { r.last(600) },
		},
		{
			name: "a cloud that brought a value, and the next one tomorrow, is not missed",
			tell: func(r *room) { r.hub = ""; r.last(1, oxygen(97)); r.last(600) },
		},
		{
			name: "a patch whose ECG stops is silent, though it still counts the heart rate",
			tell: func(r *room) {
				r.last(20, heart(72), value(patch, vitals.HeartRate, 72))
				r.last(20, value(patch, vitals.HeartRate, 72))
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "old backlog is no sign of life",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.last(20, func(_ *room, at time.Time) vitals.Batch {
					return oxygen(97)(r, at.Add(-time.Hour))
				})
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "a hub that is away is told once, and explains its devices' silence",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.take(r.engine.Hub(false, string(home), r.now))
				r.last(30)
				r.take(r.engine.Hub(true, string(home), r.now))
				r.last(15, heart(72))
			},
			want: []string{"20s HUB_OFFLINE raised: home hub not connected", "61s HUB_OFFLINE closed self"},
		},
		{
			name: "a device that stays silent when its hub is back is told",
			tell: func(r *room) {
				r.last(20, heart(72), oxygen(97))
				r.take(r.engine.Hub(false, string(home), r.now))
				r.last(30)
				r.take(r.engine.Hub(true, string(home), r.now))
				r.last(15, heart(72))
			},
			want: []string{
				"20s HUB_OFFLINE raised: home hub not connected", "61s HUB_OFFLINE closed self",
				"61s NO_DATA raised: silent for more than 10s",
			},
		},
		{
			name: "a flat line for five seconds asks to check the electrodes, a good signal for five ends it",
			tell: func(r *room) { r.last(20, heart(72)); r.last(7, heart(scriptFlat)); r.last(10, heart(72)) },
			want: []string{"26s LEADS_OFF raised: check electrodes: flat line", "35s LEADS_OFF closed self"},
		},
		{
			name: "nothing new is read out of an ECG whose leads are off",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(10, heart(scriptFlat), event(patch, vitals.ContactLost, 0))
				r.last(20, value(patch, vitals.HeartRate, 180), heart(scriptFlat))
			},
			want: []string{"26s LEADS_OFF raised: check electrodes: flat line"},
		},
		{
			name: "an oximeter that says that it has no contact",
			tell: func(r *room) {
				r.last(5, oxygen(97))
				r.last(1, event(oximeter, vitals.ContactLost, 0), absent(oxygen(0)))
				r.last(10, absent(oxygen(0)))
				r.last(1, event(oximeter, vitals.ContactMade, 0), oxygen(97))
				r.last(10, oxygen(97))
			},
			want: []string{"11s LEADS_OFF raised: check electrodes: no contact", "22s LEADS_OFF closed self"},
		},
		{
			name: "artefact in twenty of thirty seconds",
			tell: func(r *room) {
				r.last(30, heart(72))
				for range 10 {
					r.last(2, heart(scriptNois))
					r.last(1, heart(72))
				}
				r.last(40, heart(72))
			},
			want: []string{"59s POOR_SIGNAL raised: artefact, ECG analysis suspended", "71s POOR_SIGNAL closed self"},
		},
		{
			name: "a rate that nobody can analyse is said, not passed over",
			tell: func(r *room) {
				r.last(20, func(r *room, at time.Time) vitals.Batch {
					b := heart(72)(r, at)
					b.Waveforms[0].Rate = vitals.Rate{Num: 2000, Den: 1}
					b.Waveforms[0].Samples = make([]int16, 2000)
					return b
				})
			},
			want: []string{"20s POOR_SIGNAL raised: ECG at 2000 Hz: unsupported sampling rate"},
		},
		{
			name: "a battery at twenty percent is low until it has five more",
			tell: func(r *room) {
				r.last(1, event(scale, vitals.BatteryLevel, 21))
				r.last(1, event(scale, vitals.BatteryLevel, 20))
				r.last(60)
				r.last(1, event(scale, vitals.BatteryLevel, 24))
				r.last(60)
				r.last(1, event(scale, vitals.BatteryLevel, 25))
			},
			want: []string{"2s BATTERY_LOW raised: battery 20 ≤ 20 %", "124s BATTERY_LOW closed self"},
		},
	})
}

func TestBinding(t *testing.T) {
	check(t, []story{
		{
			name: "a device that is taken away is no longer missed, and its alarms end",
			tell: func(r *room) {
				r.last(20, heart(72), oxygen(97))
				r.last(20, oxygen(97))
				r.engine.Bind([]vitals.DeviceID{oximeter}, r.now)
				r.last(20, oxygen(97))
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s", "41s NO_DATA closed unassigned"},
		},
		{
			name: "what a device measured before it was taken away is not judged after",
			tell: func(r *room) {
				r.last(5, oxygen(97))
				r.engine.Bind(nil, r.now)
				r.last(20, func(_ *room, at time.Time) vitals.Batch { return oxygen(60)(r, at.Add(-time.Minute)) })
			},
		},
		{
			name: "a device whose assignment was not told is watched all the same",
			tell: func(r *room) { r.last(20, value("a09e1a0000ff", vitals.SpO2, 84)) },
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %"},
		},
		{
			name: "after a restart hubs have a minute to come back",
			tell: func(r *room) {
				r.engine.Streamed(patch)
				r.last(50)
				r.last(10, heart(72))
				r.engine.Streamed(oximeter)
				r.last(5, heart(72))
			},
			want: []string{"61s NO_DATA raised: silent for more than 10s"},
		},
	})
}

func TestADischargedPatientIsLeftAlone(t *testing.T) {
	r := newRoom(t)
	r.last(20, heart(72), oxygen(84))
	r.last(5, heart(scriptVF), oxygen(84))
	r.last(10, heart(72), oxygen(84))
	r.take(r.engine.Discharge(r.now))
	r.last(20, heart(scriptVF), oxygen(60))
	want := []string{
		"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "24s VF raised: 4 s of fibrillation, 97 % sure", "31s VF latched",
		"35s VF closed discharged", "35s SPO2_LOW closed discharged",
	}
	if diff := cmp.Diff(want, r.transcript()); diff != "" {
		t.Errorf("transitions (-want +got):\n%s", diff)
	}
	if open := r.engine.Open(); len(open) != 0 {
		t.Errorf("still open after discharge: %v", open)
	}

	r.engine.Bind([]vitals.DeviceID{oximeter}, r.now)
	r.last(20, oxygen(84))
	if got := r.transcript()[len(r.told)-1]; got != "71s SPO2_LOW raised: SpO₂ 84 < 88 %" {
		t.Errorf("after being admitted again: %s", got)
	}
}

func TestDerivedHeartRateComesOncePerSecond(t *testing.T) {
	r := newRoom(t)
	r.last(12, heart(72))
	if len(r.derived) != 10 { // two seconds to learn
		t.Fatalf("%d heart rates in 12 s, want 10", len(r.derived))
	}
	for i, c := range r.derived {
		want := vitals.Charted{Patient: patient, Device: patch, Reading: vitals.Reading{
			Kind: vitals.HeartRate, Time: start.Add(time.Duration(i+3) * time.Second), Value: vitals.Int(72),
		}}
		if c != want {
			t.Errorf("derived %+v, want %+v", c, want)
		}
	}
}

func TestTheLastReportOfASilentDeviceIsStale(t *testing.T) {
	r := newRoom(t)
	r.last(2, event(oximeter, vitals.BatteryLevel, 5), oxygen(97))
	r.last(30)
	if a := r.open(alerts.BatteryLow); a.Truth != alerts.Unknown || a.Version != 3 || a.Suppressor == "" {
		t.Errorf("battery alarm of a silent device is %s in version %d, want unknown in version 3, explained by the silence", a.Truth, a.Version)
	}
}
