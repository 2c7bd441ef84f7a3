package main_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/devices/gatt"
	hub "vigil/devices/hub"
	"vigil/devices/hub/bluez/fake"
	strapecg "vigil/devices/hub/strap"
	broker "vigil/devices/sim/fake"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const heartRate = "00002a37-0000-1000-8000-00805f9b34fb"

// house is a hub at work between a device and a server.
type house struct {
	hub    hub.Hub
	strap  *fake.Device
	dir    string
	bus    string
	told   chan []byte // to the strap's control point
	server chan uplink.Message
	heard  []uplink.Message // and not awaited yet
	stop   func()

	unpaired bool // the device is read without a bond
}

// furnish is a house with a strap.
func furnish(t *testing.T, mtu uint16, alarm string) *house {
	t.Helper()
	h := &house{told: make(chan []byte, 100)}
	control := fake.Char{UUID: strapecg.PolarControl, MTU: mtu, Written: func(value []byte) error {
		h.told <- value
		return nil
	}}
	h.build(t, fmt.Sprintf(`"alarm":["/bin/sh","-c",%q],`, alarm), `["hr","pmd"]`,
		fake.Char{UUID: heartRate, MTU: mtu}, control, fake.Char{UUID: strapecg.PolarData, MTU: mtu})
	return h
}

// build makes the house of a device that has these characteristics, of which the hub reads some.
func (h *house) build(t *testing.T, settings, read string, chars ...fake.Char) {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("dbus-daemon is missing (Debian package dbus)")
		}
		t.Skip("dbus-daemon is missing (Debian package dbus)")
	}
	h.dir, h.server = t.TempDir(), make(chan uplink.Message, 10000)
	server := &broker.Broker{Secret: "sesame", Heard: func(_ vitals.HubID, m uplink.Message) { h.server <- m }}
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	// Not the test's context: what is cleaned up still needs the bus.
	bus, err := fake.StartBus(context.Background(), h.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Stop)
	h.bus = bus.Address
	blue, err := fake.Start(bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(blue.Stop)
	if h.strap, err = blue.Add(strap, chars...); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.dir, "secret"), "sesame\n", 0o600)
	write(t, filepath.Join(h.dir, "hub.json"), fmt.Sprintf(`{"hub":"home-1","mqtt":%q,%s
		"devices":[{"address":"A0:9E:1A:00:00:01","read":%s,"pair":%t}]}`, server.URL(), settings, read, !h.unpaired), 0o600)
	h.open(t)
}

// open makes a hub on what is on the disk.
func (h *house) open(t *testing.T) {
	t.Helper()
	var err error
	if h.hub, err = hub.NewHub(filepath.Join(h.dir, "hub.json"), h.bus, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	h.hub.SetClock(uplink.ClockQuality{Source: uplink.ClockNTP})
}

func (h *house) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.hub.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	h.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(h.stop)
}

// await is the first message of which the story is true.
func (h *house) await(t *testing.T, story string, is func(vitals.Batch) bool) uplink.Message {
	t.Helper()
	for i, m := range h.heard {
		if is(m.Batch) {
			h.heard = slices.Delete(h.heard, i, i+1)
			return m
		}
	}
	limit := time.After(30 * time.Second)
	for {
		select {
		case m := <-h.server:
			if is(m.Batch) {
				return m
			}
			h.heard = append(h.heard, m) // events overtake readings
		case <-limit:
			t.Fatalf("the server never heard: %s", story)
		}
	}
}

func (h *house) hear(t *testing.T) []byte {
	t.Helper()
	select {
	case value := <-h.told:
		return value
	case <-time.After(30 * time.Second):
		t.Fatal("the strap is told nothing")
		return nil
	}
}

func event(code vitals.EventCode) func(vitals.Batch) bool {
	return func(b vitals.Batch) bool { return len(b.Events) > 0 && b.Events[0].Code == code }
}

