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
	at   time.Time
	flap bool // it was somebody's from the start
}

// remember keeps the onsets that decide about the next.
func (p *episode) remember(o onset) {
	if slices.ContainsFunc(p.onsets, func(known onset) bool { return known.at.Equal(o.at) }) {
		return
	}
	if len(p.onsets) > chatterAbove {
		p.onsets = slices.Delete(p.onsets, 0, 1)
	}
	p.onsets = append(p.onsets, o)
}

// flaps takes in the onset of the alarm that is being raised, and reports whether it continues one that
// somebody has.
func (p *episode) flaps(f fact) bool {
	a := &p.alarm
	if a.Priority == High {
		return false
	}
	recent, flaps := 1, 0
	for _, o := range p.onsets {
		if a.Onset.Sub(o.at) <= flapWindow {
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
	p.remember(onset{at: a.Onset, flap: a.Previous != ""})
	return a.State == ActiveAck
}
