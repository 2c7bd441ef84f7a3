package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

// A saturation of 91 % scores three points and is no alarm of its own. The device's clock is wrong at first, so that it is
// charted at other times than at which it is judged: the chart cannot tell a new engine what the score is made of.
func TestAServerThatDiesBehindAWrongClockLosesNoScore(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wrong time.Duration
		until int // second in which it is put right
	}{
		{"the clock is ahead all the time", 4 * time.Minute, 400},
		{"the clock was ahead by an hour", time.Hour, 200},
		{"the clock was behind", -3 * time.Minute, 200},
		{"the clock was ahead for a moment", time.Minute, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var night []step
			for i := range 400 {
				at := start.Add(time.Duration(i) * time.Second)
				now := at.Add(time.Second)
				if i < tt.until {
					at = at.Add(tt.wrong)
				}
				night = append(night, step{delivery: numbered(i, now, vitals.Batch{
					Device: oximeter, Readings: []vitals.Reading{{Kind: vitals.SpO2, Time: at, Value: vitals.Int(91)}},
				})}, step{tick: now})
			}
			whole := newBook()
			for _, x := range playAll(newEngine(start), night) {
				whole.enter(t, x)
			}
			want := whole.episodes()
			if len(want[alerts.NEWS2Medium]) != 1 {
				t.Fatalf("without a crash: %v", want)
			}
			for _, second := range []int{30, 100, 199, 290, 350} {
				got := crash(t, night, 2*second, 0).episodes()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("killed after %d s (-whole +crashed):\n%s", second, diff)
				}
			}
		})
	}
}

func TestWhatTheScoreIsMadeOfIsKeptWhileTheChartCannotTellIt(t *testing.T) {
	r := newRoom(t)
	kept := func(minutes int, ahead time.Duration) (times int) {
		for range 60 * minutes {
			at := r.now
			r.now = r.now.Add(time.Second)
			r.engine.Observe(delivered(r.now, oxygen(97)(r, at.Add(ahead))))
			if r.engine.Tick(r.now).Trends != nil {
				times++
			}
		}
		return times
	}
	for _, tt := range []struct {
		name    string
		minutes int
		ahead   time.Duration
		want    [2]int // at least and at most
	}{
		{"while the clock is right, as often as trends", 60, 0, [2]int{3, 4}},
		{"at once when it is wrong", 1, time.Minute, [2]int{2, 3}},
		{"and every half minute", 30, time.Minute, [2]int{60, 63}},
		{"for as long as it counts", 15, 0, [2]int{30, 32}},
		{"and then no more", 60, 0, [2]int{3, 5}},
	} {
		if got := kept(tt.minutes, tt.ahead); got < tt.want[0] || got > tt.want[1] {
			t.Errorf("%s: kept %d times in %d min", tt.name, got, tt.minutes)
		}
	}
}
