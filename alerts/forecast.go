package alerts

import (
	"fmt"
	"math"
	"slices"
	"time"

	"vigil/alerts/news2"
	"vigil/vitals"
)

// When a vital may reach a limit in force, or a value at which the early warning score comes to its next answer. The
// trend is the median of the slopes between all pairs of the five-minute medians of the last two hours (Theil 1950;
// Sen, J Am Stat Assoc 1968;63:1379), which three wrong values in ten do not move. Around it the vital wanders: by
// how much is measured of the last four hours. When a value that wanders so first comes to a target is known (the
// inverse Gaussian distribution; Folks and Chhikara, J R Stat Soc B 1978;40:263), so each forecast is a probability
// and an interval.
//
// Trends end: every other one is taken to stop at once. That, the span, and how sure a trend must be were chosen by
// one half of the records of docs/forecast.md, which says what came of them in the other half.
var forecast = rule{
	condition: Forecast, describe: func(f fact) string { return f.cause },
	Spec: Spec{Label: "FORECAST", Type: Physiological, Priority: Info},
}

const (
	outlookSpan   = 24   // five-minute medians: two hours
	outlookLeast  = 18   // of them that must be known
	wanderLag     = 3    // how far apart the values are whose differences say how it wanders
	wanderLeast   = 8    // how many differences must be known
	trendGoesOn   = 0.5  // of the trends
	trendSure     = 3    // standard deviations of Kendall's statistic by which the slope must differ from none
	horizon       = 24   // steps: two hours
	likelyAt      = 0.6  // that it is reached by then, for a hint
	likelyAgain   = 0.5  // and for one to go on
	soonestOfUse  = 3    // steps: what is expected within a quarter of an hour the limit will tell as soon
	hardly        = 0.01 // likely: it is not expected at all
	intervalShare = 0.8  // of what is reached within the horizon, that lies within the interval
)

// Outlook is where a vital tends, by step of five minutes.
type Outlook struct {
	level, slope float64
	newest       float64 // value
	spread       float64 // standard deviation of the slope
	wander       float64 // variance of what it wanders within a step
	clear        bool    // the slope differs from none
}

// Reach is when a target may be reached.
type Reach struct {
	Likely          float64 // that it is, within two hours
	Soonest, Latest time.Duration
	middle          int // the step by which it is as likely reached as not, if it is
}

// OutlookOf looks at the five-minute medians of the last four hours, oldest first; what is not known is NaN. It is
// false where too few are.
func OutlookOf(medians []float64) (o Outlook, ok bool) {
	recent := medians[max(0, len(medians)-outlookSpan):]
	var at, values [outlookSpan]float64
	n := 0
	for i, v := range recent {
		if !math.IsNaN(v) {
			at[n], values[n] = float64(i-len(recent)+1), v
			n++
		}
	}
	if n < outlookLeast || at[n-1] < -1 {
		return Outlook{}, false
	}
	if o.wander, ok = wanderOf(medians); !ok {
		return Outlook{}, false
	}
	o.newest = values[n-1]
	newest := slices.Sorted(slices.Values(values[n-3 : n]))[1]
	o = o.fit(at[:n], values[:n])
	o.level = o.by() * min(o.by()*o.level, o.by()*newest) // a line goes on where the vital has turned
	return o, true
}

// fit finds the slope, how sure it is by the distribution of Kendall's statistic (Sen 1968), and the level now.
func (o Outlook) fit(at, values []float64) Outlook {
	var kept [outlookSpan * (outlookSpan - 1) / 2]float64
	slopes := kept[:0]
	for i := range at {
		for j := i + 1; j < len(at); j++ {
			slopes = append(slopes, (values[j]-values[i])/(at[j]-at[i]))
		}
	}
	slices.Sort(slopes)
	n, pairs := float64(len(at)), float64(len(slopes))
	deviation := math.Sqrt(n * (n - 1) * (2*n + 5) / 18)
	off := func(by float64) float64 {
		return slopes[int(min(pairs-1, max(0, (pairs+by*deviation)/2)))]
	}
	o.slope = slopes[len(slopes)/2]
	o.spread = (off(1) - off(-1)) / 2
	o.clear = off(-trendSure)*off(trendSure) > 0
	for i := range at {
		values[i] -= o.slope * at[i]
	}
	slices.Sort(values)
	o.level = values[len(values)/2]
	return o
}

