package hub

import (
	"sync"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Register is what a hub knows of its devices beside their values: what they are, and when they were last
// heard. It stands in front of the spool, and is safe for use by several goroutines.
type Register struct {
	spool *Spool

	mu      sync.Mutex
	devices []uplink.DeviceStatus
}

// NewRegister keeps account of the devices.
func NewRegister(spool *Spool, devices []uplink.DeviceStatus) *Register {
	return &Register{spool: spool, devices: devices}
}

// Add notes what the batch says of its device, and keeps it in the spool.
func (r *Register) Add(b vitals.Batch, now time.Time) error {
	r.note(b, now)
	return r.spool.Add(b, now)
}

func (r *Register) note(b vitals.Batch, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.devices {
		d := &r.devices[i]
		if d.Device != b.Device {
			continue
		}
		d.Heard = now.Truncate(time.Microsecond)
		if d.Read.IsZero() {
			d.Read = d.Heard
		}
		for _, e := range b.Events {
			if e.Code == vitals.BatteryLevel {
				d.Battery = new(uint8(e.Value.Float()))
			}
		}
	}
}

// Report tells of the devices in the hub's status.
func (r *Register) Report(s *uplink.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Devices = append(s.Devices, r.devices...)
}
