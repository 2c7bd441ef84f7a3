package alerts_test

import (
	"slices"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// cuffSays is a pressure of a cuff whose clock the hub has read: it is so far ahead of the hub's.
func cuffSays(ahead time.Duration) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		b := vitals.Batch{Device: scale}
		for kind, v := range map[vitals.Kind]int64{vitals.Systolic: 120, vitals.Diastolic: 80} {
			b.Readings = append(b.Readings, vitals.Reading{
				Kind: kind, Time: at, Value: vitals.Int(v), DeviceTime: at.Add(ahead), TimeQuality: vitals.TimeDevice,
			})
		}
		return b
	}
}

// status is what the hub tells of its clock.
func (r *room) status(ahead time.Duration) { r.take(r.engine.HubClock(ahead, string(home), r.now)) }

func TestClocksThatAreWrongAreTold(t *testing.T) {
	const zone = -5 * time.Hour
	check(t, []story{
		{
			name: "a hub whose clock is three minutes behind, until it has been right for a minute",
			tell: func(r *room) {
				r.last(5, ago(3*time.Minute, oxygen(97)))
				r.status(-3 * time.Minute)
				r.last(100, ago(3*time.Minute, oxygen(97)))
				r.status(-time.Second)
				r.last(61, oxygen(97))
			},
			want: []string{
				"5s HUB_CLOCK_SKEW raised: clock 3m0s behind Vigil's", "166s HUB_CLOCK_SKEW closed self",
			},
		},
		{
			name: "two minutes are no alarm, and one that stands ends below one",
			tell: func(r *room) {
				r.status(2 * time.Minute)
				r.last(5)
				r.status(121 * time.Second)
				r.last(5)
				r.status(61 * time.Second)
				r.last(300)
				r.status(59 * time.Second)
				r.last(70)
			},
			want: []string{"5s HUB_CLOCK_SKEW raised: clock 2m1s ahead of Vigil's", "371s HUB_CLOCK_SKEW closed self"},
		},
		{
			name: "a hub that tells no time and sends from the future; a spool that is late is no skew",
			tell: func(r *room) {
				r.last(30, ago(8*time.Minute, oxygen(97)))
				r.last(30, ahead(3*time.Minute, oxygen(97)))
				r.last(70, oxygen(97))
			},
			want: []string{"31s HUB_CLOCK_SKEW raised: clock 2m59s ahead of Vigil's", "121s HUB_CLOCK_SKEW closed self"},
		},
		{
			name: "where the hub tells its time, nothing is concluded from one device's",
			tell: func(r *room) { r.status(0); r.last(60, ahead(3*time.Minute, oxygen(97))) },
		},
		{
			name: "nobody knows what the clock of a hub shows that is away: what is open stays so",
			tell: func(r *room) {
				r.status(time.Hour)
				r.last(1)
				r.offline(true)
				r.status(0)
				r.last(300)
			},
			want: []string{
				"0s HUB_CLOCK_SKEW raised: clock 1h0m0s ahead of Vigil's", "1s HUB_OFFLINE raised: home hub not connected",
				"12s HUB_CLOCK_SKEW input_lost",
			},
		},
		{
			name: "a cuff whose clock is three minutes slow, until it was set",
			tell: func(r *room) { r.last(1, cuffSays(-3*time.Minute)); r.last(600); r.last(1, cuffSays(0)); r.last(70) },
			want: []string{"1s CLOCK_SKEW raised: clock 3m0s behind its hub's", "662s CLOCK_SKEW closed self"},
		},
		{
			name: "a cuff that shows local time in New York, and does not tell so, is right; three minutes more are wrong",
			tell: func(r *room) {
				r.last(1, cuffSays(zone))
				r.last(60)
				r.last(1, cuffSays(zone+3*time.Minute))
				r.last(1)
			},
			want: []string{"62s CLOCK_SKEW raised: clock 3m0s ahead of its hub's"},
		},
		{
			name: "a cuff whose clock was never set",
			tell: func(r *room) { r.last(1, cuffSays(-26*365*24*time.Hour)); r.last(1) },
			want: []string{"1s CLOCK_SKEW raised: clock shows another day than its hub's"},
		},
		{
			name: "behind a hub that is wrong nothing is said of a device's clock",
			tell: func(r *room) { r.status(time.Hour); r.last(1, cuffSays(-3*time.Minute)); r.last(60) },
			want: []string{"0s HUB_CLOCK_SKEW raised: clock 1h0m0s ahead of Vigil's"},
		},
		{
			name: "a cloud that brings values from the future",
			tell: func(r *room) { r.hub = ""; r.last(3, ahead(4*time.Minute, value(scale, vitals.Weight, 70))) },
			want: []string{"1s CLOCK_SKEW raised: clock 3m59s ahead of Vigil's"},
		},
		{
			name: "the alarm about a device's clock goes with the device",
			tell: func(r *room) {
				r.last(1, cuffSays(3*time.Minute))
				r.engine.Bind([]vitals.DeviceID{oximeter}, r.now)
				r.last(1)
			},
			want: []string{"1s CLOCK_SKEW raised: clock 3m0s ahead of its hub's", "2s CLOCK_SKEW closed unassigned"},
		},
	})
}

func TestAnAlarmAboutAHubsClockOutlivesTheServer(t *testing.T) {
	before := newRoom(t)
	before.status(time.Hour)
	before.last(5)

	after := newRoom(t)
	after.now = before.now
	after.engine.Restore(before.engine.Open())
	after.offline(false)
	after.last(100, ago(3*time.Minute, oxygen(97)))
	if want := []string{"17s HUB_CLOCK_SKEW input_lost"}; !slices.Equal(after.transcript(), want) {
		t.Errorf("before the hub has told its time: %v", after.transcript())
	}
	after.status(0)
	after.last(62, oxygen(97))
	if open := after.engine.Open(); len(open) > 0 {
		t.Errorf("still open: %v", open)
	}
	if a := after.told[len(after.told)-1].Alarm; a.Condition != alerts.HubClockSkew || a.Reason != alerts.ClosedSelf {
		t.Errorf("ended as %+v", a)
	}
}
