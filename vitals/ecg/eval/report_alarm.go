package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals/ecg/eval/score"
)

// alarmKinds are the lethal rhythms, from which length on they count (docs/detector.md, protocol),
// and the alarm that names them.
var alarmKinds = []struct {
	label     string
	least     float64 // seconds
	condition alerts.Condition
	goal      string
}{
	{fibrillation, 5, alerts.VF, ""},
	{fibrillation, 10, alerts.VF, "median/p95 <= 4/8 s, missed <= 2 %"},
	{tachycardia, 5, alerts.VT, ""},
	{asystole, 4, alerts.Asystole, "p95 <= 5.5 s"},
}

// alarmTable tells whether and when an alarm called for each episode.
func alarmTable(f findings) *table {
	t := &table{
		title: "Alarms: VF, VT and asystole",
		notes: []string{
			"As the alarm engine raised them with the unit's defaults from deliveries of 1 s. Met: a lethal alarm stands or is raised from 5 s",
			"before the onset until 10 s after the end; by name: the alarm of that very condition. Latency in seconds from the annotated onset, 0",
			"where an alarm stood.",
		},
		header: []string{
			"records", "episodes", "count", "met", "latency median", "p95", "over 10 s", "by name: met", "median", "p95", goalColumn,
		},
	}
	for _, g := range alarmGroups(f.results) {
		for _, k := range alarmKinds {
			var late, named []float64
			for _, r := range g.results {
				episodes := score.AtLeast(r.reference.spansOf(k.label), r.seconds(k.least))
				before, after := r.seconds(alarmBefore), r.seconds(alarmAfter)
				inSeconds := func(samples float64, _ int) float64 { return samples / r.rateHz }
				late = append(late, lo.Map(score.Latencies(episodes, alarmsOf(r.alarms, lethal...), before, after), inSeconds)...)
				named = append(named, lo.Map(score.Latencies(episodes, alarmsOf(r.alarms, k.condition), before, after), inSeconds)...)
			}
			if len(late) == 0 {
				continue
			}
			met, metByName := slices.DeleteFunc(slices.Clone(late), math.IsNaN), slices.DeleteFunc(named, math.IsNaN)
			t.row(g.name, fmt.Sprintf("%s >= %.0f s", k.label, k.least), number(len(late)),
				number(len(met)), figure(score.Quantile(met, 0.5), 1), figure(score.Quantile(met, 0.95), 1),
				number(lo.CountBy(met, func(s float64) bool { return s > 10 })),
				number(len(metByName)), figure(score.Quantile(metByName, 0.5), 1), figure(score.Quantile(metByName, 0.95), 1), k.goal)
		}
	}
	if len(t.rows) == 0 {
		t.notes = append(t.notes, notHere)
	}
	return t
}

// falseAlarmTable counts lethal alarms where nothing lethal is marked.
func falseAlarmTable(f findings) *table {
	t := &table{
		title:  "False alarms: VF, VT and asystole",
		notes:  []string{"Raised where no VF, VT or asystole of any length is marked, by the margins above."},
		header: []string{"records", "hours", "VF", "VT", "ASYSTOLE", "VF per 24 h", "VT per 24 h", "ASYSTOLE per 24 h", goalColumn},
	}
	annotated := func(g group) int {
		return lo.CountBy(g.results, func(r *result) bool { return r.reference != nil })
	}
	all := lo.KeyBy(whole(f.results), func(g group) string { return g.name })
	present := lo.Filter(narrowed(whole(f.results), (*result).judgesAlarms), func(g group, _ int) bool {
		return 2*len(g.results) > annotated(all[g.name]) // else rhythms were marked by the way only
	})
	for _, g := range present {
		counts := lo.Map(lethal, func(c alerts.Condition, _ int) int {
			return lo.SumBy(g.results, func(r *result) int { return len(r.falseAlarms(c)) })
		})
		row := []string{g.name, figure(g.hours(), 1)}
		row = append(row, lo.Map(counts, func(n, _ int) string { return number(n) })...)
		row = append(row, lo.Map(counts, func(n, _ int) string { return g.perDay(n) })...)
		t.row(append(row, lo.Ternary(g.results[0].database.normal(), "VF <= 0.5 per 24 h", ""))...)
	}
	if len(present) == 0 {
		t.notes = append(t.notes, notHere)
	}
	return t
}

