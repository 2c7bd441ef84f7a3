package vitals_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals"
)

func TestProgressFollowsAHub(t *testing.T) {
	span := func(first, last uint64) vitals.Span { return vitals.Span{First: first, Last: last} }
	tests := map[string]struct {
		stored []vitals.Span
		want   vitals.Progress
	}{
		"nothing yet":                          {nil, vitals.Progress{}},
		"one after the other":                  {[]vitals.Span{span(1, 1), span(2, 2), span(3, 3)}, vitals.Progress{Upto: 3}},
		"one is late":                          {[]vitals.Span{span(1, 1), span(3, 3)}, vitals.Progress{Upto: 1, Ahead: []vitals.Span{span(3, 3)}}},
		"it arrives":                           {[]vitals.Span{span(1, 1), span(3, 3), span(2, 2)}, vitals.Progress{Upto: 3}},
		"after an outage the newest first":     {[]vitals.Span{span(9, 9), span(8, 8), span(7, 7)}, vitals.Progress{Ahead: []vitals.Span{span(7, 9)}}},
		"a backlog closes two gaps at once":    {[]vitals.Span{span(3, 4), span(7, 8), span(1, 6)}, vitals.Progress{Upto: 8}},
		"a backlog that overlaps what is here": {[]vitals.Span{span(3, 5), span(8, 9), span(4, 8)}, vitals.Progress{Ahead: []vitals.Span{span(3, 9)}}},
		"repeats":                              {[]vitals.Span{span(1, 2), span(5, 5), span(5, 5), span(1, 1)}, vitals.Progress{Upto: 2, Ahead: []vitals.Span{span(5, 5)}}},
		"a span the wrong way round":           {[]vitals.Span{span(5, 3)}, vitals.Progress{}},
		"numbering begins at one":              {[]vitals.Span{span(0, 2)}, vitals.Progress{Upto: 2}},
		"the last number of all": {
			[]vitals.Span{span(math.MaxUint64, math.MaxUint64), span(5, 5), span(math.MaxUint64-1, math.MaxUint64-1)},
			vitals.Progress{Ahead: []vitals.Span{span(5, 5), span(math.MaxUint64-1, math.MaxUint64)}},
		},
		"everything": {[]vitals.Span{span(math.MaxUint64, math.MaxUint64), span(1, math.MaxUint64-1)}, vitals.Progress{Upto: math.MaxUint64}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var p, together vitals.Progress
			for _, s := range test.stored {
				p.Add(s)
			}
			if diff := cmp.Diff(test.want, p); diff != "" {
				t.Error(diff)
			}
			together.Add(test.stored...)
			if diff := cmp.Diff(test.want, together); diff != "" {
				t.Error("all together: " + diff)
			}
		})
	}
}

func TestProgressIsASet(t *testing.T) {
	const top = 40
	rapid.Check(t, func(t *rapid.T) {
		var p, before vitals.Progress
		model := map[uint64]bool{}
		var modelBefore map[uint64]bool
		aSpan := rapid.Custom(func(t *rapid.T) vitals.Span {
			first := rapid.Uint64Range(0, top).Draw(t, "first")
			return vitals.Span{First: first, Last: rapid.OneOf(rapid.Just(first), rapid.Uint64Range(0, top)).Draw(t, "last")}
		})
		for range rapid.IntRange(0, 10).Draw(t, "checkpoints") {
			spans := rapid.SliceOfN(aSpan, 0, 8).Draw(t, "spans")
			named := slices.Clone(spans)
			before, modelBefore = p, maps.Clone(model)
			p.Add(spans...)
			for _, s := range spans {
				for seq := s.First; seq <= s.Last; seq++ {
					model[seq] = true
				}
			}
			if diff := cmp.Diff(named, spans); diff != "" {
				t.Fatal("the caller's spans are changed: " + diff)
			}
			check(t, p, model, top)
			check(t, before, modelBefore, top) // a copy stays as it was
		}
		var again, together vitals.Progress
		order := rapid.Permutation(p.Spans()).Draw(t, "order")
		for _, s := range order {
			again.Add(s)
		}
		together.Add(order...)
		if diff := cmp.Diff(p, again) + cmp.Diff(p, together); diff != "" {
			t.Fatal(diff)
		}
	})
}

// check compares the progress with the plain set, and what its documentation promises.
func check(t *rapid.T, p vitals.Progress, model map[uint64]bool, top uint64) {
	t.Helper()
	upto := uint64(0)
	for model[upto+1] {
		upto++
	}
	if p.Upto != upto {
		t.Fatalf("everything up to %d is stored, not %d", upto, p.Upto)
	}
	for seq := uint64(1); seq <= top+1; seq++ {
		if p.Has(seq) != model[seq] {
			t.Fatalf("message %d: %t", seq, p.Has(seq))
		}
	}
	edge := p.Upto
	for _, s := range p.Ahead {
		if s.First <= edge+1 || s.Last < s.First {
			t.Fatalf("span %v behind %d", s, edge)
		}
		edge = s.Last
	}
}

func TestProgressNeedsNoMemoryForTheNextMessage(t *testing.T) {
	p := vitals.Progress{Ahead: []vitals.Span{{First: 1 << 40, Last: 1 << 41}}}
	seq := uint64(0)
	if n := testing.AllocsPerRun(1000, func() { seq++; p.Add(vitals.Span{First: seq, Last: seq}) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { p.Add(vitals.Span{First: 1 << 40, Last: 1 << 41}) }); n != 0 {
		t.Errorf("%g allocations for a repeat", n)
	}
}

func BenchmarkProgressAdd(b *testing.B) {
	var p vitals.Progress
	b.ReportAllocs()
	for seq := uint64(1); b.Loop(); seq++ {
		p.Add(vitals.Span{First: seq, Last: seq})
	}
}

// BenchmarkProgressWithGaps is the checkpoint after ten seconds of a hub that sends as fast as it may
// (5,000 messages/s), newest first, every other message only, when as many gaps are there already.
func BenchmarkProgressWithGaps(b *testing.B) {
	const gaps = 50_000
	newestFirst := func(newest uint64) []vitals.Span {
		spans := make([]vitals.Span, gaps)
		for i := range spans {
			seq := newest - 2*uint64(i)
			spans[i] = vitals.Span{First: seq, Last: seq}
		}
		return spans
	}
	var before vitals.Progress
	before.Add(newestFirst(8 * gaps)...)
	more := newestFirst(6 * gaps)
	b.ReportAllocs()
	for b.Loop() {
		p := before
		p.Add(more...)
	}
}
