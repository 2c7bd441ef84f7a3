package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

const button vitals.DeviceID = "a09e1a000006"

func press() measured  { return event(button, vitals.SOS, 0) }
func fallen() measured { return event(button, vitals.Fall, 0) }
func noHelp() measured { return event(button, vitals.FallCancelled, 0) }
func ago(d time.Duration, m measured) measured {
	return func(r *room, at time.Time) vitals.Batch { return m(r, at.Add(-d)) }
}

func TestCallsForHelp(t *testing.T) {
	check(t, []story{
		{
			name: "whoever presses the button is heard at once",
			tell: func(r *room) { r.last(5); r.last(1, press()) },
			want: []string{"6s SOS raised: patient calls for help"},
		},
		{
			name: "a call holds for hours, however silent the button is, until somebody answers it",
			tell: func(r *room) { r.last(1, press()); r.last(7200); r.ack(alerts.SOS); r.last(60) },
			want: []string{"1s SOS raised: patient calls for help", "7201s SOS acked", "7202s SOS closed resolved"},
		},
		{
			name: "pressing again while nobody has answered is the same call; after the answer it is another",
			tell: func(r *room) {
				r.last(1, press())
				r.last(10, press())
				r.ack(alerts.SOS)
				r.last(10)
				r.last(1, press())
			},
			want: []string{
				"1s SOS raised: patient calls for help", "11s SOS acked", "12s SOS closed resolved",
				"22s SOS raised: patient calls for help",
			},
		},
		{
			name: "a fall is told after thirty seconds without a word of the patient",
			tell: func(r *room) { r.last(1, fallen()); r.last(60) },
			want: []string{"30s FALL raised: not cancelled by the patient"},
		},
		{
			name: "a patient who cancels within thirty seconds is left in peace",
			tell: func(r *room) { r.last(1, fallen()); r.last(28); r.last(1, noHelp()); r.last(600) },
		},
		{
			name: "a patient who cancels later must still be looked after by somebody",
			tell: func(r *room) {
				r.last(1, fallen())
				r.last(60)
				r.last(1, noHelp())
				r.last(600)
				r.ack(alerts.Fall)
			},
			want: []string{"30s FALL raised: not cancelled by the patient", "62s FALL latched", "662s FALL closed ack"},
		},
		{
			name: "a fall after one that was cancelled counts",
			tell: func(r *room) {
				r.last(1, fallen())
				r.last(5, noHelp())
				r.last(1, fallen())
				r.last(60)
			},
			want: []string{"36s FALL raised: not cancelled by the patient"},
		},
		{
			name: "the button needs no thirty seconds, even while a fall can still be cancelled",
			tell: func(r *room) { r.last(1, fallen()); r.last(5); r.last(1, press()); r.last(5, noHelp()); r.last(60) },
			want: []string{"7s SOS raised: patient calls for help"},
		},
		{
			name: "what a cut line kept back for half an hour is told at once: nobody has answered it",
			tell: func(r *room) { r.last(1, ago(30*time.Minute, press()), ago(30*time.Minute, fallen())) },
			want: []string{"1s SOS raised: patient calls for help", "1s FALL raised: not cancelled by the patient"},
		},
		{
			name: "a call of yesterday is history",
			tell: func(r *room) { r.last(1, ago(25*time.Hour, press()), ago(25*time.Hour, fallen())); r.last(60) },
		},
		{
			name: "newest first after an outage: the cancellation arrives before the fall",
			tell: func(r *room) {
				r.last(1, ago(10*time.Minute, noHelp()))
				r.last(1, ago(10*time.Minute+10*time.Second, fallen()))
				r.last(60)
			},
		},
		{
			name: "a hub that sends an answered call again calls nobody",
			tell: func(r *room) {
				r.last(1, press())
				r.ack(alerts.SOS)
				r.last(60)
				r.last(1, ago(61*time.Second, press()))
				r.last(60)
			},
			want: []string{"1s SOS raised: patient calls for help", "1s SOS acked", "2s SOS closed resolved"},
		},
		{
			name: "pressed between the answer and the clock's next tick, told before it or behind it: that is another call",
			tell: func(r *room) {
				r.last(1, press())
				r.ack(alerts.SOS)
				r.take(r.engine.Observe(delivered(r.now, press()(r, r.now.Add(300*time.Millisecond)))))
				r.last(10)
				r.ack(alerts.SOS)
				r.last(1)
				r.last(1, ago(500*time.Millisecond, press()))
			},
			want: []string{
				"1s SOS raised: patient calls for help", "1s SOS acked", "1s SOS closed resolved",
				"1s SOS raised: patient calls for help", "11s SOS acked", "12s SOS closed resolved",
				"13s SOS raised: patient calls for help",
			},
		},
		{
			name: "a hub that repeats the call between the answer and the clock's next tick changes nothing",
			tell: func(r *room) {
				r.last(1, press())
				r.ack(alerts.SOS)
				r.take(r.engine.Observe(delivered(r.now, press()(r, start))))
				r.last(10)
			},
			want: []string{"1s SOS raised: patient calls for help", "1s SOS acked", "2s SOS closed resolved"},
		},
		{
			name: "taking the button from the patient does not answer the call",
			tell: func(r *room) { r.last(1, press()); r.engine.Bind([]vitals.DeviceID{patch}, r.now); r.last(60) },
			want: []string{"1s SOS raised: patient calls for help"},
		},
	})
}

