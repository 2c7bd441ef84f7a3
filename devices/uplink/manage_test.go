package uplink_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// server is a key as the server has it and as hubs pinned it.
func server(t *testing.T) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

func TestWhatIsWantedOfAHubSurvivesTheWire(t *testing.T) {
	key, public := server(t)
	desired := uplink.Desired{Hub: "home-1", Version: 7, Agent: "1.2.3", Devices: []uplink.Wanted{
		{Device: patch, Read: []string{"hr", "pmd"}, Pair: true}, {Device: "a09e1afffe000001", Read: []string{"plx"}},
	}}
	signed, err := desired.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := uplink.OpenDesired(signed, public, "home-1")
	if diff := cmp.Diff(desired, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	command := uplink.Command{Hub: "home-1", ID: "c-1", What: uplink.Rescan, Expires: noon}
	if signed, err = command.Sign(key); err != nil {
		t.Fatal(err)
	}
	again, err := uplink.OpenCommand(signed, public, "home-1")
	if diff := cmp.Diff(command, again); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	result := uplink.Result{ID: "c-1", Outcome: uplink.Failed, Detail: "no Bluetooth"}
	b, err := result.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := uplink.DecodeResult(b); err != nil || back != result {
		t.Errorf("%+v %v", back, err)
	}
}

func TestAHubBelievesOnlyWhatIsSignedForIt(t *testing.T) {
	key, public := server(t)
	other, _ := server(t)
	good := func(key ed25519.PrivateKey, hub string) []byte {
		b, err := uplink.Command{Hub: "home-1", ID: "c-1", What: uplink.RotateKey, Expires: noon}.Sign(key)
		if hub != "" {
			b, err = uplink.Desired{Hub: "home-2", Version: 1}.Sign(key)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	command := good(key, "")
	flipped := append([]byte{}, command...)
	flipped[len(flipped)/2] ^= 1
	for name, err := range map[string]error{
		"another key":            second(uplink.OpenCommand(good(other, ""), public, "home-1")),
		"another hub":            second(uplink.OpenCommand(command, public, "home-2")),
		"a bit that was changed": second(uplink.OpenCommand(flipped, public, "home-1")),
		"a command as a state":   second(uplink.OpenDesired(command, public, "home-1")),
		"a state for another":    second(uplink.OpenDesired(good(key, "home-2"), public, "home-1")),
		"no key at all":          second(uplink.OpenCommand(command, nil, "home-1")),
		"something else":         second(uplink.OpenCommand([]byte("hello"), public, "home-1")),
		"more than a message":    second(uplink.OpenCommand(make([]byte, uplink.MaxMessage+1), public, "home-1")),
		"a result of no kind":    second(uplink.DecodeResult([]byte{0xa2, 0x00, 0x61, 'x', 0x01, 0x63, 'y', 'e', 's'})),
		"a result of nothing":    second(uplink.DecodeResult([]byte{0xa0})),
	} {
		if !errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestADirectiveSaysWhereItBelongs(t *testing.T) {
	key, _ := server(t)
	desired, err := uplink.Desired{Hub: "home-1", Version: 1}.Sign(key)
	command, commandErr := uplink.Command{Hub: "home-1", ID: "c", What: uplink.Rescan, Expires: noon}.Sign(key)
	if err := errors.Join(err, commandErr); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		b    []byte
		want uplink.Channel
	}{{desired, uplink.Configs}, {command, uplink.Commands}, {[]byte{0xA0}, ""}, {[]byte("hello"), ""}, {make([]byte, uplink.MaxMessage+1), ""}} {
		if got, err := uplink.Directive(c.b); got != c.want || (c.want == "") != errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%.20q: %q, %v", c.b, got, err)
		}
	}
}

func TestAStatusTellsOfTheDevices(t *testing.T) {
	s := uplink.Status{Online: true, Config: 3, Devices: []uplink.DeviceStatus{
		{
			Device: patch, Battery: new(uint8(0)), Heard: noon.Add(-time.Minute), Link: uplink.LinkBonded,
			Description: vitals.Description{
				Manufacturer: "Polar", Model: "H10", Serial: "7", Firmware: "5.0", Hardware: "39044024.10", Software: "3.1.1",
				SystemID: "a09e1afffe000001", Read: noon.Add(-time.Hour),
				UDI: vitals.UDI{Label: "(01)00844588003288", Identifier: "00844588003288", Issuer: "2.51", Authority: "2.16.840.1.113883.3.24"},
			},
		},
		{Device: "a09e1a000002"},
	}}
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := uplink.DecodeStatus(b)
	if diff := cmp.Diff(s, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := (uplink.Status{Devices: []uplink.DeviceStatus{{Device: "x"}}}).Encode(); err == nil {
		t.Error("a device without an address")
	}
	full := s
	full.Devices[0].Battery = new(uint8(101))
	if b, err = full.Encode(); err != nil {
		t.Fatal(err)
	}
	if _, err = uplink.DecodeStatus(b); !errors.Is(err, devices.ErrMalformed) {
		t.Errorf("a battery of 101 %%: %v", err)
	}
}

func TestAHomeOfTalkativeDevicesFitsInAStatus(t *testing.T) {
	text, part := strings.Repeat("M", gatt.MaxText), strings.Repeat("9", gatt.MaxUDI)
	s := uplink.Status{Online: true, Version: strings.Repeat("v", uplink.MaxText), Oldest: noon, Config: math.MaxUint64}
	for i := range uplink.MaxDevices {
		s.Devices = append(s.Devices, uplink.DeviceStatus{
			Device: vitals.DeviceID(fmt.Sprintf("%016x", i)), Battery: new(uint8(100)), Heard: noon, Link: uplink.LinkBonded,
			Description: vitals.Description{
				Manufacturer: text, Model: text, Serial: text, Firmware: text, Hardware: text, Software: text,
				SystemID: "a09e1afffe000001", Read: noon, UDI: vitals.UDI{Label: part, Identifier: text, Issuer: text, Authority: text},
			},
		})
	}
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := uplink.DecodeStatus(b)
	if diff := cmp.Diff(s, got); err != nil || diff != "" {
		t.Errorf("%d bytes: %v %s", len(b), err, diff)
	}
}

// FuzzManage gives any bytes to what reads the server's words at a hub, and a hub's at the server.
func FuzzManage(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public, _ := key.Public().(ed25519.PublicKey)
	for _, sign := range []func() ([]byte, error){
		func() ([]byte, error) { return uplink.Desired{Hub: "home-1", Version: 1}.Sign(key) },
		func() ([]byte, error) {
			return uplink.Command{Hub: "home-1", ID: "c", What: "rescan", Expires: noon}.Sign(key)
		},
		uplink.Result{ID: "c", Outcome: uplink.Done}.Encode,
		uplink.Status{Online: true, Devices: []uplink.DeviceStatus{{Device: patch}}}.Encode,
	} {
		b, err := sign()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, err := range []error{
			second(uplink.OpenDesired(b, public, "home-1")), second(uplink.OpenCommand(b, public, "home-1")),
			second(uplink.DecodeResult(b)), second(uplink.DecodeStatus(b)), second(uplink.Directive(b)),
		} {
			if err != nil && !errors.Is(err, devices.ErrMalformed) {
				t.Errorf("%v does not wrap ErrMalformed", err)
			}
		}
	})
}
