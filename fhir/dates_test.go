package fhir_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/fhir"
	"vigil/vitals"
)

// dated understands date parameters; every value is one repetition.
func dated(t *testing.T, values ...string) fhir.Search {
	t.Helper()
	s, err := fhir.ParseSearch(fhir.Observations, fhir.Request{Base: base, Values: url.Values{"patient": {string(anna)}, "date": values}})
	if err != nil {
		t.Fatalf("%v: %v", values, err)
	}
	return s
}

// instantOf reads a time for a table.
func instantOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// TestEveryPrefixAtEveryPrecision compares each prefix with an instant just before the range that the
// value stands for, at its first, in it, at its last microsecond, and just behind it.
func TestEveryPrefixAtEveryPrecision(t *testing.T) {
	t.Parallel()
	ranges := []struct{ value, from, to string }{
		{"2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2026-03-01", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"2026-03-01T08:00Z", "2026-03-01T08:00:00Z", "2026-03-01T08:01:00Z"},
		{"2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z"},
		{"2026-03-01T08:00:00", "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z"},
		{"2026-03-01T08:00:00.2Z", "2026-03-01T08:00:00.2Z", "2026-03-01T08:00:00.3Z"},
		{"2026-03-01T08:00:00.250Z", "2026-03-01T08:00:00.25Z", "2026-03-01T08:00:00.251Z"},
		{"2026-03-01T08:00:00.000001Z", "2026-03-01T08:00:00.000001Z", "2026-03-01T08:00:00.000002Z"},
		{"2026-03-01T08:00:00+01:00", "2026-03-01T07:00:00Z", "2026-03-01T07:00:01Z"},
		{"2026-03-01T08:00:00 01:00", "2026-03-01T07:00:00Z", "2026-03-01T07:00:01Z"}, // + not escaped
		{"2026-03-01T08:00-05:00", "2026-03-01T13:00:00Z", "2026-03-01T13:01:00Z"},
	}
	// before, first, within, last, behind
	holds := map[string][5]bool{
		"":   {false, true, true, true, false},
		"eq": {false, true, true, true, false},
		"ne": {true, false, false, false, true},
		"gt": {false, false, false, false, true},
		"lt": {true, false, false, false, false},
		"ge": {false, true, true, true, true},
		"le": {true, true, true, true, false},
		"sa": {false, false, false, false, true},
		"eb": {true, false, false, false, false},
	}
	for _, r := range ranges {
		from, to := instantOf(r.from), instantOf(r.to)
		instants := [5]time.Time{
			from.Add(-time.Microsecond), from, from.Add(to.Sub(from) / 2).Truncate(time.Microsecond),
			to.Add(-time.Microsecond), to,
		}
		for prefix, want := range holds {
			s := dated(t, prefix+r.value)
			for i, at := range instants {
				if got := s.Dates.Cover(at, at); got != want[i] {
					t.Errorf("date=%s%s at %s: %v", prefix, r.value, at.Format(time.RFC3339Nano), got)
				}
				if got := inSpans(s.Dates.Spans(), at); got != want[i] {
					t.Errorf("spans of date=%s%s at %s: %v", prefix, r.value, at.Format(time.RFC3339Nano), got)
				}
			}
		}
	}
}

func inSpans(spans []fhir.Span, at time.Time) bool {
	return slices.ContainsFunc(spans, func(s fhir.Span) bool {
		return (s.From.IsZero() || !at.Before(s.From)) && (s.To.IsZero() || at.Before(s.To))
	})
}

func TestPrefixesOnWhatLasts(t *testing.T) {
	t.Parallel()
	// The value is the minute 08:00; the target lasts from start to end, in seconds after 08:00.
	for _, row := range []struct {
		story      string
		start, end int
		holds      []string
	}{
		{"long before", -60, -30, []string{"ne", "lt", "le", "eb"}},
		{"ends as it begins", -10, 0, []string{"ne", "lt", "le", "eb"}},
		{"reaches into it", -5, 5, []string{"ne", "lt", "le"}},
		{"lies within", 10, 20, []string{"", "eq", "ge", "le"}},
		{"fills it", 0, 60, []string{"", "eq", "ge", "le"}},
		{"reaches out of it", 55, 65, []string{"ne", "gt", "ge"}},
		{"spans it", -5, 65, []string{"ne", "gt", "lt", "ge", "le"}},
		{"begins as it ends", 60, 70, []string{"ne", "gt", "ge", "sa"}},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			for _, prefix := range []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"} {
				s := dated(t, prefix+"2026-03-01T08:00Z")
				start, end := morning.Add(time.Duration(row.start)*time.Second), morning.Add(time.Duration(row.end)*time.Second)
				if got, want := s.Dates.Cover(start, end), slices.Contains(row.holds, prefix); got != want {
					t.Errorf("%q: %v", prefix, got)
				}
			}
		})
	}
}