func TestHeartbeatTravelsFromTheStrapToTheServer(t *testing.T) {
	h := furnish(t, 517, "true")
	h.hub.SetClock(uplink.ClockQuality{Source: uplink.ClockUnsynced})
	h.run(t)
	h.await(t, "the strap is connected", event(vitals.DeviceConnected))
	if got := h.hear(t); got[0] != 0x02 {
		t.Errorf("the strap is told %x", got)
	}
	value, err := gatt.EncodeHeartRate(gatt.HeartRate{BPM: 72, Contact: gatt.ContactDetected})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := gatt.EncodePMD(gatt.PMDFrame{Clock: 1e18, Microvolts: make([]int32, gatt.PMDSamples)})
	if err != nil {
		t.Fatal(err)
	}
	h.strap.Notify(heartRate, value)
	h.strap.Notify(heartRate, []byte{0xFF}) // cannot be read
	h.strap.Notify(strapecg.PolarData, frame)
	m := h.await(t, "the pulse", func(b vitals.Batch) bool { return len(b.Readings) > 0 })
	if r := m.Batch.Readings[0]; r.Value != vitals.Int(72) || r.TimeQuality != vitals.TimeUnsynced || m.Clock.Source != uplink.ClockUnsynced {
		t.Errorf("%+v by %+v", r, m.Clock)
	}
	h.await(t, "what could not be read", event(vitals.DecodeFault))
	if m := h.await(t, "the ECG", func(b vitals.Batch) bool { return len(b.Waveforms) > 0 }); len(m.Batch.Waveforms[0].Samples) != gatt.PMDSamples {
		t.Errorf("%+v", m.Batch)
	}
	h.stop()
	if got := h.hear(t); got[0] != 0x03 {
		t.Errorf("at the end the strap is told %x, and stays on", got)
	}
}

func TestSmallPacketsAreToldInsteadOfATornECG(t *testing.T) {
	h := furnish(t, 65, "true")
	h.run(t)
	limit := time.After(30 * time.Second)
	for !strings.Contains(status(t, h), "too small for the ECG") {
		select {
		case <-limit:
			t.Fatal("the status page says nothing")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func status(t *testing.T, h *house) string {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8089/status.json", nil)
	h.hub.Pages().ServeHTTP(answer, request)
	return answer.Body.String()
}

func TestStatusPageIsForThisComputerOnly(t *testing.T) {
	h := furnish(t, 517, "true")
	h.run(t)
	h.await(t, "the strap is connected", event(vitals.DeviceConnected))
	for address, want := range map[string]int{
		"http://localhost:8089/": http.StatusOK, "http://[::1]:8089/status.json": http.StatusOK,
		"http://evil.example/": http.StatusForbidden, "http://127.0.0.1/other": http.StatusNotFound,
	} {
		answer := httptest.NewRecorder()
		h.hub.Pages().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, address, nil))
		if answer.Code != want {
			t.Errorf("%s: %d", address, answer.Code)
		}
		if want == http.StatusOK && !strings.Contains(answer.Body.String(), "a09e1a000001") {
			t.Errorf("%s does not list the strap: %s", address, answer.Body)
		}
	}
}

func TestAlarmSoundsAtHome(t *testing.T) {
	bell := filepath.Join(t.TempDir(), "bell")
	h := furnish(t, 517, `echo "$VIGIL_ALARM_CONDITION" >> `+bell)
	h.run(t)
	h.await(t, "the strap is connected", event(vitals.DeviceConnected))
	value, err := gatt.EncodeHeartRate(gatt.HeartRate{BPM: 25, Contact: gatt.ContactDetected})
	if err != nil {
		t.Fatal(err)
	}
	limit := time.After(60 * time.Second)
	beat := time.NewTicker(500 * time.Millisecond)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			h.strap.Notify(heartRate, value)
		case <-limit:
			t.Fatal("no alarm")
		}
		if content, err := os.ReadFile(bell); err == nil && strings.TrimSpace(string(content)) == "EXTREME_BRADY" {
			return
		}
	}
}
