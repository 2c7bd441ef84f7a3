package ingest

import (
	"fmt"
	"strings"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// sift separates what may be charted from what may not: values outside what their kind allows, and
// samples from the future. The code and the reason are empty where all of it may be charted.
func sift(b vitals.Batch, received time.Time) (kept vitals.Batch, code, reason string) {
	s := sieve{latest: received.Add(maxAhead)}
	kept = vitals.Batch{
		Device:    b.Device,
		Readings:  pass(&s, b.Readings, s.reading),
		Waveforms: pass(&s, b.Waveforms, s.waveform),
		Events:    pass(&s, b.Events, s.event),
	}
	return kept, s.code, s.reason()
}

type sieve struct {
	latest time.Time
	code   string
	caught []string
}

// pass keeps the items that check finds nothing against. It copies only when something is caught.
func pass[T any](s *sieve, items []T, check func(T) (code string, err error)) []T {
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
		s.code = code
		s.caught = append(s.caught, err.Error())
	}
	return kept
}

func (s *sieve) reading(r vitals.Reading) (string, error) {
	if r.Time.After(s.latest) {
		return s.future(r.Kind.String(), r.Time)
	}
	return uplink.CodeImplausible, r.Plausible()
}

func (s *sieve) waveform(w vitals.Waveform) (string, error) {
	if w.End().After(s.latest) {
		return s.future(w.Kind.String(), w.End())
	}
	return uplink.CodeImplausible, w.Plausible()
}

func (s *sieve) event(e vitals.Event) (string, error) {
	if e.Time.After(s.latest) {
		return s.future(string(e.Code), e.Time)
	}
	return "", nil
}

func (s *sieve) future(what string, t time.Time) (string, error) {
	return uplink.CodeFuture, fmt.Errorf("%s at %s is more than %s ahead of the server", what, t.UTC().Format(time.RFC3339), maxAhead)
}

// reason names the first few faults; the payload is kept for the rest.
func (s *sieve) reason() string {
	const most = 3
	if len(s.caught) <= most {
		return strings.Join(s.caught, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(s.caught[:most], "; "), len(s.caught)-most)
}
