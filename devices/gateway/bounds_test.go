package gateway_test

import (
	"errors"
	"strings"
	"testing"

	"vigil/devices"
	"vigil/devices/gateway"
)

// What no hub may send, no gateway may either: who stores a waveform and draws it relies on its bounds.
func TestAWaveformKeepsToTheBoundsOfAMessage(t *testing.T) {
	stories := map[string]struct{ rate, step, first, samples, want string }{
		"as it should be":             {"[512,1]", "0.1", "7", "[1,2,null]", string(phone) + " ecg_i"},
		"a sample every ten minutes":  {"[1,600]", "1", "0", "[1,2]", "refused: waveform 0: waveform covers 20m0s, more than 10m0s: malformed"},
		"steps of nothing":            {"[512,1]", "0", "0", "[1]", "refused: waveform 0: scale 0 is not positive: malformed"},
		"steps downwards":             {"[512,1]", "-0.5", "0", "[1]", "refused: waveform 0: scale -5 is not positive: malformed"},
		"more samples than a message": {"[512,1]", "1", "0", "[1" + strings.Repeat(",1", 65_536) + "]", "refused: waveform 0: 65537 samples is outside 1 to 65536: malformed"},
		"near the end of all numbers": {"[512,1]", "1", "18446744073709551615", "[1]", "refused: waveform 0: first index 18446744073709551615 is too large: malformed"},
	}
	for story, tc := range stories {
		t.Run(story, func(t *testing.T) {
			payload := `{"waveforms":[{"kind":"ecg_i","start":"2026-11-20T12:00:00Z","rate":` + tc.rate + `,"step":` + tc.step +
				`,"first":` + tc.first + `,"samples":` + tc.samples + `}]}`
			if got := said(read(t, "json", payload)[0]); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestTooManyPartsAreRefusedBeforeAnyIsRead(t *testing.T) {
	payload := "[" + strings.Repeat("{},", 10_000) + "{}]"
	parts, err := source(t, "tenovi").Read(frame([]byte(payload)))
	if !errors.Is(err, gateway.ErrTooMany) || !errors.Is(err, devices.ErrMalformed) || parts != nil {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

// A discovery goes with each notification behind it: a large one with many of them would become terabytes.
func TestADiscoveryIsNotRepeatedWithoutEnd(t *testing.T) {
	payload := `[{"uuid":"` + strings.Repeat("a", 1<<20) + `"}]` + strings.Repeat("\n{}", 1<<20)
	parts, err := source(t, "cassia").Read(frame([]byte(payload)))
	if !errors.Is(err, gateway.ErrTooMany) || parts != nil {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}
