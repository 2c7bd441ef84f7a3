package main

import (
	"slices"

	"github.com/samber/lo"
)

// The Challenge's definitions (Clifford et al., Physiol Meas 2016;37:E5): no beat for 4 s; five beats below
// 40/min; 17 beats above 140/min; five ventricular beats above 100/min; fibrillation for 4 s.
// Ours leave room for what is measured in the middle of a change.
const (
	leastBeats   = 6     // in the 16 s: fewer are no rhythm that could speak against anything
	stopPause    = 3.5   // s without a beat where a lead shows it: a standstill
	noPause      = 3.0   // s: a rhythm without a longer pause was none
	slowRun      = 3     // intervals that must be slow: the pulse shows the fifth beat behind the alarm
	slowBelow    = 45.0  // /min over them: slow
	notSlowAbove = 50.0  // /min: everything above is not
	fastRun      = 8     // intervals that must be fast: half of the Challenge's, for a rate that rises up to the alarm
	notFastBelow = 120.0 // /min over any of them: not fast
	runAbove     = 100.0 // /min of a ventricular run: a calm rhythm below has none in it, in any lead
	coupletBeats = 2     // ventricular in a row: may be what one lead shows of a run; single ones are no reason to believe in it
)

// believes judges a monitor's alarm by all signals. What is refuted is false, what is seen is true.
// Where neither holds, an alarm that is wrongly refused costs five times one that is wrongly believed: a
// fast heart and a ventricular run are believed then, while fibrillation, a standstill and a slow heart, which
// any readable signal would show, are believed only where none is.
func (b *bedside) believes(kind string) bool {
	switch kind {
	case "Asystole":
		return b.standstill()
	case "Bradycardia":
		return b.slow()
	case "Tachycardia":
		return b.fast()
	case "Ventricular_Flutter_Fib":
		return b.fibrillates()
	default:
		return b.ventricular()
	}
}

// beats reports whether the signal shows beats without a pause.
func (r *rhythm) beats() bool { return r.readable && len(r.at) >= leastBeats && r.pause() < noPause }

func (b *bedside) standstill() bool {
	// What is counted may be P waves: the rule for asystole looks at energy and knows better.
	goesOn := func(r *rhythm) bool { return r.beats() && !r.tells(asystole) }
	stops := func(r *rhythm) bool { return r.tells(asystole) || r.readable && r.pause() >= stopPause }
	return !b.pulse((*rhythm).beats) && !b.lead(goesOn) && b.lead(stops) // noise hides a standstill, but is none
}

func (b *bedside) slow() bool {
	slow := func(r *rhythm) bool { return r.slowest(slowRun) < slowBelow || r.pause() >= stopPause }
	switch {
	case b.pulse(func(r *rhythm) bool { return r.steady && r.slowest(slowRun) > notSlowAbove }):
		return false
	case b.pulse(slow):
		return true
	case b.lead(func(r *rhythm) bool { return r.calm() && r.slowest(slowRun) > notSlowAbove }):
		return false
	case b.lead(slow):
		return true
	default:
		return !b.lead((*rhythm).beats)
	}
}

func (b *bedside) fast() bool {
	notFast := func(r *rhythm) bool { return r.fastest(fastRun) < notFastBelow }
	return !b.pulse(func(r *rhythm) bool { return r.steady && notFast(r) }) &&
		!b.lead(func(r *rhythm) bool { return r.calm() && notFast(r) })
}

func (b *bedside) fibrillates() bool {
	switch {
	case b.pulse((*rhythm).beats):
		return false
	case b.lead(func(r *rhythm) bool { return r.tells(fibrillation, tachycardia) }):
		return true
	default:
		return !b.lead((*rhythm).beats)
	}
}

func (b *bedside) ventricular() bool {
	ordinary := func(r *rhythm) bool { return r.calm() && r.perMinute() < runAbove }
	switch {
	case b.pulse(ordinary), b.lead(ordinary):
		return false
	case b.lead(func(r *rhythm) bool { return r.tells(fibrillation, tachycardia) }):
		return true
	case b.pulse((*rhythm).calm), b.lead((*rhythm).calm):
		return false // fast, but as it was all along
	case b.lead((*rhythm).beats):
		return b.lead(func(r *rhythm) bool { return r.beats() && r.ventricular() >= coupletBeats })
	default:
		return true
	}
}

// lead reports whether the claim holds of one of the leads.
func (b *bedside) lead(claim func(*rhythm) bool) bool { return holds(b.leads, claim) }

// pulse reports whether the claim holds of one of the pulse waves.
func (b *bedside) pulse(claim func(*rhythm) bool) bool { return holds(b.fingers, claim) }

func holds(of []rhythm, claim func(*rhythm) bool) bool {
	return slices.ContainsFunc(of, func(r rhythm) bool { return claim(&r) })
}

// tells reports whether the detector told one of the rhythms.
func (r *rhythm) tells(labels ...string) bool { return lo.Some(r.says, labels) }

// challenge2015Signals judges the alarms of other monitors by all signals, as the Challenge asks.
func challenge2015Signals(f findings) *table {
	t := &table{
		title: "Challenge 2015 with the pulse: was the monitor's alarm at five minutes true?",
		notes: []string{
			"All ECG leads, plethysmogram and arterial pressure until 5:00. Refuted: what the alarm says cannot be. Believed: it is seen, or nobody can tell.",
			"Beside it: what our own alarm engine raised from the first lead and the first pulse wave, as in the table above.",
		},
	}
	t.confusion(f, "score of our alarms", ">= 81 on held-out records", func(r *result, k challengeKind) (believed, raised bool) {
		return r.bedside.believes(k.kind), r.stood(r.bedside.alarms, k.conditions...)
	})
	return t
}