func TestSeveralDates(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		story  string
		values []string
		want   string
	}{
		{"no date leaves all time", nil, "[..]"},
		{"repeated parameters are and", []string{"ge2026-03-01", "lt2026-03-03"}, "[2026-03-01..2026-03-03]"},
		{"a comma is or", []string{"2026-03-01,2026-03-05"}, "[2026-03-01..2026-03-02][2026-03-05..2026-03-06]"},
		{"neighbours are joined", []string{"2026-03-02,2026-03-01"}, "[2026-03-01..2026-03-03]"},
		{"not equal leaves both sides", []string{"ne2026-03-01"}, "[..2026-03-01][2026-03-02..]"},
		{"and over or", []string{"2026-03-01,2026-03-05", "ge2026-03-02"}, "[2026-03-05..2026-03-06]"},
		{"a contradiction leaves nothing", []string{"lt2026-03-01", "gt2026-03-01"}, ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(lo.Map(dated(t, row.values...).Dates.Spans(), func(s fhir.Span, _ int) string {
				return "[" + dayOrOpen(s.From) + ".." + dayOrOpen(s.To) + "]"
			}), "")
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func dayOrOpen(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func TestDatesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"yesterday", "26", "2026-3", "2026-13", "2026-02-30", "2026-03-01T", "2026-03-01T08", "2026-03-01T25:00Z",
		"2026-03-01T08:00:00.Z", "2026-03-01T08:00:00.1234567890Z", "2026-03-01T08:00:00,5Z", "2026-03T08:00Z",
		"ap2026-03-01", "xx2026", "2026-03-01,", "ge", "-2026", "2026-03-01T08:00:00+1:00",
	} {
		_, err := fhir.ParseSearch(fhir.Observations, fhir.Request{Base: base, Values: url.Values{"patient": {string(anna)}, "date": {value}}})
		if err == nil {
			t.Errorf("date=%s was taken", value)
		}
	}
}

// TestHullHoldsWhatCanMatch: whatever lasts at most ten seconds and satisfies the parameters
// overlaps the hull, so that fetching by the hull misses nothing; and what is in the spans is an instant
// that satisfies them.
func TestHullHoldsWhatCanMatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) string {
			at := morning.Add(time.Duration(rapid.IntRange(-90, 90).Draw(rt, "second")) * time.Second)
			prefix := rapid.SampledFrom([]string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"}).Draw(rt, "prefix")
			return prefix + at.Format(rapid.SampledFrom([]string{"2006-01-02", "2006-01-02T15:04Z", "2006-01-02T15:04:05Z"}).Draw(rt, "layout"))
		}), 1, 3).Draw(rt, "dates")
		dates := dated(t, values...).Dates
		start := morning.Add(time.Duration(rapid.IntRange(-100_000, 100_000).Draw(rt, "start")) * time.Millisecond)
		end := start.Add(time.Duration(rapid.IntRange(1, 10_000).Draw(rt, "length")) * time.Millisecond)
		hull, possible := dates.Hull(vitals.WaveBlock)
		overlaps := possible && (hull.To.IsZero() || start.Before(hull.To)) && (hull.From.IsZero() || end.After(hull.From))
		if dates.Cover(start, end) && !overlaps {
			rt.Fatalf("%v: %s to %s is outside the hull %v", values, start, end, hull)
		}
		if dates.Cover(start, start) != inSpans(dates.Spans(), start) {
			rt.Fatalf("%v: spans and conditions differ at %s", values, start)
		}
	})
}

func FuzzDates(f *testing.F) {
	for _, seed := range []string{"2026", "ge2026-03-01T08:00:00.5+01:00", "ne2026-03,lt2026"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		s, err := fhir.ParseSearch(fhir.Observations, fhir.Request{Base: base, Values: url.Values{"patient": {string(anna)}, "date": {value}}})
		if err != nil {
			return
		}
		for _, span := range s.Dates.Spans() {
			if !span.From.IsZero() && !span.To.IsZero() && !span.From.Before(span.To) {
				t.Fatalf("%q: empty span %v", value, span)
			}
		}
	})
}
