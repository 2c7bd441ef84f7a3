package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

// letters are the beats of both sides above a row, and a line through each disagreement.
func (r *result) letters(s score.Span) ([]textView, []lineView) {
	within := func(b score.Beat, _ int) bool { return b.At >= s.From && b.At < s.To }
	reference := []score.Beat(nil)
	if r.hasBeats() {
		reference = lo.Filter(r.reference.beats, within)
	}
	found := lo.Filter(lo.Map(r.beats, func(b beat, _ int) score.Beat { return b.Beat }), within)
	slices.SortStableFunc(found, func(a, b score.Beat) int { return cmp.Compare(a.At, b.At) })
	var letters []textView
	var lines []lineView
	for _, p := range score.Match(reference, found, r.window()) {
		is, said := score.Beat{Class: score.None}, score.Beat{Class: score.None}
		if p.Found >= 0 {
			said = found[p.Found]
			is.At = said.At
		}
		if p.Reference >= 0 {
			is = reference[p.Reference]
			said.At = lo.Ternary(p.Found >= 0, said.At, is.At)
		}
		if r.hasBeats() && r.disagree(is.Class, said.Class) && !score.Within(r.reference.leftOut(), is.At) {
			said.At = is.At // one above the other
			lines = append(lines, lineView{X: r.x(s, is.At)})
			letters = append(letters, r.letter(s, is, "experts", "wrong"), r.letter(s, said, "Vigil", "wrong"))
			continue
		}
		letters = append(letters, r.letter(s, is, "experts", "class"), r.letter(s, said, "Vigil", "class"))
	}
	unseen := func(t textView, _ int) bool { return t.Class == "classO" }
	return lo.Reject(letters, unseen), lines
}

// letter is one beat of one side.
func (r *result) letter(s score.Span, b score.Beat, who, class string) textView {
	text := lo.Ternary(b.Class == score.None, "–", string(rune(b.Class)))
	return textView{
		X: r.x(s, b.At), Y: lo.Ternary(who == "Vigil", 32, 76), Text: text,
		Class: lo.Ternary(class == "wrong", class, class+string(rune(b.Class))),
		Title: who + ": " + text + " at " + preciseClock(r.at(b.At)),
	}
}

// lanes are what runs below the paper.
type lanes struct {
	rhythm []lane
	alarms bool
}

type lane struct {
	name string
	bars []episode
}

// lanesOf are the lanes that a stretch needs: those in which something lies.
func (r *result) lanesOf(s score.Span) lanes {
	var out lanes
	marked := r.markedEpisodes()
	touches := func(e episode) bool { return e.Meets(s) }
	if slices.ContainsFunc(marked, touches) || slices.ContainsFunc(r.episodes, touches) {
		out.rhythm = []lane{{"Vigil", r.episodes}}
		if r.reference != nil {
			out.rhythm = []lane{{"Vigil", r.episodes}, {"experts", marked}}
		}
	}
	out.alarms = slices.ContainsFunc(r.alarms, func(a alarm) bool { return a.At >= s.From && a.At < s.To })
	return out
}

// markedEpisodes are the experts' rhythms.
func (r *result) markedEpisodes() []episode {
	if r.reference == nil {
		return nil
	}
	var out []episode
	for label, spans := range r.reference.spans {
		for _, s := range spans {
			out = append(out, episode{Span: s, label: label})
		}
	}
	slices.SortFunc(out, func(a, b episode) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.label, b.label))
	})
	return out
}

// bars are the episodes of a lane within a row; x places its samples.
func (r *result) bars(s score.Span, x func(int64) int, episodes []episode, y int) []barView {
	var bars []barView
	for _, e := range episodes {
		if !e.Meets(s) && (e.From != e.To || e.From < s.From || e.From >= s.To) {
			continue
		}
		from, to := x(max(e.From, s.From)), x(min(e.To, s.To))
		bar := barView{X: from, Y: y, Width: max(to-from, 3), Text: e.label, Class: "bar" + e.label}
		bar.Title = fmt.Sprintf("%s from %s to %s", e.label, preciseClock(r.at(e.From)), preciseClock(r.at(e.To)))
		if e.emitted > 0 {
			bar.Title += ", known at " + preciseClock(r.at(e.emitted))
		}
		if bar.Width < widthOf(e.label) {
			bar.Text = ""
		}
		bars = append(bars, bar)
	}
	return bars
}

// widthOf is the room that a label needs within a bar.
func widthOf(label string) int { return 16 + 15*len(label) }

// alarmLines are the alarms that were raised within a row.
func (r *result) alarmLines(s score.Span, y int) []lineView {
	var lines []lineView
	for _, a := range r.alarms {
		if a.At < s.From || a.At >= s.To {
			continue
		}
		l := lineView{X: r.x(s, a.At), Y: y + 22, Text: "▲ " + string(a.condition), Anchor: "start", Tip: a.tip(r)}
		l.TextX = l.X - 8
		if l.X > gutter+paperWide-260 {
			l.Anchor, l.TextX = "end", l.X+8
			l.Text = string(a.condition) + " ▲"
		}
		lines = append(lines, l)
	}
	return lines
}

func (a *alarm) tip(r *result) string {
	return fmt.Sprintf("%s, %s priority, raised at %s, until %s",
		a.condition.Spec().Label, a.priority, preciseClock(r.at(a.At)), preciseClock(r.at(a.Until)))
}
