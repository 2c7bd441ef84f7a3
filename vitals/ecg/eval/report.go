package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

// findings is all that the report rests on.
type findings struct {
	databases []*database
	results   []*result
	learned   []*result // the same records with forests that learned from them; nil where results are those
	trials    *trialled // nil where the synthetic bench was not run
	noisy     []noisy
	speed     *speed // nil where it was not measured
}

// writeReport prints the tables, and keeps them in a file.
func writeReport(path string, stdout io.Writer, f findings) error {
	tables := []*table{inputs(f), detection(f)}
	tables = append(tables, classes(f)...)
	tables = append(tables, runs(f), atrial(f), atrialBeats(f), lethalEpisodes(f), lethalWindows(f),
		alarmTable(f), falseAlarmTable(f), normalHearts(f), challenge2015(f), challenge2015Signals(f), challenge2017(f), ratesTable(f),
		stressed(f), bench(f), otherDevices(f), delays(f), costs(f), summary(f))
	return create(path, func(file io.Writer) error {
		both := io.MultiWriter(stdout, file)
		return errors.Join(lo.Map(tables, func(t *table, _ int) error { return t.write(both) })...)
	})
}

// inputs tells what was run, and what was not.
func inputs(f findings) *table {
	t := &table{title: "Records", header: []string{"database", "records", "run", "hours", "annotated", "from"}}
	for _, d := range f.databases {
		all := lo.Filter(f.results, func(r *result, _ int) bool { return r.database == d })
		ran := lo.Filter(all, func(r *result, _ int) bool { return r.fault == nil })
		g := group{d.name, ran}
		t.row(d.name, number(len(all)), number(len(ran)), figure(g.hours(), 1),
			number(lo.CountBy(ran, func(r *result) bool { return r.reference != nil })),
			lo.Ternary(d.mode == sampled, "channel 0", "intervals of .qrs"))
	}
	for _, r := range f.results {
		if r.fault != nil {
			t.notes = append(t.notes, fmt.Sprintf("not run: %s/%s: %v", r.database.name, r.record, r.fault))
		}
	}
	return t
}

// Goals of docs/detector.md, by group.
var (
	detectionGoals = map[string]string{
		"mitdb": "DER <= 0.25 on all 48, two-fold", "mitdb DS1": "DER <= 0.18 is for DS2", "mitdb DS2": "DER <= 0.18",
		"svdb": "DER <= 0.18", "nsrdb-2h": "DER <= 0.015",
	}
	ventricularGoals = map[string]string{
		"mitdb DS1": "F1 >= 98.0, FPR <= 0.12 is for DS2", "mitdb DS2": "F1 >= 98.0, FPR <= 0.12",
		"mitdb without paced": "F1 >= 96 on 44, two-fold", "svdb": "F1 >= 92",
	}
	supraventricularGoals = map[string]string{
		"mitdb DS2": "F1 >= 60 (ml)", "mitdb DS2 without 232": "F1 >= 45 (ml)", "svdb": "F1 >= 68",
		"mitdb DS1": "F1 >= 60 (ml) is for DS2",
	}
)

// absentGoals are lines for the groups that a goal speaks of and that are not there.
func absentGoals(present []group, goals map[string]string) []string {
	var notes []string
	for _, name := range []string{"mitdb DS2", "mitdb DS2 without 232", "svdb", "nsrdb-2h"} {
		goal, wanted := goals[name]
		if wanted && !lo.ContainsBy(present, func(g group) bool { return g.name == name }) {
			notes = append(notes, fmt.Sprintf("%s (goal %s): %s", name, goal, notHere))
		}
	}
	return notes
}

// ways are the ways to compare beats that the report shows.
var ways = []beatQuestion{protocol, {classes: score.EC57}}

func (q beatQuestion) name() string {
	return lo.Ternary(q.skip > 0, fmt.Sprintf("skip %.0f s", q.skip), "whole")
}

// sum is the matrix of all records of a group, and those of each.
func (g *group) sum(q beatQuestion) (*score.Matrix, []*score.Matrix) {
	var total score.Matrix
	each := lo.Map(g.results, func(r *result, _ int) *score.Matrix { return r.matrix(q) })
	for _, m := range each {
		total.Add(m)
	}
	return &total, each
}

func detection(f findings) *table {
	present := withBeats(groups(f.results))
	t := &table{
		title: "QRS detection",
		notes: append([]string{
			"EC57: window 150 ms, fibrillation left out. DER = (missed + invented) / beats. Average: over records.",
		}, absentGoals(present, detectionGoals)...),
		header: []string{"records", "", "beats", "missed", "invented", "Se", "+P", "F1", "DER", "avg Se", "avg +P", goalColumn},
	}
	for _, g := range present {
		for _, q := range ways {
			total, each := g.sum(q)
			if total.Beats() == 0 {
				continue // shorter than what is skipped
			}
			d := total.Detection()
			t.row(g.name, q.name(), number(total.Beats()), number(d.FN), number(d.FP), figure(d.Sensitivity(), 2),
				figure(d.Predictivity(), 2), figure(d.F1(), 2), figure(d.ErrorRate(), 3),
				average(each, (*score.Matrix).Detection, score.Tally.Sensitivity),
				average(each, (*score.Matrix).Detection, score.Tally.Predictivity),
				lo.Ternary(q.skip > 0, detectionGoals[g.name], ""))
		}
	}
	return t
}

