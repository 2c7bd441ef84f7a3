package ingest

import (
	"context"
	"errors"

	"vigil/devices/gateway"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// errUnpublished is wrapped where the journal took nothing.
var errUnpublished = errors.New("not published")

// Relay takes what a gateway relays of whatever is near it, and returns when the journal has it. What is
// of devices that nobody here wears is the neighbours' and is not kept: a relay hears everybody.
//
// live says that the gateway holds connections, so that a device that falls silent is to be missed.
// Otherwise it hears advertisements, which come when they come.
func (h *Handler) Relay(ctx context.Context, sender vitals.HubID, parts []gateway.Part, live bool) error {
	var fault error           // the first
	for _, p := range parts { // a neighbour's whom nobody can look up holds up no call for help behind it
		var err error
		switch {
		case p.Err != nil && fault != nil: // it comes again, and one wait for a database that is away is enough
		case p.Err != nil:
			err = h.setAside(ctx, sender, p.Payload, p.Err)
		case !p.Batch.Empty():
			err = h.relay(ctx, vitals.Deposit{Source: sender, Batch: p.Batch, Payload: p.Payload}, live)
		}
		if errors.Is(err, errUnpublished) {
			return errors.Join(ErrUnavailable, err)
		}
		if fault == nil {
			fault = err
		}
	}
	if fault != nil {
		return errors.Join(ErrUnavailable, fault)
	}
	return nil
}

func (h *Handler) relay(ctx context.Context, d vitals.Deposit, live bool) error {
	received := h.now()
	kept, answer, err := h.examine(ctx, d, received)
	if err != nil || answer.Code == uplink.CodeUnbound {
		return err
	}
	deposited := []vitals.Deposited{answer}
	if err := h.keepRefused(ctx, []vitals.Deposit{d}, deposited, received); err != nil {
		return err
	}
	for _, delivery := range deliveries(deposited, []vitals.Batch{kept}, received) {
		if live {
			h.number(&delivery, d.Source)
		}
		if err := h.journal.Publish(ctx, delivery); err != nil {
			return errors.Join(errUnpublished, err)
		}
		h.count(func(c *Counts) { c.Received++ })
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
