package ingest

import (
	"context"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// SetClock gives the handler another clock.
func SetClock(h *Handler, now func() time.Time) { h.now = now }

// Reported takes a status, as a hub's door does.
func Reported(ctx context.Context, h *Handler, hub vitals.HubID, s uplink.Status) {
	h.reported(ctx, hub, s)
}
