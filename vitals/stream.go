package vitals

import "slices"

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
	return seq <= p.Upto || slices.ContainsFunc(p.Ahead, func(s Span) bool {
		return s.First <= seq && seq <= s.Last
	})
}

// Add marks the messages of the span as stored.
func (p *Progress) Add(span Span) {
	if span.Last < span.First || span.Last <= p.Upto {
		return
	}
	spans := append(slices.Clone(p.Ahead), span)
	slices.SortFunc(spans, func(a, b Span) int {
		if a.First < b.First {
			return -1
		}
		return 1
	})
	merged := spans[:1]
	for _, s := range spans[1:] {
		if tail := &merged[len(merged)-1]; s.First <= tail.Last+1 {
			tail.Last = max(tail.Last, s.Last)
		} else {
			merged = append(merged, s)
		}
	}
	if merged[0].First <= p.Upto+1 {
		p.Upto = max(p.Upto, merged[0].Last)
		merged = merged[1:]
	}
	p.Ahead = merged
}

// Spans lists everything stored, from 1 on.
func (p *Progress) Spans() []Span {
	if p.Upto == 0 {
		return slices.Clone(p.Ahead)
	}
	return append([]Span{{First: 1, Last: p.Upto}}, p.Ahead...)
}
