package monitor

import (
	"errors"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	// hubGrace is how long a hub whose connection was seen to end may be away before the staff are
	// told. Less would tell of every reconnection; more would leave a cut line unnoticed for longer
	// than half a minute.
	hubGrace = 20 * time.Second
	// hubSilence is the same where nobody saw the connection end: the server was killed, or there is
	// none because the hub posts. It is three of the signs of life that a hub gives.
	hubSilence = 90 * time.Second
)

// hub is a gateway through which a patient's devices are heard.
type hub struct {
	heard   time.Time // server time of the last delivery
	offline bool
	told    time.Time // since when it counts as offline
	untold  bool      // the engine is a new one, or it has changed
}

// lost reports whether the hub is away. From since on it could be heard here: after a restart hubs
// have as long to come back as they may be away.
func (h *hub) lost(status vitals.HubStatus, known bool, since, now time.Time) bool {
	if h.offline {
		seen := status.Online && status.Seen.After(h.told)
		return !seen && !h.heard.After(h.told)
	}
	silent := now.Sub(slices.MaxFunc([]time.Time{h.heard, status.Seen, since}, time.Time.Compare))
	left := known && !status.Online
	return silent > hubSilence || left && silent > hubGrace
}

// heardThrough notes through which hub a device was heard. Hubs through which none is heard any
// more are the patient's no longer.
func (pt *patient) heardThrough(d vitals.Delivery) {
	if d.Stream.Hub == "" {
		return
	}
	h := pt.hubs[d.Stream.Hub]
	if h == nil {
		h = &hub{}
		pt.hubs[d.Stream.Hub] = h
	}
	if d.Received.After(h.heard) {
		h.heard = d.Received
		pt.via[d.Batch.Device] = d.Stream.Hub
	}
}

// uses reports whether a device of the patient was last heard through the hub, or none of those there
// are was heard at all, which says nothing against it.
func (pt *patient) uses(id vitals.HubID) bool {
	heard := false
	for _, device := range pt.devices {
		if via, known := pt.via[device]; known {
			heard = true
			if via == id {
				return true
			}
		}
	}
	return !heard && len(pt.devices) > 0
}

// watchHubs tells the patient's engine which of the hubs came and went.
func (p *partition) watchHubs(pt *patient) func(now time.Time) (alerts.Outcome, error) {
	return func(now time.Time) (all alerts.Outcome, fault error) {
		known := *p.m.hubs.Load()
		for id, h := range pt.hubs {
			uses := pt.uses(id)
			status, found := known[id]
			lost := uses && h.lost(status, found, p.since, now)
			if lost != h.offline {
				h.offline, h.told, h.untold = lost, now, true
			}
			if h.untold {
				h.untold = false // before the engine is told: if it is replaced by this, the next one is told again
				out, err := pt.guard(now, func(e Engine) alerts.Outcome { return e.Hub(!lost, string(id), now) })
				all.Transitions = slices.Concat(all.Transitions, out.Transitions)
				fault = errors.Join(fault, err)
			}
			if !uses {
				delete(pt.hubs, id)
			}
		}
		return all, fault
	}
}
