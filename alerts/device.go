package alerts

import (
	"slices"
	"strings"
	"time"

	"vigil/vitals"
)

const (
	// lateAfter is the age beyond which data is charted and never alarmed as new.
	lateAfter = 10 * time.Minute
	// bindGrace is how long a device may take to be heard for the first time after it was assigned,
	// or after a restart of the server: hubs need to connect again, and a ward must not light up.
	bindGrace = 60 * time.Second
)

// device is one assigned device.
type device struct {
	id       vitals.DeviceID
	hub      vitals.HubID // through which it was last heard
	assigned instant      // server time
	clock    clock        // the times below are on the server's timeline
	pace     Pace         // whether its silence is news
	heard    instant      // server time of the newest delivery with streamed values that were news
	ecg      instant      // the same, with an ECG; zero until it sends one
	lead     *lead        // of its ECG channels the one that is judged, nil until it sends one
	other    *lead        // one that is analysed beside it, nil where there is none
	pleth    *pleth       // nil until it sends the wave of an oximeter
	contact  held         // electrodes or sensor off
	battery  held
	skew     skew // of its own clock
}

// released is a device that was taken away.
type released struct {
	id    vitals.DeviceID
	at    time.Time
	ahead time.Duration // of its clock
}

// Bind says which devices are assigned to the patient now. The others are no longer watched, and
// the next Tick closes the alarms about them.
func (e *Engine) Bind(devices []vitals.DeviceID, now time.Time) {
	e.discharged = e.discharged && len(devices) == 0
	kept := e.devices[:0]
	for _, dev := range e.devices {
		if slices.Contains(devices, dev.id) {
			kept = append(kept, dev)
		} else {
			e.released = append(e.released, released{id: dev.id, at: now, ahead: dev.clock.ahead})
		}
	}
	clear(e.devices[len(kept):])
	e.devices = kept
	for _, id := range devices {
		e.assign(id, now)
	}
}

// Streamed tells that the device was known to stream before this engine was made: its silence is
// then noticed even if it is never heard again.
func (e *Engine) Streamed(id vitals.DeviceID) {
	if dev := e.bound(id); dev != nil {
		dev.pace.steady = true
	}
}

// assign is the device, which is bound from now on.
func (e *Engine) assign(id vitals.DeviceID, now time.Time) *device {
	i, known := slices.BinarySearchFunc(e.devices, id, func(d *device, id vitals.DeviceID) int {
		return strings.Compare(string(d.id), string(id))
	})
	if !known {
		e.devices = slices.Insert(e.devices, i, &device{id: id, assigned: instantOf(now)})
		e.released = slices.DeleteFunc(e.released, func(r released) bool { return r.id == id })
	}
	return e.devices[i]
}

// bound is the assigned device, nil for another.
func (e *Engine) bound(id vitals.DeviceID) *device {
	for _, dev := range e.devices {
		if dev.id == id {
			return dev
		}
	}
	return nil
}

// aheadOf is how far the device's clock is ahead of the server's; zero where nobody knows.
func (e *Engine) aheadOf(id vitals.DeviceID) time.Duration {
	if dev := e.bound(id); dev != nil {
		return dev.clock.ahead
	}
	return 0
}

// sender is the device of the delivery, nil where the delivery is not to be judged.
func (e *Engine) sender(d vitals.Delivery) *device {
	if dev := e.bound(d.Batch.Device); dev != nil || e.discharged {
		return dev
	}
	newest := newestValue(d.Batch, anything)
	for _, r := range e.released {
		if r.id == d.Batch.Device && !newest.After(r.at.Add(r.ahead)) {
			return nil
		}
	}
	return e.assign(d.Batch.Device, d.Received)
}

// anything lets all kinds count.
func anything(vitals.Kind) bool { return true }

// newestValue is the time of the newest value in the batch of the kinds that count, zero for none.
func newestValue(b vitals.Batch, counts func(vitals.Kind) bool) time.Time {
	var newest time.Time
	for i := range b.Waveforms {
		if end := b.Waveforms[i].End(); counts(b.Waveforms[i].Kind) && end.After(newest) {
			newest = end
		}
	}
	for i := range b.Readings {
		if at := b.Readings[i].Time; at.After(newest) && counts(b.Readings[i].Kind) {
			newest = at
		}
	}
	return newest
}

// continues reports whether samples of the ECG are by their number those behind the last that were consumed.
func (d *device) continues(waves []vitals.Waveform) bool {
	return slices.ContainsFunc([]*lead{d.lead, d.other}, func(l *lead) bool {
		return l != nil && slices.ContainsFunc(waves, func(w vitals.Waveform) bool {
			return w.Kind == l.kind && w.Rate == l.rate && w.First == l.next
		})
	})
}

// receive notes a sign of life. Repeats and old backlog are none: nothing in them can be judged.
func (d *device) receive(v vitals.Delivery) {
	d.hub = v.Stream.Hub
	newest := newestValue(v.Batch, streamed)
	if !newest.After(d.pace.newest.Time()) || late(newest, v.Received) {
		return
	}
	d.heard = instantOf(v.Received)
	d.pace.Take(v)
}

// late reports whether a sample of that time is too old to be news at now.
func late(sample, now time.Time) bool { return now.Sub(sample) > lateAfter }

// silent reports whether a continuous device has not been heard for longer than it may.
func (d *device) silent(now time.Time) bool {
	return d.pace.steady && now.Sub(d.heard.Time()) > staleAfter
}
