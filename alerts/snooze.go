package alerts

import "time"

// A snooze puts off an alarm that rests on a single reading, such as a weight: nobody can do anything about it
// before the next one, or before a call has been made. It runs on the server's time, not on data. It ends early
// when the value is worse by a step.
const (
	shortSnooze = 15 * time.Minute
	longSnooze  = time.Hour
	// readingSnooze bounds the one that waits for the next reading: somebody who measures daily has missed
	// one then.
	readingSnooze = 24 * time.Hour
)

// snooze puts the alarm off.
func (p *episode) snooze(c Command, now time.Time) (Transition, error) {
	a := p.alarm
	span := c.For
	switch {
	case !p.rule.Spot || a.Priority == High || a.State != ActiveUnack:
		return Transition{}, unfit("only an alarm of a single reading can be put off, and none of high priority")
	case span == 0:
		span = readingSnooze
	case span != shortSnooze && span != longSnooze:
		return Transition{}, unfit("an alarm is put off for 15 minutes, for an hour, or until the next reading")
	}
	a.SnoozeUntil, a.Command, p.waits = now.Add(span), c.ID, span == readingSnooze
	return p.change(Snoozed, a.State, now).by(c), nil
}

// awake ends a snooze that the fact ends.
func (p *episode) awake(f fact, now time.Time) (Transition, bool) {
	a := p.alarm
	if a.SnoozeUntil.IsZero() {
		return Transition{}, false
	}
	read := f.began() // of what does not stand until it is measured again
	if !f.read.IsZero() {
		read = f.read
	}
	if (!p.waits || read.Before(a.SnoozeUntil.Add(-readingSnooze))) && !p.rule.worse(a.Value, f.value) {
		return Transition{}, false
	}
	a.SnoozeUntil = time.Time{}
	return p.ask(Rearmed, f, now), true
}

// restoreSnooze tells what the stored alarm waits for: what ends within the hour in which it was put off is no reading.
func (p *episode) restoreSnooze() {
	p.waits = p.alarm.SnoozeUntil.Sub(p.alarm.Changed) > longSnooze
}

// wake ends a snooze that has lasted, and one from before the server's clock was set back: nobody knows how long it has.
func (p *episode) wake(now time.Time) (Transition, bool) {
	a := p.alarm
	rewound := a.Changed.After(now.Add(stepBack))
	if a.SnoozeUntil.IsZero() || now.Before(a.SnoozeUntil) && !rewound {
		return Transition{}, false
	}
	a.SnoozeUntil = time.Time{}
	t := p.change(Rearmed, a.State, now)
	p.pressing = a.Version
	return t, true
}
