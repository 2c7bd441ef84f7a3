// Package bluez is a Bluetooth Low Energy central over BlueZ, Linux's Bluetooth daemon, by D-Bus. It
// connects to the devices that it is allowed to, hands on their notifications in the order in which
// they arrived, and tells when a device is gone.
//
// Notifications come as signals. They are handled one after the other: with the usual handler of
// the D-Bus library a slow consumer gets them out of order, which would tear an ECG. Match rules
// name BlueZ as the sender and the path of the device, so that nothing else is heard.
package bluez

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/samber/lo"

	"vigil/vitals"
)

var (
	// ErrNotAllowed is returned for a device that is not on the list.
	ErrNotAllowed = errors.New("device is not on the list of allowed devices")
	// ErrLost is returned by what needs a connection that is gone.
	ErrLost = errors.New("device is not connected")
	// ErrMissing is returned for a characteristic that the device does not have.
	ErrMissing = errors.New("device has no such characteristic")
)

const (
	service        = "org.bluez"
	adapterIface   = "org.bluez.Adapter1"
	deviceIface    = "org.bluez.Device1"
	charIface      = "org.bluez.GattCharacteristic1"
	objectManager  = "org.freedesktop.DBus.ObjectManager"
	properties     = "org.freedesktop.DBus.Properties"
	changed        = properties + ".PropertiesChanged"
	added          = objectManager + ".InterfacesAdded"
	ownerChanged   = "org.freedesktop.DBus.NameOwnerChanged"
	tidyUpTimeout  = 3 * time.Second
	resolveTimeout = 30 * time.Second
)

// Config says which adapter is used for which devices.
type Config struct {
	Bus      string // address of the bus; empty is the system's
	Adapter  string // empty is hci0
	Allow    []vitals.DeviceID
	Passkeys map[vitals.DeviceID]uint32 // of devices that show or print one
	Log      *slog.Logger
}

// Central connects to Bluetooth devices.
type Central struct {
	conn     *dbus.Conn
	adapter  dbus.ObjectPath
	allow    []vitals.DeviceID
	passkeys map[vitals.DeviceID]uint32
	log      *slog.Logger

	mu    sync.Mutex
	owner string // BlueZ's own name on the bus; another at each start of bluetoothd
}

// Open connects to BlueZ and registers the agent that answers when a device wants to be paired.
func Open(ctx context.Context, c Config) (*Central, error) {
	connect := func(o ...dbus.ConnOption) (*dbus.Conn, error) { return dbus.ConnectSystemBus(o...) }
	if c.Bus != "" {
		connect = func(o ...dbus.ConnOption) (*dbus.Conn, error) { return dbus.Connect(c.Bus, o...) }
	}
	conn, err := connect(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return nil, fmt.Errorf("connect to the D-Bus: %w", err)
	}
	name := c.Adapter
	if name == "" {
		name = "hci0"
	}
	central := &Central{
		conn: conn, adapter: dbus.ObjectPath("/org/bluez/" + name), allow: c.Allow, passkeys: c.Passkeys, log: c.Log,
	}
	if _, err := central.prepare(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return central, nil
}

// prepare makes BlueZ ready where that has not happened since it started, and tells its name.
func (c *Central) prepare(ctx context.Context) (owner string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call := c.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, service)
	if err := call.Store(&owner); err != nil {
		return "", fmt.Errorf("find BlueZ (is bluetoothd running?): %w", err)
	}
	if owner == c.owner {
		return owner, nil
	}
	if err := c.setUp(ctx); err != nil {
		return "", err
	}
	c.owner = owner
	return owner, nil
}

func (c *Central) setUp(ctx context.Context) error {
	if err := c.call(ctx, c.adapter, properties+".Set", adapterIface, "Powered", dbus.MakeVariant(true)); err != nil {
		return fmt.Errorf("power the Bluetooth adapter: %w", err)
	}
	return c.registerAgent(ctx)
}

// Close leaves the bus; all connections to devices are given up.
func (c *Central) Close() error {
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("leave the D-Bus: %w", err)
	}
	return nil
}

