package fhir

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Span is the time from From (inclusive) to To (exclusive); a zero end is open.
type Span struct{ From, To time.Time }

// Dates are the date parameters of a search: every group must hold, and a group holds when one of
// its conditions does (FHIR R4 search: repeated parameters are and, commas are or).
type Dates [][]dateCondition

// dateCondition compares with the range [lo, hi) that a value of partial precision stands for.
// Times are microseconds since 1970, the resolution of the record.
type dateCondition struct {
	prefix string
	lo, hi int64
}

// span is a Span in microseconds; the extremes of int64 are open ends.
type span struct{ from, to int64 }

// prefixes are what may stand before a date. ap (approximately) is left out: FHIR defines it by the
// distance from now, and the same search would give other answers tomorrow.
var prefixes = []string{"eq", "ne", "lt", "gt", "le", "ge", "sa", "eb"}

// parseDates reads the value of one date parameter.
func parseDates(param, value string) ([]dateCondition, error) {
	var group []dateCondition
	for _, part := range splitEscaped(value, ',') {
		c, err := parseDate(part)
		if err != nil {
			return nil, refuse(Value, param, err.Error())
		}
		group = append(group, c)
	}
	return group, nil
}

func parseDate(text string) (dateCondition, error) {
	prefix, rest := "eq", text
	if len(text) >= 2 && isLower(text[0]) && isLower(text[1]) {
		prefix, rest = text[:2], text[2:]
		if !slices.Contains(prefixes, prefix) {
			return dateCondition{}, fmt.Errorf("the date prefix %.2q is not supported; use one of %s", prefix, strings.Join(prefixes, " "))
		}
	}
	from, to, ok := dateRange(rest)
	if !ok {
		return dateCondition{}, fmt.Errorf("%.40q is not a FHIR date, such as 2026, 2026-03, 2026-03-01 or 2026-03-01T08:00:00Z", rest)
	}
	return dateCondition{prefix: prefix, lo: ceilMicros(from), hi: ceilMicros(to)}, nil
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// ceilMicros is the first whole microsecond at or after t.
func ceilMicros(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// dateRange is the range of time that a date of partial precision stands for. A time without an
// offset is UTC. A space is a plus sign that was not escaped in the URL.
func dateRange(text string) (from, to time.Time, ok bool) {
	text = strings.ReplaceAll(text, " ", "+")
	date, clock, timed := strings.Cut(text, "T")
	if !timed {
		return wholeDate(date)
	}
	if len(date) != len(time.DateOnly) {
		return from, to, false
	}
	if !strings.HasSuffix(clock, "Z") && !strings.ContainsAny(clock, "+-") {
		clock += "Z"
	}
	for _, form := range []struct {
		layout string
		length time.Duration
	}{{"15:04Z07:00", time.Minute}, {"15:04:05Z07:00", time.Second}} {
		at, err := time.Parse(time.DateOnly+"T"+form.layout, date+"T"+clock)
		if err == nil {
			length, ok := precision(clock, form.length)
			return at, at.Add(length), ok
		}
	}
	return from, to, false
}

// wholeDate is a year, month or day.
func wholeDate(text string) (from, to time.Time, ok bool) {
	switch len(text) {
	case len("2006"):
		from, err := time.Parse("2006", text)
		return from, from.AddDate(1, 0, 0), err == nil
	case len("2006-01"):
		from, err := time.Parse("2006-01", text)
		return from, from.AddDate(0, 1, 0), err == nil
	case len(time.DateOnly):
		from, err := time.Parse(time.DateOnly, text)
		return from, from.AddDate(0, 0, 1), err == nil
	default:
		return from, to, false
	}
}

// precision is the length of the range: digits behind the second make it shorter.
func precision(clock string, whole time.Duration) (time.Duration, bool) {
	_, fraction, found := strings.Cut(clock, ".")
	if !found {
		return whole, !strings.Contains(clock, ",")
	}
	end := strings.IndexAny(fraction, "Z+-")
	if end < 1 || end > 9 {
		return 0, false
	}
	return time.Duration(math.Pow10(9 - end)), true
}

// covers reports whether the condition holds for a target that lasts from start to end, in
// microseconds; for an instant they are equal. The words of FHIR R4 (search, prefixes) stand beside.
func (c dateCondition) covers(start, end int64) bool {
	contained := c.lo <= start && start < c.hi && end <= c.hi
	above := end > c.hi || start >= c.hi // "the range above the value intersects the target"
	below := start < c.lo                // "the range below the value intersects the target"
	switch c.prefix {
	case "ne":
		return !contained
	case "gt":
		return above
	case "lt":
		return below
	case "ge":
		return above || contained
	case "le":
		return below || contained
	case "sa":
		return start >= c.hi // "the range above the value contains the target"
	case "eb":
		return end <= c.lo && start < c.lo
	default:
		return contained
	}
}

// Cover reports whether all parameters hold for a target that lasts from start to end.
func (d Dates) Cover(start, end time.Time) bool {
	from, to := start.UnixMicro(), end.UnixMicro()
	for _, group := range d {
		if !slices.ContainsFunc(group, func(c dateCondition) bool { return c.covers(from, to) }) {
			return false
		}
	}
	return true
}

// spans are the instants for which the condition holds.
func (c dateCondition) spans() []span {
	const open, end = math.MinInt64, math.MaxInt64
	switch c.prefix {
	case "ne":
		return []span{{open, c.lo}, {c.hi, end}}
	case "gt", "sa":
		return []span{{c.hi, end}}
	case "lt", "eb":
		return []span{{open, c.lo}}
	case "ge":
		return []span{{c.lo, end}}
	case "le":
		return []span{{open, c.hi}}
	default:
		return []span{{c.lo, c.hi}}
	}
}

// Spans are the pieces of time that all parameters leave, in order and apart; one open span when
// there is no parameter, none when they contradict each other.
func (d Dates) Spans() []Span {
	left := []span{{math.MinInt64, math.MaxInt64}}
	for _, group := range d {
		var either []span
		for _, c := range group {
			either = append(either, c.spans()...)
		}
		left = intersect(left, merge(either))
	}
	spans := make([]Span, len(left))
	for i, s := range left {
		spans[i] = s.times()
	}
	return spans
}

func (s span) times() (t Span) {
	if s.from != math.MinInt64 {
		t.From = time.UnixMicro(s.from).UTC()
	}
	if s.to != math.MaxInt64 {
		t.To = time.UnixMicro(s.to).UTC()
	}
	return t
}

// Hull is a piece of time that everything overlaps for which all parameters hold and that lasts at
// most reach; false when there can be none. It is wider than the Spans: what lasts can begin before
// an instant and end after it.
func (d Dates) Hull(reach time.Duration) (Span, bool) {
	hull, margin := span{math.MinInt64, math.MaxInt64}, reach.Microseconds()
	for _, group := range d {
		widest := span{math.MaxInt64, math.MinInt64}
		for _, c := range group {
			for _, s := range c.spans() {
				widest = span{min(widest.from, s.from), max(widest.to, s.to)}
			}
		}
		if widest.from != math.MinInt64 {
			hull.from = max(hull.from, widest.from-margin)
		}
		if widest.to != math.MaxInt64 {
			hull.to = min(hull.to, widest.to+margin)
		}
	}
	return hull.times(), hull.from < hull.to
}

// merge sorts spans and joins those that touch.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	var merged []span
	for _, s := range spans {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// intersect keeps what is in both; each is in order and apart.
func intersect(a, b []span) []span {
	var both []span
	for _, x := range a {
		for _, y := range b {
			if s := (span{max(x.from, y.from), min(x.to, y.to)}); s.from < s.to {
				both = append(both, s)
			}
		}
	}
	return both
}
