package bluez

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"vigil/vitals"
)

// Notification is a value that a device sent by itself.
type Notification struct {
	UUID  string
	Value []byte
}

// Characteristic is one value of a device.
type Characteristic struct {
	UUID  string   // lower case, 128 bits
	Flags []string // "read", "notify", "indicate", "write" …
	MTU   int      // bytes of an ATT packet; zero where BlueZ is too old to tell (before 5.62)
	path  dbus.ObjectPath
}

// Notifies reports whether the device sends the value by itself.
func (c Characteristic) Notifies() bool { return c.can("notify", "indicate") }

// Readable reports whether the value can be asked for.
func (c Characteristic) Readable() bool { return c.can("read") }

// Writable reports whether the value can be set.
func (c Characteristic) Writable() bool { return c.can("write") }

func (c Characteristic) can(flags ...string) bool {
	return slices.ContainsFunc(flags, func(flag string) bool { return slices.Contains(c.Flags, flag) })
}

// Peripheral is a connected device.
type Peripheral struct {
	central *Central
	device  vitals.DeviceID
	path    dbus.ObjectPath
	owner   string
	rules   [][]dbus.MatchOption
	heard   chan *dbus.Signal

	notes    chan Notification
	resolved chan struct{} // closed once the services are known
	lost     chan struct{} // closed once the connection is gone
	leaving  chan struct{}
	leave    sync.Once

	mu    sync.Mutex
	chars map[string]Characteristic // by UUID
	uuids map[dbus.ObjectPath]string
	flags map[string]bool // of the device, as BlueZ told them last
}

// Connect connects to a device that is in reach and finds its services.
func (c *Central) Connect(ctx context.Context, d vitals.DeviceID) (*Peripheral, error) {
	path, err := c.pathOf(d)
	if err != nil {
		return nil, err
	}
	owner, err := c.prepare(ctx)
	if err != nil {
		return nil, err
	}
	p := &Peripheral{
		central: c, device: d, path: path, owner: owner, heard: make(chan *dbus.Signal), notes: make(chan Notification),
		resolved: make(chan struct{}), lost: make(chan struct{}), leaving: make(chan struct{}),
		uuids: map[dbus.ObjectPath]string{}, flags: map[string]bool{},
		rules: [][]dbus.MatchOption{
			{
				dbus.WithMatchSender(service), dbus.WithMatchPathNamespace(path),
				dbus.WithMatchInterface(properties), dbus.WithMatchMember("PropertiesChanged"),
			},
			{
				dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
				dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service),
			},
		},
	}
	c.conn.Signal(p.heard)
	go p.listen()
	if err := p.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to device %s: %w", d, err), p.Close(ctx))
	}
	return p, nil
}

func (p *Peripheral) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	for _, rule := range p.rules {
		if err := p.central.conn.AddMatchSignalContext(ctx, rule...); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	if err := p.central.call(ctx, p.path, deviceIface+".Connect"); err != nil {
		return err
	}
	// The signal may have passed before this program listened.
	resolved, err := p.flag(ctx, "ServicesResolved")
	if err != nil {
		return err
	}
	if !resolved {
		select {
		case <-ctx.Done():
			return fmt.Errorf("find services: %w", ctx.Err())
		case <-p.lost:
			return ErrLost
		case <-p.resolved:
		}
	}
	return p.discover(ctx)
}

func (p *Peripheral) flag(ctx context.Context, name string) (bool, error) {
	var v dbus.Variant
	call := p.central.conn.Object(service, p.path).CallWithContext(ctx, properties+".Get", 0, deviceIface, name)
	if err := call.Store(&v); err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	on, _ := v.Value().(bool)
	return on, nil
}

