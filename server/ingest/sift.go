package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// sifted is what may be charted of a batch, in whose record, and what may not.
type sifted struct {
	vitals.Binding // none where all of it is refused

	kept  vitals.Batch
	flaws []vitals.Flaw
	// unbound is why nothing of it may be charted: the sender speaks for nobody who wore the device.
	unbound string
}

// sift separates what may be charted of a deposit from what may not: what could not be read, what is of another time
// than the binding or from the future, and values outside what their kind allows. One that is at fault costs no other.
func (h *Handler) sift(ctx context.Context, d vitals.Deposit, received time.Time) (sifted, error) {
	latest := received.Add(maxAhead)
	binding, bound, err := h.wearer(ctx, d.Batch, received, latest)
	if err != nil {
		return sifted{}, err
	}
	origin := vitals.Stream{Hub: d.Source, Device: d.Batch.Device}
	if reason := unbound(binding, bound, origin, firstTime(d.Batch, received)); reason != "" {
		return sifted{unbound: reason}, nil
	}
	s := sieve{latest: latest, binding: binding, unread: d.Unread}
	kept := vitals.Batch{
		Device:    d.Batch.Device,
		Readings:  pass(&s, vitals.ReadingList, d.Batch.Readings, s.reading),
		Waveforms: pass(&s, vitals.WaveformList, d.Batch.Waveforms, s.waveform),
		Events:    pass(&s, vitals.EventList, d.Batch.Events, s.event),
	}
	flaws := append(slices.Clip(d.Unread), s.caught...)
	slices.SortStableFunc(flaws, func(a, b vitals.Flaw) int {
		return cmp.Or(cmp.Compare(a.Item.List, b.Item.List), cmp.Compare(a.Item.Index, b.Item.Index))
	})
	return sifted{Binding: binding, kept: kept, flaws: flaws}, nil
}

// wearer is the binding of the first item that is somebody's: one whose clock is wrong takes the others to nobody.
// A device that moves to another patient is worn by nobody for longer than one message lasts.
func (h *Handler) wearer(ctx context.Context, b vitals.Batch, received, latest time.Time) (vitals.Binding, bool, error) {
	var before time.Time
	for t := range times(b) {
		if t.After(latest) || t.Equal(before) {
			continue
		}
		before = t
		if binding, bound, err := h.binder.binding(ctx, b.Device, t); bound && err == nil {
			return binding, true, nil
		}
	}
	return h.binder.binding(ctx, b.Device, firstTime(b, received))
}

// times are those at which the items of a batch were measured, or begun to be.
func times(b vitals.Batch) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for _, w := range b.Waveforms {
			if !yield(w.Start) {
				return
			}
		}
		for _, r := range b.Readings {
			if !yield(r.Time) {
				return
			}
		}
		for _, e := range b.Events {
			if !yield(e.Time) {
				return
			}
		}
	}
}

// firstTime is the first of them; that of the receipt where there is none.
func firstTime(b vitals.Batch, received time.Time) time.Time {
	for t := range times(b) {
		return t
	}
	return received
}

type sieve struct {
	latest  time.Time
	binding vitals.Binding
	unread  []vitals.Flaw
	caught  []vitals.Flaw
}

// pass keeps the items that check finds nothing against. It copies only when something is caught.
func pass[T any](s *sieve, list vitals.List, items []T, check func(T) (code string, err error)) []T {
	kept := items
	for i, item := range items {
		code, err := check(item)
		if err == nil {
			if len(kept) < len(items) {
				kept = append(kept, item)
			}
			continue
		}
		if len(kept) == len(items) {
			kept = append(make([]T, 0, len(items)), items[:i]...)
		}
		s.caught = append(s.caught, vitals.Flaw{Item: s.sent(list, i), Code: code, Reason: err.Error()})
	}
	return kept
}

// sent is where an item stood when those that cannot be read stood before and between the others.
func (s *sieve) sent(list vitals.List, index int) vitals.Item {
	for _, f := range s.unread {
		if f.Item.List == list && f.Item.Index <= index {
			index++
		}
	}
	return vitals.Item{List: list, Index: index}
}

func (s *sieve) reading(r vitals.Reading) (string, error) {
	if code, err := s.timely(r.Kind.String(), r.Time, r.Time); err != nil {
		return code, err
	}
	return uplink.CodeImplausible, r.Plausible()
}

func (s *sieve) waveform(w vitals.Waveform) (string, error) {
	if code, err := s.timely(w.Kind.String(), w.Start, w.End()); err != nil {
		return code, err
	}
	return uplink.CodeImplausible, w.Plausible()
}

func (s *sieve) event(e vitals.Event) (string, error) {
	return s.timely(string(e.Code), e.Time, e.Time)
}

// timely says what is wrong with a time: it has not come yet, or the device was somebody else's then.
func (s *sieve) timely(what string, start, end time.Time) (string, error) {
	if end.After(s.latest) {
		return uplink.CodeFuture, fmt.Errorf("%s at %s is more than %s ahead of the server", what, end.UTC().Format(time.RFC3339), maxAhead)
	}
	if !s.binding.Covers(start) {
		return uplink.CodeUnbound, fmt.Errorf("%s at %s: the device was not bound to the patient of the rest then",
			what, start.UTC().Format(time.RFC3339Nano))
	}
	return "", nil
}

// unread are the items that a decoder could not read, where it could read the rest.
func unread(err error) []vitals.Flaw {
	partly, is := errors.AsType[*devices.ItemsError](err)
	if !is {
		return nil
	}
	return lo.Map(partly.Faults, func(f devices.Fault, _ int) vitals.Flaw {
		return vitals.Flaw{Item: f.Item, Code: uplink.CodeMalformed, Reason: f.Err.Error()}
	})
}

// summary says what is wrong with the items in one code and one reason: those of the first few, because the payload is
// kept for the rest.
func summary(flaws []vitals.Flaw, place func(vitals.Item) string) (code, reason string) {
	if len(flaws) == 0 {
		return "", ""
	}
	const most = 10
	first := flaws[:min(most, len(flaws))]
	reason = strings.Join(lo.Map(first, func(f vitals.Flaw, _ int) string { return placed(f, place) }), uplink.ReasonBreak)
	if more := len(flaws) - len(first); more > 0 {
		reason += fmt.Sprintf("%sand %d more", uplink.ReasonBreak, more)
	}
	return flaws[0].Code, reason
}

// placed is a flaw's reason with its place, where it has one.
func placed(f vitals.Flaw, place func(vitals.Item) string) string {
	if place != nil && place(f.Item) != "" {
		return place(f.Item) + ": " + f.Reason
	}
	return f.Reason
}
