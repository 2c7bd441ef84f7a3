package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"path"
	"path/filepath"
	"slices"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

var (
	//go:embed page.html.tmpl
	pageText string
	//go:embed index.html.tmpl
	indexText string
	//go:embed style.css
	style string

	pages = template.Must(template.New("page").Parse(pageText))
	index = template.Must(template.New("index").Parse(indexText))
)

// pageView is what a record's page shows.
type pageView struct {
	Style            template.CSS
	Database, Record string
	Facts            []fact
	Kinds            []kindView
	Overview         overviewView
	Strips           []stripView
	Hours            []overviewView
	Flaws, LeftOut   int
	Most             int  // strips that a page holds
	Marked           bool // there is a reference
	Labels           []string
}

type fact struct{ Name, Value string }

type kindView struct {
	Name  string
	Count int
	Class string
}

var severityNames = map[severity]string{minor: "minor", moderate: "moderate", major: "major"}

// writePage writes the page on which a person can look at the record's disagreements.
func (r *result) writePage(out string, microvolts []int16) error {
	var strips []strip
	leftOut := 0
	if r.database.mode == sampled {
		strips, leftOut = r.chooseStrips()
	}
	view := pageView{
		Style: template.CSS(style), Database: r.database.name, Record: r.record, //nolint:gosec // G203: our own file
		Facts: r.facts(), Kinds: r.kinds(), Flaws: len(r.flaws), LeftOut: leftOut, Most: mostStrips, Marked: r.marked(),
		Overview: r.drawOverview(score.Span{From: 0, To: r.samples}, strips),
		Labels:   lo.Uniq(lo.Map(slices.Concat(r.markedEpisodes(), r.episodes), func(e episode, _ int) string { return e.label })),
	}
	for i, s := range strips {
		view.Strips = append(view.Strips, r.drawStrip(i, s, microvolts))
	}
	if r.database.mode == intervals {
		view.Hours = r.hourViews()
	}
	return create(filepath.Join(out, r.database.name, r.record+".html"), func(w io.Writer) error {
		return pages.Execute(w, view)
	})
}

// hourViews are the hours of a record without a signal in which there is a disagreement.
func (r *result) hourViews() []overviewView {
	var hours []overviewView
	for from := int64(0); from < r.samples; from += r.seconds(3600) {
		hour := score.Span{From: from, To: min(from+r.seconds(3600), r.samples)}
		here := lo.Filter(r.flaws, func(f flaw, _ int) bool { return f.Meets(hour) })
		if len(here) == 0 {
			continue
		}
		view := r.drawOverview(hour, nil)
		view.Title = clock(r.at(hour.From)) + " to " + clock(r.at(hour.To))
		view.Notes = lo.Map(here[:min(len(here), mostNotes)], func(f flaw, _ int) noteView {
			return noteView{clock(r.at(f.From)), f.text, severityNames[f.severity]}
		})
		view.More = len(here) - len(view.Notes)
		hours = append(hours, view)
	}
	return hours
}

// marked reports whether there is anything to disagree with.
func (r *result) marked() bool {
	_, alarm := r.database.alarms[r.record]
	_, label := r.database.labels[r.record]
	return r.reference != nil || alarm || label
}

// kinds counts the disagreements by kind, the gravest first.
func (r *result) kinds() []kindView {
	byKind := lo.GroupBy(r.flaws, func(f flaw) string { return f.kind })
	kinds := lo.Values(byKind)
	slices.SortFunc(kinds, func(a, b []flaw) int {
		return cmp.Or(cmp.Compare(b[0].severity, a[0].severity), cmp.Compare(len(b), len(a)), cmp.Compare(a[0].kind, b[0].kind))
	})
	return lo.Map(kinds, func(f []flaw, _ int) kindView {
		return kindView{f[0].kind, len(f), severityNames[f[0].severity]}
	})
}

// facts are the record's figures.
func (r *result) facts() []fact {
	facts := []fact{
		{"length", clock(r.at(r.samples))},
		{"rate", figure(r.rateHz, 0) + " Hz"},
		{"beats found", number(len(r.beats))},
	}
	if r.hasBeats() {
		m := r.matrix(beatQuestion{classes: score.EC57})
		q, v, s := m.Detection(), m.Ventricular(), m.Supraventricular()
		facts = append(facts, fact{"beats marked", number(m.Beats())},
			fact{"QRS Se / +P", figure(q.Sensitivity(), 2) + " / " + figure(q.Predictivity(), 2)})
		if r.database.classes() {
			facts = append(facts, fact{"VEB Se / +P", figure(v.Sensitivity(), 1) + " / " + figure(v.Predictivity(), 1)},
				fact{"SVEB Se / +P", figure(s.Sensitivity(), 1) + " / " + figure(s.Predictivity(), 1)})
		}
	}
	if a, ok := r.database.alarms[r.record]; ok {
		facts = append(facts, fact{"alarm at 5:00", fmt.Sprintf("%s, %s", a.kind, lo.Ternary(a.true, "true", "false"))})
	}
	if label, ok := r.database.labels[r.record]; ok {
		facts = append(facts, fact{"label of experts / ours", label + " / " + r.short.label})
	}
	unjudged := score.Share{Part: score.Total(r.spans(noise)), Whole: r.samples}
	return append(facts, fact{"not judged", figure(unjudged.Percent(), 1) + " %"}, fact{"alarms", number(len(r.alarms))})
}

// indexView is the list of all pages.
type indexView struct {
	Style template.CSS
	Rows  []indexRow
}

type indexRow struct {
	Database, Record, Page, Length string
	Major, Moderate, Minor         int
	QRS, VEB, SVEB, Kinds          string
}

// writeIndex writes the list of pages, those with the most and gravest disagreements first.
func writeIndex(out string, results []*result) error {
	shown := lo.Filter(results, func(r *result, _ int) bool { return r.fault == nil && r.marked() })
	rows := lo.Map(shown, func(r *result, _ int) indexRow { return r.indexRow() })
	slices.SortStableFunc(rows, func(a, b indexRow) int {
		return cmp.Or(
			cmp.Compare(b.Major+b.Moderate+b.Minor, a.Major+a.Moderate+a.Minor),
			cmp.Compare(b.Major, a.Major), cmp.Compare(b.Moderate, a.Moderate))
	})
	return create(filepath.Join(out, "index.html"), func(w io.Writer) error {
		return index.Execute(w, indexView{template.CSS(style), rows}) //nolint:gosec // G203: our own file
	})
}

func (r *result) indexRow() indexRow {
	count := func(s severity) int { return lo.CountBy(r.flaws, func(f flaw) bool { return f.severity == s }) }
	row := indexRow{
		Database: r.database.name, Record: r.record, Page: path.Join(r.database.name, r.record+".html"),
		Length: clock(r.at(r.samples)), Major: count(major), Moderate: count(moderate), Minor: count(minor),
	}
	for i, k := range r.kinds() {
		if i < 4 {
			row.Kinds += fmt.Sprintf("%s%d × %s", lo.Ternary(i > 0, ", ", ""), k.Count, k.Name)
		}
	}
	if r.hasBeats() {
		m := r.matrix(beatQuestion{classes: score.EC57})
		row.QRS = figure(m.Detection().F1(), 2)
		if r.database.classes() {
			row.VEB, row.SVEB = figure(m.Ventricular().F1(), 1), figure(m.Supraventricular().F1(), 1)
		}
	}
	return row
}

// clock is a time of a record as m:ss, or h:mm:ss.
func clock(seconds float64) string {
	s := int(seconds)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