// wanderOf is the variance of what the values change by within a step, by the median of their distances from the
// median change; no less than one in a quarter of an hour, because they are whole numbers.
func wanderOf(medians []float64) (variance float64, ok bool) {
	var kept [trendMinutes]float64
	changes := kept[:0]
	for i := max(wanderLag, len(medians)-trendMinutes+wanderLag); i < len(medians); i++ {
		if c := medians[i] - medians[i-wanderLag]; !math.IsNaN(c) {
			changes = append(changes, c)
		}
	}
	if len(changes) < wanderLeast {
		return 0, false
	}
	slices.Sort(changes)
	usual := changes[len(changes)/2]
	for i := range changes {
		changes[i] = math.Abs(changes[i] - usual)
	}
	slices.Sort(changes)
	sigma := max(1, madToSigma*changes[len(changes)/2])
	return sigma * sigma / wanderLag, true
}

// Rises reports whether the vital rises rather than falls.
func (o Outlook) Rises() bool { return o.slope > 0 }

// Clear reports whether it tends anywhere.
func (o Outlook) Clear() bool { return o.clear }

// by is 1 where the vital rises, else -1.
func (o Outlook) by() float64 {
	if o.Rises() {
		return 1
	}
	return -1
}

// Reach says when a target that lies where the vital tends may be reached; the zero Reach for another, or one that the newest value has reached.
func (o Outlook) Reach(target float64) Reach {
	away, drift := o.by()*(target-o.level), math.Abs(o.slope)
	if away <= 0 || o.by()*(target-o.newest) <= 0 {
		return Reach{}
	}
	by := o.reachedBy(away, drift)
	r := Reach{Likely: by[horizon]}
	if r.Likely < hardly {
		return Reach{}
	}
	step := func(share float64) int {
		return slices.IndexFunc(by[:], func(p float64) bool { return p >= share*r.Likely })
	}
	r.middle = step(0.5)
	r.Soonest = time.Duration(max(1, step((1-intervalShare)/2))-1) * trendStep
	r.Latest = time.Duration(step((1+intervalShare)/2)) * trendStep
	return r
}

// reachedBy is the probability, by step, that what lies so far away has been reached: by a trend that goes on, or
// where it stops at once, by wandering alone.
func (o Outlook) reachedBy(away, drift float64) (by [horizon + 1]float64) {
	for t := 1; t <= horizon; t++ {
		s := float64(t)
		goesOn, stops := passed(away, drift, o.wander+o.spread*o.spread*s, s), passed(away, 0, o.wander, s)
		by[t] = max(by[t-1], trendGoesOn*goesOn+(1-trendGoesOn)*stops)
	}
	return by
}

// passed is the probability that what drifts, and wanders by so much variance a step, has come so far within
// the time at least once: by the end of it, or before and back again.
func passed(away, drift, variance, t float64) float64 {
	sigma := math.Sqrt(variance * t)
	short := (away - drift*t) / sigma
	return min(1, math.Erfc(short/math.Sqrt2)/2+math.Exp(-short*short/2)*tail((away+drift*t)/sigma))
}

// tail is the upper tail of the normal distribution, times exp(z²/2), which keeps it from vanishing (its asymptotic
// series from where the product of both would).
func tail(z float64) float64 {
	const far = 8
	if z > far {
		return (1 - 1/(z*z)) / (z * math.Sqrt(2*math.Pi))
	}
	return math.Exp(z*z/2) * math.Erfc(z/math.Sqrt2) / 2
}

// Expected is what a forecast that stands says.
type Expected struct {
	Kind   vitals.Kind
	Rises  bool // to the target, or falls
	Target float64
	Score  string // of which early warning score the target is; empty where it is a limit
	Reach
}

