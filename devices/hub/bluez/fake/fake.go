// Package fake is a BlueZ for tests: an adapter and devices on a private D-Bus, without any radio.
package fake

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"github.com/samber/lo"

	"vigil/vitals"
)

const (
	adapterPath = dbus.ObjectPath("/org/bluez/hci0")
	adapter     = "org.bluez.Adapter1"
	device      = "org.bluez.Device1"
	service     = "org.bluez.GattService1"
	char        = "org.bluez.GattCharacteristic1"
	manager     = "org.freedesktop.DBus.ObjectManager"
)

// Bus is a private dbus-daemon.
type Bus struct {
	Address string
	daemon  *exec.Cmd
}

// StartBus starts a dbus-daemon that listens in the folder, until the context ends.
func StartBus(ctx context.Context, dir string) (*Bus, error) {
	config := filepath.Join(dir, "bus.conf")
	content := `<busconfig><type>session</type><listen>unix:path=` + filepath.Join(dir, "bus") + `</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		return nil, fmt.Errorf("write the bus's configuration: %w", err)
	}
	b := &Bus{daemon: exec.CommandContext(ctx, "dbus-daemon", "--config-file="+config, "--nofork", "--print-address")} //nolint:gosec // in tests only
	out, err := b.daemon.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("prepare dbus-daemon: %w", err)
	}
	if err := b.daemon.Start(); err != nil {
		return nil, fmt.Errorf("start dbus-daemon: %w", err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Stop()
		return nil, fmt.Errorf("hear dbus-daemon's address: %w", err)
	}
	b.Address = strings.TrimSpace(address)
	return b, nil
}

// Stop ends the daemon.
func (b *Bus) Stop() {
	_ = b.daemon.Process.Kill()
	_ = b.daemon.Wait()
}

// Char describes a characteristic of a fake device.
type Char struct {
	UUID  string
	MTU   uint16
	Flags []string // nil: notify and write
	// Read is asked for the value. It may be nil.
	Read func() []byte
	// Written answers a write, by notifications or an error. It may be nil.
	Written func(value []byte) error
}

func (c Char) flags() []string {
	if c.Flags == nil {
		return []string{"notify", "write"}
	}
	return c.Flags
}

// BlueZ is the fake daemon.
type BlueZ struct {
	conn *dbus.Conn

	mu      sync.Mutex
	devices map[vitals.DeviceID]*Device
	hidden  map[vitals.DeviceID]bool
	agent   dbus.ObjectPath
	client  string
	scans   int
}

// Start makes the fake known on the bus.
func Start(address string) (*BlueZ, error) {
	conn, err := dbus.Connect(address)
	if err != nil {
		return nil, fmt.Errorf("connect the fake: %w", err)
	}
	b := &BlueZ{conn: conn, devices: map[vitals.DeviceID]*Device{}, hidden: map[vitals.DeviceID]bool{}}
	if err := b.export(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if _, err := conn.RequestName("org.bluez", dbus.NameFlagDoNotQueue); err != nil {
		return nil, fmt.Errorf("take BlueZ's name: %w", err)
	}
	return b, nil
}

func (b *BlueZ) export() error {
	if _, err := prop.Export(b.conn, adapterPath, prop.Map{adapter: {"Powered": {Value: false, Writable: true, Emit: prop.EmitTrue}}}); err != nil {
		return fmt.Errorf("export the adapter's properties: %w", err)
	}
	for iface, table := range map[string]struct {
		path    dbus.ObjectPath
		methods map[string]any
	}{
		manager: {"/", map[string]any{"GetManagedObjects": b.objects}},
		adapter: {adapterPath, map[string]any{
			"SetDiscoveryFilter": func(map[string]dbus.Variant) *dbus.Error { return nil },
			"StartDiscovery":     b.discover, "StopDiscovery": func() *dbus.Error { return nil },
		}},
		"org.bluez.AgentManager1": {"/org/bluez", map[string]any{
			"RegisterAgent":       b.register,
			"RequestDefaultAgent": func(dbus.ObjectPath) *dbus.Error { return nil },
		}},
	} {
		if err := b.conn.ExportMethodTable(table.methods, table.path, iface); err != nil {
			return fmt.Errorf("export %s: %w", iface, err)
		}
	}
	return nil
}

// Stop leaves the bus, as a daemon that crashed.
func (b *BlueZ) Stop() { _ = b.conn.Close() }

// Scans is how often a scan was begun.
func (b *BlueZ) Scans() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.scans
}

func (b *BlueZ) register(sender dbus.Sender, path dbus.ObjectPath, _ string) *dbus.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.agent, b.client = path, string(sender)
	return nil
}

// Authorize asks the agent whether the device may pair, as BlueZ does when the device begins.
func (b *BlueZ) Authorize(d vitals.DeviceID) error {
	b.mu.Lock()
	agent, client := b.agent, b.client
	b.mu.Unlock()
	return b.conn.Object(client, agent).Call("org.bluez.Agent1.RequestAuthorization", 0, pathOf(d)).Err
}

// discover finds the devices that are on the air.
func (b *BlueZ) discover() *dbus.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scans++
	for d := range b.hidden {
		_ = b.conn.Emit("/", manager+".InterfacesAdded", pathOf(d), map[string]map[string]dbus.Variant{device: {}})
	}
	clear(b.hidden)
	return nil
}

type object = map[string]map[string]dbus.Variant

func (b *BlueZ) objects() (map[dbus.ObjectPath]object, *dbus.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[dbus.ObjectPath]object{adapterPath: {adapter: {}}}
	for id, d := range b.devices {
		if b.hidden[id] {
			continue
		}
		all[d.path] = object{device: {
			"Paired": dbus.MakeVariant(d.Flag("Paired")), "Bonded": dbus.MakeVariant(d.Flag("Bonded")),
		}}
		all[d.path+"/service0001"] = object{service: {}}
		for path, c := range d.chars {
			all[path] = object{char: {
				"UUID": dbus.MakeVariant(c.UUID), "MTU": dbus.MakeVariant(c.MTU),
				"Flags": dbus.MakeVariant(c.flags()),
			}}
		}
	}
	return all, nil
}

func pathOf(d vitals.DeviceID) dbus.ObjectPath {
	return adapterPath + dbus.ObjectPath("/dev_"+strings.Join(lo.ChunkString(strings.ToUpper(string(d)), 2), "_"))
}
