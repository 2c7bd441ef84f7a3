package alerts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

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
				"1s HUB_CLOCK_SKEW raised: clock 3m59s ahead of Vigil's",
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
			want: []string{"1s HUB_CLOCK_SKEW raised: clock 4m0s ahead of Vigil's", "69s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "a clock 4 minutes ahead, then right: leads off and the battery",
			tell: func(r *room) {
				r.last(30, ahead(4*time.Minute, oxygen(97)), ahead(4*time.Minute, event(oximeter, vitals.BatteryLevel, 80)))
				r.last(8, oxygen(97), event(oximeter, vitals.BatteryLevel, 10), event(oximeter, vitals.ContactLost, 0))
			},
			want: []string{
				"1s HUB_CLOCK_SKEW raised: clock 3m59s ahead of Vigil's",
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
			name: "a clock that is set back by forty seconds: asystole, at once, as the samples are the next by their number",
			tell: func(r *room) {
				r.last(60, heart(72))
				r.last(5, ahead(-40*time.Second, heart(72)))
				r.last(6, ahead(-40*time.Second, heart(scriptStop)))
			},
			want: []string{"69s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "and where the samples are counted anew, some seconds later",
			tell: func(r *room) {
				r.last(60, heart(72))
				r.first[patch] = 0
				r.last(5, ahead(-40*time.Second, heart(72)))
				r.last(9, ahead(-40*time.Second, heart(scriptStop)))
			},
			want: []string{"69s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "a clock that is set back by forty seconds: oxygen is three seconds later, in the middle of an alarm, too",
			tell: func(r *room) {
				r.last(60, oxygen(97))
				r.last(20, ahead(-40*time.Second, oxygen(84)))
				r.last(20, ahead(-80*time.Second, oxygen(84)))
				r.last(10, ahead(-80*time.Second, oxygen(97)))
			},
			want: []string{"79s SPO2_LOW raised: SpO₂ 84 < 88 %", "106s SPO2_LOW closed self"},
		},
		{
			name: "and is set right again",
			tell: func(r *room) {
				r.last(60, heart(72))
				r.last(60, ahead(-40*time.Second, heart(72)))
				r.last(5, heart(72))
				r.last(6, heart(scriptStop))
			},
			want: []string{"129s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "an hour that an oximeter had kept is no step: it comes at once, and means nothing today",
			tell: func(r *room) {
				r.last(60, oxygen(97))
				for i := range 300 {
					r.take(r.engine.Observe(delivered(r.now, ahead(time.Duration(i-360)*time.Second, oxygen(70))(r, r.now))))
				}
				r.last(20, oxygen(97))
			},
		},
		{
			name: "nor is what it tells between what it measures",
			tell: func(r *room) {
				r.last(60, oxygen(97))
				r.last(30, oxygen(97), ahead(-40*time.Second, oxygen(70)))
			},
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

// Whoever keeps what an alarm rests on finds it by the time with which it was charted, whatever clock that was of.
func TestAnAlarmSaysHowFarTheClockOfItsSamplesIsAhead(t *testing.T) {
	for name, clock := range map[string]struct{ device, server time.Duration }{
		"all are right":                       {0, 0},
		"the hub's is 40 s ahead":             {40 * time.Second, 0},
		"the server's is set back by as much": {0, -40 * time.Second},
		"the hub's is set back by as much":    {-40 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			r.last(60, heart(72))
			r.now = r.now.Add(clock.server)
			lead := clock.device - clock.server
			r.last(30, ahead(lead, heart(72)))
			stopped := r.now.Add(lead)
			r.last(8, ahead(lead, heart(scriptStop)))
			a := lo.Filter(r.told, func(x alerts.Transition, _ int) bool {
				return x.Alarm.Condition == alerts.Asystole && x.Change == alerts.Raised
			})
			if len(a) != 1 {
				t.Fatalf("%q", r.live)
			}
			if off := a[0].Alarm.Onset.Add(a[0].Ahead).Sub(stopped); off.Abs() > 3*time.Second {
				t.Errorf("charted %s from where the alarm says that it began", off)
			}
		})
	}
}

// A heart that stops is told of once and soon, whoever sets which clock by up to a minute: the device's, the server's or
// both. Of less than ten seconds nobody knows that a clock was set; what was measured in them counts as old.
func TestAHeartThatStopsIsToldOnceWhateverClocksDo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRoom(t)
		stops := rapid.IntRange(30, 90).Draw(rt, "stops after")
		jumps := map[int]time.Duration{}
		for at := rapid.IntRange(20, 60).Draw(rt, "first jump"); at < stops+25; at += rapid.IntRange(25, 60).Draw(rt, "until the next") {
			jumps[at] = time.Duration(rapid.IntRange(-60, 60).Draw(rt, "by")) * time.Second
		}
		var device time.Duration // ahead of the server
		for second := range stops + 40 {
			if by, jumped := jumps[second]; jumped {
				whose := rapid.SampledFrom([]string{"device's", "server's", "both"}).Draw(rt, "whose")
				if whose != "device's" {
					r.now = r.now.Add(by)
					device -= by
				}
				if whose != "server's" {
					device += by
				}
			}
			code := 72
			if second >= stops {
				code = scriptStop
			}
			r.last(1, ahead(device, heart(code)))
		}
		var told []string
		for _, line := range r.live {
			if strings.Contains(line, "ASYSTOLE raised") {
				told = append(told, line)
			}
		}
		within := lo.Times(25, func(i int) string { return fmt.Sprintf("%ds ASYSTOLE raised", stops+1+i) })
		if len(told) != 1 || !slices.Contains(within, told[0]) {
			rt.Fatalf("the heart stopped after %d s, clocks jumped by %v: %q", stops, jumps, r.live)
		}
	})
}

// Whoever presses the button again is heard, though the clock of the hub, or of both, shows an earlier time than at
// the first press; what a hub sends again, or newest first, is not another call.
func TestAClockThatIsSetBackTakesNoCallForAnOldOne(t *testing.T) {
	for name, server := range map[string]time.Duration{"the hub's": 0, "the server's, too": -40 * time.Second} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			pressed := func(seq int, at time.Time) {
				d := delivered(r.now, press()(r, at))
				d.Stream.Device, d.Seq = button, uint64(seq)
				r.take(r.engine.Observe(d))
			}
			first := r.now
			pressed(3, first)
			r.ack(alerts.SOS)
			r.last(20)
			pressed(3, first)                      // again
			pressed(2, first.Add(-10*time.Second)) // the newest came first
			r.setClock(server)
			r.last(10)
			again := first.Add(-10 * time.Second)
			pressed(4, again)
			r.ack(alerts.SOS)
			r.last(10)
			pressed(4, again)
			r.last(10)
			want := []string{
				"0s SOS raised", "0s SOS acked", "1s SOS closed", "30s SOS raised", "30s SOS acked", "31s SOS closed",
			}
			if diff := cmp.Diff(want, r.live); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
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
	for _, x := range told {
		if x.Alarm.Condition != alerts.HubClockSkew {
			t.Errorf("told of what is over: %+v", x)
		}
	}
}
