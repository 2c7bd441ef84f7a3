package main

import (
	"math"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	step    = 5 * time.Minute / (each * time.Second) // values of a median
	horizon = 24                                     // medians: for how long a forecast is
)

var begin = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// told is a hint that the engine told.
type told struct {
	condition alerts.Condition
	step      int // number of the median behind which it came
	expected  alerts.Expected
}

// replay plays the days, all of one patient, to an engine with the limits, and lists what it hinted.
func replay(days map[vitals.Kind]day, limits alerts.Limits) (hints []told) {
	e := alerts.NewEngine("backtest")
	if err := e.SetLimits(limits); err != nil {
		panic(err) // the limits are of this program
	}
	const device = "backtest"
	e.Bind([]vitals.DeviceID{device}, begin)
	length := 0
	for _, d := range days {
		length = max(length, len(d))
	}
	for i := range length {
		at := begin.Add(time.Duration(i) * each * time.Second)
		b := vitals.Batch{Device: device}
		for kind, d := range days {
			if i < len(d) && !math.IsNaN(d[i]) {
				b.Readings = append(b.Readings, vitals.Reading{Kind: kind, Time: at, Value: vitals.Round(d[i], 0)})
			}
		}
		if len(b.Readings) > 0 {
			e.Observe(vitals.Delivery{Stream: vitals.Stream{Hub: "backtest"}, Received: at, Batch: b})
		}
		hints = append(hints, taken(e, e.Tick(at), at)...)
	}
	return hints
}

// taken are the hints among what an engine told.
func taken(e *alerts.Engine, o alerts.Outcome, at time.Time) (hints []told) {
	for _, t := range o.Transitions {
		if t.Change != alerts.Raised {
			continue
		}
		h := told{condition: t.Alarm.Condition, step: int(at.Sub(begin) / (5 * time.Minute))}
		for _, x := range e.Forecasts(at) {
			if x.Kind.String() == t.Alarm.Site {
				h.expected = x
			}
		}
		if h.condition == alerts.Forecast || h.condition == alerts.OffBaseline {
			hints = append(hints, h)
		}
	}
	return hints
}

// medians are the medians of five minutes; NaN where fewer than half of the values are known.
func (d day) medians() (all []float64) {
	for part := range slices.Chunk(d, int(step)) {
		known := slices.DeleteFunc(slices.Clone(part), math.IsNaN)
		slices.Sort(known)
		if len(known) <= len(part)/2 {
			all = append(all, math.NaN())
			continue
		}
		all = append(all, known[len(known)/2])
	}
	return all
}

// reached is how many medians behind one the first comes that is at the target or beyond it; zero where none does
// within two hours.
func reached(medians []float64, from int, target float64, rises bool) int {
	for n := 1; n <= horizon && from+n < len(medians); n++ {
		if v := medians[from+n]; rises && v >= target || !rises && v <= target {
			return n
		}
	}
	return 0
}

// score is how good forecasts were.
type score struct {
	days                float64
	hints, came, inside int
	before, after       int
	lead                []int // medians between a hint and what it foretold
	crossings, foretold int
}

// judge scores the hints about one kind of a day.
func (s *score) judge(d day, hints []told) {
	medians := d.medians()
	s.days += d.patientDays()
	for _, h := range hints {
		if h.condition != alerts.Forecast || h.step+horizon > len(medians) {
			continue // what would have come of it is not recorded
		}
		s.hints++
		from := h.step - 1 // the newest median that is known
		n := reached(medians, from, h.expected.Target, h.expected.Rises)
		if n == 0 {
			continue
		}
		s.came++
		s.lead = append(s.lead, n)
		switch at := time.Duration(n) * 5 * time.Minute; {
		case at < h.expected.Soonest:
			s.before++
		case at > h.expected.Latest:
			s.after++
		default:
			s.inside++
		}
	}
}

// leadTime is the middle of the times between a hint and what it foretold, in minutes.
func (s *score) leadTime() int {
	if len(s.lead) == 0 {
		return 0
	}
	slices.Sort(s.lead)
	return 5 * s.lead[len(s.lead)/2]
}

// crossed counts how often the medians come to a target where they were not for an hour, and how many of those times a
// hint of the two hours before had told of it.
func (s *score) crossed(medians []float64, target float64, rises bool, hints []told) {
	const quiet = 12
	beyond := func(v float64) bool { return rises && v >= target || !rises && v <= target }
	for i := quiet; i < len(medians); i++ {
		if !beyond(medians[i]) || slices.ContainsFunc(medians[i-quiet:i], beyond) {
			continue
		}
		s.crossings++
		if slices.ContainsFunc(hints, func(h told) bool {
			return h.condition == alerts.Forecast && h.expected.Rises == rises && h.step <= i && i-h.step <= horizon
		}) {
			s.foretold++
		}
	}
}
