package live_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vigil/alerts"
)

// made is the alarm of a synthetic patient.
func made(id string) alerts.Transition {
	a := asystole(1, alerts.ActiveUnack)
	a.ID, a.Patient = alerts.AlarmID(id), alerts.NewWatchdog("node", noon).Try(7, noon).Patient
	return alerts.Transition{Change: alerts.Raised, Alarm: a}
}

// probe runs one; what it is told comes through the channels.
func probe(t *testing.T, s *scene, hold *sync.Mutex) (came chan alerts.View, shows chan []alerts.Alarm) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	came, shows = make(chan alerts.View, 8192), make(chan []alerts.Alarm, 8192)
	running.Go(func() {
		s.feed.Probe(ctx, func(a alerts.View, _ time.Time) {
			hold.Lock()
			defer hold.Unlock()
			came <- a
		}, func(open []alerts.Alarm, _ time.Time) { shows <- open })
	})
	<-shows // it watches by then
	return came, shows
}

func await[T any](t *testing.T, c <-chan T, is func(T) bool) {
	t.Helper()
	for timeout := time.After(patience); ; {
		select {
		case v := <-c:
			if is(v) {
				return
			}
		case <-timeout:
			t.Fatal("what was awaited did not come")
		}
	}
}

// A test alarm comes to the probe as it would to a screen, and no screen of any unit is told of it: neither in an event
// nor in what is counted, nor in a later snapshot.
func TestAnAlarmOfASyntheticPatientComesToTheProbeAndToNoScreen(t *testing.T) {
	s := open(t)
	west, _ := s.join(t, "west")
	came, _ := probe(t, s, new(sync.Mutex))
	s.feed.Alarm(made("01T"))
	await(t, came, func(a alerts.View) bool { return a.ID == "01T" })
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	if f := west.until("ev:alarm"); f.Alarm.ID != "01A" || f.Seq != 2 {
		t.Errorf("the screen was told of %s with event %d", f.Alarm.ID, f.Seq)
	}
	if _, again := s.join(t, "west"); len(again.Alarms) != 1 {
		t.Errorf("another screen sees %+v", again.Alarms)
	}
	if err := s.feed.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-came:
		t.Errorf("the probe was told of %s", a.Patient)
	default:
	}
	if got := s.feed.Audible(); len(got) > 0 {
		t.Errorf("the probe can be heard in %v", got)
	}
}

func TestTheProbeSaysWhatScreensShowOfVigilItself(t *testing.T) {
	s := open(t)
	_, shows := probe(t, s, new(sync.Mutex))
	s.feed.Alarm(about(alerts.JournalAway, "", 1, alerts.ActiveUnack))
	await(t, shows, func(open []alerts.Alarm) bool { return len(open) == 1 && open[0].Condition == alerts.JournalAway })
	s.feed.Alarm(about(alerts.JournalAway, "", 2, alerts.Closed))
	await(t, shows, func(open []alerts.Alarm) bool { return len(open) == 0 })
}

// The probe is held up until it is further behind than a screen may be. It goes on with what comes then.
func TestAProbeThatFellBehindGoesOn(t *testing.T) {
	s := open(t)
	var hold sync.Mutex
	came, _ := probe(t, s, &hold)
	hold.Lock()
	for n := range 5000 {
		s.feed.Alarm(made(fmt.Sprintf("01T%d", n)))
	}
	hold.Unlock()
	for n := 0; ; n++ {
		again := made(fmt.Sprintf("01U%d", n))
		s.feed.Alarm(again)
		for waiting := true; waiting; {
			select {
			case a := <-came:
				if a.ID == again.Alarm.ID {
					return
				}
			case <-time.After(50 * time.Millisecond):
				waiting = false
			}
		}
		if n > 100 {
			t.Fatal("nothing comes any more")
		}
	}
}

// The feed is stuck, as a lock that is never given back would have it. Then nothing comes to the probe, as nothing would
// come to a screen, and it says nothing of what screens show; afterwards both come.
func TestAStuckFeedGivesTheProbeNothing(t *testing.T) {
	s := open(t)
	west, _ := s.join(t, "west")
	came, shows := probe(t, s, new(sync.Mutex))
	s.house.mu.Lock() // whoever asks for the time waits, with the feed in their hands
	var stuck sync.WaitGroup
	stuck.Go(func() { s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)}) })
	stuck.Go(func() { s.feed.Alarm(made("01T")) })
	for len(shows) > 0 {
		<-shows
	}
	select {
	case <-came:
		t.Error("an alarm came through a feed that is stuck")
	case <-time.After(2500 * time.Millisecond): // longer than the probe looks twice
	}
	if n := len(shows); n > 1 { // one may have been under way
		t.Errorf("the probe said %d times what is shown", n)
	}
	s.house.mu.Unlock()
	stuck.Wait()
	await(t, came, func(a alerts.View) bool { return a.ID == "01T" })
	if f := west.until("ev:alarm"); f.Alarm.ID != "01A" {
		t.Errorf("the screen was told of %s", f.Alarm.ID)
	}
	<-shows
}
