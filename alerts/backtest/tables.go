package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"vigil/alerts"
	"vigil/vitals"
)

// printer writes tables for people, and keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) say(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format, args...); err != nil && p.err == nil {
		p.err = fmt.Errorf("print: %w", err)
	}
}

func share(part, all int) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", int(math.Round(100*float64(part)/float64(all))))
}

// near are limits that leave out so much of a day at either end, as far as limits can be set there; nought: the
// default ones.
func near(d day, leave float64) (limits alerts.Limits, low, high float64) {
	limits = alerts.DefaultLimits()
	low, high = limits.Value(alerts.HRLowLimit).Float(), limits.Value(alerts.HRHighLimit).Float()
	if leave == 0 {
		return limits, low, high
	}
	known := slices.DeleteFunc(slices.Clone(d), math.IsNaN)
	slices.Sort(known)
	at := func(share float64, s alerts.Setting) float64 {
		i := s.Info()
		return min(i.High.Float(), max(i.Low.Float(), known[int(share*float64(len(known)-1))]))
	}
	const apart = 8 // so that both can come back
	low = at(leave, alerts.HRLowLimit)
	high = max(at(1-leave, alerts.HRHighLimit), low+apart)
	return limits.With(alerts.Changes{
		alerts.HRLowLimit: vitals.Round(low, 0), alerts.HRHighLimit: vitals.Round(high, 0),
	}), low, high
}

// forecasts prints how good they were, by how near the limits are.
func (p *printer) forecasts(title string, days []day) {
	p.say("\n%s\n\n| limits | patient-days | hints a day | came true | false a day | in the interval | sooner | later | half came within | crossings a day | foretold |\n|---|---|---|---|---|---|---|---|---|---|---|\n", title)
	for _, leave := range []float64{0, 0.02, 0.05, 0.1, 0.2} {
		var s score
		for _, d := range days {
			limits, low, high := near(d, leave)
			hints := replay(map[vitals.Kind]day{vitals.HeartRate: d}, limits)
			s.judge(d, hints)
			s.crossed(d.medians(), low, false, hints)
			s.crossed(d.medians(), high, true, hints)
		}
		name := "default"
		if leave > 0 {
			name = fmt.Sprintf("beyond %g %% of the day on either side", 100*leave)
		}
		p.say("| %s | %.1f | %.2f | %d of %d, %s | %.2f | %s | %s | %s | %d min | %.1f | %s |\n", name, s.days, float64(s.hints)/s.days,
			s.came, s.hints, share(s.came, s.hints), float64(s.hints-s.came)/s.days,
			share(s.inside, s.came), share(s.before, s.came), share(s.after, s.came), s.leadTime(),
			float64(s.crossings)/s.days, share(s.foretold, s.crossings))
	}
}

// classes are those of the probabilities that were said.
const classes = 5

// sayings are what was said of a class, and what came of it.
type sayings struct {
	said  [classes]float64
	times [classes]int
	came  [classes]int
}

// probabilities prints what came of what was said, whether it was told as a hint or not.
func (p *printer) probabilities(title string, days []day) {
	var s sayings
	for _, d := range days {
		for _, leave := range []float64{0.02, 0.05, 0.1, 0.2} {
			s.listen(d, leave)
		}
	}
	p.say("\n%s\n\n| probability said | said on average | times | came |\n|---|---|---|---|\n", title)
	for n := range classes {
		p.say("| %d to %d %% | %.0f %% | %d | %s |\n", 100*n/classes, 100*(n+1)/classes,
			100*s.said[n]/float64(max(1, s.times[n])), s.times[n], share(s.came[n], s.times[n]))
	}
}

// listen takes in what is said of a day behind each of its medians.
func (s *sayings) listen(d day, leave float64) {
	const seen = 48 // medians, as the engine keeps
	medians := d.medians()
	_, low, high := near(d, leave)
	for i := 0; i+horizon < len(medians); i++ {
		o, ok := alerts.OutlookOf(medians[max(0, i-seen+1) : i+1])
		if !ok || !o.Clear() {
			continue
		}
		target := low
		if o.Rises() {
			target = high
		}
		likely := o.Reach(target).Likely
		if likely == 0 {
			continue
		}
		n := min(classes-1, int(likely*classes))
		s.said[n] += likely
		s.times[n]++
		if reached(medians, i, target, o.Rises()) > 0 {
			s.came[n]++
		}
	}
}

// declines prints what is told of a saturation that falls steadily, and of one that does not.
func (p *printer) declines(title string) {
	const patients = 100
	limit := alerts.DefaultLimits().Value(alerts.SpO2LowLimit).Float()
	p.say("\n%s\n\n| falls by | patients | told before | half of them before, min | hints that came true | in the interval | false a day |\n|---|---|---|---|---|---|---|\n", title)
	for _, fall := range []float64{0, 0.5, 1, 2, 4, 8} {
		var s score
		for seed := range uint64(patients) {
			d := saturation(seed, 6, fall)
			hints := replay(map[vitals.Kind]day{vitals.SpO2: d}, alerts.DefaultLimits())
			s.judge(d, hints)
			medians := d.medians()
			first := slices.IndexFunc(medians, func(v float64) bool { return v <= limit })
			s.crossed(medians[:first+1], limit, false, hints)
		}
		p.say("| %g %% an hour | %d | %d of %d, %s | %d | %d of %d, %s | %s | %.2f |\n", fall, patients, s.foretold, s.crossings, share(s.foretold, s.crossings),
			s.leadTime(), s.came, s.hints, share(s.came, s.hints), share(s.inside, s.came), float64(s.hints-s.came)/s.days)
	}
}

// baselines prints how often a heart rate is called unusual that is as on all days, and one that is not.
func (p *printer) baselines(title string) {
	const patients, days, from = 20, 10, 9*24 + 3 // hours: at three in the night
	p.say("\n%s\n\n| faster by | patients | hints a day before | told within two hours | half of them within |\n|---|---|---|---|---|\n", title)
	for _, by := range []float64{0, 10, 20, 30, 40} {
		early, after := 0, []int(nil)
		for seed := range uint64(patients) {
			d := rates(seed, days, from, by)
			before, waited := unusual(replay(map[vitals.Kind]day{vitals.HeartRate: d}, alerts.DefaultLimits()), from*12)
			early += before
			after = append(after, waited...)
		}
		half := "–"
		if len(after) > 0 {
			slices.Sort(after)
			half = fmt.Sprintf("%d min", after[len(after)/2])
		}
		p.say("| %g /min | %d | %.2f | %s | %s |\n", by, patients, float64(early)/(patients*from/24), share(len(after), patients), half)
	}
}

// unusual counts the hints before a median, and lists how many minutes behind it the first came in the two hours that
// followed.
func unusual(hints []told, from int) (before int, waited []int) {
	for _, h := range hints {
		switch {
		case h.condition != alerts.OffBaseline:
		case h.step < from:
			before++
		case h.step-from <= horizon && len(waited) == 0:
			waited = append(waited, 5*(h.step-from))
		}
	}
	return before, waited
}