func TestACallOutlivesTheServer(t *testing.T) {
	before := newRoom(t)
	before.last(1, press(), fallen())
	before.last(40)

	after := newRoom(t)
	after.now = before.now
	after.engine.Restore(before.engine.Open())
	after.last(60)
	if len(after.told) > 0 {
		t.Errorf("told again: %v", after.transcript())
	}
	after.last(1, ago(101*time.Second, press()), ago(101*time.Second, fallen())) // the hub has heard of no ack
	after.last(60)
	after.ack(alerts.SOS)
	after.last(1)
	after.ack(alerts.Fall)
	after.last(1)
	want := []string{"162s SOS acked", "163s SOS closed resolved", "163s FALL acked", "164s FALL closed resolved"}
	if diff := cmp.Diff(want, after.transcript()); diff != "" {
		t.Error(diff)
	}
}

func TestAFallIsToldByAnEngineThatStartedInBetween(t *testing.T) {
	r := newRoom(t)
	r.last(25, ago(20*time.Second, fallen())) // read again from the journal, and repeated by the hub
	want := []string{"10s FALL raised: not cancelled by the patient"}
	if diff := cmp.Diff(want, r.transcript()); diff != "" {
		t.Error(diff)
	}
}

func TestAFallThatIsToldAgainIsNoLaterForARestart(t *testing.T) {
	r := newRoom(t)
	for _, after := range []time.Duration{0, time.Second, 12 * time.Second} { // read again from the journal, without the ticks
		r.take(r.engine.Observe(delivered(start.Add(after), fallen()(r, start.Add(after)))))
	}
	r.now = start.Add(12 * time.Second)
	r.last(30)
	if diff := cmp.Diff([]string{"30s FALL raised: not cancelled by the patient"}, r.transcript()); diff != "" {
		t.Error(diff)
	}
}

func TestAFallThatWasTakenBackTooLateIsNotBelievedToBeTakenBackInTime(t *testing.T) {
	for _, tt := range []struct {
		name      string
		takenBack time.Duration
		want      []string
	}{
		{"in the last moment", 30 * time.Second, nil},
		{"a moment later", 30*time.Second + time.Millisecond, []string{"30s FALL raised: not cancelled by the patient", "30s FALL latched"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, ticks := range []bool{true, false} { // false: read again from the journal
				r := newRoom(t)
				r.take(r.engine.Observe(delivered(start, fallen()(r, start))))
				if r.now = start; ticks {
					r.last(29)
				}
				at := start.Add(tt.takenBack)
				r.now = at
				r.take(r.engine.Observe(delivered(at, noHelp()(r, at))))
				r.last(5)
				if diff := cmp.Diff(tt.want, r.transcript()); diff != "" {
					t.Errorf("with ticks %t: %s", ticks, diff)
				}
			}
		})
	}
}

// What is delivered behind an acknowledgement, in the same second, does not end the fall before the clock does: how much is
// delivered changes nothing.
func TestAnAnsweredFallEndsWithTheClock(t *testing.T) {
	r := newRoom(t)
	r.last(1, fallen())
	r.last(36)
	r.ack(alerts.Fall)
	r.take(r.engine.Observe(delivered(r.now, oxygen(97)(r, r.now.Add(-time.Second)))))
	if a := r.open(alerts.Fall); a.State != alerts.ActiveAck {
		t.Errorf("it is %s", a.State)
	}
	r.last(1)
	if want := "38s FALL closed"; r.live[len(r.live)-1] != want {
		t.Errorf("told %q, want %s last", r.live, want)
	}
}
