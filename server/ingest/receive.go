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
	if err != nil {
		return already(h.refuseMalformed(ctx, hub, received, payload, err))
	}
	stream := vitals.Stream{Hub: hub, Device: m.Batch.Device, Epoch: m.Stream}
	if h.alreadyStored(stream, m.Seq) {
		h.count(func(c *Counts) { c.Duplicates++ })
		h.lines.ack(hub, []vitals.Position{{Stream: stream, Upto: h.upto(stream)}})
		return already(nil, nil)
	}
	refusal := vitals.Refusal{Stream: stream, Seq: m.Seq, Received: received, Payload: payload}
	first := firstTime(m.Batch, received)
	binding, bound, err := h.binder.binding(ctx, m.Batch.Device, first)
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	if refusal.Reason = unbound(binding, bound, stream, first); refusal.Reason != "" {
		return already(h.refuse(ctx, refusal, uplink.CodeUnbound))
	}
	batch, code, reason := sift(m.Batch, received)
	delivery := vitals.Delivery{Patient: binding.Patient, Stream: stream, Seq: m.Seq, Received: received, Batch: batch}
	confirmed, err := h.journal.Begin(delivery)
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	return func(ctx context.Context) (*uplink.Nack, error) {
		if err := confirmed(ctx); err != nil {
			return nil, errors.Join(ErrUnavailable, err)
		}
		h.count(func(c *Counts) { c.Received++ })
		if code == "" {
			return nil, nil
		}
		refusal.Reason = reason
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

// firstTime is the time of the sample that decides whose message it is. A device that moves to
// another patient is worn by nobody for longer than one message lasts.
func firstTime(b vitals.Batch, received time.Time) time.Time {
	switch {
	case len(b.Waveforms) > 0:
		return b.Waveforms[0].Start
	case len(b.Readings) > 0:
		return b.Readings[0].Time
	case len(b.Events) > 0:
		return b.Events[0].Time
	default:
		return received
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
