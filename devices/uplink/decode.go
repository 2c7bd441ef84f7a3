package uplink

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"vigil/devices"
	"vigil/vitals"
)

// ErrTooLarge says that a message, or a sequence of them, is larger than may be. It wraps
// devices.ErrMalformed.
var ErrTooLarge = fmt.Errorf("%w: too large", devices.ErrMalformed)

// Decode reads a message. The error wraps devices.ErrMalformed; it is a *HeaderError where the bytes still told device,
// stream and number. Where it is a *devices.ItemsError, too, the message beside it holds the items that could be read,
// if any: a hub does not send again what is refused, and a kind that is not known here must not cost the others.
func Decode(b []byte) (Message, error) {
	if len(b) > MaxMessage {
		w := headerOf(b)
		return Message{}, w.blame(fmt.Errorf("message of %d bytes exceeds %d: %w", len(b), MaxMessage, ErrTooLarge))
	}
	var w wireMessage
	if err := decoding.Unmarshal(b, &w); err != nil {
		if w, itself := piecemeal(b); itself == nil { // the fault is in an item
			m, err := w.message()
			return m, w.blame(err)
		}
		header := headerOf(b)
		return Message{}, header.blame(malformed("read message: %v", readable(err)))
	}
	m, err := w.message()
	return m, w.blame(err)
}

// unmarshal reads one CBOR item that fills b.
func unmarshal(b []byte, into any) error {
	if err := decoding.Unmarshal(b, into); err != nil {
		return malformed("%v", readable(err))
	}
	return nil
}

// readable names the faults whose text in the library speaks of Go, not of the message.
func readable(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the bytes end too early")
	}
	if extra, ok := errors.AsType[*cbor.ExtraneousDataError](err); ok {
		return fmt.Errorf("bytes follow the end: %w", extra)
	}
	if dup, ok := errors.AsType[*cbor.DupMapKeyError](err); ok {
		return fmt.Errorf("key %v stands twice", dup.Key)
	}
	if wrong, ok := errors.AsType[*cbor.UnmarshalTypeError](err); ok {
		field := wrong.StructFieldName[strings.LastIndexByte(wrong.StructFieldName, '.')+1:]
		if field == "" {
			return fmt.Errorf("%s stands where something else belongs", wrong.CBORType)
		}
		return fmt.Errorf("%s cannot stand in field %s", wrong.CBORType, field)
	}
	if unknown, ok := errors.AsType[*cbor.UnknownFieldError](err); ok {
		return fmt.Errorf("field at place %d is unknown", unknown.Index)
	}
	return err
}

// blame names the message that err is about, where the header could be read.
func (w *wireMessage) blame(err error) error {
	if err == nil {
		return nil
	}
	device, deviceErr := deviceOf(w.Device)
	if deviceErr != nil || w.Stream == nil || w.Seq == nil || *w.Seq == 0 {
		return err
	}
	return &HeaderError{Device: device, Stream: *w.Stream, Seq: *w.Seq, Err: err}
}

func (w *wireMessage) message() (Message, error) {
	version, err := required("version", w.Version)
	if err == nil && version != Version {
		err = malformed("version %d is not %d", version, Version)
	}
	stream, streamErr := required("stream", w.Stream)
	seq, seqErr := required("sequence number", w.Seq)
	if seqErr == nil && seq == 0 {
		seqErr = malformed("sequence number is 0; counting begins at 1")
	}
	hubTime, timeErr := timeOf("hub time", w.HubTime)
	clock, clockErr := w.Clock.quality()
	boot, bootErr := required("boot", w.Boot)
	if err := firstOf(err, streamErr, seqErr, timeErr, clockErr, bootErr); err != nil {
		return Message{}, err
	}
	batch, err := w.batch()
	if batch.Empty() {
		return Message{}, err
	}
	return Message{Stream: stream, Seq: seq, HubTime: hubTime, Clock: clock, Boot: boot, Batch: batch}, err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *wireClock) quality() (ClockQuality, error) {
	if c == nil || c.Source == nil {
		return ClockQuality{}, malformed("clock quality is missing")
	}
	if *c.Source > uint8(ClockNTS) {
		return ClockQuality{}, malformed("clock source %d is unknown", *c.Source)
	}
	return ClockQuality{Source: ClockSource(*c.Source), Bound: time.Duration(orZero(c.Bound)) * time.Millisecond}, nil
}

