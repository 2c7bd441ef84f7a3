package hub_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/devices/sim/hub"
	"vigil/devices/uplink"
	"vigil/vitals"
)

const (
	patch = vitals.DeviceID("020000000101")
	clip  = vitals.DeviceID("020000000102")
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func pulse(d vitals.DeviceID) vitals.Batch {
	return vitals.Batch{Device: d, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: noon, Value: vitals.Int(72)}}}
}

func chunk(d vitals.DeviceID) vitals.Batch {
	samples := make([]int16, 250)
	for i := range samples {
		samples[i] = int16(i * 131) // every difference takes two bytes
	}
	return vitals.Batch{Device: d, Waveforms: []vitals.Waveform{{
		Kind: vitals.ECGII, Start: noon, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: samples,
	}}}
}

func add(t *testing.T, s *hub.Spool, b vitals.Batch, at time.Time) {
	t.Helper()
	if err := s.Add(b, at); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, s *hub.Spool) (uplink.Parcel, uplink.Message) {
	t.Helper()
	p, ok := s.Live(noon)
	if !ok {
		t.Fatal("nothing is to be sent")
	}
	m, err := uplink.Decode(p.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

func waiting(s *hub.Spool) bool {
	p, ok := s.Live(noon)
	if ok {
		s.Again(p, noon)
	}
	return ok
}

func ack(t *testing.T, s *hub.Spool, a uplink.Ack) {
	t.Helper()
	if err := s.Ack(a, noon); err != nil {
		t.Fatal(err)
	}
}

func stored(d vitals.DeviceID, epoch uint32, upto uint64) uplink.Ack {
	return uplink.Ack{Positions: []uplink.Position{{Device: d, Stream: epoch, Upto: upto}}}
}

func TestStreamsAreNumberedByDevice(t *testing.T) {
	s := hub.NewSpool(7, 1, 0)
	add(t, s, pulse(patch), noon)
	add(t, s, pulse(clip), noon)
	add(t, s, pulse(patch), noon)
	for _, want := range []struct {
		device vitals.DeviceID
		seq    uint64
	}{{patch, 1}, {clip, 1}, {patch, 2}} {
		if _, m := next(t, s); m.Batch.Device != want.device || m.Seq != want.seq || m.Stream != 7 {
			t.Errorf("%s %d of stream %d, want %+v", m.Batch.Device, m.Seq, m.Stream, want)
		}
	}
}

func TestFaultyBatchTakesNoNumber(t *testing.T) {
	s := hub.NewSpool(7, 1, 0)
	if err := s.Add(vitals.Batch{Device: patch}, noon); err == nil {
		t.Error("an empty batch was kept")
	}
	add(t, s, pulse(patch), noon)
	if _, m := next(t, s); m.Seq != 1 {
		t.Errorf("first message has number %d", m.Seq)
	}
}

func TestAckOfAnotherEpochForgetsNothing(t *testing.T) {
	s := hub.NewSpool(7, 1, 0)
	add(t, s, pulse(patch), noon)
	ack(t, s, stored(patch, 6, 100))
	ack(t, s, stored(clip, 7, 100))
	if q := s.Stats().Queue; q != 1 {
		t.Errorf("%d kept", q)
	}
	ack(t, s, stored(patch, 7, 1))
	if stats := s.Stats(); stats.Queue != 0 || stats.Stored != 1 || !stats.Oldest.IsZero() {
		t.Errorf("%+v", stats)
	}
}

func TestUnacknowledgedMessageIsSentAgainWithGrowingPatience(t *testing.T) {
	s := hub.NewSpool(7, 1, 0)
	add(t, s, pulse(patch), noon)
	at := noon
	for _, patience := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		p, _ := next(t, s)
		s.Received(p, at)
		if s.Overdue(at.Add(patience - time.Second)); waiting(s) {
			t.Fatalf("sent again within %v", patience)
		}
		at = at.Add(patience)
		if s.Overdue(at); !waiting(s) {
			t.Fatalf("not sent again after %v", patience)
		}
	}
}

func TestPartlyRefusedMessageWaitsForItsAck(t *testing.T) {
	s := hub.NewSpool(7, 1, 0)
	add(t, s, pulse(patch), noon)
	add(t, s, pulse(patch), noon)
	for _, n := range []uplink.Nack{{Device: patch, Stream: 7, Seq: 1, Kept: true}, {Device: patch, Stream: 7, Seq: 2}} {
		if err := s.Nack(n, noon); err != nil {
			t.Fatal(err)
		}
	}
	if stats := s.Stats(); stats.Queue != 1 || stats.Refused != 1 {
		t.Errorf("%+v", stats)
	}
	for _, n := range []uplink.Nack{{Device: patch, Stream: 7, Seq: 3}, {Device: clip, Stream: 7, Seq: 1}, {Device: patch, Stream: 8, Seq: 1}} {
		if err := s.Nack(n, noon); !errors.Is(err, uplink.ErrNotKept) {
			t.Errorf("nack of %+v: %v", n, err)
		}
	}
}

func TestFullSpoolGivesUpOldWaveformsAndSaysSo(t *testing.T) {
	const room = 3000
	s := hub.NewSpool(7, 1, room)
	add(t, s, pulse(clip), noon)
	for i := range 10 {
		add(t, s, chunk(patch), noon.Add(time.Duration(i)*time.Second))
	}
	size, gaps, waves := 0, 0, 0
	for range 11 {
		p, m := next(t, s)
		size += len(p.Payload)
		switch {
		case len(m.Batch.Events) > 0 && m.Batch.Events[0].Code == vitals.DataGap:
			gaps++
			if waves > 0 {
				t.Error("a younger waveform was given up before an older one")
			}
		case len(m.Batch.Waveforms) > 0:
			waves++
		case m.Batch.Device == patch:
			t.Errorf("%+v", m)
		}
	}
	if size > room || waves == 0 || gaps+waves != 10 || s.Stats().Replaced != uint64(gaps) {
		t.Errorf("%d bytes, %d waveforms, %d gaps, %+v", size, waves, gaps, s.Stats())
	}
}

// TestNothingIsLostWhateverHappens lets connections break, acks come late and messages be refused;
// in the end every message was stored or refused, and none is forgotten before.
func TestNothingIsLostWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := hub.NewSpool(7, 1, 0)
		var server vitals.Progress
		made, refused, at := uint64(0), uint64(0), noon
		step := func(weight string) {
			at = at.Add(time.Second)
			switch weight {
			case "measure":
				add(t, s, pulse(patch), at)
				made++
			case "send", "lose", "refuse":
				if !waiting(s) {
					return
				}
				p, m := next(t, s)
				if weight == "lose" {
					s.Again(p, at)
					return
				}
				s.Received(p, at)
				again := server.Has(m.Seq)
				server.Add(vitals.Span{First: m.Seq, Last: m.Seq})
				if weight == "refuse" && !again && s.Nack(uplink.Nack{Device: patch, Stream: 7, Seq: m.Seq}, at) == nil {
					refused++
				}
			case "ack":
				ack(t, s, stored(patch, 7, server.Upto))
			case "reconnect":
				s.Rewind(at)
			case "wait":
				at = at.Add(time.Minute)
				s.Overdue(at)
			}
			stats := s.Stats()
			if stats.Made != made || stats.Refused != refused || stats.Stored+stats.Refused+uint64(stats.Queue) != made {
				rt.Fatalf("after %s: %+v, made %d", weight, stats, made)
			}
			if stats.Stored > server.Upto {
				rt.Fatalf("%d forgotten, %d stored", stats.Stored, server.Upto)
			}
		}
		for _, w := range rapid.SliceOf(rapid.SampledFrom([]string{
			"measure", "measure", "send", "send", "lose", "refuse", "ack", "reconnect", "wait",
		})).Draw(rt, "steps") {
			step(w)
		}
		s.Rewind(at)
		for waiting(s) {
			step("send")
		}
		step("ack")
		if q := s.Stats().Queue; q != 0 {
			rt.Fatalf("%d are never stored", q)
		}
	})
}
