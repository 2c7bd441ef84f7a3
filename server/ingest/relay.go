package ingest

import (
	"context"
	"errors"

	"github.com/samber/lo"

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
	_, err := h.relayParts(ctx, sender, parts, live)
	return err
}

func (h *Handler) relayParts(ctx context.Context, sender vitals.HubID, parts []gateway.Part, live bool) (webhookAnswer, error) {
	answer := webhookAnswer{Refused: []refusedPart{}}
	crossing := h.transit.enter(sender, h.now())
	defer crossing.leave()
	if lo.EveryBy(parts, func(p gateway.Part) bool { return p.Batch.Empty() }) {
		crossing.leave()
	}
	var fault error           // the first
	for i, p := range parts { // a neighbour's whom nobody can look up holds up no call for help behind it
		if p.Err != nil && p.Batch.Empty() && fault != nil {
			continue // it comes again, and one wait for a database that is away is enough
		}
		became, err := h.relay(ctx, sender, p, live)
		if became.Code == "" {
			answer.Passed++
		} else {
			answer.refuse(i, p, became)
		}
		if errors.Is(err, errUnpublished) {
			h.refused(ctx, crossing, err)
			return answer, errors.Join(ErrUnavailable, err)
		}
		if fault == nil {
			fault = err
		}
	}
	if fault != nil {
		return answer, errors.Join(ErrUnavailable, fault)
	}
	return answer, nil
}

// relay takes a part, and says what became of it where it is of somebody here.
func (h *Handler) relay(ctx context.Context, sender vitals.HubID, p gateway.Part, live bool) (vitals.Deposited, error) {
	missed := unread(p.Err)
	if p.Err == nil && p.Batch.Empty() {
		return vitals.Deposited{}, nil
	}
	received := h.now()
	d := vitals.Deposit{Source: sender, Batch: p.Batch, Payload: p.Payload, Unread: missed, Place: p.At}
	if p.Batch.Empty() && p.Batch.Device == "" {
		return vitals.Deposited{Code: uplink.CodeMalformed, Reason: p.Err.Error(), Flaws: missed}, h.setAside(ctx, sender, p.Payload, p.Err)
	}
	kept, answer, err := h.examine(ctx, d, received)
	if err != nil || answer.Code == uplink.CodeUnbound && answer.Patient == "" {
		return vitals.Deposited{}, err
	}
	if p.Err != nil && len(missed) == 0 {
		answer = vitals.Deposited{Patient: answer.Patient, Code: uplink.CodeMalformed, Reason: p.Err.Error()}
	}
	deposited := []vitals.Deposited{answer}
	for _, delivery := range deliveries(deposited, []vitals.Batch{kept}, received) {
		if live {
			h.number(&delivery, sender)
		}
		if err := h.journal.Publish(ctx, delivery); err != nil {
			return answer, errors.Join(errUnpublished, err)
		}
		h.transit.passed(sender, h.now())
		h.count(func(c *Counts) { c.Received++ })
	}
	return answer, h.keepRefused(ctx, []vitals.Deposit{d}, deposited, received)
}

// number gives the delivery its place in a stream of the gateway's, which begins with this process.
func (h *Handler) number(d *vitals.Delivery, sender vitals.HubID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.Stream = vitals.Stream{Hub: sender, Device: d.Batch.Device, Epoch: h.epoch}
	h.relayed[d.Stream]++
	d.Seq = h.relayed[d.Stream]
}
