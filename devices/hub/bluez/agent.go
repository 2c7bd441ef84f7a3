package bluez

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

const (
	agentIface   = "org.bluez.Agent1"
	agentManager = "org.bluez.AgentManager1"
	agentPath    = dbus.ObjectPath("/vigil/agent")
)

// pairing answers BlueZ's questions about pairing (Agent1). Devices that are not on the list are
// turned away, whoever began.
type pairing struct{ central *Central }

func (c *Central) registerAgent(ctx context.Context) error {
	a := &pairing{central: c}
	if err := c.conn.Export(a, agentPath, agentIface); err != nil {
		return fmt.Errorf("offer the pairing agent: %w", err)
	}
	capability := "NoInputNoOutput"
	if len(c.passkeys) > 0 {
		capability = "KeyboardOnly"
	}
	if err := c.call(ctx, "/org/bluez", agentManager+".RegisterAgent", agentPath, capability); err != nil {
		return fmt.Errorf("register the pairing agent: %w", err)
	}
	if err := c.call(ctx, "/org/bluez", agentManager+".RequestDefaultAgent", agentPath); err != nil {
		return fmt.Errorf("make the pairing agent the default: %w", err)
	}
	return nil
}

func rejected(why string) *dbus.Error {
	return dbus.NewError("org.bluez.Error.Rejected", []any{why})
}

func (a *pairing) decide(device dbus.ObjectPath) *dbus.Error {
	d, allowed := a.central.deviceAt(device)
	if !allowed {
		a.central.log.Warn("unlisted device wanted to be paired", "path", string(device))
		return rejected("not on the list of allowed devices")
	}
	a.central.log.Info("device is being paired", "device", d)
	return nil
}

// Release says that BlueZ needs the agent no more.
func (a *pairing) Release() *dbus.Error { return nil }

// Cancel says that BlueZ gave up.
func (a *pairing) Cancel() *dbus.Error { return nil }

// RequestPinCode is asked by devices of before Bluetooth 2.1, of which there are none here.
func (a *pairing) RequestPinCode(dbus.ObjectPath) (string, *dbus.Error) {
	return "", rejected("no PIN codes")
}

// RequestPasskey is asked where the device shows or prints a number.
func (a *pairing) RequestPasskey(device dbus.ObjectPath) (uint32, *dbus.Error) {
	if err := a.decide(device); err != nil {
		return 0, err
	}
	d, _ := a.central.deviceAt(device)
	passkey, known := a.central.passkeys[d]
	if !known {
		return 0, rejected("no passkey for this device in the configuration")
	}
	return passkey, nil
}

// RequestConfirmation is asked where both sides show a number. Nobody is there to compare them; the
// list of devices is what the installer confirmed.
func (a *pairing) RequestConfirmation(device dbus.ObjectPath, _ uint32) *dbus.Error {
	return a.decide(device)
}

// RequestAuthorization is asked where a device pairs without any number.
func (a *pairing) RequestAuthorization(device dbus.ObjectPath) *dbus.Error { return a.decide(device) }

// AuthorizeService is asked where a device uses a service of this computer.
func (a *pairing) AuthorizeService(device dbus.ObjectPath, _ string) *dbus.Error {
	return a.decide(device)
}