func (c *Central) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) error {
	return c.conn.Object(service, path).CallWithContext(ctx, method, 0, args...).Err
}

func (c *Central) pathOf(d vitals.DeviceID) (dbus.ObjectPath, error) {
	const address = 12 // hexadecimal digits
	if !slices.Contains(c.allow, d) || len(d) != address {
		return "", fmt.Errorf("device %s: %w", d, ErrNotAllowed)
	}
	octets := lo.ChunkString(strings.ToUpper(string(d)), 2)
	return c.adapter + dbus.ObjectPath("/dev_"+strings.Join(octets, "_")), nil
}

func (c *Central) deviceAt(path dbus.ObjectPath) (vitals.DeviceID, bool) {
	name, ours := strings.CutPrefix(string(path), string(c.adapter)+"/dev_")
	d, err := vitals.ParseDeviceID(strings.ReplaceAll(name, "_", ":"))
	return d, ours && err == nil && slices.Contains(c.allow, d)
}

// objects is everything that BlueZ knows.
type objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant

func (c *Central) objects(ctx context.Context) (objects, error) {
	var all objects
	if err := c.conn.Object(service, "/").CallWithContext(ctx, objectManager+".GetManagedObjects", 0).Store(&all); err != nil {
		return nil, fmt.Errorf("ask BlueZ what it knows: %w", err)
	}
	return all, nil
}

// Scan returns as soon as BlueZ knows the device, which it looks for on the air where it has to.
func (c *Central) Scan(ctx context.Context, d vitals.DeviceID) error {
	path, err := c.pathOf(d)
	if err != nil {
		return err
	}
	owner, err := c.prepare(ctx)
	if err != nil {
		return err
	}
	heard := make(chan *dbus.Signal)
	c.conn.Signal(heard)
	defer c.conn.RemoveSignal(heard)
	rule := []dbus.MatchOption{
		dbus.WithMatchSender(service), dbus.WithMatchObjectPath("/"),
		dbus.WithMatchInterface(objectManager), dbus.WithMatchMember("InterfacesAdded"),
	}
	if err := c.conn.AddMatchSignalContext(ctx, rule...); err != nil {
		return fmt.Errorf("listen for found devices: %w", err)
	}
	defer c.tidyUp(ctx, func(ctx context.Context) error { return c.conn.RemoveMatchSignalContext(ctx, rule...) })
	all, err := c.objects(ctx)
	if err != nil {
		return err
	}
	if _, known := all[path]; known {
		return nil
	}
	filter := map[string]dbus.Variant{"Transport": dbus.MakeVariant("le")}
	if err := c.call(ctx, c.adapter, adapterIface+".SetDiscoveryFilter", filter); err != nil {
		return fmt.Errorf("prepare to scan: %w", err)
	}
	if err := c.call(ctx, c.adapter, adapterIface+".StartDiscovery"); err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	defer c.tidyUp(ctx, func(ctx context.Context) error { return c.call(ctx, c.adapter, adapterIface+".StopDiscovery") })
	return awaitFound(ctx, heard, owner, path)
}

func awaitFound(ctx context.Context, heard <-chan *dbus.Signal, owner string, path dbus.ObjectPath) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("scan: %w", ctx.Err())
		case s, open := <-heard:
			if !open {
				return fmt.Errorf("scan: %w", dbus.ErrClosed)
			}
			if s.Name == added && s.Sender == owner && len(s.Body) > 0 && s.Body[0] == path {
				return nil
			}
		}
	}
}

// tidyUp undoes something even when the reason for it has gone.
func (c *Central) tidyUp(ctx context.Context, undo func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyUpTimeout)
	defer cancel()
	if err := undo(ctx); err != nil && !errors.Is(err, dbus.ErrClosed) {
		c.log.Debug("bluetooth was not tidied up", "error", err)
	}
}

// Gone is closed when the connection to the D-Bus is lost: the Central is of no use any more.
func (c *Central) Gone() <-chan struct{} { return c.conn.Context().Done() }
