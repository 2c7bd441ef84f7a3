package score

import "slices"

// Span is a stretch of a record: From is its first sample, To the first one after it.
type Span struct{ From, To int64 }

// Length is how many samples the span covers.
func (s Span) Length() int64 { return s.To - s.From }

// Meets reports whether two spans have a sample in common.
func (s Span) Meets(o Span) bool { return s.From < o.To && o.From < s.To }

// Join sorts spans, joins those that touch, and drops what is empty.
func Join(spans []Span) []Span {
	sorted := slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return int(a.From - b.From) })
	var out []Span
	for _, s := range sorted {
		last := len(out) - 1
		switch {
		case s.Length() <= 0:
		case last >= 0 && s.From <= out[last].To:
			out[last].To = max(out[last].To, s.To)
		default:
			out = append(out, s)
		}
	}
	return out
}

// Within reports whether one of the spans holds the sample.
func Within(spans []Span, at int64) bool {
	return slices.ContainsFunc(spans, func(s Span) bool { return at >= s.From && at < s.To })
}

// Overlap is what joined spans have in common.
func Overlap(a, b []Span) []Span {
	var out []Span
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if s := (Span{max(a[i].From, b[j].From), min(a[i].To, b[j].To)}); s.Length() > 0 {
			out = append(out, s)
		}
		if a[i].To < b[j].To {
			i++
		} else {
			j++
		}
	}
	return out
}

// Without is what remains of joined spans a outside joined spans b.
func Without(a, b []Span) []Span {
	var out []Span
	for _, s := range a {
		for _, cut := range b {
			if !cut.Meets(s) {
				continue
			}
			if cut.From > s.From {
				out = append(out, Span{s.From, cut.From})
			}
			s.From = cut.To
		}
		if s.Length() > 0 {
			out = append(out, s)
		}
	}
	return out
}

// Total is how many samples joined spans cover.
func Total(spans []Span) int64 {
	total := int64(0)
	for _, s := range spans {
		total += s.Length()
	}
	return total
}

// AtLeast are the spans of that length or more.
func AtLeast(spans []Span, length int64) []Span {
	return slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return s.Length() < length })
}

// Episodes compares episodes of a rhythm: an episode is met by any overlap (EC57 4.6). Those
// shorter than least are left out of the count, but meet others.
func Episodes(reference, found []Span, least int64) Agreement {
	var a Agreement
	for _, r := range AtLeast(reference, least) {
		a.Reference = a.Reference.With(slices.ContainsFunc(found, r.Meets))
	}
	for _, f := range AtLeast(found, least) {
		a.Found = a.Found.With(slices.ContainsFunc(reference, f.Meets))
	}
	return a
}

// Duration compares the time in a rhythm: what both sides have in common, of either.
func Duration(reference, found []Span) Agreement {
	both := Total(Overlap(reference, found))
	return Agreement{
		Reference: Share{both, Total(reference)},
		Found:     Share{both, Total(found)},
	}
}

// Clock says at which samples of a record windows end, and how long they are.
type Clock struct{ Samples, Window, Step int64 }

// Windows judges each step of a record: did the rhythm stand at the end of a window? Windows that
// are only partly in the rhythm, or touch what is unsure, are left out.
func Windows(reference, unsure, standing []Span, c Clock) Tally {
	var t Tally
	for end := c.Window; end <= c.Samples; end += c.Step {
		w := []Span{{end - c.Window, end}}
		covered := Total(Overlap(reference, w))
		if covered != 0 && covered != c.Window || Total(Overlap(unsure, w)) != 0 {
			continue
		}
		t = t.With(covered == c.Window, Within(standing, end-1))
	}
	return t
}
