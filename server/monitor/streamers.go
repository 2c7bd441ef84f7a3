package monitor

import (
	"sync"

	"vigil/vitals"
)

// streamers are the devices that are known to send continuously, whoever wore them. When one of them
// is given to somebody and stays silent, that is news; a bathroom scale that stays silent is not.
type streamers struct {
	mu      sync.RWMutex
	devices map[vitals.DeviceID]bool
}

func newStreamers() *streamers { return &streamers{devices: map[vitals.DeviceID]bool{}} }

func (s *streamers) add(d vitals.DeviceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[d] = true
}

func (s *streamers) has(d vitals.DeviceID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.devices[d]
}