func average(each []*score.Matrix, tally func(*score.Matrix) score.Tally, of func(score.Tally) float64) string {
	return figure(score.Mean(lo.Map(each, func(m *score.Matrix, _ int) float64 { return of(tally(m)) })), 2)
}

// classes are the tables of ectopic beats.
func classes(f findings) []*table {
	present := withBeats(groups(f.results))
	present = lo.Filter(present, func(g group, _ int) bool { // in healthy hearts there is nothing to find
		total, _ := g.sum(beatQuestion{classes: score.EC57})
		d := g.results[0].database
		return total.Ventricular().TP+total.Ventricular().FN > 0 && !d.normal() && d.classes()
	})
	return []*table{
		classTable(present, classTitles[0], (*score.Matrix).Ventricular, ventricularGoals),
		classTable(present, classTitles[1], (*score.Matrix).Supraventricular, supraventricularGoals),
	}
}

var classTitles = [2]string{"Ventricular beats (VEB)", "Supraventricular beats (SVEB)"}

func classTable(present []group, title string, tally func(*score.Matrix) score.Tally, goals map[string]string) *table {
	t := &table{
		title: title,
		notes: append([]string{
			"Gross, then averaged over records. Maps: ec57 counts e, j, n as S, ml as N. F and Q called V, and Q called S, are not held against +P.",
		}, absentGoals(present, goals)...),
		header: []string{"records", "", "map", "TP", "missed", "false", "Se", "+P", "F1", "FPR", "avg Se", "avg +P", goalColumn},
	}
	for _, g := range present {
		for _, q := range ways {
			for _, m := range []score.Map{score.EC57, score.ML} {
				q.classes = m
				total, each := g.sum(q)
				v := tally(total)
				t.row(g.name, q.name(), string(m), number(v.TP), number(v.FN), number(v.FP), figure(v.Sensitivity(), 2),
					figure(v.Predictivity(), 2), figure(v.F1(), 2), figure(v.FalsePositiveRate(), 2),
					average(each, tally, score.Tally.Sensitivity), average(each, tally, score.Tally.Predictivity),
					lo.Ternary(q.skip > 0, goals[g.name], ""))
			}
		}
	}
	return t
}

func runs(f findings) *table {
	t := &table{
		title:  "Runs of ventricular beats",
		notes:  []string{"After 300 s. A run is met when the longest run of the other side that touches it is of the same length class."},
		header: []string{"records", "2: Se", "2: +P", "3-5: Se", "3-5: +P", ">5: Se", ">5: +P"},
	}
	for _, g := range withBeats(groups(f.results)) {
		var total [score.Long + 1]score.Agreement
		for _, r := range g.results {
			for i, a := range r.runs() {
				total[i] = total[i].Plus(a)
			}
		}
		row := []string{g.name}
		for _, a := range total[score.Couplet:] {
			row = append(row, counted(a.Reference), counted(a.Found))
		}
		if total[score.Couplet].Reference.Whole+total[score.Short].Reference.Whole+total[score.Long].Reference.Whole > 0 {
			t.row(row...)
		}
	}
	return t
}

// delays tells how late beats are reported.
func delays(f findings) *table {
	t := &table{
		title:  "Delay of beats",
		notes:  []string{"From the beat to the sample that made it known, in seconds."},
		header: []string{"records", "median", "p95", "longest", "over 2.0 s", "over 3.5 s", goalColumn},
	}
	for _, g := range whole(f.results) {
		all := lo.FlatMap(g.results, func(r *result, _ int) []float64 { return r.delays() })
		if len(all) == 0 {
			continue
		}
		over := func(s float64) string {
			return number(lo.CountBy(all, func(d float64) bool { return d > s }))
		}
		t.row(g.name, figure(score.Quantile(all, 0.5), 2), figure(score.Quantile(all, 0.95), 2),
			figure(score.Quantile(all, 1), 2), over(2), over(3.5), "p95 <= 2.0, never over 3.5")
	}
	return t
}

func costs(f findings) *table {
	t := &table{title: "Cost", header: []string{"", "", goalColumn}}
	if f.speed == nil {
		t.notes = []string{notHere + ": needs records of mitdb"}
		return t
	}
	s := f.speed
	t.notes = []string{fmt.Sprintf("User time on one core, least of %d, records %s.", s.Runs, strings.Join(s.Records, " "))}
	t.row("ns per input sample", figure(s.NsPerSample, 1), "")
	t.row("ms per ECG hour", figure(s.MsPerECGHour, 1), "<= 40")
	t.row("allocations per sample", figure(math.Round(s.AllocsPerSample*1e4)/1e4, 4), "0")
	t.row("bytes per patient", number(int(s.BytesPerPatient)), "<= 32768")
	t.row("streams per core at a quarter of its time", figure(s.StreamsPerCore, 0), "")
	w := s.AfterADay
	t.row(fmt.Sprintf("one detector through %.0f h: ns per input sample, first pass", w.Hours), figure(w.NsFirstPass, 1), "")
	t.row("the same, last pass", figure(w.NsLastPass, 1), "no growth")
	t.row("the same, allocations per sample", figure(math.Round(w.AllocsPerSample*1e4)/1e4, 4), "0")
	t.row("the same, growth of the heap in bytes", number(int(w.HeapGrowth)), "none")
	return t
}
