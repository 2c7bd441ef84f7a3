package ingest

import (
	"context"
	"time"

	"vigil/vitals"
)

// Presence is whether hubs are there, as all nodes know it.
type Presence interface {
	// TouchHub notes that the hub was heard, or says that it leaves.
	TouchHub(ctx context.Context, hub vitals.HubID, at time.Time, online bool) error
	// LoseHub notes that a connection of the hub ended over which it was heard last a while before; what it said
	// since then over another one, on whatever node, says that it is there.
	LoseHub(ctx context.Context, hub vitals.HubID, heard, at time.Time) error
}

// leave disconnects the line, over which nothing was heard for a while: of one that is dead the end is noticed late.
// The hub may be back before it is noted that it is gone, or leave again before it is noted that it is back: what is
// noted last must be what is true then.
func (h *Handler) leave(ctx context.Context, hub vitals.HubID, l line, silent time.Duration) {
	if last := h.lines.remove(hub, l); !last {
		return
	}
	for {
		if h.lose(ctx, hub, silent); !h.lines.connected(hub) {
			return
		}
		if h.touch(ctx, hub, true); h.lines.connected(hub) {
			return
		}
	}
}

// touchEvery is how often it is noted that a hub that talks is there. A hub of which nothing is noted
// for three times as long counts as away.
const touchEvery = 30 * time.Second

// alive notes that the hub was heard, unless that was noted lately. The message is with the journal by
// then: a database that is away delays nobody's alarm.
func (h *Handler) alive(ctx context.Context, hub vitals.HubID) {
	h.mu.Lock()
	lately := h.now().Sub(h.touched[hub]) < touchEvery
	h.mu.Unlock()
	if !lately {
		h.touch(ctx, hub, true)
	}
}

func (h *Handler) touch(ctx context.Context, hub vitals.HubID, online bool) {
	now := h.now()
	h.mu.Lock()
	if h.touched[hub] = now; !online {
		delete(h.touched, hub) // its next word brings it back
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	h.noted(hub, h.store.TouchHub(ctx, hub, now, online))
}

// lose notes that the hub has no connection any more.
func (h *Handler) lose(ctx context.Context, hub vitals.HubID, silent time.Duration) {
	now := h.now()
	h.mu.Lock()
	delete(h.touched, hub)
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	h.noted(hub, h.store.LoseHub(ctx, hub, now.Add(-silent), now))
}

func (h *Handler) noted(hub vitals.HubID, fault error) {
	if fault != nil {
		h.log.Warn("hub's last sign of life could not be noted", "hub", hub, "error", fault)
	}
}

// touchPatience bounds the wait for a database that is away: it may answer nothing at all, and a hub that is let in
// or tells how it is would not be heard for as long.
const touchPatience = 2 * time.Second

// gatePatience is the same where a hub is let in: longer, because many may come at once, and well below the 10 s after
// which a hub gives up.
const gatePatience = 3 * time.Second

// knows returns nil when the secret is the hub's, as the gate does.
func (h *Handler) knows(ctx context.Context, hub vitals.HubID, secret string) error {
	ctx, cancel := context.WithTimeout(ctx, gatePatience)
	defer cancel()
	return h.gate.CheckHub(ctx, hub, secret)
}
