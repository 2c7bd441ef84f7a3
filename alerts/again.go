package alerts

import (
	"cmp"
	"time"
)

// What makes an alarm that somebody has ask for attention again: it goes on for too long, or it becomes worse.
// One that another alarm explains does not: that one asks.

// stillTrue is a true judgement of an alarm that is active.
func (p *episode) stillTrue(f fact, now time.Time) (Transition, bool) {
	p.alarm.Truth = True
	p.worst = p.rule.worst(p.worst, f.value)
	if p.told == Unknown {
		p.alarm.Evidence = f.at
		return p.change(InputBack, p.alarm.State, now), true
	}
	if f.least > p.alarm.Priority && p.alarm.Suppressor == "" {
		return p.rise(f, now), true
	}
	if t, ok := p.awake(f, now); ok {
		return t, true
	}
	if t, ok := p.worsen(f, now); ok {
		return t, true
	}
	return p.rearm(now)
}

// rearm tells again about a condition that was acknowledged and goes on.
func (p *episode) rearm(now time.Time) (Transition, bool) {
	a := p.alarm
	due := a.State == ActiveAck && a.Truth == True && p.falseSince == 0 && a.Suppressor == "" &&
		p.reminder() > 0 && now.Sub(cmp.Or(p.acked.Time(), a.AckedAt)) >= p.reminder()
	if !due {
		return Transition{}, false
	}
	a.State = ActiveUnack
	a.Count++
	p.free()
	t := p.change(Rearmed, ActiveAck, now)
	p.pressing = a.Version
	return t, true
}

// rise tells of a condition that has become more urgent, whether somebody has it or not.
func (p *episode) rise(f fact, now time.Time) Transition {
	p.alarm.Priority, p.alarm.SnoozeUntil = f.least, time.Time{}
	p.free()
	return p.ask(Worsened, f, now)
}

// reminder is how long an acknowledged alarm may go on before it is told again; zero for ever.
func (p *episode) reminder() time.Duration {
	if p.alarm.Priority > p.rule.Priority {
		return rearmMedium
	}
	return p.rule.Rearm
}

// worsen tells again about an acknowledged condition that has been worse than it was then, by a step, for as
// long as it must be true to be told at all. What came before the alarm last changed was judged in its time, and is
// observed again by an engine that starts anew; it only seems so where the server's clock was set back.
func (p *episode) worsen(f fact, now time.Time) (Transition, bool) {
	a := p.alarm
	again := now.Before(a.Changed) && !p.rewound
	if a.State != ActiveAck || a.Suppressor != "" || again || !p.rule.worse(a.Worst, f.value) {
		p.worseSince = 0
		return Transition{}, false
	}
	if p.worseSince == 0 {
		p.worseSince = instantOf(f.at)
	}
	if f.at.Sub(p.worseSince.Time()) < p.delay(f) {
		return Transition{}, false
	}
	p.worseSince = 0
	p.free()
	return p.ask(Worsened, f, now), true
}

// free makes the alarm nobody's.
func (p *episode) free() {
	p.alarm.AckedBy, p.alarm.AckedName, p.alarm.AckedAt = "", "", time.Time{}
	p.acked = 0
}
