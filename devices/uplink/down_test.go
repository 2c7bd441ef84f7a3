package uplink_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/devices"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func TestWhatTheServerSaysSurvivesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ack := uplink.Ack{Positions: absent(some(t, "positions", func(t *rapid.T) uplink.Position {
			return uplink.Position{Device: anyDevice(t), Stream: rapid.Uint32().Draw(t, "stream"), Upto: rapid.Uint64().Draw(t, "upto")}
		}))}
		nack := uplink.Nack{
			Device: anyDevice(t), Stream: rapid.Uint32().Draw(t, "stream"), Seq: rapid.Uint64().Draw(t, "seq"),
			Code:   rapid.SampledFrom([]string{uplink.CodeMalformed, uplink.CodeUnbound}).Draw(t, "code"),
			Reason: rapid.StringMatching(`[a-z ]{0,80}`).Draw(t, "reason"), Kept: rapid.Bool().Draw(t, "kept"),
		}
		if rapid.Bool().Draw(t, "place unknown") {
			nack.Device, nack.Stream, nack.Seq = "", 0, 0
		}
		for _, down := range []uplink.Down{{Ack: &ack}, {Nack: &nack}} {
			b, err := uplink.EncodeDown(down)
			if err != nil {
				t.Fatal(err)
			}
			got, err := uplink.DecodeDown(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(down, got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestAckAndNackAreNotConfused(t *testing.T) {
	ack, err := uplink.Ack{Positions: []uplink.Position{{Device: patch, Stream: 7, Upto: 40}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	nack, err := uplink.Nack{Code: uplink.CodeTooLarge, Reason: strings.Repeat("é", 200)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	_, err = uplink.DecodeAck(nack)
	refused(t, err, "a nack stands where an ack belongs")
	_, err = uplink.DecodeNack(ack)
	refused(t, err, "an ack stands where a nack belongs")
	n, err := uplink.DecodeNack(nack)
	if err != nil || n.Reason != strings.Repeat("é", 128) {
		t.Errorf("reason cut to %q, error %v", n.Reason, err)
	}
	_, err = uplink.EncodeDown(uplink.Down{})
	refused(t, err, "neither or both")
	_, err = uplink.DecodeDown([]byte{0xa1, 0x00, 0x62, 'h', 'i'})
	refused(t, err, `"hi" is neither ack nor nack`)
}

func TestStatusSurvivesTheWire(t *testing.T) {
	for _, s := range []uplink.Status{
		{},
		{
			Online: true, Version: "1.2.3", Uptime: time.Hour, Queue: 17, Oldest: noon, Time: noon.Add(time.Minute),
			Clock: uplink.ClockQuality{Source: uplink.ClockNTS, Bound: 3 * time.Millisecond},
		},
	} {
		b, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := uplink.DecodeStatus(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Error(diff)
		}
	}
	_, err := uplink.DecodeStatus([]byte{0xa0})
	refused(t, err, "online is missing")
}

func TestTopics(t *testing.T) {
	for _, c := range []uplink.Channel{
		uplink.Observations, uplink.Waves, uplink.Events, uplink.StatusChannel, uplink.Acks, uplink.Nacks,
		uplink.Configs, uplink.Commands, uplink.Results,
	} {
		hub, got, ok := uplink.ParseTopic(uplink.UpTopic("home-1", c))
		if !ok || hub != "home-1" || got != c {
			t.Errorf("%s came back as %s %s %v", c, hub, got, ok)
		}
	}
	for _, topic := range []string{
		"", "vigil/1/", "vigil/1/home-1", "vigil/1//status", "vigil/1/+/status", "vigil/1/#",
		"vigil/2/home-1/status", "vigil/1/home-1/up", "vigil/1/home-1/up/obs/x", "vigil/1/a.b/status", "$SYS/x",
	} {
		if _, _, ok := uplink.ParseTopic(topic); ok {
			t.Errorf("%q is taken for ours", topic)
		}
	}
}

func TestChannelOfAMessage(t *testing.T) {
	m := oneReading()
	if m.Channel() != uplink.Observations {
		t.Errorf("reading on %s", m.Channel())
	}
	m.Batch.Waveforms = make([]vitals.Waveform, 1)
	if m.Channel() != uplink.Waves {
		t.Errorf("waveform on %s", m.Channel())
	}
	if (uplink.Message{}).Channel() != uplink.Events {
		t.Error("event elsewhere")
	}
}

// FuzzDown gives any bytes to what reads the server and the status of a hub.
func FuzzDown(f *testing.F) {
	ack, err := uplink.Ack{Positions: []uplink.Position{{Device: patch, Stream: 7, Upto: 41}}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	nack, err := uplink.Nack{Device: patch, Stream: 7, Seq: 42, Code: uplink.CodeUnbound, Kept: true}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	status, err := uplink.Status{Online: true, Version: "1", Oldest: noon}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{ack, nack, status, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		down, err := uplink.DecodeDown(b)
		switch {
		case err != nil && !errors.Is(err, devices.ErrMalformed):
			t.Errorf("down: %v", err)
		case err == nil && (down.Ack == nil) == (down.Nack == nil):
			t.Errorf("down: %+v", down)
		case err == nil:
			if _, err := uplink.EncodeDown(down); err != nil {
				t.Errorf("down again: %v", err)
			}
		}
		s, err := uplink.DecodeStatus(b)
		if err != nil && !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("status: %v", err)
		}
		if err == nil {
			if _, err := s.Encode(); err != nil {
				t.Errorf("status again: %v", err)
			}
		}
	})
}
