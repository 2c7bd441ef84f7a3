package ingest

import (
	"context"
	"net"
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

// ServeMonitor serves a connection of a monitor until it ends.
func ServeMonitor(ctx context.Context, h *Handler, conn net.Conn) {
	(&MLLP{handler: h}).serve(ctx, conn)
}
