package alerts

import (
	"slices"
	"time"
)

// Conditions that come and go around their limit. An episode of MEDIUM or LOW priority that begins within a
// minute of the end of one that was acknowledged is its continuation for whoever has it: it is linked to it, and
// theirs from the start, unless it is worse. Three times in ten minutes; then it is told. More than five
// onsets in ten minutes are chattering, which screens say and sound less often. Never what is HIGH. The numbers
// are Vigil's own.
const (
	flapWithin   = time.Minute
	flapWindow   = 10 * time.Minute
	mostFlaps    = 3
	chatterAbove = 5
)

// onset is when an episode of the key began.
type onset struct {
	at   instant
	flap bool // it was somebody's from the start
}

// remember keeps the onsets that decide about the next, in the order in which they were told. The newest is kept for the
// names of those that begin before it, where the clock was set back.
func (p *episode) remember(o onset) {
	p.onsets = append(p.onsets, o)
	if len(p.onsets) <= chatterAbove+1 {
		return
	}
	oldest := 0
	if p.newestOnset() == oldest {
		oldest++
	}
	p.onsets = slices.Delete(p.onsets, oldest, oldest+1)
}

// newestOnset is which of the onsets that are remembered is the newest, -1 where none is.
func (p *episode) newestOnset() int {
	newest := -1
	for i, o := range p.onsets {
		if newest < 0 || o.at > p.onsets[newest].at {
			newest = i
		}
	}
	return newest
}

// flaps takes in the onset of the alarm that is being raised, and reports whether it continues one that
// somebody has.
func (p *episode) flaps(f fact) bool {
	a := p.alarm
	if a.Priority == High { // is told each time, and named after those before
		p.remember(onset{at: instantOf(a.Onset)})
		return false
	}
	recent, flaps := 1, 0
	for _, o := range p.onsets {
		if a.Onset.Sub(o.at.Time()).Abs() <= flapWindow { // before it, where the clock was set back
			recent++
			if o.flap {
				flaps++
			}
		}
	}
	a.Chattering = recent > chatterAbove
	c := p.closed
	if c.Reason == ClosedResolved && a.Onset.Sub(c.Evidence) <= flapWithin && flaps < mostFlaps &&
		a.Priority <= c.Priority && !p.rule.worse(c.Worst, f.value) {
		a.Previous, a.State = c.ID, ActiveAck
		a.AckedBy, a.AckedName, a.AckedAt = c.AckedBy, c.AckedName, c.AckedAt
	}
	p.remember(onset{at: instantOf(a.Onset), flap: a.Previous != ""})
	return a.State == ActiveAck
}
