package api

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"vigil/fhir"
	"vigil/vitals"
)

// Charts are what was measured. A patient outside the scope has nothing.
type Charts interface {
	// Readings lists charted readings in the order of their keys.
	Readings(ctx context.Context, scope vitals.Scope, q vitals.Query) ([]vitals.Charted, error)
	// Waves lists packed waveforms that overlap the query's time, by start, kind and device.
	Waves(ctx context.Context, scope vitals.Scope, q vitals.Query) ([]vitals.Block, error)
}

// observations is a sequence of Observations in the order of their keys.
type observations = iter.Seq2[fhir.Observation, error]

// chart reads the Observations of one search.
type chart struct {
	charts Charts
	scope  vitals.Scope
	search *fhir.Search
}

// resolution of the record: the instant t is the time from t to t + resolution.
const resolution = time.Microsecond

func (s *service) readObservation(ctx context.Context, scope vitals.Scope, id string) (found, error) {
	patient, key, err := fhir.ParseObservationID(id)
	if err != nil {
		return found{}, errNotFound
	}
	p, err := s.Records.Patient(ctx, scope, patient)
	if err != nil {
		return found{}, err
	}
	o, err := chart{charts: s.Records, scope: scope}.at(ctx, patient, key)
	if err != nil {
		return found{}, err
	}
	o.Test = p.Test
	return found{body: fhir.AppendObservation(nil, &o)}, nil
}

// at is the Observation at a place.
func (c chart) at(ctx context.Context, p vitals.PatientID, key vitals.Key) (fhir.Observation, error) {
	q := vitals.Query{Patient: p, Kinds: fhir.Members(key.Kind), From: key.Time, To: key.Time.Add(resolution)}
	var all []fhir.Observation
	var err error
	if key.Kind.Info().Shape == vitals.Sampled {
		var blocks []vitals.Block
		if blocks, err = c.charts.Waves(ctx, c.scope, q); err == nil {
			all, err = studies(blocks, false)
		}
	} else {
		var rows []vitals.Charted
		rows, err = c.charts.Readings(ctx, c.scope, q)
		all = fhir.Group(rows, false)
	}
	if err != nil {
		return fhir.Observation{}, err
	}
	i := slices.IndexFunc(all, func(o fhir.Observation) bool { return o.Key.Compare(key) == 0 })
	if i < 0 {
		return fhir.Observation{}, errNotFound
	}
	return all[i], nil
}

// maxBundle is where a page ends early: ten seconds of ECG are eleven kilobytes per lead, and the next
// link goes on from there.
const maxBundle = 4 << 20

func (s *service) searchObservations(ctx context.Context, scope vitals.Scope, search *fhir.Search) ([]byte, error) {
	b := fhir.NewBundle(search, nil)
	people := &patientsSeen{census: s.Records, scope: scope}
	var last vitals.Key
	for o, err := range s.matches(ctx, scope, search) {
		if err != nil {
			return nil, err
		}
		p, err := people.find(ctx, o.Patient)
		if errors.Is(err, vitals.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if b.Len() == search.Count || b.Size() > maxBundle {
			return b.Finish(fhir.CursorAt(last)), nil
		}
		o.Test = p.Test
		b.AddObservation(&o)
		last = o.Key
	}
	return b.Finish(nil), nil
}

// matches are the Observations that the search asks for, behind its cursor.
func (s *service) matches(ctx context.Context, scope vitals.Scope, search *fhir.Search) observations {
	c := chart{charts: s.Records, scope: scope, search: search}
	all := c.named(ctx)
	if search.IDs == nil {
		all = c.merge(c.readings(ctx), c.waves(ctx))
	}
	return func(yield func(fhir.Observation, error) bool) {
		if search.Nothing {
			return
		}
		for o, err := range all {
			if err == nil && (!c.behindCursor(o.Key) || !search.Matches(&o)) {
				continue
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// behindCursor reports whether the place comes on this page or a later one.
func (c chart) behindCursor(k vitals.Key) bool {
	place, paging := c.search.Place()
	return !paging || c.compare(k, place) > 0
}

// compare orders places as the search wants them.
func (c chart) compare(a, b vitals.Key) int {
	if c.search.Descending {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// named are the Observations whose ids the search names.
func (c chart) named(ctx context.Context) observations {
	return func(yield func(fhir.Observation, error) bool) {
		for _, wanted := range c.search.Keys() {
			o, err := c.at(ctx, wanted.Patient, wanted.Key)
			if errors.Is(err, errNotFound) {
				continue
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// head is the next Observation of a sequence.
type head struct {
	fhir.Observation
	err  error
	ok   bool
	next func() (fhir.Observation, error, bool)
}

func (h *head) advance() { h.Observation, h.err, h.ok = h.next() }

// merge goes through two sequences at once.
func (c chart) merge(a, b observations) observations {
	return func(yield func(fhir.Observation, error) bool) {
		nextA, stopA := iter.Pull2(a)
		defer stopA()
		nextB, stopB := iter.Pull2(b)
		defer stopB()
		headA, headB := &head{next: nextA}, &head{next: nextB}
		headA.advance()
		headB.advance()
		for headA.ok || headB.ok {
			first := c.first(headA, headB)
			if !yield(first.Observation, first.err) || first.err != nil {
				return
			}
			first.advance()
		}
	}
}

// first is the head that comes first; a failure comes before everything.
func (c chart) first(a, b *head) *head {
	switch {
	case !a.ok || b.err != nil:
		return b
	case !b.ok || a.err != nil || c.compare(a.Key, b.Key) <= 0:
		return a
	default:
		return b
	}
}

// readings are the Observations made of readings.
func (c chart) readings(ctx context.Context) observations {
	return func(yield func(fhir.Observation, error) bool) {
		for _, q := range c.queries(c.search.Readings(), c.search.Dates.Spans(), c.search.Count+spareReadings) {
			readings := table[vitals.Charted]{
				q:       q,
				fetch:   func(q vitals.Query) ([]vitals.Charted, error) { return c.charts.Readings(ctx, c.scope, q) },
				at:      func(r vitals.Charted) time.Time { return r.Time },
				proceed: continueReadings,
			}
			for rows, err := range readings.whole() {
				if err != nil {
					yield(fhir.Observation{}, err)
					return
				}
				if !yieldAll(yield, fhir.Group(rows, q.Descending)) {
					return
				}
			}
		}
	}
}

// waves are the Observations made of waveforms.
func (c chart) waves(ctx context.Context) observations {
	return func(yield func(fhir.Observation, error) bool) {
		hull, possible := c.search.Dates.Hull(vitals.WaveBlock)
		if !possible {
			return
		}
		for _, q := range c.queries(c.search.Waves(), []fhir.Span{hull}, blocksAtOnce) {
			waves := table[vitals.Block]{
				q:       q,
				fetch:   func(q vitals.Query) ([]vitals.Block, error) { return c.charts.Waves(ctx, c.scope, q) },
				at:      func(b vitals.Block) time.Time { return b.Start },
				proceed: continueWaves,
			}
			for blocks, err := range waves.whole() {
				all, err2 := studies(blocks, q.Descending)
				if err = errors.Join(err, err2); err != nil {
					yield(fhir.Observation{}, err)
					return
				}
				if !yieldAll(yield, all) {
					return
				}
			}
		}
	}
}
