package vitals

import (
	"cmp"
	"hash/fnv"
	"time"
)

// HubReport is what a hub says about itself and the devices that it reads.
type HubReport struct {
	Version string         // of its program
	Queue   int            // messages kept that are not stored yet
	Oldest  time.Time      // of the oldest of them; zero when there is none
	Clock   string         // what its clock follows: "unsynced", "ntp" or "nts"
	Bound   time.Duration  // how far its clock may be off; zero when not known
	Ahead   *time.Duration // how far its clock is ahead of the server's; nil where it tells no time
	Config  uint64         // version of the desired state that it is in
	At      time.Time      // server time of the report
	Devices []DeviceReport
}

// DeviceReport is what a hub knows of a device beside its values. Empty fields are not known.
type DeviceReport struct {
	Description

	Device  DeviceID
	Battery *int      // percent
	Heard   time.Time // hub time of its last value
	Link    string    // "open", "encrypted" or "bonded"
}

// Description is what a device says of itself. Nobody vouches for it.
type Description struct {
	Manufacturer string
	Model        string
	Serial       string
	Firmware     string
	Hardware     string
	Software     string
	UDI          UDI
	SystemID     DeviceID  // EUI-64 that stays the same where the address changes
	Read         time.Time // hub time at which it was read; zero where it was not
}

// UDI is a unique device identifier. Its parts may be empty.
type UDI struct {
	Label      string // the whole, as it is printed
	Identifier string // the part that tells maker and model
	Issuer     string // OID of who issued it, such as GS1
	Authority  string // OID of whose rules it follows, such as the FDA's
}

// String is the identifier as it is printed, as far as it is known.
func (u UDI) String() string { return cmp.Or(u.Label, u.Identifier) }

// DeviceState is a device as it stands in the registry, beside its description.
type DeviceState struct {
	Device       DeviceID
	Hardware     string
	Software     string
	UDI          UDI
	SystemID     DeviceID
	Read         time.Time // when it last said so, and its model, serial and firmware
	Battery      *int
	Heard        time.Time
	Link         string
	Hub          HubID     // that reported it last
	SupportUntil time.Time // date until which its maker supports it; zero when nobody entered it
}

// WantedDevice is a device that a hub is to read.
type WantedDevice struct {
	Device DeviceID
	Read   []string // profiles, in the hub's words
	Pair   bool
}

// Desired is the state that a hub is to be in.
type Desired struct {
	Hub     HubID
	Version uint64 // rises with every change; zero: nothing is wanted
	Agent   string // version of its program; empty: any
	Devices []WantedDevice
	By      string // who wanted it
	At      time.Time
}

// HubCommand is something that a hub is to do once.
type HubCommand struct {
	ID      string
	Hub     HubID
	What    string
	By      string // who asked
	At      time.Time
	Expires time.Time
	Outcome string // empty while nothing is known
	Detail  string
	Ended   time.Time
}

// Campaign brings hubs to a version of their program, some first.
type Campaign struct {
	ID      string
	Version string
	Unit    UnitID // only hubs of its patients; empty: all
	Percent int    // of the hubs, 0 to 100
	Most    int    // failures at which it halts
	By      string
	Started time.Time
	Halted  bool
	Reason  string // why it was halted
}

// Includes reports whether the campaign has come to the hub. A hub that is included stays so while the
// percentage grows, and another campaign begins with other hubs.
func (c Campaign) Includes(hub HubID) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.ID + "/" + string(hub))) // a hash never fails
	return int(h.Sum32()%100) < c.Percent
}

// UpdatePatience is how long a hub may take to be of the version that it was told; then it has failed. An
// update takes minutes, and a hub without a line is told later.
const UpdatePatience = time.Hour

// Enlisted is a hub that was told the version of a campaign.
type Enlisted struct {
	Hub  HubID
	At   time.Time
	Runs string // version that it runs now
}

// Failed reports whether the hub should be of the campaign's version by now and is not.
func (e Enlisted) Failed(c Campaign, now time.Time) bool {
	return e.Runs != c.Version && now.Sub(e.At) > UpdatePatience
}
