package main

import (
	"slices"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

// What a page shows of a record.
const (
	mostStrips = 60   // more nobody looks at
	rowTime    = 10.0 // seconds: a row as long as paper at 25 mm/s is wide
	mostRows   = 3
	leadIn     = 3.0 // seconds before a disagreement
)

// strip is a piece of a record with its disagreements.
type strip struct {
	score.Span
	flaws []flaw
}

// chooseStrips covers the disagreements with strips, the gravest first, up to as many as a page
// may hold; where there are more of one severity it takes them evenly from the whole record. It
// tells how many disagreements are on none of the strips.
func (r *result) chooseStrips() (strips []strip, leftOut int) {
	for _, severity := range []severity{major, moderate, minor} {
		more := r.cover(strips, severity)
		if room := mostStrips - len(strips); len(more) > room {
			more = lo.Times(room, func(i int) strip { return more[i*len(more)/room] })
		}
		strips = append(strips, more...)
	}
	slices.SortFunc(strips, func(a, b strip) int { return int(a.From - b.From) })
	for _, f := range r.flaws {
		_, i, ok := lo.FindLastIndexOf(strips, func(s strip) bool { return r.shows(s, f) })
		if !ok {
			leftOut++
			continue
		}
		strips[i].flaws = append(strips[i].flaws, f)
	}
	return slices.DeleteFunc(strips, func(s strip) bool { return len(s.flaws) == 0 }), leftOut
}

// shows reports whether the begin of the disagreement can be seen well on the strip.
func (r *result) shows(s strip, f flaw) bool {
	edge := r.seconds(1)
	if s.To == r.samples {
		edge = 0
	}
	return f.From >= s.From && f.From < s.To-edge
}

// cover makes strips for the disagreements of a severity that no strip shows yet.
func (r *result) cover(strips []strip, severity severity) []strip {
	var more []strip
	for _, f := range r.flaws {
		shows := func(s strip) bool { return r.shows(s, f) }
		if f.severity == severity && !slices.ContainsFunc(strips, shows) && !slices.ContainsFunc(more, shows) {
			more = append(more, strip{Span: r.frame(f)})
		}
	}
	return more
}

// frame is the stretch of whole rows that shows a disagreement.
func (r *result) frame(f flaw) score.Span {
	row := r.seconds(rowTime)
	rows := min(mostRows, 1+(f.Length()+r.seconds(leadIn))/row)
	from := min(f.From-r.seconds(leadIn), r.samples-rows*row)
	from = max(from, 0)
	return score.Span{From: from, To: min(from+rows*row, r.samples)}
}
