package vitals

import (
	"cmp"
	"slices"
)

// Stream is one device's numbered messages through one hub. Epoch is a random number that the
// hub draws anew whenever its spool is reset; numbering begins at 1 in each epoch.
type Stream struct {
	Hub    HubID
	Device DeviceID
	Epoch  uint32
}

// Position tells a hub that everything of a stream up to and including Upto is stored.
type Position struct {
	Stream Stream
	Upto   uint64
}

// Span is the inclusive range First..Last of message numbers.
type Span struct{ First, Last uint64 }

// Progress is the set of message numbers of one stream that are stored: everything up to Upto,
// and Ahead of it some spans, sorted, apart, and none touching Upto. Messages may be stored in
// any order: after an outage a hub sends its newest first.
type Progress struct {
	Upto  uint64
	Ahead []Span
}

// Has reports whether the message is stored.
func (p *Progress) Has(seq uint64) bool {
	if seq <= p.Upto {
		return true
	}
	_, there := slices.BinarySearchFunc(p.Ahead, seq, compareSpan)
	return there
}

// Add marks the messages of the spans as stored, in whatever order they come. Ahead is replaced rather
// than changed in place, so a copy of a Progress stays as it was. Each call goes over Ahead once, so what
// is known together is added together: one by one, n gaps that a hub leaves would cost n² steps.
func (p *Progress) Add(spans ...Span) {
	var fresh []Span
	for _, s := range spans {
		switch {
		case s.Last < s.First || s.Last <= p.Upto || p.covers(s): // nothing new
		case s.First <= p.Upto || s.First-1 == p.Upto:
			p.advance(s.Last)
		default:
			fresh = append(fresh, s)
		}
	}
	if len(fresh) > 0 {
		p.Ahead = union(p.Ahead, fresh)
		p.advance(p.Upto)
	}
}

// covers reports whether the span is one of those ahead, or a part of one.
func (p *Progress) covers(span Span) bool {
	at, there := slices.BinarySearchFunc(p.Ahead, span.First, compareSpan)
	return there && span.Last <= p.Ahead[at].Last
}

// compareSpan says where a span lies as seen from a message: before it, around it or behind it.
func compareSpan(s Span, seq uint64) int {
	switch {
	case s.Last < seq:
		return -1
	case s.First > seq:
		return 1
	}
	return 0
}

// union is a new list of both, sorted and apart. sorted is so already; it takes mixed for itself.
func union(sorted, mixed []Span) []Span {
	slices.SortFunc(mixed, func(a, b Span) int { return cmp.Compare(a.First, b.First) })
	all := make([]Span, 0, len(sorted)+len(mixed))
	for len(sorted)+len(mixed) > 0 {
		from := &sorted
		if len(sorted) == 0 || len(mixed) > 0 && mixed[0].First < sorted[0].First {
			from = &mixed
		}
		next := (*from)[0]
		*from = (*from)[1:]
		if n := len(all) - 1; n >= 0 && next.First-1 <= all[n].Last {
			all[n].Last = max(all[n].Last, next.Last)
			continue
		}
		all = append(all, next)
	}
	return all
}

// advance moves Upto, over the spans ahead that it meets.
func (p *Progress) advance(upto uint64) {
	p.Upto = upto
	for len(p.Ahead) > 0 && p.Ahead[0].First-1 <= p.Upto {
		p.Upto = max(p.Upto, p.Ahead[0].Last)
		p.Ahead = p.Ahead[1:]
	}
	if len(p.Ahead) == 0 {
		p.Ahead = nil
	}
}

// Spans lists everything stored, from 1 on.
func (p *Progress) Spans() []Span {
	if p.Upto == 0 {
		return slices.Clone(p.Ahead)
	}
	return append([]Span{{First: 1, Last: p.Upto}}, p.Ahead...)
}
