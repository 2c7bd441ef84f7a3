package alerts_test

import (
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// ahead is what a device whose clock runs so far ahead says of the same second.
func ahead(by time.Duration, m measured) measured {
	return func(r *room, at time.Time) vitals.Batch { return m(r, at.Add(by)) }
}

func TestAClockThatIsWrongSilencesNothing(t *testing.T) {
	check(t, []story{
		{
			name: "a clock 4 minutes ahead, then right: oxygen and heart rate",
			tell: func(r *room) {
				r.last(60, ahead(4*time.Minute, oxygen(97)), ahead(4*time.Minute, value(strap, vitals.HeartRate, 72)))
				r.last(20, oxygen(84), value(strap, vitals.HeartRate, 160))
			},
			want: []string{
				"67s EXTREME_TACHY raised: HR 160 > 150 /min",
				"77s SPO2_LOW raised: SpO₂ 84 < 88 %",
			},
		},
		{
			name: "a clock 4 minutes ahead, then right: asystole after the step",
			tell: func(r *room) {
				r.last(60, ahead(4*time.Minute, heart(72)))
				r.last(5, heart(72))
				r.last(6, heart(scriptStop))
			},
			want: []string{"69s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "a clock 4 minutes ahead, then right: leads off and the battery",
			tell: func(r *room) {
				r.last(30, ahead(4*time.Minute, oxygen(97)), ahead(4*time.Minute, event(oximeter, vitals.BatteryLevel, 80)))
				r.last(8, oxygen(97), event(oximeter, vitals.BatteryLevel, 10), event(oximeter, vitals.ContactLost, 0))
			},
			want: []string{
				"32s BATTERY_LOW raised: battery 10 ≤ 20 %",
				"36s LEADS_OFF raised: check electrodes: no contact",
			},
		},
		{
			name: "a clock that is always a minute ahead: asystole",
			tell: func(r *room) {
				r.last(20, ahead(time.Minute, heart(72)))
				r.last(6, ahead(time.Minute, heart(scriptStop)))
			},
			want: []string{"24s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "a clock that goes a minute wrong in the middle of an alarm",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.last(20, ahead(time.Minute, oxygen(84)))
				r.last(10, ahead(time.Minute, oxygen(97)))
			},
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "46s SPO2_LOW closed self"},
		},
		{
			name: "a chunk of two seconds in between is no step of the clock",
			tell: func(r *room) {
				r.last(10, ahead(time.Minute, oxygen(97)))
				r.last(20, ahead(time.Minute-8*time.Second, oxygen(84)), ahead(time.Minute, oxygen(97)))
			},
		},
	})
}

// Alarms are timed as the server's clock has it, and what is charted as the device has it.
func TestWhatIsChartedKeepsTheDevicesTime(t *testing.T) {
	r := newRoom(t)
	r.last(20, ahead(4*time.Minute, heart(72)))
	r.last(6, ahead(4*time.Minute, heart(scriptStop)))
	if a := r.open(alerts.Asystole); a.Onset.After(r.now) || a.Evidence.After(r.now) {
		t.Errorf("began at %s, rests on %s, and it is %s", a.Onset, a.Evidence, r.now)
	}
	for _, c := range r.derived {
		if lead := c.Time.Sub(start); lead < 4*time.Minute || lead > 5*time.Minute {
			t.Errorf("heart rate charted at %s", c.Time)
		}
	}
}

// A hub sends again what was not confirmed, under the numbers that it had.
func TestARepeatFromBeforeTheStepIsNoStep(t *testing.T) {
	e := newEngine(start)
	stream := vitals.Stream{Hub: home, Device: oximeter, Epoch: 1}
	var told []alerts.Transition
	send := func(seq int, clock time.Duration, received time.Time, percent int64) {
		told = append(told, e.Observe(vitals.Delivery{
			Patient: patient, Stream: stream, Seq: uint64(seq), Received: received,
			Batch: vitals.Batch{Device: oximeter, Readings: []vitals.Reading{{
				Kind: vitals.SpO2, Time: start.Add(time.Duration(seq)*time.Second + clock), Value: vitals.Int(percent),
			}}},
		}).Transitions...)
	}
	for seq := range 60 {
		now := start.Add(time.Duration(seq) * time.Second)
		clock := 4 * time.Minute
		if seq >= 30 {
			clock = 0
		}
		send(seq+1, clock, now, 97)
		if seq >= 30 {
			send(seq-29, 4*time.Minute, now, 50) // low at the time, and dealt with
		}
	}
	if len(told) > 0 {
		t.Errorf("told of what is over: %+v", told)
	}
}
