package home

import (
	"fmt"
	"math"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/sim/fault"
	"vigil/devices/sim/heart"
	"vigil/vitals"
)

// Movesense is a sensor on the chest that sends its ECG in notifications of 16 samples.
type Movesense struct {
	ID      vitals.DeviceID
	Patient Patient
	RateHz  uint32
	Air     *fault.Home

	clock uint64 // samples since it began
	place gatt.MovesenseClock
	off   bool
}

// notifications is how many of them are measured at once: about those of a second.
const notifications = 16

// Device names the sensor.
func (m *Movesense) Device() vitals.DeviceID { return m.ID }

// Every is the time of the notifications that are measured at once.
func (m *Movesense) Every() time.Duration {
	return vitals.Rate{Num: m.RateHz, Den: 1}.Span(notifications * gatt.MovesenseSamples)
}

// Measure is what arrived since the last time, each notification at its own moment.
func (m *Movesense) Measure(at time.Time) (vitals.Batch, error) {
	b := vitals.Batch{Device: m.ID}
	length := vitals.Rate{Num: m.RateHz, Den: 1}.Span(gatt.MovesenseSamples)
	for left := range notifications {
		one, err := m.notification(at.Add(-time.Duration(notifications-1-left) * length))
		if err != nil {
			return b, err
		}
		b.Waveforms, b.Events = append(b.Waveforms, one.Waveforms...), append(b.Events, one.Events...)
	}
	if off := m.Patient.Rhythm() == heart.LeadsOff; off || m.off {
		code := vitals.ContactMade
		if off {
			code = vitals.ContactLost
		}
		b.Events, m.off = append(b.Events, vitals.Event{Code: code, Time: at}), off
	}
	return b, nil
}

// notification sends the next samples through the air.
func (m *Movesense) notification(at time.Time) (vitals.Batch, error) {
	const step = 40_960.0 / 15_625 // of the sensor's converter in a microvolt
	sent := gatt.MovesenseFrame{
		RateHz: m.RateHz, Clock: uint32(vitals.Rate{Num: m.RateHz, Den: 1}.Span(int(m.clock)) / time.Millisecond),
	}
	m.clock += gatt.MovesenseSamples
	for _, uv := range m.Patient.ECG(gatt.MovesenseSamples) {
		if uv == vitals.Missing {
			uv = 0 // what an open electrode shows
		}
		sent.Raw = append(sent.Raw, int32(math.Round(float64(uv)*step)))
	}
	value, err := gatt.EncodeMovesense(sent)
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("send ECG: %w", err)
	}
	f := devices.Frame{Device: m.ID, Received: at, Bytes: m.Air.Carry(value)}
	read, err := gatt.DecodeMovesense(f.Bytes)
	if err != nil {
		return received(vitals.Batch{}, err, f)
	}
	return vitals.Batch{Waveforms: []vitals.Waveform{m.place.Place(read, at)}}, nil
}
