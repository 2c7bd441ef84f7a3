package main

import (
	"maps"
	"math"
	"slices"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals/ecg/eval/score"
)

// estimate is a figure with its 95 % interval over records.
type estimate struct{ value, low, high float64 }

func (e estimate) interval(decimals int) string {
	if math.IsNaN(e.low) {
		return "-"
	}
	return figure(e.low, decimals) + " to " + figure(e.high, decimals)
}

// measure sums up records in one figure.
type measure func(results []*result) estimate

// over makes a measure of what is counted in each record and what all counts together say.
func over[T any](count func(r *result) T, sum func([]T) float64) measure {
	return func(results []*result) estimate {
		counts := lo.Map(results, func(r *result, _ int) T { return count(r) })
		low, high := score.Interval(counts, sum)
		return estimate{sum(counts), low, high}
	}
}

// gross adds up tallies before it asks for a figure.
func gross(of func(score.Tally) float64) func([]score.Tally) float64 {
	return func(each []score.Tally) float64 {
		var all score.Tally
		for _, t := range each {
			all = all.Plus(t)
		}
		return of(all)
	}
}

// rate is how often something is per 24 h.
type rate struct{ count, hours float64 }

func perDay(each []rate) float64 {
	var all rate
	for _, r := range each {
		all.count, all.hours = all.count+r.count, all.hours+r.hours
	}
	return all.count / all.hours * 24
}

// found is the share of one side of agreements that the other side meets.
func found(side func(score.Agreement) score.Share) func([]score.Agreement) float64 {
	return func(each []score.Agreement) float64 {
		var all score.Agreement
		for _, a := range each {
			all = all.Plus(a)
		}
		return side(all).Percent()
	}
}

// headline is a row of the summary: a figure for some groups of records, what it should be, and
// what others reach.
type headline struct {
	name       string
	decimals   int
	measure    measure
	goals      map[string]string // by group; only these are shown
	yardsticks map[string]string // by group
}

