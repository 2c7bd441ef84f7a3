package gatt_test

import (
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

var movesenseRates = []uint32{125, 128, 200, 250, 256, 500, 512}

func TestMovesenseSurvivesTheAir(t *testing.T) {
	survives(t, func(t *rapid.T) gatt.MovesenseFrame {
		return gatt.MovesenseFrame{
			RateHz: rapid.SampledFrom(movesenseRates).Draw(t, "rate"), Clock: rapid.Uint32().Draw(t, "clock"),
			Raw: rapid.SliceOfN(rapid.Int32(), gatt.MovesenseSamples, gatt.MovesenseSamples).Draw(t, "raw"),
		}
	}, gatt.EncodeMovesense, gatt.DecodeMovesense)
}

func TestAskingASensorForItsECG(t *testing.T) {
	value, err := gatt.EncodeMovesenseStart(200)
	if want := "\x01\x03/Meas/ECG/200"; err != nil || string(value) != want {
		t.Errorf("%q, %v", value, err)
	}
	value, err = gatt.EncodeMovesenseStop(200)
	if got := hex.EncodeToString(value); err != nil || got != "0203" {
		t.Errorf("%s, %v", got, err)
	}
	for story, encode := range map[string]func() ([]byte, error){
		"start at 130 Hz": func() ([]byte, error) { return gatt.EncodeMovesenseStart(130) },
		"stop at 0 Hz":    func() ([]byte, error) { return gatt.EncodeMovesenseStop(0) },
		"data at 130 Hz": func() ([]byte, error) {
			return gatt.EncodeMovesense(gatt.MovesenseFrame{RateHz: 130, Raw: make([]int32, gatt.MovesenseSamples)})
		},
		"no samples": func() ([]byte, error) { return gatt.EncodeMovesense(gatt.MovesenseFrame{RateHz: 125}) },
	} {
		if value, err := encode(); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s: %x, %v", story, value, err)
		}
	}
}

func TestRepliesOfASensor(t *testing.T) {
	for digits, want := range map[string]gatt.MovesenseReply{"0103c800": {3, 200}, "01039401": {3, 404}, "0103c80001ff": {3, 200}} {
		if got, err := gatt.DecodeMovesenseReply(bytesOf(t, digits)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", digits, got, err)
		}
	}
	for _, digits := range []string{"", "0103c8", "0203c800"} {
		if got, err := gatt.DecodeMovesenseReply(bytesOf(t, digits)); !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s: %+v, %v", digits, got, err)
		}
	}
}

func TestStepsOfASensorAreMicrovolts(t *testing.T) {
	raw := make([]int32, gatt.MovesenseSamples)
	copy(raw, []int32{1, 2, -2, 2621, 52_429, 52_430, -52_430, 52_432})
	value, err := gatt.EncodeMovesense(gatt.MovesenseFrame{RateHz: 250, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	b := decode(t, "gatt/movesense", value)
	want := append([]int16{0, 1, -1, 1000, 20_000, 20_000, -20_000, vitals.Missing}, make([]int16, 8)...)
	if diff := cmp.Diff(want, b.Waveforms[0].Samples); diff != "" {
		t.Error(diff)
	}
	if w := b.Waveforms[0]; w.Rate != (vitals.Rate{Num: 250, Den: 1}) || w.Kind != vitals.ECG || !lastOf(w).Equal(noon) {
		t.Errorf("%+v", w)
	}
	if len(b.Events) != 1 || b.Events[0].Value != vitals.Int(1) {
		t.Errorf("%+v", b.Events)
	}
}

func TestNotificationsFollowEachOtherThoughTheirClockIsCoarse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radio := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "radio"), 0))
		rateHz := rapid.SampledFrom(movesenseRates).Draw(t, "rate")
		hz := float64(rateHz) * rapid.Float64Range(0.9998, 1.0002).Draw(t, "crystal")
		var clock gatt.MovesenseClock
		var before vitals.Waveform
		for i := range 300 {
			began := time.Duration(float64(i*gatt.MovesenseSamples) / hz * 1e9)
			last := began + time.Duration((gatt.MovesenseSamples-1)/hz*1e9)
			m := gatt.MovesenseFrame{RateHz: rateHz, Clock: uint32(began.Milliseconds()), Raw: make([]int32, gatt.MovesenseSamples)}
			w := clock.Place(m, noon.Add(last+time.Duration(radio.ExpFloat64()*float64(20*time.Millisecond))))
			if i > 0 && w.First != before.First+gatt.MovesenseSamples {
				t.Fatalf("notification %d begins at sample %d, the one before at %d", i, w.First, before.First)
			}
			if gap := w.Start.Sub(before.End()); i > 0 && gap.Abs() > w.Rate.Span(1)/4+time.Microsecond {
				t.Fatalf("notification %d begins %v after the end of the one before", i, gap)
			}
			before = w
		}
	})
}

