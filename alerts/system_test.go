package alerts_test

import (
	"slices"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// watched is Vigil, second by second.
type watched struct {
	engine *alerts.Engine
	now    time.Time
	health alerts.Health
	told   []string // condition, site and change
}

func newWatched() *watched {
	return &watched{
		engine: alerts.NewEngine(alerts.Nobody), now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC),
		health: alerts.Health{Silent: map[vitals.UnitID]bool{"west": false}},
	}
}

// lasts lets it be so for some seconds.
func (w *watched) lasts(seconds int, change func(*alerts.Health)) {
	change(&w.health)
	for range seconds {
		w.now = w.now.Add(time.Second)
		for _, out := range []alerts.Outcome{w.engine.Watch(w.health, w.now), w.engine.Tick(w.now)} {
			for _, t := range out.Transitions {
				w.told = append(w.told, string(t.Alarm.Condition)+t.Alarm.Site+" "+string(t.Change)+" "+t.Alarm.State.String())
			}
		}
	}
}

func lag(d time.Duration) func(*alerts.Health) { return func(h *alerts.Health) { h.Lag = d } }

func waiting(d time.Duration) func(*alerts.Health) { return func(h *alerts.Health) { h.Waiting = d } }

func unproven(d time.Duration, parts int) func(*alerts.Health) {
	return func(h *alerts.Health) { h.Unproven, h.Parts = d, parts }
}

func silent(is bool) func(*alerts.Health) {
	return func(h *alerts.Health) { h.Silent = map[vitals.UnitID]bool{"west": is} }
}

func TestVigilTellsOfItself(t *testing.T) {
	for _, row := range []struct {
		story string
		live  func(*watched)
		want  []string
	}{
		{"all is well for an hour", func(w *watched) { w.lasts(3600, lag(time.Second)) }, nil},
		{"a lag of 6 s is told at once", func(w *watched) { w.lasts(1, lag(6*time.Second)) }, []string{"DETECTOR_LAG raised active_unack"}},
		{"a lag of 5 s is not", func(w *watched) { w.lasts(60, lag(5*time.Second)) }, nil},
		{
			"a lag that shrinks to 2 s stands", func(w *watched) {
				w.lasts(3, lag(6*time.Second))
				w.lasts(60, lag(2*time.Second))
			}, []string{"DETECTOR_LAG raised active_unack"},
		},
		{
			"a lag that is gone for 10 s waits for somebody", func(w *watched) {
				w.lasts(3, lag(6*time.Second))
				w.lasts(10, lag(time.Second))
				w.told = append(w.told, "10 s later")
				w.lasts(1, lag(time.Second))
			}, []string{"DETECTOR_LAG raised active_unack", "10 s later", "DETECTOR_LAG latched latched_unack"},
		},
		{"what is received waits for 6 s", func(w *watched) { w.lasts(1, waiting(6*time.Second)) }, []string{"INGEST_LAG raised active_unack"}},
		{
			"what is received waits for 3 s after it waited for 6 s, then flows for 10 s", func(w *watched) {
				w.lasts(3, waiting(6*time.Second))
				w.lasts(60, waiting(3*time.Second))
				w.lasts(10, waiting(time.Second))
				w.told = append(w.told, "10 s later")
				w.lasts(1, waiting(0))
			}, []string{"INGEST_LAG raised active_unack", "10 s later", "INGEST_LAG latched latched_unack"},
		},
		{"test alarms stay away for 59 s", func(w *watched) { w.lasts(60, unproven(59*time.Second, 0)) }, nil},
		{
			"test alarms stay away for a minute, then come", func(w *watched) {
				w.lasts(1, unproven(time.Minute, 1))
				w.lasts(11, unproven(time.Second, 0))
			}, []string{"ALARMS_UNPROVEN raised active_unack", "ALARMS_UNPROVEN latched latched_unack"},
		},
		{
			"a ward without a voice", func(w *watched) {
				w.lasts(10, silent(true))
				w.told = append(w.told, "10 s")
				w.lasts(5, silent(true))
				w.lasts(1, silent(false))
			}, []string{"10 s", "STATION_SILENTwest raised active_unack", "STATION_SILENTwest closed closed"},
		},
		{"a station that reconnects in 9 s", func(w *watched) {
			w.lasts(9, silent(true))
			w.lasts(60, silent(false))
		}, nil},
		{
			"the last patient of a silent ward goes home", func(w *watched) {
				w.lasts(12, silent(true))
				w.lasts(2, func(h *alerts.Health) { h.Silent = nil })
			}, []string{"STATION_SILENTwest raised active_unack", "STATION_SILENTwest closed closed"},
		},
		{
			"the database is away for a minute", func(w *watched) {
				w.lasts(60, func(h *alerts.Health) { h.RecordsAway = true })
				w.lasts(12, func(h *alerts.Health) { h.RecordsAway = false })
			}, []string{"DATABASE_AWAY raised active_unack", "DATABASE_AWAY closed closed"},
		},
		{
			"the journal is away, and so everything is late", func(w *watched) {
				w.lasts(6, func(h *alerts.Health) { h.JournalAway = "no answer" })
				w.lasts(30, lag(time.Minute))
				w.lasts(30, waiting(time.Minute))
				w.lasts(30, unproven(time.Minute, 64))
			}, []string{"JOURNAL_AWAY raised active_unack"},
		},
	} {
		t.Run(row.story, func(t *testing.T) {
			w := newWatched()
			row.live(w)
			if !slices.Equal(w.told, row.want) {
				t.Errorf("told %q, want %q", w.told, row.want)
			}
		})
	}
}

func TestWhatADelayKeptFromPeopleIsCounted(t *testing.T) {
	w := newWatched()
	var delayed []alerts.Condition
	for second, quiet := range []int{1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0} { // twice too short, once long enough
		silent(quiet == 1)(&w.health)
		delayed = append(delayed, w.engine.Watch(w.health, w.now.Add(time.Duration(second)*time.Second)).Delayed...)
	}
	if want := []alerts.Condition{alerts.StationSilent, alerts.StationSilent}; !slices.Equal(delayed, want) {
		t.Errorf("%q were kept from people, want %q", delayed, want)
	}
}

func TestWhatComesTooLateToEndAnOnsetBreaksNoDelayOff(t *testing.T) {
	r := newRoom(t)
	r.last(5, value(strap, vitals.HeartRate, 140))
	r.last(11) // another device takes over, whose clock is behind
	for range 3 {
		r.now = r.now.Add(time.Second)
		out := r.engine.Observe(delivered(r.now, old(20*time.Second, value(scale, vitals.HeartRate, 70))(r, r.now)))
		if len(out.Delayed) > 0 {
			t.Errorf("%q were kept from people by what was measured before", out.Delayed)
		}
	}
}

func TestASystemAlarmSurvivesARestart(t *testing.T) {
	w := newWatched()
	w.lasts(12, silent(true))
	open := w.engine.Open()
	again := newWatched()
	again.now = w.now.Add(3 * time.Second)
	again.engine.Restore(open)
	again.lasts(20, silent(true))
	again.lasts(1, silent(false))
	if want := []string{"STATION_SILENTwest closed closed"}; !slices.Equal(again.told, want) {
		t.Errorf("told %q, want %q", again.told, want)
	}
}
