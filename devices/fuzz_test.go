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
		if err != nil && !b.Empty() {
			t.Fatalf("%s: both an error and a batch", name)
		}
		checkBounds(t, name, b, len(frame))
	})
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