func TestALostNotificationLeavesAGap(t *testing.T) {
	var clock gatt.MovesenseClock
	raw := make([]int32, gatt.MovesenseSamples)
	at := func(ms uint32) vitals.Waveform {
		m := gatt.MovesenseFrame{RateHz: 250, Clock: ms, Raw: raw}
		return clock.Place(m, noon.Add(time.Duration(ms+60)*time.Millisecond))
	}
	before := at(1000)
	if w := at(1000 + 3*64); w.First != before.First+3*gatt.MovesenseSamples {
		t.Errorf("begins at sample %d", w.First)
	}
	if w := at(0); w.First <= before.First+3*gatt.MovesenseSamples-1 { // the sensor restarted
		t.Errorf("begins at sample %d", w.First)
	}
}

func TestAnotherRateBeginsAnotherTimeLine(t *testing.T) {
	var clock gatt.MovesenseClock
	raw := make([]int32, gatt.MovesenseSamples)
	first := clock.Place(gatt.MovesenseFrame{RateHz: 125, Clock: 1000, Raw: raw}, noon)
	next := clock.Place(gatt.MovesenseFrame{RateHz: 500, Clock: 1128, Raw: raw}, noon.Add(time.Second))
	if next.Rate.Num != 500 || next.Start.Before(first.End()) || next.First < first.First+gatt.MovesenseSamples {
		t.Errorf("%+v follows %+v", next, first)
	}
	if off := lastOf(next).Sub(noon.Add(time.Second)); off.Abs() > time.Microsecond {
		t.Errorf("placed %v off", off)
	}
}

// A sensor counts milliseconds from its start in 32 bits: it begins again with 0 when its battery is put
// in, and after 49 days.
func TestASensorThatCountsFromZeroAgainStaysOnTheTimeLine(t *testing.T) {
	for name, from := range map[string]uint32{"its battery was out": 4_000_000, "its count ran over": math.MaxUint32 - 640} {
		t.Run(name, func(t *testing.T) {
			var clock gatt.MovesenseClock
			var before vitals.Waveform
			const took = 64 // ms for 16 samples at 250 Hz
			for i := range 100 {
				count := from + uint32(i*took)
				if from == 4_000_000 && i >= 50 {
					count = uint32((i - 50) * took)
				}
				last := noon.Add(time.Duration(i*took+60) * time.Millisecond)
				w := clock.Place(gatt.MovesenseFrame{RateHz: 250, Clock: count, Raw: make([]int32, gatt.MovesenseSamples)}, last)
				if off := lastOf(w).Sub(last); off.Abs() > 8*time.Millisecond {
					t.Fatalf("notification %d is placed %v off", i, off)
				}
				if i > 0 && (w.First < before.First+gatt.MovesenseSamples || w.First > before.First+gatt.MovesenseSamples+2) {
					t.Fatalf("notification %d begins at sample %d, the one before at %d", i, w.First, before.First)
				}
				before = w
			}
		})
	}
}