// judgeForecast looks whether a vital may reach anything.
func (e *Engine) judgeForecast(v vital, now time.Time) {
	step, h := trendStepOf(now), &e.trends.hints[foretold][v]
	stands := e.stands(key{Forecast, v.site()})
	x, o, known := e.expect(v, now)
	f := fact{truth: False}
	switch {
	case stands && step > h.mark: // it is over, whatever came of it
	case !known:
		f.truth = Unknown
	case stands && x.Likely >= likelyAgain, x.Likely >= likelyAt && o.clear && x.middle >= soonestOfUse:
		f = fact{truth: True, value: ofTenths(v, 10*o.level), limit: ofTenths(v, 10*x.Target), cause: v.describe(x)}
	}
	e.tell(Forecast, v, f, now)
	if !stands && e.stands(key{Forecast, v.site()}) {
		h.mark = step + int32(x.Latest/trendStep)
	}
}

// describe says it to people: "SpO₂ may reach 88 % in 40 to 90 min".
func (v vital) describe(x Expected) string {
	text := fmt.Sprintf("%s may reach %s %s in %d to %d min", x.Kind.Info().Label, ofTenths(v, 10*x.Target), followed[v].unit,
		int(x.Soonest/time.Minute), int(x.Latest/time.Minute))
	if x.Score != "" {
		text += ": " + x.Score
	}
	return text
}

// expect is what the vital may reach first of what lies where it tends.
func (e *Engine) expect(v vital, now time.Time) (Expected, Outlook, bool) {
	var medians [trendMinutes]float64
	step := trendStepOf(now)
	for i := range medians {
		medians[i] = math.NaN()
		if value, ok := e.trends.minutes[v].at(step - trendMinutes + int32(i)); ok {
			medians[i] = float64(value) / 10
		}
	}
	o, ok := OutlookOf(medians[:])
	if !ok {
		return Expected{}, o, false
	}
	x := Expected{Kind: followed[v].kind, Rises: o.Rises()}
	if !o.clear && !e.stands(key{Forecast, v.site()}) {
		return x, o, true
	}
	target, score := e.target(v, o, now)
	if math.IsNaN(target) {
		return x, o, true
	}
	x.Target, x.Score, x.Reach = target, score, o.Reach(target)
	return x, o, true
}

// target is the first value where the vital tends that is a limit in force, or at which the early warning score comes
// to its next answer if all else stays; NaN where there is none.
func (e *Engine) target(v vital, o Outlook, now time.Time) (target float64, score string) {
	by, limit := o.by(), math.NaN()
	if s := followed[v].low; s != 0 && by < 0 {
		limit = e.limits.values[s].Float()
	}
	if s := followed[v].high; s != 0 && by > 0 {
		limit = e.limits.values[s].Float()
	}
	in := e.warningInputs(now)
	answer := e.answer(in.Score())
	info := followed[v].kind.Info()
	for value := math.Round(o.level) + by; value >= info.Low.Float() && value <= info.High.Float(); value += by {
		if by*(limit-o.level) > 0 && by*(value-limit) >= 0 {
			return limit, ""
		}
		measure := news2.Of(vitals.Round(value, 0))
		switch v {
		case heartTrend:
			in.Pulse = measure
		case oxygenTrend:
			in.SpO2 = measure
		default:
			in.Respiration = measure
		}
		if s := in.Score(); e.answer(s) > answer {
			return value, s.String()
		}
	}
	return math.NaN(), ""
}

// answer is what a score asks for: 2 an emergency response, 1 an urgent one, 0 neither.
func (e *Engine) answer(s news2.Score) int {
	switch {
	case s.Total() >= int(e.limits.whole(NEWS2HighLimit)):
		return 2
	case s.Total() >= int(e.limits.whole(NEWS2MediumLimit)) || s.Three():
		return 1
	default:
		return 0
	}
}

// Forecasts lists what is expected of the vitals of which a forecast stands.
func (e *Engine) Forecasts(now time.Time) (all []Expected) {
	for v := range vital(followedStreams) {
		if !e.stands(key{Forecast, v.site()}) {
			continue
		}
		if x, _, known := e.expect(v, now); known {
			all = append(all, x)
		}
	}
	return all
}
