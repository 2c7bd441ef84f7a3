package strap_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/hub/bluez"
	"vigil/devices/hub/strap"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// worn is a strap that notes what it is told.
type worn struct {
	mtu    int
	silent string // the characteristic that only listens
	told   []string
	fails  error
}

func (w *worn) Characteristic(uuid string) (bluez.Characteristic, error) {
	flags := []string{"notify"}
	if uuid == w.silent {
		flags = []string{"write"}
	}
	return bluez.Characteristic{UUID: uuid, MTU: w.mtu, Flags: flags}, w.fails
}

func (w *worn) Subscribe(_ context.Context, uuid string) error {
	w.told = append(w.told, "subscribe "+uuid[4:8])
	return nil
}

func (w *worn) Write(_ context.Context, uuid string, value []byte) error {
	w.told = append(w.told, "write "+uuid[4:8]+" "+hex.EncodeToString(value))
	return w.fails
}

func TestECGIsAskedForAndStopped(t *testing.T) {
	for name, tc := range map[string]struct {
		ecg    *strap.ECG
		silent string
		told   []string
	}{
		"Polar, as in a recorded session": {strap.Polar(), "", []string{
			"subscribe 5c81", "subscribe 5c82", "write 5c81 02000001820001010e00", "write 5c81 0300",
		}},
		"Movesense, which answers where it sends": {strap.Movesense(), strap.MovesenseControl, []string{
			"subscribe 0002", "write 0001 01042f4d6561732f4543472f323530", "write 0001 0204",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &worn{mtu: 517, silent: tc.silent}
			if err := errors.Join(tc.ecg.Start(t.Context(), w), tc.ecg.Stop(t.Context(), w)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(w.told, tc.told) {
				t.Errorf("told %q", w.told)
			}
		})
	}
}

func TestSmallPacketsAreSeenBeforeTheStrapIsTold(t *testing.T) {
	w := &worn{mtu: 65}
	for _, ecg := range []*strap.ECG{strap.Polar(), strap.Movesense()} {
		if err := ecg.Start(t.Context(), w); !errors.Is(err, strap.ErrMTU) || len(w.told) > 0 {
			t.Errorf("%v after %q", err, w.told)
		}
	}
}

func TestAnswersOfTheStrap(t *testing.T) {
	for name, tc := range map[string]struct {
		ecg     *strap.ECG
		uuid    string
		value   string
		refused bool
	}{
		"started":                   {strap.Polar(), strap.PolarControl, "f0020000000000", false},
		"was on already":            {strap.Polar(), strap.PolarControl, "f00200060000", false},
		"packets too small":         {strap.Polar(), strap.PolarControl, "f002000a00", true},
		"on the charger":            {strap.Polar(), strap.PolarControl, "f002000d", true},
		"stopped":                   {strap.Polar(), strap.PolarControl, "f0030000", false},
		"answer to a question":      {strap.Polar(), strap.PolarControl, "f001000a00", false},
		"cut short":                 {strap.Polar(), strap.PolarControl, "f002", false},
		"features":                  {strap.Polar(), strap.PolarControl, "0f0500000000", false},
		"Movesense has it":          {strap.Movesense(), strap.MovesenseData, "0104c800", false},
		"Movesense has no such ECG": {strap.Movesense(), strap.MovesenseData, "01049401", true},
	} {
		value, err := hex.DecodeString(tc.value)
		if err != nil {
			t.Fatal(err)
		}
		b, err := tc.ecg.Read(tc.uuid, value, noon)
		if errors.Is(err, strap.ErrRefused) != tc.refused || err != nil && !tc.refused || !b.Empty() {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

func TestFramesFollowEachOtherOnTheHubsTimeLine(t *testing.T) {
	ecg := strap.Movesense()
	for i := range 3 {
		value, err := gatt.EncodeMovesense(gatt.MovesenseFrame{RateHz: 250, Clock: uint32(64 * i), Raw: make([]int32, 16)})
		if err != nil {
			t.Fatal(err)
		}
		late := time.Duration(i%2) * 30 * time.Millisecond // by the radio
		b, err := ecg.Read(strap.MovesenseData, value, noon.Add(time.Duration(i)*64*time.Millisecond+late))
		if err != nil || len(b.Waveforms) != 1 {
			t.Fatalf("%+v, %v", b, err)
		}
		if w := b.Waveforms[0]; w.First != uint64(16*i) || w.Start.Sub(noon.Add(time.Duration(i)*64*time.Millisecond-60*time.Millisecond)).Abs() > 3*time.Millisecond {
			t.Errorf("frame %d begins with sample %d at %s", i, w.First, w.Start)
		}
	}
	if _, err := ecg.Read(strap.MovesenseData, []byte{2, 4, 0}, noon); !errors.Is(err, devices.ErrMalformed) {
		t.Errorf("a torn frame: %v", err)
	}
}
