package monitor

import (
	"errors"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// hubGrace is how long a hub may be away before the staff are told: reliability page, promise P3,
// the link of a hub that is cut is an alarm within 30 s. Less would tell of every reconnection.
const hubGrace = 20 * time.Second

// hub is a gateway through which a patient's devices are heard.
type hub struct {
	heard   time.Time // server time of the last delivery
	offline bool      // as the engine was told
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

// uses reports whether a device of the patient was last heard through the hub, or none was heard
// at all, which says nothing against it.
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
	return !heard
}

// watchHubs tells the patient's engine which of the hubs came and went.
func (p *partition) watchHubs(pt *patient) func(now time.Time) (alerts.Outcome, error) {
	return func(now time.Time) (all alerts.Outcome, fault error) {
		known := *p.m.hubs.Load()
		for id, h := range pt.hubs {
			uses := pt.uses(id)
			status, found := known[id]
			lost := uses && found && !status.Online && now.Sub(status.Seen) > hubGrace && now.Sub(h.heard) > hubGrace
			if lost != h.offline && (found || !uses) {
				h.offline = lost
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
