package main

import (
	"fmt"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

// leastEpisode is the length from which an episode of atrial fibrillation counts as one in most
// studies, and in the consensus of the societies (Eur Heart J 2020;42:373).
const leastEpisode = 30.0 // seconds

var (
	atrialGoals = map[string]string{
		"afdb":      "duration Se/+P >= 98.3/98.3; episodes >= 30 s 98/95",
		"ltafdb":    "<= 1.0 false episodes >= 30 s per 24 h",
		"mitdb DS2": "duration +P >= 85 at Se >= 95", "mitdb DS1": "duration +P >= 85 at Se >= 95 is for DS2",
		"nsrdb-2h": "<= 0.5 false episodes >= 30 s per 24 h (nsrdb)",
	}
	atrialNames = []string{"afdb", "ltafdb", "mitdb DS2", "nsrdb-2h"}
)

// atrial compares atrial fibrillation.
func atrial(f findings) *table {
	t := &table{
		title: "Atrial fibrillation",
		notes: []string{"Episodes meet by any overlap. Without AFL: what was found in annotated flutter does not count against +P."},
		header: []string{
			"records", "ep. Se", "ep. +P", ">= 30 s: Se", ">= 30 s: +P", "duration Se", "duration +P", "+P without AFL",
			"false >= 30 s per 24 h", goalColumn,
		},
	}
	present := narrowed(groups(f.results), func(r *result) bool {
		return r.reference != nil && r.reference.rhythm || r.database.normal()
	})
	present = lo.Filter(present, func(g group, _ int) bool {
		return mentions(g.results, atrialFibrillation) || g.results[0].database.normal()
	})
	for _, g := range present {
		t.row(append([]string{g.name}, g.atrial()...)...)
	}
	for _, name := range atrialNames {
		if !lo.ContainsBy(present, func(g group) bool { return g.name == name }) {
			t.notes = append(t.notes, fmt.Sprintf("%s (goal %s): %s", name, atrialGoals[name], notHere))
		}
	}
	return t
}

func (g *group) atrial() []string {
	var all, long, duration, lenient score.Agreement
	for _, r := range g.results {
		marked, found := r.reference.spansOf(atrialFibrillation), r.spans(atrialFibrillation)
		all = all.Plus(score.Episodes(marked, found, 0))
		long = long.Plus(score.Episodes(marked, found, r.seconds(leastEpisode)))
		duration = duration.Plus(score.Duration(marked, found))
		lenient = lenient.Plus(score.Duration(marked, score.Without(found, r.reference.spansOf(flutter))))
	}
	return []string{
		counted(all.Reference), counted(all.Found), counted(long.Reference), counted(long.Found),
		figure(duration.Reference.Percent(), 2), figure(duration.Found.Percent(), 2), figure(lenient.Found.Percent(), 2),
		g.perDay(int(long.Found.Whole - long.Found.Part)), atrialGoals[g.name],
	}
}

// atrialBeats compares atrial fibrillation beat by beat.
func atrialBeats(f findings) *table {
	t := &table{
		title:  "Beats in atrial fibrillation",
		notes:  []string{"Each reference beat: is it in annotated fibrillation, is it in found fibrillation?"},
		header: []string{"records", "Se", "Sp", "F1", goalColumn},
	}
	present := narrowed(groups(f.results), func(r *result) bool { return len(r.rhythmBeats()) > 0 })
	for _, g := range present {
		if !mentions(g.results, atrialFibrillation) && !g.results[0].database.normal() {
			continue
		}
		var total score.Tally
		for _, r := range g.results {
			total = total.Plus(atrialBeatsOf(r))
		}
		t.row(g.name, figure(total.Sensitivity(), 2), figure(total.Specificity(), 2), figure(total.F1(), 2),
			lo.Ternary(g.name == "ltafdb", "F1 >= 97.2", ""))
	}
	if !lo.ContainsBy(present, func(g group) bool { return g.name == "ltafdb" }) {
		t.notes = append(t.notes, "ltafdb (goal F1 >= 97.2): "+notHere)
	}
	return t
}

// rhythmBeats are the beats at which a rhythm is judged: the experts', or those of the .qrs file.
func (r *result) rhythmBeats() []int64 {
	if r.database.mode == intervals {
		return lo.Map(r.beats, func(b beat, _ int) int64 { return b.At })
	}
	if !r.hasBeats() {
		return nil
	}
	return lo.Map(r.reference.beats, func(b score.Beat, _ int) int64 { return b.At })
}

// judgesRhythm are the groups in which experts marked fibrillation or tachycardia of the ventricles.
func judgesRhythm(results []*result) []group {
	return lo.Filter(whole(results), func(g group, _ int) bool {
		return mentions(g.results, fibrillation) && g.results[0].database.mode == sampled
	})
}

// lethalEpisodes compares the detector's own episodes of the lethal rhythms.
func lethalEpisodes(f findings) *table {
	t := &table{
		title:  "Ventricular fibrillation, tachycardia and asystole: episodes of the detector",
		notes:  []string{"VF includes flutter. VF or VT: either name for either, as both call a nurse. Any length, any overlap."},
		header: []string{"records", "rhythm", "ep. Se", "ep. +P", "duration Se", "duration +P"},
	}
	kinds := []struct {
		name   string
		labels []string
	}{
		{"VF", []string{fibrillation}},
		{"VT", []string{tachycardia}},
		{"VF or VT", []string{fibrillation, tachycardia}},
		{"asystole", []string{asystole}},
	}
	present := judgesRhythm(f.results)
	for _, g := range present {
		for _, k := range kinds {
			var episodes, duration score.Agreement
			for _, r := range g.results {
				marked := score.Join(lo.FlatMap(k.labels, func(l string, _ int) []score.Span { return r.reference.spansOf(l) }))
				found := score.Join(lo.FlatMap(k.labels, func(l string, _ int) []score.Span { return r.spans(l) }))
				episodes = episodes.Plus(score.Episodes(marked, found, 0))
				duration = duration.Plus(score.Duration(marked, found))
			}
			if episodes.Reference.Whole+episodes.Found.Whole > 0 {
				t.row(g.name, k.name, counted(episodes.Reference), counted(episodes.Found),
					figure(duration.Reference.Percent(), 1), figure(duration.Found.Percent(), 1))
			}
		}
	}
	if len(present) == 0 {
		t.notes = append(t.notes, notHere)
	}
	return t
}

// lethalWindows judges fibrillation each second over the five seconds before.
func lethalWindows(f findings) *table {
	t := &table{
		title: "Ventricular fibrillation: windows of 5 s, each second",
		notes: []string{
			"Windows that lie partly in fibrillation are left out. Noise and asystole are negatives; VT is left out in the second row of figures.",
		},
		header: []string{"records", "windows", "Se", "Sp", "Se (VT out)", "Sp (VT out)", goalColumn},
	}
	for _, g := range judgesRhythm(f.results) {
		var all, strict score.Tally
		for _, r := range g.results {
			marked, found := r.reference.spansOf(fibrillation), r.known(fibrillation)
			windows := func(unsure []score.Span) score.Tally {
				return score.Windows(marked, unsure, found, score.Clock{Samples: r.samples, Window: r.seconds(5), Step: r.seconds(1)})
			}
			all = all.Plus(windows(nil))
			strict = strict.Plus(windows(r.reference.spansOf(tachycardia)))
		}
		t.row(g.name, number(all.TP+all.FN+all.FP+all.TN), figure(all.Sensitivity(), 1), figure(all.Specificity(), 2),
			figure(strict.Sensitivity(), 1), figure(strict.Specificity(), 2), "Se >= 90 at Sp 98")
	}
	if len(t.rows) == 0 {
		t.notes = append(t.notes, notHere)
	}
	return t
}