// alarmGroups are the groups in which it is known where lethal alarms belong. The records of cudb
// whose onsets are not known stand apart: latencies mean nothing there.
func alarmGroups(results []*result) []group {
	var out []group
	for _, g := range judgesRhythm(results) {
		unsure, sure := lo.FilterReject(g.results, func(r *result, _ int) bool {
			return g.name == "cudb" && slices.Contains(onsetsUnsure, r.record)
		})
		if len(sure) > 0 {
			out = append(out, group{g.name, sure})
		}
		if len(unsure) > 0 {
			out = append(out, group{g.name + ", onsets unsure", unsure})
		}
	}
	return out
}

// normalHearts counts what was said of healthy hearts.
func normalHearts(f findings) *table {
	t := &table{
		title:  "Healthy hearts: everything below is wrong",
		notes:  []string{"Per 24 h. Beats: called V or S where the experts say otherwise."},
		header: []string{"records", "what", "count", "per 24 h", goalColumn},
	}
	for _, g := range whole(f.results) {
		if !g.results[0].database.normal() {
			continue
		}
		m, _ := g.sum(beatQuestion{classes: score.EC57})
		v, s := m.Ventricular().FP, m.Supraventricular().FP
		t.row(g.name, "beats called V", number(v), figure(float64(v)/g.marked()*24, 1), "<= 4")
		t.row(g.name, "beats called S", number(s), figure(float64(s)/g.marked()*24, 1), "")
		for _, c := range alerts.Conditions() {
			if n := g.raised(c); n > 0 || c == alerts.VF {
				t.row(g.name, "alarm "+string(c), number(n), g.perDay(n), lo.Ternary(c == alerts.VF, "<= 0.5", ""))
			}
		}
		for _, label := range lo.Uniq(lo.FlatMap(g.results, func(r *result, _ int) []string {
			return lo.Map(r.episodes, func(e episode, _ int) string { return e.label })
		})) {
			n := lo.SumBy(g.results, func(r *result) int {
				return lo.CountBy(r.episodes, func(e episode) bool { return e.label == label })
			})
			t.row(g.name, "episode "+label, number(n), g.perDay(n), "")
		}
		noisyShare := score.Share{}
		for _, r := range g.results {
			noisyShare = noisyShare.Plus(score.Share{Part: score.Total(r.spans(noise)), Whole: r.samples})
		}
		t.row(g.name, "time not judged, %", "", figure(noisyShare.Percent(), 2), "")
	}
	if len(t.rows) == 0 {
		t.notes = append(t.notes, "nsrdb-2h: "+notHere)
	}
	return t
}

// challenge2015 judges the alarms of other monitors.
func challenge2015(f findings) *table {
	t := &table{
		title: "Challenge 2015: was the monitor's alarm at five minutes true?",
		notes: []string{
			"One ECG lead, no pulse. Confirmed: a condition of the kind stands or was raised from 16 s before until 5:00.",
			"Score = (TP + TN) / (TP + TN + FP + 5 FN). Beside it the same from the detector's own episodes.",
		},
	}
	t.confusion(f, "score of episodes", ">= 75 on held-out records", func(r *result, k challengeKind) (alarmed, standing bool) {
		return r.confirms(k.kind)
	})
	return t
}

