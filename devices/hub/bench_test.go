package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez/fake"
	"vigil/devices/hub/spool"
	strapecg "vigil/devices/hub/strap"
	broker "vigil/devices/sim/fake"
	"vigil/devices/sim/heart"
	"vigil/devices/uplink"
	"vigil/vitals"
)

const (
	clip          = vitals.DeviceID("001c05000002")
	plxContinuous = "00002a5f-0000-1000-8000-00805f9b34fb"
)

// BenchmarkMemory runs the real program with a strap that sends its ECG, an oximeter, and a spool of
// 1 GB that no server has stored: first without a server, then while it delivers.
func BenchmarkMemory(b *testing.B) {
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		b.Skip("dbus-daemon is missing (Debian package dbus)")
	}
	for b.Loop() {
		remember(b)
	}
}

func remember(b *testing.B) {
	dir := b.TempDir()
	kept := fill(b, filepath.Join(dir, "spool"))
	bus, err := fake.StartBus(context.Background(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer bus.Stop()
	blue, err := fake.Start(bus.Address)
	if err != nil {
		b.Fatal(err)
	}
	defer blue.Stop()
	h10, err := blue.Add(strap, fake.Char{UUID: heartRate, MTU: 517}, fake.Char{UUID: strapecg.PolarControl, MTU: 517}, fake.Char{UUID: strapecg.PolarData, MTU: 517})
	if err != nil {
		b.Fatal(err)
	}
	oximeter, err := blue.Add(clip, fake.Char{UUID: plxContinuous, MTU: 517})
	if err != nil {
		b.Fatal(err)
	}
	server := &broker.Broker{Secret: "sesame", Heard: func(vitals.HubID, uplink.Message) {}}
	if err := server.Listen(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = server.Close() }()

	worn := []*fake.Device{h10, oximeter}
	b.ReportMetric(float64(kept)/1e6, "spool-MB")
	rss, most := live(b, dir, bus.Address, "mqtt://127.0.0.1:1", worn)
	b.ReportMetric(rss, "alone-MB")
	b.ReportMetric(most, "alone-peak-MB")
	rss, most = live(b, dir, bus.Address, server.URL().String(), worn)
	b.ReportMetric(rss, "delivering-MB")
	b.ReportMetric(most, "delivering-peak-MB")
}

// fill keeps what strap and oximeter send, until there is 1 GB of it.
func fill(b *testing.B, dir string) int64 {
	b.Helper()
	s, err := spool.Open(spool.Config{Dir: dir, Limit: 2 << 30}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	const rateHz = 130
	ecg := heart.New(heart.Patient{Seed: 1, Rate: 72, SpO2: 97, Gain: 1}, nil, rateHz).ECG(600 * rateHz)
	at := time.Now().Add(-30 * 24 * time.Hour).UTC().Truncate(time.Microsecond)
	for n := 0; s.Stats().Bytes < 1e9; n++ {
		if err := s.Sync(at); err != nil {
			b.Fatal(err)
		}
		for range 5000 {
			at = at.Add(time.Second)
			from := n * gatt.PMDSamples % (len(ecg) - gatt.PMDSamples)
			for _, batch := range []vitals.Batch{
				{Device: strap, Waveforms: []vitals.Waveform{{Kind: vitals.ECG, Start: at, Rate: gatt.PMDRate, Scale: vitals.Int(1), Samples: ecg[from : from+gatt.PMDSamples]}}},
				{Device: strap, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(72)}}},
				{Device: clip, Readings: []vitals.Reading{{Kind: vitals.SpO2, Time: at, Value: vitals.Int(97)}}},
			} {
				if err := s.Add(batch, uplink.ClockQuality{}, at); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return s.Stats().Bytes
}

// live lets the program run for a while and returns its memory, at the end and at most, in MB.
func live(b *testing.B, dir, bus, mqtt string, worn []*fake.Device) (rss, most float64) {
	b.Helper()
	program := filepath.Join(dir, "vigil-hub")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	config := fmt.Sprintf(`{"hub":"home-1","mqtt":%q,"spool_bytes":2147483648,"devices":[
		{"address":%q,"read":["hr","pmd"]},{"address":%q,"read":["plx"]}]}`, mqtt, strap, clip)
	for name, content := range map[string]string{"hub.json": config, "secret": "sesame"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-config", filepath.Join(dir, "hub.json"))
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+bus)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for _, d := range worn {
			d.Drop()
		}
	}()
	h10, oximeter := worn[0], worn[1]
	rate, _ := gatt.EncodeHeartRate(gatt.HeartRate{BPM: 72, Contact: gatt.ContactDetected})
	oximetry, _ := gatt.EncodePulseOximeter(gatt.PulseOximeter{Normal: gatt.SpO2PR{SpO2: gatt.Number{Mantissa: 97}, Pulse: gatt.Number{Mantissa: 72}}})
	tick := time.NewTicker(gatt.PMDRate.Span(gatt.PMDSamples))
	defer tick.Stop()
	const frames = 60 // 34 s
	for sent := 0; sent < frames; {
		<-tick.C
		frame, _ := gatt.EncodePMD(gatt.PMDFrame{Clock: 1e18 + uint64(sent)*561_340_000, Microvolts: make([]int32, gatt.PMDSamples)})
		if h10.Notify(strapecg.PolarData, frame) {
			sent++
			h10.Notify(heartRate, rate)
			oximeter.Notify(plxContinuous, oximetry)
		}
	}
	return memoryOf(b, cmd.Process.Pid, "VmRSS"), memoryOf(b, cmd.Process.Pid, "VmHWM")
}

func memoryOf(b *testing.B, pid int, what string) float64 {
	b.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("this system does not tell the memory of a program")
	}
	found := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(content)
	kB, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kB) / 1024
}
