package devices_test

import (
	"fmt"
	"testing"

	"vigil/devices"
	"vigil/vitals"
)

// This file is what CONTRIBUTING calls a new device: a decoder that registers itself, and nothing else
// but its recorded frames in testdata. The golden walk and the fuzz target have found it by themselves.

const bracelet = "dropin/bracelet"

func init() { devices.Register(bracelet, decodeBracelet) }

// decodeBracelet reads a made-up bracelet, which sends two bytes: 0xB7, and beats a minute.
func decodeBracelet(f devices.Frame) (vitals.Batch, error) {
	const mark, length = 0xB7, 2
	if len(f.Bytes) != length || f.Bytes[0] != mark {
		return vitals.Batch{}, fmt.Errorf("%d bytes are no value of a bracelet: %w", len(f.Bytes), devices.ErrMalformed)
	}
	return vitals.Batch{Device: f.Device, Readings: []vitals.Reading{
		{Kind: vitals.PulseRate, Time: f.Received, Value: vitals.Int(int64(f.Bytes[1]))},
	}}, nil
}

func TestDeviceIsAddedByDroppingOneFileIn(t *testing.T) {
	if _, known := devices.Lookup(bracelet); !known {
		t.Error("the decoder is not registered")
	}
	frames := recorded(t, bracelet)
	if len(frames) != 2 {
		t.Errorf("its recorded frames are %v", frames)
	}
	for _, path := range frames {
		compareWithGolden(t, bracelet, path)
	}
}
