package devices_test

import (
	"errors"
	"testing"

	"vigil/devices"
	"vigil/vitals"
)

// FuzzDecoders gives any bytes to every registered decoder; the first byte picks it. A decoder
// never panics, refuses with ErrMalformed, and makes no more than it was sent.
func FuzzDecoders(f *testing.F) {
	names := devices.Names()
	for i, name := range names {
		for _, path := range recorded(f, name) {
			f.Add(append([]byte{byte(i)}, readFrame(f, path)...))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		name, frame := names[int(input[0])%len(names)], input[1:]
		decode, _ := devices.Lookup(name)
		b, err := decode(devices.Frame{Device: "a09e1a000001", Received: received, Bytes: frame})
		if err != nil && !errors.Is(err, devices.ErrMalformed) {
			t.Fatalf("%s: error %v does not wrap ErrMalformed", name, err)
		}
		partly, is := errors.AsType[*devices.ItemsError](err)
		if err != nil && !is && !b.Empty() {
			t.Fatalf("%s: both an error and a batch", name)
		}
		if is {
			checkFaults(t, name, partly.Faults)
		}
		checkBounds(t, name, b, len(frame))
	})
}

// checkFaults has every fault of a frame be one, at a place of its own.
func checkFaults(t *testing.T, name string, faults []devices.Fault) {
	t.Helper()
	last := map[vitals.List]int{}
	for _, f := range faults {
		if before, there := last[f.Item.List]; there && f.Item.List != "" && f.Item.Index <= before {
			t.Errorf("%s: %s is at fault behind %d", name, f.Item, before)
		}
		if last[f.Item.List] = f.Item.Index; !errors.Is(f.Err, devices.ErrMalformed) {
			t.Errorf("%s: %s: error %v does not wrap ErrMalformed", name, f.Item, f.Err)
		}
	}
	if len(faults) == 0 {
		t.Errorf("%s: a fault without one", name)
	}
}

// statusEvents are the events that a frame may cause without carrying bytes of their own.
const statusEvents = 2

// samplesPerByte is how many samples of a flat line a byte may hold.
const samplesPerByte = 8

func checkBounds(t *testing.T, name string, b vitals.Batch, size int) {
	t.Helper()
	samples := 0
	for _, w := range b.Waveforms {
		samples += len(w.Samples)
		if w.Rate.Num == 0 || w.Rate.Den == 0 || !w.Kind.Valid() || w.Kind.Info().Shape != vitals.Sampled {
			t.Errorf("%s: waveform %s at %d/%d Hz", name, w.Kind, w.Rate.Num, w.Rate.Den)
		}
	}
	if samples > samplesPerByte*size || len(b.Readings) > size || len(b.Events) > size+statusEvents {
		t.Errorf("%s: %d bytes made %d samples, %d readings and %d events", name, size, samples, len(b.Readings), len(b.Events))
	}
	for _, r := range b.Readings {
		if !r.Kind.Valid() || r.Kind.Info().Shape == vitals.Sampled || r.Time.IsZero() {
			t.Errorf("%s: reading of %s at %s", name, r.Kind, r.Time)
		}
	}
}
