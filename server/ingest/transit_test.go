package ingest_test

import (
	"context"
	"testing"
	"time"

	"vigil/devices/gateway"
	"vigil/server/ingest"
	"vigil/vitals"
)

// door is a handler whose clock stands where the story puts it.
type door struct {
	*ward
	*ingest.Handler

	t *testing.T
}

func (d *door) at(second int) {
	ingest.SetClock(d.Handler, func() time.Time { return noon.Add(time.Duration(second) * time.Second) })
}

// gets takes a message from the hub, which does not wait for what becomes of it.
func (d *door) gets(seq uint64) {
	d.t.Helper()
	if _, err := d.Receive(d.t.Context(), home, message(d.t, seq, nil)); err != nil {
		d.t.Logf("message %d: %v", seq, err)
	}
}

// says has the journal say what became of everything that was begun.
func (d *door) says(fault error) {
	var begun []func(error)
	d.set(func() { begun, d.unsaid = d.unsaid, nil })
	for _, arrived := range begun {
		arrived(fault)
	}
}

func TestHowLongWhatWasReceivedIsNotInTheJournal(t *testing.T) {
	values := []gateway.Part{{Batch: vitals.Batch{Device: strap, Readings: []vitals.Reading{reading(vitals.HeartRate, 72, noon)}}}}
	for story, live := range map[string]struct {
		tell func(d *door)
		want time.Duration // at 12:01:00
	}{
		"everything arrives": {func(d *door) { d.gets(1); d.at(59); d.gets(2) }, 0},
		"the journal hangs, and says nothing": {
			func(d *door) { d.hangs = true; d.at(20); d.gets(1); d.at(40); d.gets(2) }, 40 * time.Second,
		},
		"it says after half a minute that it has everything, whoever asks": {
			func(d *door) { d.hangs = true; d.gets(1); d.at(30); d.says(nil) }, 0,
		},
		"what it did not take comes again, and again, and waits since it came first": {
			func(d *door) {
				for second := range 6 {
					d.hangs = true
					d.at(10 * second)
					d.gets(1)
					d.at(10*second + 5)
					d.says(errDown)
				}
			}, time.Minute,
		},
		"what it did not take comes again, and is taken": {
			func(d *door) {
				d.journalDown = true
				d.gets(1)
				d.at(10)
				d.journalDown = false
				d.gets(1)
			}, 0,
		},
		"a relay is turned away, and taken then": {
			func(d *door) {
				d.journalDown = true
				_ = d.Relay(t.Context(), home, values, false)
				d.journalDown = false
				_ = d.Relay(t.Context(), home, values, false)
			}, 0,
		},
		"a relay is turned away; what it hears of a neighbour is no sign that the journal is back": {
			func(d *door) {
				d.journalDown = true
				d.at(10)
				_ = d.Relay(t.Context(), home, values, false)
				d.journalDown = false
				neighbour := []gateway.Part{{Batch: vitals.Batch{Device: stray, Readings: values[0].Batch.Readings}}}
				_ = d.Relay(t.Context(), home, neighbour, false)
			}, 50 * time.Second,
		},
		"a gateway's values are turned away, and it stays away while what a nurse enters is taken": {
			func(d *door) {
				d.journalDown = true
				d.at(10)
				_, _ = d.Deposit(t.Context(), []vitals.Deposit{{Source: home, Batch: values[0].Batch}}, false)
				d.journalDown = false
				d.at(55)
				_ = d.Enter(t.Context(), patient, values[0].Batch)
			}, 0,
		},
		"a gateway's values are turned away again and again, while what a nurse enters is taken": {
			func(d *door) {
				for second := 10; second < 60; second += 5 {
					d.at(second)
					d.journalDown = true
					_, _ = d.Deposit(t.Context(), []vitals.Deposit{{Source: home, Batch: values[0].Batch}}, false)
					d.journalDown = false
					_ = d.Enter(t.Context(), patient, values[0].Batch)
				}
			}, 50 * time.Second,
		},
		"a gateway hangs up while the journal is away": {
			func(d *door) {
				d.journalDown = true
				gone, hangUp := context.WithCancel(t.Context())
				hangUp()
				_ = d.Enter(gone, patient, values[0].Batch)
			}, 0,
		},
		"nobody wears the device, and nobody can be asked": {
			func(d *door) {
				d.storeDown = true
				_, _ = d.Receive(t.Context(), home, message(t, 1, nil))
			}, 0,
		},
		"a message that nobody can read": {func(d *door) { _, _ = d.Receive(t.Context(), home, []byte("hello")) }, 0},
	} {
		t.Run(story, func(t *testing.T) {
			w := newWard()
			d := &door{ward: w, Handler: w.handler(), t: t}
			d.at(0)
			live.tell(d)
			d.at(60)
			if got := d.Lag(); got != live.want {
				t.Errorf("%s, want %s", got, live.want)
			}
		})
	}
}

// A hub is turned away once, and is switched off. HUB OFFLINE speaks of it; the whole installation need not.
func TestAHubThatDoesNotComeAgainIsNotWaitedForForEver(t *testing.T) {
	w := newWard()
	d := &door{ward: w, Handler: w.handler(), t: t}
	d.journalDown = true
	d.gets(1)
	d.at(90)
	if d.Lag() != 90*time.Second {
		t.Errorf("after 90 s %s", d.Lag())
	}
	d.at(91)
	if d.Lag() != 0 {
		t.Errorf("later %s", d.Lag())
	}
}
