package bluez_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/devices/hub/bluez"
	"vigil/devices/hub/bluez/fake"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	strap     = vitals.DeviceID("a09e1a000001")
	stranger  = vitals.DeviceID("a09e1a0000ff")
	heartRate = "00002a37-0000-1000-8000-00805f9b34fb"
	absent    = "00002a5f-0000-1000-8000-00805f9b34fb"
)

type air struct {
	bus     *fake.Bus
	blue    *fake.BlueZ
	strap   *fake.Device
	central *bluez.Central
}

// onAir is a central beside a strap on a private bus.
func onAir(t *testing.T) *air {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("dbus-daemon is missing (Debian package dbus)")
		}
		t.Skip("dbus-daemon is missing (Debian package dbus)")
	}
	// Not the test's context: what is cleaned up still needs the bus.
	bus, err := fake.StartBus(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Stop)
	a := &air{bus: bus}
	a.start(t)
	a.central, err = bluez.Open(t.Context(), bluez.Config{
		Bus: bus.Address, Allow: []vitals.DeviceID{strap}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.central.Close() })
	return a
}

func (a *air) start(t *testing.T) {
	t.Helper()
	var err error
	if a.blue, err = fake.Start(a.bus.Address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.blue.Stop)
	if a.strap, err = a.blue.Add(strap, fake.Char{UUID: heartRate, MTU: 65}); err != nil {
		t.Fatal(err)
	}
}

func (a *air) connect(t *testing.T) *bluez.Peripheral {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := a.central.Scan(ctx, strap); err != nil {
		t.Fatal(err)
	}
	p, err := a.central.Connect(ctx, strap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func hear(t *testing.T, p *bluez.Peripheral) (n bluez.Notification, open bool) {
	t.Helper()
	select {
	case n, open = <-p.Notifications():
		return n, open
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is heard")
		return n, false
	}
}

func TestNotificationsKeepTheirOrderHoweverSlowTheyAreRead(t *testing.T) {
	const many = 500
	a := onAir(t)
	p := a.connect(t)
	if err := p.Subscribe(t.Context(), heartRate); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		if !a.strap.Notify(heartRate, binary.BigEndian.AppendUint32(nil, uint32(i))) {
			t.Fatal("nobody has subscribed")
		}
	}
	for i := range many {
		n, _ := hear(t, p)
		if got := binary.BigEndian.Uint32(n.Value); got != uint32(i) || n.UUID != heartRate {
			t.Fatalf("notification %d of %s arrived in place of %d", got, n.UUID, i)
		}
	}
}

func TestDeviceThatDropsOffIsNoticedBehindItsLastValue(t *testing.T) {
	a := onAir(t)
	p := a.connect(t)
	if err := p.Subscribe(t.Context(), heartRate); err != nil {
		t.Fatal(err)
	}
	a.strap.Notify(heartRate, []byte{1})
	a.strap.Drop()
	if n, open := hear(t, p); !open || n.Value[0] != 1 {
		t.Errorf("%v, %v", n, open)
	}
	if _, open := hear(t, p); open {
		t.Error("the loss was not noticed")
	}
}

func TestRestartOfTheDaemonIsSurvived(t *testing.T) {
	a := onAir(t)
	p := a.connect(t)
	a.blue.Stop()
	if _, open := hear(t, p); open {
		t.Error("the loss was not noticed")
	}
	a.start(t)
	again := a.connect(t)
	if err := again.Subscribe(t.Context(), heartRate); err != nil {
		t.Fatal(err)
	}
	a.strap.Notify(heartRate, []byte{2})
	if n, _ := hear(t, again); n.Value[0] != 2 {
		t.Errorf("%v", n)
	}
	if err := again.Pair(t.Context()); err != nil {
		t.Errorf("the pairing agent was not registered again: %v", err)
	}
}

func TestOnlyListedDevicesAreConnectedAndPaired(t *testing.T) {
	a := onAir(t)
	if err := a.central.Scan(t.Context(), stranger); !errors.Is(err, bluez.ErrNotAllowed) {
		t.Errorf("scan for a stranger: %v", err)
	}
	if _, err := a.central.Connect(t.Context(), stranger); !errors.Is(err, bluez.ErrNotAllowed) {
		t.Errorf("connect to a stranger: %v", err)
	}
	if err := a.blue.Authorize(stranger); err == nil {
		t.Error("a stranger was let in")
	}
	p := a.connect(t)
	if err := p.Pair(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !a.strap.Flag("Paired") || !a.strap.Flag("Trusted") {
		t.Error("the strap is not paired")
	}
}

func TestCharacteristicsTellTheirPacketSize(t *testing.T) {
	p := onAir(t).connect(t)
	if c, err := p.Characteristic(heartRate); err != nil || c.MTU != 65 {
		t.Errorf("%+v, %v", c, err)
	}
	if err := p.Subscribe(t.Context(), absent); !errors.Is(err, bluez.ErrMissing) {
		t.Errorf("%v", err)
	}
}

func TestKeepConnectsAgainAfterALoss(t *testing.T) {
	a := onAir(t)
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{}, 10)
	var keeping sync.WaitGroup
	keeping.Go(func() {
		bluez.Keep(ctx, a.central, strap, func(ctx context.Context, p *bluez.Peripheral) error {
			defer p.Close(ctx) //nolint:errcheck // waits only
			begun <- struct{}{}
			select {
			case <-p.Notifications():
				return bluez.ErrLost
			case <-ctx.Done():
				return ctx.Err()
			}
		}, func(error) {})
	})
	for range 2 {
		select {
		case <-begun:
			a.strap.Drop()
		case <-time.After(20 * time.Second):
			t.Fatal("no session")
		}
	}
	cancel()
	keeping.Wait()
	if a.strap.Connects() < 2 || a.blue.Scans() == 0 {
		t.Errorf("%d connects, %d scans", a.strap.Connects(), a.blue.Scans())
	}
}

func TestPausesGrowToABoundAndDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for attempt := range 100 {
		d := bluez.Backoff(attempt)
		if d > 30*time.Second || d < 500*time.Millisecond {
			t.Errorf("pause %d is %v", attempt, d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Error("no jitter")
	}
}