// confusion fills in, for each kind of alarm, what became of the true and the false ones by the first of two
// verdicts, with the score of the second beside it.
func (t *table) confusion(f findings, beside, goal string, verdicts func(r *result, k challengeKind) (first, second bool)) {
	t.header = []string{"alarm", "records", "TP", "FN", "FP", "TN", "TPR", "TNR", "score", beside, goalColumn}
	line := func(name string, first, second score.Tally, goal string) {
		t.row(name, number(first.TP+first.FN+first.FP+first.TN), number(first.TP), number(first.FN), number(first.FP),
			number(first.TN), figure(first.Sensitivity(), 1), figure(first.Specificity(), 1),
			figure(score.Challenge2015(first), 1), figure(score.Challenge2015(second), 1), goal)
	}
	var allFirst, allSecond score.Tally
	for _, k := range challengeKinds {
		var first, second score.Tally
		for _, r := range f.results {
			if a, ok := r.database.alarms[r.record]; ok && r.fault == nil && a.kind == k.kind {
				one, other := verdicts(r, k)
				first, second = first.With(a.true, one), second.With(a.true, other)
			}
		}
		if first != (score.Tally{}) {
			line(k.kind, first, second, "")
		}
		allFirst, allSecond = allFirst.Plus(first), allSecond.Plus(second)
	}
	if len(t.rows) == 0 {
		t.notes = append(t.notes, notHere)
		return
	}
	line("all", allFirst, allSecond, goal)
}

// challenge2017 labels short recordings.
func challenge2017(f findings) *table {
	t := &table{
		title:  "Challenge 2017: normal, atrial fibrillation or other, from 9 to 61 s",
		notes:  []string{"N, A, O or ~ (noise) as the recording was judged as a whole."},
		header: []string{"label", "TP", "missed", "false", "Se", "+P", "F1", goalColumn},
	}
	pairs := score.Labels{}
	for _, r := range f.results {
		if label, ok := r.database.labels[r.record]; ok && r.fault == nil {
			pairs[[2]string{label, r.short.label}]++
		}
	}
	if len(pairs) == 0 {
		t.notes = append(t.notes, notHere)
		return t
	}
	var scores []float64
	for _, label := range []string{"N", "A", "O"} {
		l := pairs.Tally(label)
		scores = append(scores, l.F1())
		t.row(label, number(l.TP), number(l.FN), number(l.FP), figure(l.Sensitivity(), 1), figure(l.Predictivity(), 1), figure(l.F1(), 1), "")
	}
	t.row("mean", "", "", "", "", "", figure(score.Mean(scores), 1), ">= 82 held-out")
	return t
}

// stressed is the noise stress test.
func stressed(f findings) *table {
	t := &table{
		title: "Noise",
		notes: []string{
			"After 300 s; noise comes and goes every 120 s. Standing: without beats that the detector labels Q or covers with NOISE.",
		},
		header: []string{
			"records", "dB", "QRS Se", "QRS +P", "VEB Se", "VEB +P", "standing: QRS Se", "QRS +P", "VEB Se", "VEB +P", "not judged %", goalColumn,
		},
	}
	goals := map[float64]string{12: "VEB +P >= 97 at Se >= 92", 6: "VEB +P >= 88 at Se >= 75"}
	for _, n := range slices.Concat(recordedNoise(f.results), f.noisy) {
		row := []string{n.name, lo.Ternary(math.IsNaN(n.decibels), "", figure(n.decibels, 0))}
		for _, m := range []*score.Matrix{&n.all, &n.standing} {
			q, v := m.Detection(), m.Ventricular()
			row = append(row, figure(q.Sensitivity(), 2), figure(q.Predictivity(), 2), figure(v.Sensitivity(), 1), figure(v.Predictivity(), 1))
		}
		t.row(append(row, figure(n.noise.Percent(), 1), goals[n.decibels])...)
	}
	if len(f.noisy) == 0 {
		t.notes = append(t.notes, "118 and 119 with em: "+notHere)
	}
	t.notes = append(t.notes, "DS2 with ma at 12 and 6 dB (goal VEB F1 >= 96 / 91): "+notHere)
	return t
}

// recordedNoise are the records of nstdb, which come with noise of a known ratio.
func recordedNoise(results []*result) []noisy {
	var out []noisy
	for _, r := range results {
		if r.database.name != "nstdb" || r.fault != nil || !r.hasBeats() {
			continue
		}
		n := noisy{name: "nstdb " + r.record, decibels: math.NaN()}
		n.count(r)
		out = append(out, n)
	}
	return out
}