// Others' figures were measured with their own programs on the same records of PhysioNet, by the
// protocol of docs/detector.md (OSEA: bdac of EP Limited; gqrs: WFDB 10.7.0), or are those of
// Zhou et al., BioMed Eng OnLine 2014;13:18 and PLoS ONE 2015;10:e0136544, re-coded.
var headlines = []headline{
	{
		"QRS: DER, after 300 s", 3, over(beatsOf((*score.Matrix).Detection, score.EC57), gross(score.Tally.ErrorRate)), detectionGoals,
		map[string]string{
			"mitdb": "OSEA 0.42, gqrs 0.55 on all 48", "mitdb DS2": "OSEA 0.33, gqrs 0.46", "mitdb DS1": "on DS2 OSEA 0.33, gqrs 0.46",
			"svdb": "OSEA 0.54, gqrs 0.68 on all 78", "nsrdb-2h": "OSEA 0.11, gqrs 0.066",
		},
	},
	{
		"ventricular beats: F1, after 300 s", 2, over(beatsOf((*score.Matrix).Ventricular, score.EC57), gross(score.Tally.F1)), ventricularGoals,
		map[string]string{
			"mitdb without paced": "OSEA 94.74 on 44, its own training set", "mitdb DS2": "OSEA 96.06", "mitdb DS1": "on DS2 OSEA 96.06",
			"svdb": "OSEA 78.2 on all 78",
		},
	},
	{
		"supraventricular beats: F1 (ml), after 300 s", 2, over(beatsOf((*score.Matrix).Supraventricular, score.ML), gross(score.Tally.F1)),
		supraventricularGoals,
		map[string]string{},
	},
	{
		"healthy hearts: beats called V per 24 h", 1, over(falseVentricular, perDay),
		map[string]string{"nsrdb-2h": "<= 4"},
		map[string]string{"nsrdb-2h": "OSEA 26.6"},
	},
	{
		"AF: duration Se", 2, over(atrialDuration, found(func(a score.Agreement) score.Share { return a.Reference })),
		map[string]string{"afdb": ">= 98.3", "ltafdb": "", "mitdb DS2": ">= 95", "mitdb DS1": ">= 95 is for DS2"},
		map[string]string{"afdb": "Zhou 97.4 on all 25", "ltafdb": "Zhou 96.7", "mitdb DS2": "Zhou 93.2"},
	},
	{
		"AF: duration +P", 2, over(atrialDuration, found(func(a score.Agreement) score.Share { return a.Found })),
		map[string]string{"afdb": ">= 98.3", "ltafdb": "", "mitdb DS2": ">= 85", "mitdb DS1": ">= 85 is for DS2"},
		map[string]string{"afdb": "Zhou 97.9 on all 25", "ltafdb": "Zhou 93.7", "mitdb DS2": "Zhou 50.6"},
	},
	{
		"AF: beats, F1", 2, over(atrialBeatsOf, gross(score.Tally.F1)),
		map[string]string{"ltafdb": ">= 97.2"},
		map[string]string{"ltafdb": "Zhou 96.5"},
	},
	{
		"AF: false episodes >= 30 s per 24 h", 2, over(falseAtrial, perDay),
		map[string]string{"ltafdb": "<= 1.0", "nsrdb-2h": "<= 0.5 (nsrdb)"},
		map[string]string{"ltafdb": "Zhou 5.5", "nsrdb-2h": "Zhou 2.6 on nsrdb"},
	},
	{
		"VF: windows of 5 s, Se (VT out)", 1, over(fibrillationWindows, gross(score.Tally.Sensitivity)),
		map[string]string{"vfdb": "Se >= 90 at Sp 98", "cudb": "Se >= 90 at Sp 98"},
		map[string]string{"vfdb": "HILB, TCSC, leakage 90 to 98", "cudb": "HILB, TCSC, leakage 73 to 78"},
	},
	{
		"VF: windows of 5 s, Sp (VT out)", 1, over(fibrillationWindows, gross(score.Tally.Specificity)),
		map[string]string{"vfdb": "Se >= 90 at Sp 98", "cudb": "Se >= 90 at Sp 98", "mitdb": ""},
		map[string]string{"vfdb": "the same 75 to 82", "cudb": "the same 80 to 85"},
	},
	{
		"VF >= 10 s: latency of a lethal alarm, median, s", 1, over(fibrillationLatency, late(0.5)),
		map[string]string{"vfdb": "<= 4", "cudb": "<= 4"},
		map[string]string{},
	},
	{
		"VF >= 10 s: latency of a lethal alarm, p95, s", 1, over(fibrillationLatency, late(0.95)),
		map[string]string{"vfdb": "<= 8", "cudb": "<= 8"},
		map[string]string{},
	},
	{
		"VF >= 10 s: without a lethal alarm, %", 1, over(fibrillationLatency, missedShare),
		map[string]string{"vfdb": "<= 2", "cudb": "<= 2"},
		map[string]string{},
	},
	{
		"false VF alarms per 24 h", 2, over(falseFibrillation, perDay),
		map[string]string{"nsrdb-2h": "<= 0.5", "mitdb": "<= 0.5 with nsrdb"},
		map[string]string{},
	},
	{
		"Challenge 2015: score, one ECG lead", 1, over(challenge2015Of, gross(score.Challenge2015)),
		map[string]string{"cinc2015": ">= 75 held-out"},
		map[string]string{"cinc2015": "OSEA 61.5, gqrs 50.2 on 750"},
	},
	{
		"Challenge 2015: score, all signals", 1, over(believed2015Of, gross(score.Challenge2015)),
		map[string]string{"cinc2015": ">= 81 held-out"},
		map[string]string{"cinc2015": "best in real time 81.4, on hidden records"},
	},
	{
		"Challenge 2017: mean F1 of N, A, O", 1, over(challenge2017Of, meanF1),
		map[string]string{"cinc2017": ">= 82 held-out"},
		map[string]string{"cinc2017": "winners 83"},
	},
}

// summary puts the figures that have goals into one table, with their spread over patients.
func summary(f findings) *table {
	t := &table{
		title:  "Summary",
		notes:  []string{"95 %: interval over records, by bootstrap (2,000 draws). Other patients of the kind may lie outside where records are few."},
		header: []string{"figure", "records", "n", "here", "95 %", goalColumn, yardstick},
	}
	if f.learned != nil {
		t.header = []string{"figure", "records", "n", "unseen patients", "95 %", "learned from", "95 %", goalColumn, yardstick}
		t.notes = append(t.notes, "Unseen patients: forests grown without the patient's fold judge; this and all other tables. Learned from: the program's own forests.")
	} else {
		t.notes = append(t.notes, "The forests may have learned from these records. Unseen patients: make eval-unseen.")
	}
	present := lo.KeyBy(groups(f.results), func(g group) string { return g.name })
	learned := lo.KeyBy(groups(f.learned), func(g group) string { return g.name })
	for _, h := range headlines {
		for _, name := range slices.Sorted(maps.Keys(h.goals)) {
			g, here := present[name]
			if !here {
				continue
			}
			e := h.measure(g.results)
			if math.IsNaN(e.value) {
				continue
			}
			row := []string{h.name, name, number(len(g.results)), figure(e.value, h.decimals), e.interval(h.decimals)}
			if f.learned != nil {
				own := h.measure(learned[name].results)
				row = append(row, figure(own.value, h.decimals), own.interval(h.decimals))
			}
			t.row(append(row, h.goals[name], h.yardsticks[name])...)
		}
	}
	return t
}

