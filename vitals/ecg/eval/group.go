package main

import (
	"slices"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals/ecg/eval/score"
)

// group is a set of records that a row of a table speaks of.
type group struct {
	name    string
	results []*result
}

// Records of mitdb as de Chazal divides them (IEEE TBME 2004;51:1196): DS1 for fitting, DS2 for
// judging. The paced ones are in neither.
var (
	ds1 = []string{
		"101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122",
		"124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230",
	}
	ds2 = []string{
		"100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210",
		"212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234",
	}
	paced = []string{"102", "104", "107", "217"}
)

// groups are the databases of the results that ran, and the customary parts of mitdb.
func groups(results []*result) []group {
	var out []group
	for _, part := range lo.PartitionBy(results, func(r *result) string { return r.database.name }) {
		ran := lo.Filter(part, func(r *result, _ int) bool { return r.fault == nil })
		if len(ran) == 0 {
			continue
		}
		name := ran[0].database.name
		out = append(out, group{name, ran})
		if name != "mitdb" {
			continue
		}
		among := func(records []string, is bool) []*result {
			return lo.Filter(ran, func(r *result, _ int) bool { return slices.Contains(records, r.record) == is })
		}
		parts := []group{
			{"mitdb DS1", among(ds1, true)},
			{"mitdb DS2", among(ds2, true)},
			{"mitdb DS2 without 232", lo.Without(among(ds2, true), among([]string{"232"}, true)...)},
			{"mitdb without paced", among(paced, false)},
		}
		out = append(out, lo.Filter(parts, func(g group, _ int) bool { return len(g.results) > 0 })...)
	}
	return out
}

// whole are the databases of the results that ran, undivided.
func whole(results []*result) []group {
	return lo.Filter(groups(results), func(g group, _ int) bool { return g.name == g.results[0].database.name })
}

// withBeats are the groups whose records have annotated beats, each with those only.
func withBeats(groups []group) []group {
	return narrowed(groups, (*result).hasBeats)
}

func narrowed(groups []group, keep func(r *result) bool) []group {
	var out []group
	for _, g := range groups {
		g.results = lo.Filter(g.results, func(r *result, _ int) bool { return keep(r) })
		if len(g.results) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// onsetsUnsure are records of cudb whose annotations were rebuilt and do not hold the onset.
var onsetsUnsure = []string{"cu02", "cu05", "cu06", "cu17", "cu19", "cu22", "cu26", "cu30", "cu33"}

func (g *group) hours() float64 { return lo.SumBy(g.results, (*result).hours) }

// marked are the hours in which beats count.
func (g *group) marked() float64 {
	return lo.SumBy(g.results, func(r *result) float64 {
		return r.hours() - r.at(score.Total(r.reference.leftOut()))/3600
	})
}

// perDay is how many per 24 h.
func (g *group) perDay(n int) string { return figure(float64(n)/g.hours()*24, 1) }

// raised counts the alarms of a condition.
func (g *group) raised(c alerts.Condition) int {
	return lo.SumBy(g.results, func(r *result) int { return len(alarmsOf(r.alarms, c)) })
}
