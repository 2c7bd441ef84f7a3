package uplink

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"vigil/vitals"
)

// Encode is the message as bytes. It refuses what Decode would refuse, so that a fault shows at
// the sender. Times are cut to microseconds.
func (m Message) Encode() ([]byte, error) {
	wire, err := m.wire()
	if err != nil {
		return nil, fmt.Errorf("encode message %d: %w", m.Seq, err)
	}
	b, err := encoding.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode message %d: %w", m.Seq, err)
	}
	if _, err := Decode(b); err != nil {
		return nil, fmt.Errorf("encode message %d: %w", m.Seq, err)
	}
	return b, nil
}

func (m Message) wire() (wireMessage, error) {
	device, err := octetsOf(m.Batch.Device)
	if err != nil {
		return wireMessage{}, err
	}
	readings, err := wireAll(m.Batch.Readings, wireReadingOf)
	if err != nil {
		return wireMessage{}, err
	}
	waves, err := wireAll(m.Batch.Waveforms, wireWaveOf)
	if err != nil {
		return wireMessage{}, err
	}
	events, err := wireAll(m.Batch.Events, wireEventOf)
	if err != nil {
		return wireMessage{}, err
	}
	return wireMessage{
		Version: new(uint64(Version)), Stream: &m.Stream, Seq: &m.Seq,
		HubTime: microsOf(m.HubTime), Clock: wireClockOf(m.Clock), Boot: &m.Boot,
		Device: device, Readings: readings, Waveforms: waves, Events: events,
	}, nil
}

func wireAll[T, W any](items []T, shape func(T) (W, error)) ([]cbor.RawMessage, error) {
	raw := make([]cbor.RawMessage, 0, len(items))
	for i, item := range items {
		w, err := shape(item)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		b, err := encoding.Marshal(w)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		raw = append(raw, b)
	}
	return raw, nil
}

func wireClockOf(c ClockQuality) *wireClock {
	return &wireClock{Source: new(uint8(c.Source)), Bound: unlessZero(uint32(c.Bound.Milliseconds()))}
}

// specials are the reasons for a missing value, in the order of their numbers on the wire.
var specials = []vitals.Absence{
	vitals.Present, vitals.NotANumber, vitals.PositiveInfinity, vitals.NegativeInfinity, vitals.DeviceError,
}

func wireReadingOf(r vitals.Reading) (wireReading, error) {
	info := r.Kind.Info()
	w := wireReading{
		Code: &info.MDC, Unit: &info.MDCUnit, Time: microsOf(r.Time),
		TimeQuality: unlessZero(uint8(r.TimeQuality)), Quality: unlessZero(uint8(r.Quality)),
	}
	if !r.DeviceTime.IsZero() {
		w.DeviceTime = microsOf(r.DeviceTime)
	}
	if r.Absent == vitals.Present {
		w.Mantissa, w.Exp = &r.Value.Mantissa, &r.Value.Exp
		return w, nil
	}
	for number, reason := range specials {
		if reason == r.Absent {
			w.Special = new(uint8(number))
			return w, nil
		}
	}
	return w, malformed("%q is no reason for a missing value", r.Absent)
}

func wireWaveOf(v vitals.Waveform) (wireWave, error) {
	enc, data := packSamples(v.Samples)
	return wireWave{
		Code: new(v.Kind.Info().MDC), Rate: &wireRate{Num: v.Rate.Num, Den: v.Rate.Den}, Start: microsOf(v.Start),
		Count: new(uint32(len(v.Samples))), Encoding: &enc,
		Scale: &wireDecimal{Mantissa: v.Scale.Mantissa, Exp: v.Scale.Exp}, Data: data, First: &v.First,
	}, nil
}

func wireEventOf(e vitals.Event) (wireEvent, error) {
	w := wireEvent{Code: new(string(e.Code)), Time: microsOf(e.Time), Detail: unlessZero(e.Detail)}
	if e.Value != (vitals.Decimal{}) {
		w.Value = &wireDecimal{Mantissa: e.Value.Mantissa, Exp: e.Value.Exp}
	}
	return w, nil
}
