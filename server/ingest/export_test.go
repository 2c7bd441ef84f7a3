package ingest

import (
	"context"
	"net"
	"slices"
	"sync"
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

// Join connects a hub's line that notes the acks that it is told.
func Join(ctx context.Context, h *Handler, hub vitals.HubID) (told func() [][]vitals.Position, leave func()) {
	l := &notebook{}
	h.join(ctx, hub, l)
	return l.told, func() { h.leave(ctx, hub, l, 0) }
}

type notebook struct {
	mu   sync.Mutex
	acks [][]vitals.Position
}

func (l *notebook) told() [][]vitals.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.acks)
}

func (l *notebook) ack(positions []vitals.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = append(l.acks, slices.Clone(positions))
}

func (l *notebook) nack(uplink.Nack) {}
