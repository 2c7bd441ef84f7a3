package ingest

import (
	"context"
	"errors"

	"vigil/devices/gateway"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// Relay takes what a gateway relays of whatever is near it, and returns when the journal has it. What is
// of devices that nobody here wears is the neighbours' and is not kept: a relay hears everybody.
//
// live says that the gateway holds connections, so that a device that falls silent is to be missed.
// Otherwise it hears advertisements, which come when they come.
func (h *Handler) Relay(ctx context.Context, sender vitals.HubID, parts []gateway.Part, live bool) error {
	received := h.now()
	for _, p := range parts {
		if p.Err != nil {
			if err := h.setAside(ctx, sender, p.Payload, p.Err); err != nil {
				return errors.Join(ErrUnavailable, err)
			}
			continue
		}
		if p.Batch.Empty() {
			continue
		}
		d := vitals.Deposit{Source: sender, Batch: p.Batch, Payload: p.Payload}
		kept, answer, err := h.examine(ctx, d, received)
		if err != nil {
			return errors.Join(ErrUnavailable, err)
		}
		if answer.Code == uplink.CodeUnbound {
			continue
		}
		deposited := []vitals.Deposited{answer}
		if err := h.keepRefused(ctx, []vitals.Deposit{d}, deposited, received); err != nil {
			return errors.Join(ErrUnavailable, err)
		}
		for _, delivery := range deliveries(deposited, []vitals.Batch{kept}, received) {
			if live {
				h.number(&delivery, sender)
			}
			if err := h.journal.Publish(ctx, delivery); err != nil {
				return errors.Join(ErrUnavailable, err)
			}
			h.count(func(c *Counts) { c.Received++ })
		}
	}
	return nil
}

// number gives the delivery its place in a stream of the gateway's, which begins with this process.
func (h *Handler) number(d *vitals.Delivery, sender vitals.HubID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.Stream = vitals.Stream{Hub: sender, Device: d.Batch.Device, Epoch: h.epoch}
	h.relayed[d.Stream]++
	d.Seq = h.relayed[d.Stream]
}
