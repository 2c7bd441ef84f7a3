package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez/fake"
	"vigil/server/porttest"
	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

const heartRate = "00002a37-0000-1000-8000-00805f9b34fb"

// agent is the home hub's real program, between a strap on a private bus and a real server.
type agent struct {
	t       *testing.T
	program string
	folder  string
	bus     *fake.Bus
	strap   *fake.Device
	status  string
	said    *transcript

	cmd   *exec.Cmd
	ended chan struct{}
	sent  []uint16 // what the strap notified
}

// hubProgram builds the hub, once for all tests.
var hubProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built.folder, "vigil-hub")
	out, err := exec.Command("go", "build", "-o", path, "../devices/hub").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build the hub: %w: %s", err, out)
	}
	return path, err
})

// need skips a test, or fails it where everything has to be there, without a program.
func need(t *testing.T, program, debian string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	missing := fmt.Sprintf("%s is missing (Debian package %s)", program, debian)
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// newAgent is a hub that does not run yet.
func newAgent(t *testing.T, s *server, id vitals.HubID, secret string, device vitals.DeviceID) *agent {
	t.Helper()
	need(t, "dbus-daemon", "dbus")
	program(t) // makes the folder
	a := &agent{t: t, folder: t.TempDir(), status: porttest.New(t).String(), said: &transcript{}}
	var err error
	if a.program, err = hubProgram(); err != nil {
		t.Fatal(err)
	}
	// Not the test's context: what is cleaned up still needs the bus.
	if a.bus, err = fake.StartBus(context.Background(), a.folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.bus.Stop)
	blue, err := fake.Start(a.bus.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(blue.Stop)
	if a.strap, err = blue.Add(device, fake.Char{UUID: heartRate, MTU: 517}); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`{"hub":%q,"mqtt":"mqtt://%s","server":"http://%s","status":%q,"devices":[{"address":%q,"read":["hr"]}]}`,
		id, s.mqtt, s.http, a.status, device)
	if err := errors.Join(
		os.WriteFile(filepath.Join(a.folder, "hub.json"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(a.folder, "secret"), []byte(secret), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.kill()
		if t.Failed() {
			t.Logf("the hub said:\n%s", a.said.tail(8<<10))
		}
	})
	return a
}

func (a *agent) start() {
	a.t.Helper()
	cmd := exec.Command(a.program, "-config", filepath.Join(a.folder, "hub.json"))
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+a.bus.Address)
	cmd.Stdout, cmd.Stderr = a.said, a.said
	if err := startTied(cmd); err != nil {
		a.t.Fatalf("start the hub: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed, as a rule
	}()
	a.cmd, a.ended = cmd, ended
}

// kill is kill -9. BlueZ lets go of a device whose program is gone.
func (a *agent) kill() {
	if a.cmd == nil {
		return
	}
	_ = a.cmd.Process.Kill()
	<-a.ended
	a.cmd = nil
	a.strap.Drop()
}

// state is what the status page says.
type state struct {
	Door    string `json:"door"`
	Queue   int    `json:"queue"`
	Devices map[vitals.DeviceID]struct {
		Connected bool `json:"connected"`
	} `json:"devices"`
}

func (a *agent) state() (s state, err error) {
	res, err := http.Get("http://" + a.status + "/status.json")
	if err != nil {
		return s, err
	}
	defer func() { _ = res.Body.Close() }()
	return s, json.NewDecoder(res.Body).Decode(&s)
}

func (a *agent) until(what string, is func(state) bool) state {
	a.t.Helper()
	var s state
	eventually(a.t, storedWithin, what, func() error {
		var err error
		if s, err = a.state(); err == nil && !is(s) {
			err = fmt.Errorf("%+v", s)
		}
		return err
	})
	return s
}

// notify lets the strap tell so many heart rates, evenly over a time. Each differs from the one before,
// so that the row of them tells loss, repetition and order. While nobody listens the strap tells
// nothing, as a real one does.
func (a *agent) notify(n int, over time.Duration) {
	a.t.Helper()
	tick := time.NewTicker(over / time.Duration(n))
	defer tick.Stop()
	limit := time.After(over + storedWithin)
	for told := 0; told < n; {
		select {
		case <-limit:
			a.t.Fatalf("nobody listens to the strap: %d of %d are told", told, n)
		case <-tick.C:
		}
		bpm := uint16(60 + len(a.sent)%37)
		value, err := gatt.EncodeHeartRate(gatt.HeartRate{BPM: bpm, Contact: gatt.ContactDetected})
		if err != nil {
			a.t.Fatal(err)
		}
		if a.strap.Notify(heartRate, value) {
			a.sent = append(a.sent, bpm)
			told++
		}
	}
}

// rates reads the patient's heart rates in the order of their times.
func rates(t *testing.T, s *store.Store, patient vitals.PatientID) (all []uint16) {
	t.Helper()
	blocks, err := s.LatestBlocks(t.Context(), vitals.PartitionOf(patient), time.Now().Add(-24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(blocks, func(a, b vitals.Block) int { return a.Start.Compare(b.Start) })
	for _, b := range blocks {
		if b.Patient != patient || b.Kind != vitals.HeartRate {
			continue
		}
		points, err := codec.UnpackSeries(b.Start, b.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			all = append(all, uint16(p.Value.Float()))
		}
	}
	return all
}

// TestEveryNotificationOfAStrapIsStoredOnceAndInOrder runs the real hub between a strap and the real
// server, and takes everything away: the strap, the server, and twice the hub itself.
//
// The outage holds what a strap says in ten minutes, 600 heart rates, but it is shortened: the strap
// tells them in a hurry, so that they pass in 16 s. VIGIL_OUTAGE=10m lets them pass in real time.
func TestEveryNotificationOfAStrapIsStoredOnceAndInOrder(t *testing.T) {
	t.Parallel()
	const beats = 600
	outage := 16 * time.Second
	if given := os.Getenv("VIGIL_OUTAGE"); given != "" {
		var err error
		if outage, err = time.ParseDuration(given); err != nil {
			t.Fatal(err)
		}
	}
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	device := deviceNamed("strap")
	patient := admin.admit("MRN-home", device)
	a := newAgent(t, s, "home-1", admin.enrolHub("home-1"), device)
	a.start()
	a.notify(50, 2*time.Second)

	a.strap.Drop() // out of reach
	a.notify(50, 2*time.Second)

	s.kill()
	kept := a.until("the hub notices", func(s state) bool { return s.Door == "none" }).Queue
	a.notify(beats/2, outage/2)
	a.until("the hub has kept them", func(s state) bool { return s.Queue >= kept+beats/2 })
	a.kill()
	a.start()
	a.notify(beats/2, outage/2)

	s.start()
	a.until("the hub delivers", func(s state) bool { return s.Door != "none" })
	a.kill() // in the middle
	a.start()
	a.notify(50, 2*time.Second)
	a.until("all is stored", func(s state) bool { return s.Queue == 0 && s.Devices[device].Connected })

	s.kill()
	if got := rates(t, s.stored(), patient); !slices.Equal(got, a.sent) {
		t.Errorf("%d heart rates were told, %d are stored, and differ from place %d on",
			len(a.sent), len(got), firstDifference(a.sent, got))
	}
}

func firstDifference(a, b []uint16) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
