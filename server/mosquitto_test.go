package main_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// TestAnOutsideClientPublishesAndHearsItsAck is what docs/hub-protocol.md shows: two programs that know
// nothing of Vigil, Debian's mosquitto clients, bring a message and hear that it is stored.
func TestAnOutsideClientPublishesAndHearsItsAck(t *testing.T) {
	t.Parallel()
	need(t, "mosquitto_pub", "mosquitto-clients")
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	secret := admin.enrolHub("outside-1")
	device := deviceNamed("outside")
	admin.admit("MRN-outside", device)

	m := uplink.Message{
		Stream: 7, Seq: 1, HubTime: time.Now(), Boot: 3, Clock: uplink.ClockQuality{Source: uplink.ClockNTP},
		Batch: vitals.Batch{Device: device, Readings: []vitals.Reading{
			{Kind: vitals.HeartRate, Time: time.Now(), Value: vitals.Int(72)},
		}},
	}
	payload, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "message.cbor")
	if err := os.WriteFile(file, payload, 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(s.mqtt)
	if err != nil {
		t.Fatal(err)
	}
	who := []string{"-V", "5", "-h", host, "-p", port, "-i", "outside-1", "-u", "outside-1", "-P", secret, "-q", "1"}
	mosquitto(t, "mosquitto_pub", append(who, "-t", "vigil/1/outside-1/up/obs", "-f", file)...)
	eventually(t, storedWithin, "the message is stored", func() error {
		heard := mosquitto(t, "mosquitto_sub", append(who, "-t", "vigil/1/outside-1/down/ack", "-C", "1", "-W", "20", "-N")...)
		ack, err := uplink.DecodeAck(heard)
		if err != nil {
			t.Fatalf("heard %x: %v", heard, err)
		}
		want := uplink.Position{Device: device, Stream: 7, Upto: 1}
		if len(ack.Positions) == 0 {
			return errors.New("no position yet") // the positions at connect, before the next checkpoint
		}
		if len(ack.Positions) != 1 || ack.Positions[0] != want {
			t.Fatalf("%+v", ack)
		}
		return nil
	})
}

// mosquitto runs one of the programs and returns what it printed.
func mosquitto(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storedWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, complaints.Bytes())
	}
	return out
}
