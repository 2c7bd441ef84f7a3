package main

import (
	"fmt"
	"math"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/eval/synthetic"
)

// bench is the table of the synthetic bench: a row per trial and check.
func bench(f findings) *table {
	t := &table{
		title: "Synthetic bench",
		notes: []string{
			"Each trial alters three made-up hearts, and a clean stretch of each record that has one. Worst: of those that hold or not; never: what",
			"should have happened did not. What the detector misses or invents in the unaltered stretch is not held against it.",
		},
		header: []string{"trial", "what", "at most", "made up: hold", "worst", "recorded: hold", "p95", "worst"},
	}
	if f.trials == nil {
		t.notes = []string{"not run: -only names databases, and not synthetic"}
		return t
	}
	key := func(o synthetic.Outcome) [2]string { return [2]string{o.Story, o.What} }
	recorded := lo.GroupBy(f.trials.recorded, key)
	made := lo.GroupBy(f.trials.made, key)
	story := ""
	for _, k := range lo.Uniq(lo.Map(f.trials.made, func(o synthetic.Outcome, _ int) [2]string { return key(o) })) {
		row := []string{lo.Ternary(k[0] == story, "", k[0]), k[1], bound(made[k])}
		story = k[0]
		hold, _, worst := outcomes(made[k])
		row = append(row, hold, worst)
		hold, p95, worst := outcomes(recorded[k])
		t.row(append(row, hold, p95, worst)...)
	}
	return t
}

// bound is what all outcomes of a check may be at most; where the stretches differ, the least.
func bound(all []synthetic.Outcome) string {
	least := lo.Min(lo.Map(all, func(o synthetic.Outcome, _ int) float64 { return o.Most }))
	if math.IsInf(least, 1) {
		return "-"
	}
	return figure(least, 1)
}

func outcomes(all []synthetic.Outcome) (hold, p95, worst string) {
	if len(all) == 0 {
		return "", "", ""
	}
	values := lo.Map(all, func(o synthetic.Outcome, _ int) float64 {
		if math.IsNaN(o.Value) {
			return math.Inf(1)
		}
		return o.Value
	})
	text := func(v float64) string { return lo.Ternary(math.IsInf(v, 1), "never", figure(v, 1)) }
	holding := lo.CountBy(all, synthetic.Outcome.Holds)
	return fmt.Sprintf("%d of %d", holding, len(all)), text(score.Quantile(values, 0.95)), text(score.Quantile(values, 1))
}

// otherDevices is the table of the same hearts at other gains, polarities and rates.
func otherDevices(f findings) *table {
	t := &table{
		title:  "QRS of mitdb from other devices",
		notes:  []string{"After 300 s. Resampled with a windowed sinc, band-limited as the filter before a converter is."},
		header: []string{"recorded with", "missed", "invented", "DER", "change", goalColumn},
	}
	if f.trials == nil || len(f.trials.variants) == 0 {
		t.notes = []string{notHere}
		return t
	}
	own := f.trials.variants[0].all.Detection()
	for _, v := range f.trials.variants {
		d := v.all.Detection()
		t.row(v.name, number(d.FN), number(d.FP), figure(d.ErrorRate(), 3), fmt.Sprintf("%+.3f", d.ErrorRate()-own.ErrorRate()),
			lo.Ternary(v.name == "as recorded", "", "change <= 0.05"))
	}
	return t
}
