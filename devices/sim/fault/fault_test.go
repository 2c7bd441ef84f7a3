package fault_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"vigil/devices/sim/fault"
	"vigil/devices/sim/hub"
	"vigil/devices/uplink"
	"vigil/vitals"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestPlanIsRead(t *testing.T) {
	got, err := fault.Parse("duplicate 5%, reorder 10%, corrupt 1%, clock -90s, outage 10m")
	want := fault.Plan{Duplicate: 0.05, Reorder: 0.1, Corrupt: 0.01, ClockJump: -90 * time.Second, Outage: 10 * time.Minute}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", "duplicate", "duplicate 5", "duplicate 101%", "corrupt NaN%", "clock soon", "outage -1m", "fire 5%", "outage 1m 2m"} {
		if _, err := fault.Parse(text); !errors.Is(err, fault.ErrPlan) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMessagesComeTwiceAndLateAndAllAreStored(t *testing.T) {
	const many = 500
	inner := hub.NewSpool(7, 1, 0)
	for i := range many {
		b := vitals.Batch{Device: "020000000101", Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: noon, Value: vitals.Int(int64(60 + i%40))}}}
		if err := inner.Add(b, noon); err != nil {
			t.Fatal(err)
		}
	}
	s := fault.Plan{Duplicate: 0.1, Reorder: 0.1}.Home(1, 0).Spool(inner)
	var seqs []uint64
	var progress vitals.Progress
	for p, ok := s.Live(noon); ok; p, ok = s.Live(noon) {
		m, err := uplink.Decode(p.Payload)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, m.Seq)
		progress.Add(vitals.Span{First: m.Seq, Last: m.Seq})
		s.Received(p, noon)
	}
	if len(seqs) < many+many/20 || slices.IsSorted(seqs) || progress.Upto != many {
		t.Errorf("%d messages, in order: %t, stored up to %d", len(seqs), slices.IsSorted(seqs), progress.Upto)
	}
}

func TestFramesAreDamagedAsOftenAsPlanned(t *testing.T) {
	h := fault.Plan{Corrupt: 0.2}.Home(1, 0)
	frame := []byte{1, 2, 3, 4}
	damaged := 0
	for range 1000 {
		if !bytes.Equal(h.Carry(frame), []byte{1, 2, 3, 4}) {
			damaged++
		}
	}
	if damaged < 150 || damaged > 250 || !bytes.Equal(frame, []byte{1, 2, 3, 4}) {
		t.Errorf("%d of 1000 are damaged, the frame itself is %v", damaged, frame)
	}
}

func TestHomesAreCutOffInTurnAndClocksJumpForthAndBack(t *testing.T) {
	p := fault.Plan{Outage: 10 * time.Minute, ClockJump: time.Minute}
	out, jumps := 0, 0
	for minute := range 30 {
		for n := range 3 {
			if p.Home(1, n).Out(time.Duration(minute) * time.Minute) {
				out++
			}
		}
		if p.Home(1, 0).Clock(time.Duration(minute)*time.Minute) == time.Minute {
			jumps++
		}
	}
	if out != 30 || jumps != 14 {
		t.Errorf("%d home-minutes without a line, %d minutes with a wrong clock", out, jumps)
	}
	var none *fault.Home
	if none.Out(time.Hour) || none.Clock(time.Hour) != 0 || string(none.Carry([]byte("x"))) != "x" {
		t.Error("no faults spoil something")
	}
}
