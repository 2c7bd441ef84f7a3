package monitor

import (
	"errors"
	"slices"
	"time"

	"github.com/samber/lo"

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

// hubs is how the hubs were connected when that was read last.
type hubs struct {
	byID  map[vitals.HubID]vitals.HubStatus
	read  time.Time
	since time.Time // since when it has been read again and again
}

// next is what has been read after this.
func (h *hubs) next(statuses []vitals.HubStatus, now time.Time) *hubs {
	return &hubs{
		byID: lo.KeyBy(statuses, func(s vitals.HubStatus) vitals.HubID { return s.ID }),
		read: now, since: h.follows(now),
	}
}

// follows is since when a sign of life that a hub gives is seen. While the database is away none is, and when it is
// back hubs have as long as ever to give the next.
func (h *hubs) follows(now time.Time) time.Time {
	if now.Sub(h.read) > hubGrace {
		return now
	}
	return h.since
}

// hub is a gateway through which a patient's devices are heard.
type hub struct {
	heard   time.Time // server time of the last delivery
	seen    time.Time // since when its status is of a time to come; zero while it is not
	offline bool
	told    time.Time      // since when it counts as offline
	untold  bool           // the engine is a new one, or it has changed
	ahead   *time.Duration // of its clock, as the engine was told
}

// lost reports whether the hub is away. From since on it could be heard here: after a restart hubs
// have as long to come back as they may be away. From seen on it was seen whether they give signs of life.
func (h *hub) lost(status vitals.HubStatus, known bool, since, seen, now time.Time) bool {
	alive := h.mindClock(status, now)
	if h.offline {
		there := status.Online && h.seen.IsZero() && alive.After(h.told)
		return !there && !h.heard.After(h.told)
	}
	silent := min(now.Sub(h.heard), now.Sub(alive), now.Sub(since))
	left := known && !status.Online
	return min(silent, now.Sub(seen)) > hubSilence || left && silent > hubGrace
}

// clockSlack is by how much the clocks of two nodes may differ without anybody minding.
const clockSlack = 10 * time.Second

// mindClock says when the hub gave its last sign of life. The server's clock may have been set back since: what lies in the
// future counts as of the moment in which that was noticed, or a hub would be neither missed nor found until the
// clock has caught up.
func (h *hub) mindClock(status vitals.HubStatus, now time.Time) (seen time.Time) {
	for _, at := range []*time.Time{&h.heard, &h.told} {
		if at.After(now.Add(clockSlack)) {
			*at = now
		}
	}
	if !status.Seen.After(now.Add(clockSlack)) {
		h.seen = time.Time{}
		return status.Seen
	}
	if h.seen.IsZero() || h.seen.After(now) {
		h.seen = now
	}
	return h.seen
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

// connected takes over through which hubs the devices were heard when nobody here listened: one that has nothing to send
// for days is missed all the same when it goes away.
func (pt *patient) connected(through map[vitals.DeviceID]vitals.HubID) {
	for _, device := range pt.devices {
		if id, known := through[device]; known {
			pt.via[device], pt.hubs[id] = id, &hub{}
		}
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
		known := p.m.hubs.Load()
		for id, h := range pt.hubs {
			uses := pt.uses(id)
			status, found := known.byID[id]
			lost := uses && h.lost(status, found, p.since, known.follows(now), now)
			if lost != h.offline {
				h.offline, h.told, h.untold = lost, now, true
			}
			ahead := h.clock(status, uses)
			for _, tell := range h.news(id, ahead, now) {
				out, err := pt.guard(now, tell)
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

// clock is how far the hub's clock is ahead, as far as is known. A hub that is the patient's no longer counts as right,
// so that nothing stays open about it.
func (h *hub) clock(status vitals.HubStatus, uses bool) *time.Duration {
	switch {
	case !uses:
		return new(time.Duration(0))
	case h.offline || !status.Online || status.Ahead == nil:
		return h.ahead
	default:
		return status.Ahead
	}
}

// news are what the engine has to be told of the hub. It counts as told before the engine is: if that is replaced by
// this, the next one is told again.
func (h *hub) news(id vitals.HubID, ahead *time.Duration, now time.Time) (tell []func(Engine) alerts.Outcome) {
	if h.untold {
		online := !h.offline
		tell = append(tell, func(e Engine) alerts.Outcome { return e.Hub(online, string(id), now) })
	}
	if ahead != nil && (h.untold || h.ahead == nil || *h.ahead != *ahead) {
		tell = append(tell, func(e Engine) alerts.Outcome { return e.HubClock(*ahead, string(id), now) })
	}
	h.untold, h.ahead = false, ahead
	return tell
}