// beatsOf counts beats of a record after the first five minutes.
func beatsOf(tally func(*score.Matrix) score.Tally, classes score.Map) func(r *result) score.Tally {
	q := protocol
	q.classes = classes
	return func(r *result) score.Tally { return tally(r.matrix(q)) }
}

func falseVentricular(r *result) rate {
	return rate{
		float64(r.matrix(beatQuestion{classes: score.EC57}).Ventricular().FP),
		r.hours() - r.at(score.Total(r.reference.leftOut()))/3600,
	}
}

func atrialDuration(r *result) score.Agreement {
	return score.Duration(r.inMilliseconds(r.reference.spansOf(atrialFibrillation)), r.inMilliseconds(r.spans(atrialFibrillation)))
}

// inMilliseconds makes spans of records with different rates count alike.
func (r *result) inMilliseconds(spans []score.Span) []score.Span {
	return lo.Map(spans, func(s score.Span, _ int) score.Span {
		return score.Span{From: int64(1000 * r.at(s.From)), To: int64(1000 * r.at(s.To))}
	})
}

// atrialBeatsOf asks of each beat whether it is in fibrillation, and whether it was said to be.
func atrialBeatsOf(r *result) score.Tally {
	var all score.Tally
	marked, found := r.reference.spansOf(atrialFibrillation), r.spans(atrialFibrillation)
	for _, at := range r.rhythmBeats() {
		all = all.With(score.Within(marked, at), score.Within(found, at))
	}
	return all
}

func falseAtrial(r *result) rate {
	e := score.Episodes(r.reference.spansOf(atrialFibrillation), r.spans(atrialFibrillation), r.seconds(leastEpisode))
	return rate{float64(e.Found.Whole - e.Found.Part), r.hours()}
}

func fibrillationWindows(r *result) score.Tally {
	return score.Windows(r.reference.spansOf(fibrillation), r.reference.spansOf(tachycardia), r.known(fibrillation),
		score.Clock{Samples: r.samples, Window: r.seconds(5), Step: r.seconds(1)})
}

// fibrillationLatency is how late a lethal alarm came in each episode; NaN where none did.
func fibrillationLatency(r *result) []float64 {
	if r.database.name == "cudb" && slices.Contains(onsetsUnsure, r.record) {
		return nil
	}
	episodes := score.AtLeast(r.reference.spansOf(fibrillation), r.seconds(10))
	late := score.Latencies(episodes, alarmsOf(r.alarms, lethal...), r.seconds(alarmBefore), r.seconds(alarmAfter))
	return lo.Map(late, func(samples float64, _ int) float64 { return samples / r.rateHz })
}

func late(q float64) func([][]float64) float64 {
	return func(each [][]float64) float64 {
		return score.Quantile(slices.DeleteFunc(slices.Concat(each...), math.IsNaN), q)
	}
}

func missedShare(each [][]float64) float64 {
	var s score.Share
	for _, l := range slices.Concat(each...) {
		s = s.With(math.IsNaN(l))
	}
	return s.Percent()
}

func falseFibrillation(r *result) rate {
	return rate{float64(len(r.falseAlarms(alerts.VF))), r.hours()}
}

func challenge2015Of(r *result) score.Tally {
	a, ok := r.database.alarms[r.record]
	if !ok {
		return score.Tally{}
	}
	confirmed, _ := r.confirms(a.kind)
	return score.Tally{}.With(a.true, confirmed)
}

func believed2015Of(r *result) score.Tally {
	a, ok := r.database.alarms[r.record]
	if !ok {
		return score.Tally{}
	}
	return score.Tally{}.With(a.true, r.bedside.believes(a.kind))
}

// challenge2017Of is what experts and the detector called a short recording.
func challenge2017Of(r *result) [2]string {
	return [2]string{r.database.labels[r.record], r.short.label}
}

func meanF1(pairs [][2]string) float64 {
	counts := score.Labels(lo.CountValues(pairs))
	return score.Mean(lo.Map([]string{"N", "A", "O"}, func(label string, _ int) float64 { return counts.Tally(label).F1() }))
}
