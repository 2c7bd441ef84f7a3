// Package home is a simulated home: wearables on a patient, and what the hub does with what they
// send. The bytes of each wearable are made and read by package gatt, as in a real home.
package home

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"vigil/devices/sim/fault"
	"vigil/devices/sim/heart"
	"vigil/vitals"
)

// Patient is where the signals come from. Wearables of one home share it; the home asks from one
// goroutine.
type Patient interface {
	ECG(n int) []int16 // the next samples in µV, vitals.Missing for those that no electrode sees
	Rate() float64     // heart rate per minute; zero without a pulse
	SpO2() float64     // percent
	Intervals() []float64
	Rhythm() heart.Rhythm
}

// Wearable is one device on the patient. Its values go into one stream.
type Wearable interface {
	Device() vitals.DeviceID
	Every() time.Duration // between two measurements
	// Measure is what the hub makes of what the device sent at that time.
	Measure(at time.Time) (vitals.Batch, error)
}

// Spool keeps what is to be sent.
type Spool interface {
	Add(b vitals.Batch, now time.Time) error
}

// Home is a patient with wearables and a hub.
type Home struct {
	Hub       vitals.HubID
	Patient   Patient
	Wearables []Wearable
	Spool     Spool
	Cut       func(offline bool) // pulls the hub's cable, may be nil
	Faults    *fault.Home        // what else goes wrong, may be nil
	Log       *slog.Logger

	began time.Time
	off   time.Duration                                   // how far the hub's clock is off
	told  map[vitals.DeviceID]map[vitals.EventCode]string // last state told, by device and what it is about
}

// firstSpot is when a device that measures now and then does so first.
const firstSpot = 10 * time.Second

// maxCatchUp is how far a home may fall behind the clock and still make up for it. A computer that
// slept longer leaves a gap, as a hub without power does.
const maxCatchUp = time.Minute

// Run measures until the context ends. The first measurements come one period after begin.
func (h *Home) Run(ctx context.Context, begin time.Time) error {
	begin = begin.Round(0) // by the wall clock alone: the other one stops while a computer sleeps
	h.began, h.told = begin, map[vitals.DeviceID]map[vitals.EventCode]string{}
	due := make([]time.Time, len(h.Wearables))
	for i, w := range h.Wearables {
		due[i] = begin.Add(min(w.Every(), firstSpot+time.Duration(i)*time.Second))
		if err := h.keep(vitals.Batch{Device: w.Device(), Events: []vitals.Event{
			{Code: vitals.DeviceConnected, Time: begin},
			{Code: vitals.BatteryLevel, Time: begin, Value: vitals.Int(90)},
		}}, begin); err != nil {
			return err
		}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := slices.MinFunc(due, time.Time.Compare)
		timer.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		i := slices.IndexFunc(due, next.Equal)
		if time.Since(next) > maxCatchUp {
			next = time.Now().Round(0)
		}
		due[i] = next.Add(h.Wearables[i].Every())
		if err := h.measure(h.Wearables[i], next); err != nil {
			return err
		}
	}
}

func (h *Home) measure(w Wearable, at time.Time) error {
	since := at.Sub(h.began)
	if off := h.Faults.Clock(since); off != h.off {
		step := vitals.NewDecimal((off - h.off).Milliseconds(), -3)
		h.off = off
		if err := h.keep(vitals.Batch{Device: w.Device(), Events: []vitals.Event{
			{Code: vitals.ClockStep, Time: at.Add(off), Value: step},
		}}, at.Add(off)); err != nil {
			return err
		}
	}
	at = at.Add(h.off)
	b, err := w.Measure(at)
	if err != nil {
		return fmt.Errorf("measure with device %s: %w", w.Device(), err)
	}
	if h.Cut != nil {
		h.Cut(h.Patient.Rhythm() == heart.Offline || h.Faults.Out(since))
	}
	b.Events = slices.DeleteFunc(b.Events, func(e vitals.Event) bool { return !h.news(b.Device, e) })
	return h.keep(b, at)
}

func (h *Home) keep(b vitals.Batch, at time.Time) error {
	if b.Empty() {
		return nil
	}
	if err := h.Spool.Add(b, at); err != nil {
		return fmt.Errorf("keep values of device %s: %w", b.Device, err)
	}
	return nil
}

// news reports whether the event tells a state other than the last one: decoders tell the state of
// a contact in every frame, a hub hands on its changes. Each call for help is news.
func (h *Home) news(d vitals.DeviceID, e vitals.Event) bool {
	if e.Code.Call() {
		return true
	}
	about, state := e.Code, e.Detail
	if about == vitals.ContactLost || about == vitals.ContactMade {
		about, state = vitals.ContactMade, string(e.Code)
	}
	last := h.told[d]
	if last == nil {
		last = map[vitals.EventCode]string{}
		h.told[d] = last
	}
	before, known := last[about]
	last[about] = state
	return !known || before != state
}