func (p *Peripheral) discover(ctx context.Context) error {
	all, err := p.central.objects(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chars = map[string]Characteristic{}
	for path, ifaces := range all {
		if path == p.path {
			p.noteFlags(ifaces[deviceIface])
		}
		props, ok := ifaces[charIface]
		if !ok || !strings.HasPrefix(string(path), string(p.path)+"/") {
			continue
		}
		c := Characteristic{path: path}
		uuid, _ := props["UUID"].Value().(string)
		c.UUID = strings.ToLower(uuid)
		c.Flags, _ = props["Flags"].Value().([]string)
		if mtu, ok := props["MTU"].Value().(uint16); ok {
			c.MTU = int(mtu)
		}
		// A characteristic that stands twice is taken where it stands first.
		if other, twice := p.chars[c.UUID]; !twice || path < other.path {
			p.chars[c.UUID] = c
		}
	}
	for _, c := range p.chars {
		p.uuids[c.path] = c.UUID
	}
	return nil
}

// Device names the device.
func (p *Peripheral) Device() vitals.DeviceID { return p.device }

// Characteristic finds a characteristic by its UUID of 128 bits, in lower case.
func (p *Peripheral) Characteristic(uuid string) (Characteristic, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.chars[uuid]
	if !ok {
		return Characteristic{}, fmt.Errorf("device %s, characteristic %s: %w", p.device, uuid, ErrMissing)
	}
	return c, nil
}

// Notifications are the values that the device sends, in order. The channel is closed behind the
// last one when the connection is gone.
func (p *Peripheral) Notifications() <-chan Notification { return p.notes }

// Subscribe lets the device send a characteristic's values by itself.
func (p *Peripheral) Subscribe(ctx context.Context, uuid string) error {
	return p.on(ctx, uuid, "StartNotify")
}

// Read asks for a characteristic's value.
func (p *Peripheral) Read(ctx context.Context, uuid string) ([]byte, error) {
	c, err := p.Characteristic(uuid)
	if err != nil {
		return nil, err
	}
	var value []byte
	call := p.central.conn.Object(service, c.path).CallWithContext(ctx, charIface+".ReadValue", 0, map[string]dbus.Variant{})
	if err := call.Store(&value); err != nil {
		return nil, fmt.Errorf("device %s, characteristic %s, ReadValue: %w", p.device, uuid, err)
	}
	return value, nil
}

// Write sets a characteristic and waits for the device's answer.
func (p *Peripheral) Write(ctx context.Context, uuid string, value []byte) error {
	return p.on(ctx, uuid, "WriteValue", value, map[string]dbus.Variant{"type": dbus.MakeVariant("request")})
}

func (p *Peripheral) on(ctx context.Context, uuid, method string, args ...any) error {
	c, err := p.Characteristic(uuid)
	if err != nil {
		return err
	}
	if err := p.central.call(ctx, c.path, charIface+"."+method, args...); err != nil {
		return fmt.Errorf("device %s, characteristic %s, %s: %w", p.device, uuid, method, err)
	}
	return nil
}

// Close ends the connection and waits until nothing is heard of it any more.
func (p *Peripheral) Close(ctx context.Context) error {
	p.leave.Do(func() {
		close(p.leaving)
		p.central.conn.RemoveSignal(p.heard)
		p.central.tidyUp(ctx, func(ctx context.Context) error {
			var err error
			for _, rule := range p.rules {
				err = errors.Join(err, p.central.conn.RemoveMatchSignalContext(ctx, rule...))
			}
			return errors.Join(err, p.central.call(ctx, p.path, deviceIface+".Disconnect"))
		})
	})
	<-p.lost
	return nil
}

// listen is the only reader of the signals and the only sender of notifications.
func (p *Peripheral) listen() {
	defer close(p.lost)
	defer close(p.notes)
	for {
		select {
		case <-p.leaving:
			return
		case s, open := <-p.heard:
			if !open || !p.take(s) {
				return
			}
		}
	}
}

// take handles a signal; false means that the connection is gone.
func (p *Peripheral) take(s *dbus.Signal) bool {
	if s.Name == ownerChanged && len(s.Body) == 3 && s.Body[0] == service {
		return false // bluetoothd began anew and knows of no connection
	}
	if s.Name != changed || s.Sender != p.owner || len(s.Body) < 2 {
		return true
	}
	iface, _ := s.Body[0].(string)
	props, _ := s.Body[1].(map[string]dbus.Variant)
	switch {
	case s.Path == p.path && iface == deviceIface:
		return p.deviceChanged(props)
	case iface == charIface:
		return p.valueChanged(s.Path, props)
	}
	return true
}

func (p *Peripheral) deviceChanged(props map[string]dbus.Variant) bool {
	p.mu.Lock()
	p.noteFlags(props)
	p.mu.Unlock()
	if connected, told := props["Connected"].Value().(bool); told && !connected {
		return false
	}
	if resolved, _ := props["ServicesResolved"].Value().(bool); resolved {
		select {
		case <-p.resolved:
		default:
			close(p.resolved)
		}
	}
	return true
}

func (p *Peripheral) valueChanged(path dbus.ObjectPath, props map[string]dbus.Variant) bool {
	value, told := props["Value"].Value().([]byte)
	p.mu.Lock()
	uuid, known := p.uuids[path]
	p.mu.Unlock()
	if !told || !known {
		return true
	}
	select {
	case p.notes <- Notification{UUID: uuid, Value: value}:
		return true
	case <-p.leaving:
		return false
	}
}
