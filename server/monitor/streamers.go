package monitor

import (
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// streamers are the devices that are known to send continuously, whoever wore them. When one of them
// is given to somebody and stays silent, that is news; a bathroom scale that stays silent is not.
type streamers struct {
	mu      sync.RWMutex
	devices map[vitals.DeviceID]bool // false: looked up, and it has not streamed so far
}

func newStreamers() *streamers { return &streamers{devices: map[vitals.DeviceID]bool{}} }

func (s *streamers) add(d vitals.DeviceID) { s.looked(d, true) }

// looked notes what was found out; what was heard meanwhile counts for more.
func (s *streamers) looked(d vitals.DeviceID, streams bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[d] = s.devices[d] || streams
}

// unknown lists some of the devices about which nothing was found out yet.
func (s *streamers) unknown(devices []vitals.DeviceID, most int) []vitals.DeviceID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	unknown := lo.Reject(devices, func(d vitals.DeviceID, _ int) bool { return lo.HasKey(s.devices, d) })
	return lo.Slice(unknown, 0, most)
}

// streamedLately lists the devices of which the latest blocks show a stream, not a value or a recording
// that a sender without a hub brought: a minute of a waveform, or of a device without one at least one value in ten
// seconds. The rates that were found in a recording follow each other as those of a stream do.
func streamedLately(blocks []vitals.Block) (devices []vitals.DeviceID) {
	const each = int(vitals.SeriesBlock / vitals.WaveBlock)
	type minute struct {
		device vitals.DeviceID
		kind   vitals.Kind
		of     time.Time
	}
	pieces, records := map[minute]int{}, map[vitals.DeviceID]bool{}
	for _, b := range blocks {
		records[b.Device] = records[b.Device] || b.Kind.Info().Shape == vitals.Sampled
	}
	for _, b := range blocks {
		n := b.Count
		switch {
		case b.Kind.Info().Shape != vitals.Sampled && records[b.Device]:
			continue
		case b.Kind.Info().Shape == vitals.Sampled:
			m := minute{b.Device, b.Kind, b.Start.Truncate(vitals.SeriesBlock)}
			pieces[m]++
			n = pieces[m]
		}
		if n >= each {
			devices = append(devices, b.Device)
		}
	}
	return lo.Uniq(devices)
}

func (s *streamers) has(d vitals.DeviceID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.devices[d]
}
