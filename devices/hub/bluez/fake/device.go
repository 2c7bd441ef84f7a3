package fake

import (
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"vigil/vitals"
)

// Device is a fake wearable.
type Device struct {
	id    vitals.DeviceID
	path  dbus.ObjectPath
	blue  *BlueZ
	props *prop.Properties
	chars map[dbus.ObjectPath]Char
	paths map[string]dbus.ObjectPath

	mu         sync.Mutex
	subscribed map[string]bool
	connects   int
}

// Add makes a device that BlueZ does not know before it scans.
func (b *BlueZ) Add(id vitals.DeviceID, chars ...Char) (*Device, error) {
	d := &Device{
		id: id, path: pathOf(id), blue: b, subscribed: map[string]bool{},
		chars: map[dbus.ObjectPath]Char{}, paths: map[string]dbus.ObjectPath{},
	}
	flag := func() *prop.Prop { return &prop.Prop{Value: false, Writable: true, Emit: prop.EmitTrue} }
	var err error
	d.props, err = prop.Export(b.conn, d.path, prop.Map{device: {
		"Connected": flag(), "ServicesResolved": flag(), "Paired": flag(), "Bonded": flag(), "Trusted": flag(),
	}})
	if err != nil {
		return nil, fmt.Errorf("export a device's properties: %w", err)
	}
	if err := b.conn.ExportMethodTable(map[string]any{
		"Connect": d.connect, "Disconnect": d.disconnect, "Pair": d.pair,
	}, d.path, device); err != nil {
		return nil, fmt.Errorf("export a device: %w", err)
	}
	for i, c := range chars {
		path := dbus.ObjectPath(fmt.Sprintf("%s/service0001/char%04d", d.path, i))
		d.chars[path], d.paths[c.UUID] = c, path
		if err := b.conn.ExportMethodTable(map[string]any{
			"StartNotify": func() *dbus.Error { return d.subscribe(c.UUID) },
			"ReadValue":   func(map[string]dbus.Variant) ([]byte, *dbus.Error) { return asked(c) },
			"WriteValue":  func(value []byte, _ map[string]dbus.Variant) *dbus.Error { return written(c, value) },
		}, path, char); err != nil {
			return nil, fmt.Errorf("export a characteristic: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.devices[id], b.hidden[id] = d, true
	return d, nil
}

func written(c Char, value []byte) *dbus.Error {
	if c.Written == nil {
		return nil
	}
	if err := c.Written(value); err != nil {
		return dbus.NewError("org.bluez.Error.Failed", []any{err.Error()})
	}
	return nil
}

func asked(c Char) ([]byte, *dbus.Error) {
	if c.Read == nil {
		return nil, dbus.NewError("org.bluez.Error.NotPermitted", []any{"not readable"})
	}
	return c.Read(), nil
}

func (d *Device) connect() *dbus.Error {
	d.mu.Lock()
	d.connects++
	d.mu.Unlock()
	d.props.SetMust(device, "Connected", true)
	d.props.SetMust(device, "ServicesResolved", true)
	return nil
}

func (d *Device) disconnect() *dbus.Error {
	d.Drop()
	return nil
}

func (d *Device) pair() *dbus.Error {
	if err := d.blue.Authorize(d.id); err != nil {
		return dbus.NewError("org.bluez.Error.AuthenticationFailed", []any{err.Error()})
	}
	d.props.SetMust(device, "Paired", true)
	d.props.SetMust(device, "Bonded", true)
	return nil
}

// Set changes a property that BlueZ tells of the device, such as "Paired".
func (d *Device) Set(name string, on bool) { d.props.SetMust(device, name, on) }

func (d *Device) subscribe(uuid string) *dbus.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.subscribed[uuid] = true
	return nil
}

// Drop ends the connection from the device's side: out of reach, or switched off.
func (d *Device) Drop() {
	d.mu.Lock()
	clear(d.subscribed)
	d.mu.Unlock()
	d.props.SetMust(device, "ServicesResolved", false)
	d.props.SetMust(device, "Connected", false)
}

// Notify sends a value to who has subscribed; it says whether anybody has.
func (d *Device) Notify(uuid string, value []byte) bool {
	d.mu.Lock()
	on := d.subscribed[uuid]
	d.mu.Unlock()
	if on {
		_ = d.blue.conn.Emit(d.paths[uuid], "org.freedesktop.DBus.Properties.PropertiesChanged",
			char, map[string]dbus.Variant{"Value": dbus.MakeVariant(value)}, []string{})
	}
	return on
}

// Flag reads a property such as "Trusted".
func (d *Device) Flag(name string) bool { return d.props.GetMust(device, name) == true }

// Connects is how often the device was connected.
func (d *Device) Connects() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.connects
}
