package alerts_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	patient  vitals.PatientID = "p-1"
	patch    vitals.DeviceID  = "a09e1a000001" // an ECG patch
	spare    vitals.DeviceID  = "a09e1a000002" // another ECG patch
	oximeter vitals.DeviceID  = "a09e1a000003"
	strap    vitals.DeviceID  = "a09e1a000004" // counts the heart rate itself
	scale    vitals.DeviceID  = "a09e1a000005"
	finger   vitals.DeviceID  = "a09e1a000006" // an oximeter that sends its wave
	home     vitals.HubID     = "hub-1"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// room is one patient in front of an engine, second by second: what the devices measured in a
// second is delivered at its end, and then the clock ticks.
type room struct {
	t       *testing.T
	engine  *alerts.Engine
	now     time.Time
	hub     vitals.HubID // through which it is delivered
	told    []alerts.Transition
	scores  bool // the transcript tells of the early warning score, too
	derived []vitals.Charted
	first   map[vitals.DeviceID]uint64 // index of the next sample
	passed  int                        // seconds, whatever the clock shows
	live    []string                   // what was told after how many of them
}

func newRoom(t *testing.T, devices ...vitals.DeviceID) *room {
	t.Helper()
	r := &room{t: t, engine: alerts.NewEngine(patient), now: start, hub: home, first: map[vitals.DeviceID]uint64{}}
	r.engine.Analyse(newScripted)
	r.engine.FindPulses(newScriptedPulses)
	if len(devices) == 0 {
		devices = []vitals.DeviceID{patch, spare, oximeter, strap, scale, finger}
	}
	r.engine.Bind(devices, start)
	return r
}

func (r *room) take(o alerts.Outcome) {
	for _, t := range o.Transitions {
		r.live = append(r.live, fmt.Sprintf("%ds %s %s", r.passed, t.Alarm.Condition, t.Change))
	}
	r.told = append(r.told, o.Transitions...)
	r.derived = append(r.derived, o.Derived...)
}

// measured is what one device sent in the second that begins at the time.
type measured func(r *room, at time.Time) vitals.Batch

// heart is a second of scripted ECG.
func heart(code int) measured { return heartOf(patch, vitals.ECGII, code) }

func heartOf(device vitals.DeviceID, kind vitals.Kind, code int) measured {
	return func(r *room, at time.Time) vitals.Batch {
		w := scriptedWave(kind, at, r.first[device], code, scriptHz)
		r.first[device] += scriptHz
		return vitals.Batch{Device: device, Waveforms: []vitals.Waveform{w}}
	}
}

func scriptedWave(kind vitals.Kind, at time.Time, first uint64, code, n int) vitals.Waveform {
	w := vitals.Waveform{
		Kind: kind, Start: at, Rate: vitals.Rate{Num: scriptHz, Den: 1}, Scale: vitals.Int(1),
		First: first, Samples: make([]int16, n),
	}
	for i := range w.Samples {
		w.Samples[i] = int16(code)
	}
	return w
}

func value(device vitals.DeviceID, kind vitals.Kind, v int64) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		return vitals.Batch{Device: device, Readings: []vitals.Reading{{Kind: kind, Time: at, Value: vitals.Int(v)}}}
	}
}

func oxygen(v int64) measured { return value(oximeter, vitals.SpO2, v) }

func unsure(m measured) measured {
	return func(r *room, at time.Time) vitals.Batch {
		b := m(r, at)
		b.Readings[0].Quality = vitals.Questionable
		return b
	}
}

func absent(m measured) measured {
	return func(r *room, at time.Time) vitals.Batch {
		b := m(r, at)
		b.Readings[0].Absent = vitals.NotANumber
		return b
	}
}

func event(device vitals.DeviceID, code vitals.EventCode, v int64) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		return vitals.Batch{Device: device, Events: []vitals.Event{{Code: code, Time: at, Value: vitals.Int(v)}}}
	}
}

// last lets the seconds pass, with the same measurements in each.
func (r *room) last(seconds int, all ...measured) {
	for range seconds {
		at := r.now
		r.now = r.now.Add(time.Second)
		r.passed++
		for _, m := range all {
			r.take(r.engine.Observe(vitals.Delivery{
				Patient: patient, Stream: vitals.Stream{Hub: r.hub}, Received: r.now, Batch: m(r, at),
			}))
		}
		r.take(r.engine.Tick(r.now))
	}
}

// open is the open alarm of the condition.
func (r *room) open(c alerts.Condition) alerts.Alarm {
	r.t.Helper()
	for _, a := range r.engine.Open() {
		if a.Condition == c {
			return a
		}
	}
	r.t.Fatalf("no open %s among %v", c, r.engine.Open())
	return alerts.Alarm{}
}

// ack acknowledges what is open.
func (r *room) ack(c alerts.Condition) {
	r.t.Helper()
	a := r.open(c)
	t, err := acknowledge(r.engine, seen(a, r.now.String()), r.now)
	if err != nil {
		r.t.Fatalf("acknowledge %s: %v", c, err)
	}
	r.take(alerts.Outcome{Transitions: []alerts.Transition{t}})
}

func seen(a alerts.Alarm, command string) alerts.Command {
	return alerts.Command{
		Kind: alerts.Acknowledge, Alarm: a.ID, ID: command, SeenVersion: a.Version, SeenPriority: a.Priority,
		Actor: "s-7", ActorName: "K. Lee", Role: vitals.Nurse, Station: "desk-1",
	}
}

// acknowledge is the command's first transition, where there is one.
func acknowledge(e *alerts.Engine, c alerts.Command, now time.Time) (alerts.Transition, error) {
	out, _, err := e.Command(c, now)
	if len(out.Transitions) == 0 {
		return alerts.Transition{}, err
	}
	return out.Transitions[0], err
}

// command carries out what somebody wants, as story tells it.
func (r *room) command(c alerts.Command) error {
	c.Actor, c.ActorName, c.Station = "s-7", "K. Lee", "desk-1"
	if c.Role == "" {
		c.Role = vitals.Charge
	}
	out, _, err := r.engine.Command(c, r.now)
	r.take(out)
	return err
}

// transcript is what was told, a line each: seconds since the start, condition, change. The early warning score,
// which is made of everything, is told in stories of its own only.
func (r *room) transcript() []string {
	var lines []string
	for _, t := range r.told {
		if score := t.Alarm.Condition == alerts.NEWS2High || t.Alarm.Condition == alerts.NEWS2Medium; score && !r.scores {
			continue
		}
		line := fmt.Sprintf("%ds %s %s", int(t.At.Sub(start).Seconds()), t.Alarm.Condition, t.Change)
		switch t.Change {
		case alerts.Raised, alerts.Recurred:
			line += ": " + t.Alarm.Detail
			if t.Alarm.Suppressor != "" {
				line += ", by the outage"
			}
		case alerts.Ceased:
			line += " " + string(t.Alarm.Reason)
		default:
		}
		lines = append(lines, line)
	}
	return lines
}

// story is what happened and what must have been told about it.
type story struct {
	name string
	tell func(r *room)
	want []string
}

func check(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			r := newRoom(t)
			s.tell(r)
			if diff := cmp.Diff(s.want, r.transcript()); diff != "" {
				t.Errorf("transitions (-want +got):\n%s", diff)
			}
		})
	}
}

// codeOf is the reason of a refused acknowledgement.
func codeOf(err error) alerts.RefusalCode {
	var refused *alerts.RefusedError
	if !errors.As(err, &refused) {
		return ""
	}
	return refused.Code
}
