package bluez

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// Security says how far a connection can be trusted.
type Security uint8

// Security of a connection.
const (
	Exposed   Security = iota // anybody near can listen, and pretend to be the device
	Encrypted                 // paired for now
	Bonded                    // with a key that both keep: it is the device that was paired once
)

// Security is that of the connection at the moment. BlueZ encrypts the link to whatever is paired (doc/device-api:
// Paired, Bonded); one before 5.65 does not tell what is bonded.
func (p *Peripheral) Security() Security {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.flags["Bonded"]:
		return Bonded
	case p.flags["Paired"]:
		return Encrypted
	default:
		return Exposed
	}
}

// noteFlags keeps what BlueZ told of the device; the lock is held.
func (p *Peripheral) noteFlags(props map[string]dbus.Variant) {
	for _, name := range []string{"Paired", "Bonded"} {
		if on, told := props[name].Value().(bool); told {
			p.flags[name] = on
		}
	}
}

// Pair bonds with the device where that has not happened yet.
func (p *Peripheral) Pair(ctx context.Context) error {
	paired, err := p.flag(ctx, "Paired")
	if err != nil || paired {
		return err
	}
	if err := p.central.call(ctx, p.path, deviceIface+".Pair"); err != nil {
		return fmt.Errorf("pair with device %s: %w", p.device, err)
	}
	// A trusted device may come back by itself after a measurement, as cuffs do.
	if err := p.central.call(ctx, p.path, properties+".Set", deviceIface, "Trusted", dbus.MakeVariant(true)); err != nil {
		return fmt.Errorf("trust device %s: %w", p.device, err)
	}
	return nil
}
