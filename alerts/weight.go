package alerts

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// Weight gain, which in heart failure is water. A gain of more than 2 kg in 3 days is what patients are told to
// act on in Europe (European Society of Cardiology, heartfailurematters.org); 2 to 3 lb in a day and 5 lb in a week
// (1.0 kg and 2.3 kg) is the American advice (American Heart Association, self-check plan for heart failure).
//
// It is measured from the lowest weight of the span, no sooner than half a day before: within a day a person
// weighs up to a kilogram more or less by what they ate, drank and wear. Spans are half a day longer than they
// say, because nobody stands on the scale at the same minute each day. Weights that lie further below the week's
// median than a tenth are of somebody else who stepped on the scale (that tenth is Vigil's own).
var weightGain = rule{
	condition: WeightGain, describe: func(f fact) string { return f.cause },
	Spec: Spec{Label: "WEIGHT GAIN", Type: Physiological, Spot: true, Priority: Low},
}

const (
	day = 24 * time.Hour
	// weightStands is how long a weight stands: as a daily reading, until it is missed.
	weightStands = 48 * time.Hour
	weightSlack  = 12 * time.Hour
	// weightMemory is the longest span, and what is kept at most of it: a weight each two hours.
	weightMemory = 7*day + weightSlack
	weightsKept  = 96
	weightsWhole = 10 // a weight further from the median than a tenth is somebody else's
)

// gains are the spans, the shortest first.
var gains = []struct {
	over  time.Duration
	name  string
	limit Setting
}{
	{day, "24 h", WeightDay}, {3 * day, "3 days", WeightThreeDays}, {7 * day, "7 days", WeightWeek},
}

var weight = family{kinds: []vitals.Kind{vitals.Weight}, stands: weightStands, judge: (*Engine).judgeWeight}

// weigh keeps a weight in its place.
func (s *spots) weigh(v spot) {
	i, known := slices.BinarySearchFunc(s.weights, v.at, func(w spot, at instant) int { return cmp.Compare(w.at, at) })
	if known {
		return
	}
	s.weights = slices.Insert(s.weights, i, v)
	since := s.weights[len(s.weights)-1].at.Time().Add(-weightMemory)
	s.weights = slices.DeleteFunc(s.weights, func(w spot) bool { return w.at.Time().Before(since) })
	s.weights = s.weights[max(0, len(s.weights)-weightsKept):]
}

// judgeWeight judges the newest weight.
func (e *Engine) judgeWeight(now time.Time) {
	if len(e.spots.weights) == 0 {
		return
	}
	newest := e.spots.weights[len(e.spots.weights)-1]
	at := newest.at.Time()
	f := fact{at: at, by: newest.by}
	for _, g := range gains {
		lowest, ok := e.spots.lowest(at, g.over)
		if !ok {
			continue
		}
		gain := vitals.Round(newest.value.Float()-lowest.value.Float(), 1)
		if f.truth != True {
			f.truth, f.value, f.limit = False, gain, e.limits.values[g.limit]
		}
		if milli(newest.value.Float()-lowest.value.Float()) >= e.limits.milli(g.limit) && f.truth != True {
			f.truth = True
			f.cause = fmt.Sprintf("+%s ≥ %s kg within %s: %s → %s kg", gain, f.limit, g.name, lowest.value, newest.value)
		}
	}
	e.judgeSpot(key{condition: WeightGain}, f, weightStands, now)
}

// lowest is the lowest of the patient's own weights in a span before a time; false where there is none.
func (s *spots) lowest(at time.Time, over time.Duration) (lowest spot, ok bool) {
	var before []spot
	for _, w := range s.weights {
		if at.Sub(w.at.Time()) >= weightSlack {
			before = append(before, w)
		}
	}
	if len(before) == 0 {
		return spot{}, false
	}
	slices.SortStableFunc(before, func(a, b spot) int { return a.value.Compare(b.value) })
	median := before[len(before)/2].value.Float()
	i := slices.IndexFunc(before, func(w spot) bool {
		return at.Sub(w.at.Time()) <= over+weightSlack && w.value.Float() >= median-median/weightsWhole
	})
	if i < 0 {
		return spot{}, false
	}
	return before[i], true
}
