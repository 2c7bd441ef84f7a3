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
	_, there := slices.BinarySearchFunc(p.Ahead, seq, func(s Span, seq uint64) int {
		switch {
		case s.Last < seq:
			return -1
		case s.First > seq:
			return 1
		}
		return 0
	})
	return there
}

// Add marks the messages of the span as stored. Ahead is replaced rather than changed in place,
// so a copy of a Progress stays as it was.
func (p *Progress) Add(span Span) {
	if span.Last < span.First || span.Last <= p.Upto {
		return
	}
	if span.First <= p.Upto || span.First-1 == p.Upto {
		p.advance(span.Last)
		return
	}
	// Ahead[from:to] are the spans that overlap or touch the new one.
	from, _ := slices.BinarySearchFunc(p.Ahead, span.First-1, func(s Span, seq uint64) int { return cmp.Compare(s.Last, seq) })
	to := from
	for to < len(p.Ahead) && p.Ahead[to].First-1 <= span.Last {
		to++
	}
	if from < to {
		span.First = min(span.First, p.Ahead[from].First)
		span.Last = max(span.Last, p.Ahead[to-1].Last)
	}
	if to-from == 1 && p.Ahead[from] == span {
		return
	}
	ahead := make([]Span, 0, len(p.Ahead)-(to-from)+1)
	ahead = append(ahead, p.Ahead[:from]...)
	ahead = append(ahead, span)
	p.Ahead = append(ahead, p.Ahead[to:]...)
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
