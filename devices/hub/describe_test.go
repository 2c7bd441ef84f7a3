package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez/fake"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func assigned(uuid string) string { return "0000" + uuid + "-0000-1000-8000-00805f9b34fb" }

// says is a characteristic that can be read and is always the same.
func says(uuid, value string) fake.Char {
	return fake.Char{UUID: assigned(uuid), Flags: []string{"read"}, Read: func() []byte { return []byte(value) }}
}

// eventually is the strap's report once it is as the story wants it.
func (h *house) eventually(t *testing.T, story string, is func(uplink.DeviceStatus) bool) uplink.DeviceStatus {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	limit := time.After(30 * time.Second)
	for {
		if s := h.hub.Report(); len(s.Devices) == 1 && is(s.Devices[0]) {
			return s.Devices[0]
		}
		select {
		case <-poll.C:
		case <-limit:
			t.Fatalf("the hub never reported: %s; %+v", story, h.hub.Report().Devices)
		}
	}
}

func (h *house) beats(t *testing.T) {
	t.Helper()
	h.await(t, "the device is connected", event(vitals.DeviceConnected))
	h.strap.Notify(heartRate, []byte{0, 72})
	h.await(t, "its pulse", func(b vitals.Batch) bool { return len(b.Readings) > 0 && b.Readings[0].Value == vitals.Int(72) })
}

func TestTheRegistryLearnsWhatADeviceSaysOfItself(t *testing.T) {
	h := &house{}
	h.build(t, "", `["hr"]`, fake.Char{UUID: heartRate},
		says("2a29", "Polar Electro Oy\x00"), says("2a24", "H10\x00\x00\x00"), says("2a25", "7E37D222"), says("2a26", "5.0.0"),
		says("2a27", "39044024.10"), says("2a28", "\xff\xfe"), says("2a23", "\x01\x00\x00\xfe\xff\x1a\x9e\xa0"),
		says("2bff", "\x03(01)00844588003288\x0000844588003288\x00"), says("2a19", "\x55"))
	h.run(t)
	got := h.eventually(t, "a description", func(d uplink.DeviceStatus) bool { return !d.Read.IsZero() })
	if age := time.Since(got.Read); age < 0 || age > time.Minute {
		t.Errorf("read %v ago", age)
	}
	got.Read = time.Time{}
	want := vitals.Description{
		Manufacturer: "Polar Electro Oy", Model: "H10", Serial: "7E37D222", Firmware: "5.0.0", Hardware: "39044024.10", SystemID: "a09e1afffe000001",
		UDI: vitals.UDI{Label: "(01)00844588003288", Identifier: "00844588003288"},
	}
	if diff := cmp.Diff(want, got.Description); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Battery == nil || *got.Battery != 0x55 {
		t.Errorf("battery %v", got.Battery)
	}
	h.beats(t)
}

func TestADeviceThatTalksRubbishIsHeardAllTheSame(t *testing.T) {
	h := &house{}
	long := strings.Repeat("\xc3\x28", 256) // 512 bytes that are no UTF-8
	h.build(t, "", `["hr"]`, fake.Char{UUID: heartRate}, says("2a29", long), says("2a24", strings.Repeat("x", 512)), says("2a25", "\x00\x00"),
		says("2a23", "\x01"), says("2bff", "\x0f"), says("2a26", ""))
	h.run(t)
	got := h.eventually(t, "a description", func(d uplink.DeviceStatus) bool { return !d.Read.IsZero() })
	if len(got.Manufacturer) > gatt.MaxText || strings.Trim(got.Manufacturer, "(") != "" || got.Model != strings.Repeat("x", gatt.MaxText) ||
		got.Serial != "" || got.SystemID != "" || got.UDI != (vitals.UDI{}) {
		t.Errorf("%+v", got)
	}
	h.beats(t)
}

func TestADeviceThatDoesNotSayWhatItIsIsHeardMeanwhile(t *testing.T) {
	h := &house{}
	silent := make(chan struct{})
	h.build(t, "", `["hr"]`, fake.Char{UUID: heartRate}, fake.Char{UUID: assigned("2a24"), Flags: []string{"read"}, Read: func() []byte {
		<-silent
		return nil
	}})
	t.Cleanup(func() { close(silent) })
	h.run(t)
	h.beats(t)
	if d := h.hub.Report().Devices[0]; !d.Read.IsZero() {
		t.Errorf("%+v", d)
	}
}

func TestTheLinkIsToldAsFarAsItCanBeTrusted(t *testing.T) {
	h := &house{unpaired: true}
	h.build(t, "", `["hr"]`, fake.Char{UUID: heartRate})
	h.run(t)
	h.await(t, "an open link", func(b vitals.Batch) bool {
		return len(b.Events) > 0 && b.Events[0].Code == vitals.DeviceConnected && b.Events[0].Detail == "open link"
	})
	is := func(want uplink.LinkSecurity) func(uplink.DeviceStatus) bool {
		return func(d uplink.DeviceStatus) bool { return d.Link == want }
	}
	h.eventually(t, "an open link", is(uplink.LinkOpen))
	h.strap.Set("Paired", true)
	h.eventually(t, "an encrypted link, when the device asked to be paired", is(uplink.LinkEncrypted))
	h.strap.Set("Bonded", true)
	h.eventually(t, "a bonded link", is(uplink.LinkBonded))
	h.strap.Set("Bonded", false)
	h.strap.Set("Paired", false)
	h.eventually(t, "an open link, once the bond was removed", is(uplink.LinkOpen))
}

func TestADeviceThatIsPairedFirstIsTrusted(t *testing.T) {
	h := &house{}
	h.build(t, "", `["hr"]`, fake.Char{UUID: heartRate})
	h.run(t)
	h.await(t, "a bonded link", func(b vitals.Batch) bool {
		return len(b.Events) > 0 && b.Events[0].Code == vitals.DeviceConnected && b.Events[0].Detail == "bonded link"
	})
	h.eventually(t, "a bonded link", func(d uplink.DeviceStatus) bool { return d.Link == uplink.LinkBonded })
}