func (w *wireMessage) batch() (vitals.Batch, error) {
	device, err := deviceOf(w.Device)
	if err != nil {
		return vitals.Batch{}, err
	}
	switch n := len(w.Readings) + len(w.Waveforms) + len(w.Events); {
	case n == 0:
		return vitals.Batch{}, malformed("message carries nothing")
	case n > MaxItems:
		return vitals.Batch{}, malformed("%d items, more than %d", n, MaxItems)
	}
	b := vitals.Batch{Device: device}
	var faults []devices.Fault
	b.Readings = readAll(&faults, vitals.ReadingList, w.Readings, wireReading.reading)
	room := uint32(MaxSamples)
	b.Waveforms = readAll(&faults, vitals.WaveformList, w.Waveforms, func(w wireWave) (vitals.Waveform, error) {
		n := orZero(w.Count)
		if n > room {
			return vitals.Waveform{}, malformed("the message holds more than %d samples", MaxSamples)
		}
		room -= n
		return w.waveform()
	})
	b.Events = readAll(&faults, vitals.EventList, w.Events, wireEvent.event)
	if faults != nil {
		return b, &devices.ItemsError{Faults: faults}
	}
	return b, nil
}

// readAll reads the items of a list, and notes those that it cannot.
func readAll[W, T any](faults *[]devices.Fault, list vitals.List, raw []cbor.RawMessage, read func(W) (T, error)) []T {
	if len(raw) == 0 {
		return nil
	}
	items := make([]T, 0, len(raw))
	for i, r := range raw {
		var w W
		err := unmarshal(r, &w)
		if err == nil {
			var item T
			if item, err = read(w); err == nil {
				items = append(items, item)
				continue
			}
		}
		*faults = append(*faults, devices.Fault{Item: vitals.Item{List: list, Index: i}, Err: err})
	}
	return items
}

func kindOf(code *uint32, sampled bool) (vitals.Kind, error) {
	mdc, err := required("code", code)
	if err != nil {
		return 0, err
	}
	kind, known := vitals.KindByMDC(mdc)
	switch {
	case !known:
		return 0, malformed("code %d is not one that Vigil measures", mdc)
	case sampled != (kind.Info().Shape == vitals.Sampled):
		return 0, malformed("%s stands among the wrong items", kind)
	}
	return kind, nil
}

func (w wireReading) reading() (vitals.Reading, error) {
	kind, err := kindOf(w.Code, false)
	if err != nil {
		return vitals.Reading{}, err
	}
	at, err := timeOf("time", w.Time)
	if err != nil {
		return vitals.Reading{}, err
	}
	r := vitals.Reading{
		Kind: kind, Time: at,
		Quality: vitals.Quality(orZero(w.Quality)), TimeQuality: vitals.TimeQuality(orZero(w.TimeQuality)),
	}
	switch {
	case w.Unit != nil && *w.Unit != kind.Info().MDCUnit:
		return r, malformed("%s is in unit %d, not %d", kind, *w.Unit, kind.Info().MDCUnit)
	case r.Quality > vitals.Questionable:
		return r, malformed("quality %d is unknown", r.Quality)
	case r.TimeQuality > vitals.TimeDeviceUnverified:
		return r, malformed("time quality %d is unknown", r.TimeQuality)
	}
	if w.DeviceTime != nil {
		if r.DeviceTime, err = timeOf("device time", w.DeviceTime); err != nil {
			return r, err
		}
	}
	r.Value, r.Absent, err = w.value()
	return r, err
}

func (w wireReading) value() (vitals.Decimal, vitals.Absence, error) {
	switch {
	case w.Special == nil && (w.Mantissa == nil || w.Exp == nil):
		return vitals.Decimal{}, "", malformed("value is missing")
	case w.Special == nil:
		return vitals.NewDecimal(*w.Mantissa, *w.Exp), vitals.Present, nil
	case w.Mantissa != nil || w.Exp != nil:
		return vitals.Decimal{}, "", malformed("both a value and a reason for having none")
	case *w.Special == 0 || int(*w.Special) >= len(specials):
		return vitals.Decimal{}, "", malformed("special value %d is unknown", *w.Special)
	}
	return vitals.Decimal{}, specials[*w.Special], nil
}

func (w wireEvent) event() (vitals.Event, error) {
	name, err := required("event code", w.Code)
	if err != nil {
		return vitals.Event{}, err
	}
	code := vitals.EventCode(name)
	if !slices.Contains(vitals.EventCodes, code) {
		return vitals.Event{}, malformed("event %.40q is unknown", name)
	}
	at, err := timeOf("event time", w.Time)
	if err != nil {
		return vitals.Event{}, err
	}
	detail, err := textOf("event detail", w.Detail)
	if err != nil {
		return vitals.Event{}, err
	}
	v := orZero(w.Value)
	return vitals.Event{Code: code, Time: at, Value: vitals.NewDecimal(v.Mantissa, v.Exp), Detail: detail}, nil
}
