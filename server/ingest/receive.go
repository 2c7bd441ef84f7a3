package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Receive takes one message. A nack is to be passed to the sender. An error means that nothing was
// taken and the sender must send again.
func (h *Handler) Receive(ctx context.Context, hub vitals.HubID, payload []byte) (*uplink.Nack, error) {
	taken, err := h.begin(ctx, hub, payload)
	if err != nil {
		return nil, err
	}
	return taken(ctx)
}

// outcome waits for what becomes of a message, as Receive returns it.
type outcome func(ctx context.Context) (*uplink.Nack, error)

func already(n *uplink.Nack, err error) (outcome, error) {
	return func(context.Context) (*uplink.Nack, error) { return n, nil }, err
}

// begin is Receive that does not wait for the journal: the next message is begun meanwhile, and is behind this
// one all the same.
func (h *Handler) begin(ctx context.Context, hub vitals.HubID, payload []byte) (outcome, error) {
	if err := h.limit(hub).Wait(ctx); err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	defer h.alive(ctx, hub)
	received := h.now()
	m, err := uplink.Decode(payload)
	missed := unread(err)
	if err != nil && (len(missed) == 0 || m.Batch.Empty()) {
		return already(h.refuseMalformed(ctx, hub, received, payload, err))
	}
	stream := vitals.Stream{Hub: hub, Device: m.Batch.Device, Epoch: m.Stream}
	if h.alreadyStored(stream, m.Seq) {
		h.count(func(c *Counts) { c.Duplicates++ })
		h.lines.ack(hub, []vitals.Position{{Stream: stream, Upto: h.upto(stream)}})
		return already(nil, nil)
	}
	crossing := h.transit.enter(hub, received)
	refusal := vitals.Refusal{Stream: stream, Seq: m.Seq, Received: received, Payload: payload}
	sifted, err := h.sift(ctx, vitals.Deposit{Source: hub, Batch: m.Batch, Unread: missed}, received)
	if err != nil {
		crossing.leave()
		return nil, errors.Join(ErrUnavailable, err)
	}
	if refusal.Reason = sifted.unbound; refusal.Reason != "" {
		crossing.leave()
		return already(h.refuse(ctx, refusal, uplink.CodeUnbound))
	}
	delivery := vitals.Delivery{Patient: sifted.Patient, Stream: stream, Seq: m.Seq, Received: received, Batch: sifted.kept}
	arrived := func(fault error) { crossing.arrive(fault, h.now()) }
	confirmed, err := h.journal.Begin(delivery, arrived)
	if err != nil {
		arrived(err)
		return nil, errors.Join(ErrUnavailable, err)
	}
	return func(ctx context.Context) (*uplink.Nack, error) {
		if err := confirmed(ctx); err != nil {
			return nil, errors.Join(ErrUnavailable, err)
		}
		h.count(func(c *Counts) { c.Received++ })
		if len(sifted.flaws) == 0 {
			return nil, nil
		}
		var code string
		code, refusal.Reason = summary(sifted.flaws, vitals.Item.String)
		return h.keepAside(ctx, refusal, code)
	}, nil
}

// unbound is why a message cannot be charted under its binding; empty when it can.
func unbound(b vitals.Binding, bound bool, s vitals.Stream, first time.Time) string {
	switch {
	case !bound:
		return fmt.Sprintf("device %s was bound to nobody at %s", s.Device, first.UTC().Format(time.RFC3339Nano))
	case b.Hub != "" && b.Hub != s.Hub:
		return fmt.Sprintf("device %s belongs to another hub", s.Device)
	default:
		return ""
	}
}

func (h *Handler) refuseMalformed(ctx context.Context, hub vitals.HubID, at time.Time, payload []byte, cause error) (*uplink.Nack, error) {
	r := vitals.Refusal{Stream: vitals.Stream{Hub: hub}, Received: at, Reason: cause.Error(), Payload: payload}
	if place, ok := errors.AsType[*uplink.HeaderError](cause); ok {
		r.Stream = vitals.Stream{Hub: hub, Device: place.Device, Epoch: place.Stream}
		r.Seq = place.Seq
		r.Reason = place.Err.Error()
	}
	if errors.Is(cause, uplink.ErrTooLarge) {
		return h.refuse(ctx, r, uplink.CodeTooLarge)
	}
	return h.refuse(ctx, r, uplink.CodeMalformed)
}

// refuse keeps a whole message aside. Where its place in a stream is known it counts as dealt with,
// so that it does not hold up the acks of those behind it.
func (h *Handler) refuse(ctx context.Context, r vitals.Refusal, code string) (*uplink.Nack, error) {
	r.Whole = r.Seq > 0
	pos, err := h.store.Quarantine(ctx, r)
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	h.count(func(c *Counts) { c.Refused++ })
	if r.Whole {
		h.Stored([]vitals.Position{pos})
	}
	return nackOf(r, code, false), nil
}

// keepAside keeps the part of a message that was not charted.
func (h *Handler) keepAside(ctx context.Context, r vitals.Refusal, code string) (*uplink.Nack, error) {
	if _, err := h.store.Quarantine(ctx, r); err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	h.count(func(c *Counts) { c.Partial++ })
	return nackOf(r, code, true), nil
}

func nackOf(r vitals.Refusal, code string, kept bool) *uplink.Nack {
	return &uplink.Nack{
		Device: r.Stream.Device, Stream: r.Stream.Epoch, Seq: r.Seq,
		Code: code, Reason: r.Reason, Kept: kept,
	}
}
