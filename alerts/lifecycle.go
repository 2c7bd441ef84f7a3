package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
)

const (
	// staleAfter is how long a condition counts as known without a new judgement, by the server's
	// clock. It is the patience with a continuous device, too (NO DATA).
	staleAfter = 10 * time.Second
	// unsureAfter is how long it counts as known while the signal is there but cannot be judged, by
	// the time of the samples: the window over which artefact is counted, and longer than a detector
	// that starts anew needs.
	unsureAfter = artefactWindow * time.Second
	// forgetAfter bounds how far two true judgements may lie apart and still be one pending onset. A
	// device that measures every few minutes must be able to outlast an on-delay, too; one that
	// measured more often and fell silent begins anew.
	forgetAfter = 10 * time.Minute
)

// episode is one key's life: the alarm that is pending or open, or the last one, and what is
// needed to decide about the next. Everything in it is rebuilt from a stored Alarm and the
// deliveries of the last seconds, so nothing of it is stored but the Alarm.
//
// What moves it; whatever is not listed moves nothing:
//
//	from          when                                    to
//	none          true                                    Pending
//	Pending       false, or unknown for too long          none
//	Pending       true for the on-delay, not inhibited    ActiveUnack, as a new episode
//	ActiveUnack   acknowledged                            ActiveAck
//	ActiveUnack   false for the off-delay                 LatchedUnack where it latches, else Closed(self)
//	ActiveAck     false for the off-delay                 Closed(resolved)
//	ActiveAck     true, re-alarm time over                ActiveUnack
//	ActiveAck     given back                              ActiveUnack
//	ActiveAck     worse by a step                         ActiveUnack
//	Active...     more urgent than it was                 ActiveUnack
//	LatchedUnack  true                                    ActiveUnack
//	LatchedUnack  acknowledged                            Closed(ack)
//	any open      patient discharged, device taken away   Closed(discharged), Closed(unassigned)
//	any open      condition switched off                  Closed(off)
//	Active...     input lost, input back                  as it was; only its truth changes
//	any open      another alarm explains it, or no more   as it was; it is silent meanwhile
//
// An episode that follows on one of MEDIUM or LOW priority that was acknowledged and over a moment before
// begins as ActiveAck (flap.go).
//
// Unknown moves nothing: an alarm whose input is lost stays what it is. Closed is final: an
// acknowledgement is refused, and when the condition becomes true again, that is another episode with
// another id.
type episode struct {
	rule    *rule
	patient vitals.PatientID
	site    string

	alarm   *Alarm  // open; pendingAlarm, or noAlarm, whose State is 0, while there is none
	closed  *Alarm  // the last one that is over; noAlarm while there is none
	pending instant // onset of a pending one

	last       instant       // time of the samples of the newest judgement: older ones change nothing
	lastTrue   instant       // the same, of the newest true one
	lastKnown  instant       // the same, of the newest one that was not unknown
	falseSince instant       // off-delay running since; zero while it does not run
	pace       time.Duration // between the last two judgements of the pending onset; zero after the first
	called     instant       // when the newest call for help was made, or withdrawn
	heard      instant       // server time of the newest judgement
	acked      instant       // since when somebody has it, where the server's clock was set back behind that; else zero
	since      instant       // since when it lasts, the same
	rewound    bool          // it was: times of before say nothing about what comes
	told       Truth         // the truth that the newest transition carried
	overlaps   bool          // the pending onset reached back into the closed episode
	waits      bool          // for the next reading: what is put off, and not for a time
	pressing   int           // version since which the alarm asks for attention again
	worst      vitals.Decimal
	worseSince instant // since when it has been worse than it was acknowledged, by a step; zero while it is not
	onsets     []onset // of the last episodes
}

// noAlarm is what there is of a key that has none, and pendingAlarm of one of which nobody is told yet. They never change.
var noAlarm, pendingAlarm = Alarm{}, Alarm{State: Pending}

// onset is when the pending or open alarm began; zero while there is none.
func (p *episode) onset() time.Time {
	if p.alarm.State == Pending {
		return p.pending.Time()
	}
	return p.alarm.Onset
}

// standing reports whether the condition has been true and is not known to have gone.
func (p *episode) standing() bool {
	return p.alarm.State == ActiveUnack || p.alarm.State == ActiveAck
}

// inhibits reports whether the condition keeps others from being raised by what was sampled at the
// time. It must be known to be true: a latched one has gone, and one whose input is lost may have,
// while the other is real.
func (p *episode) inhibits(at time.Time) bool {
	switch {
	case p.stood(p.alarm, at) || p.stood(p.closed, at):
		return true
	case p.rule.condition == LeadsOff && p.lastTrue != p.last:
		return false // the leads may be back: what the ECG shows from here on counts at once
	default:
		return p.standing() && p.told == True
	}
}

// stood reports whether the alarm stood at a time before the last judgement that it tells of. This
// is how a restored one inhibits while the deliveries that led to it are observed again.
func (p *episode) stood(a *Alarm, at time.Time) bool {
	if a.Version == 0 || p.rewound || at.Before(a.Onset.Add(p.rule.OnDelay)) {
		return false
	}
	if a.State == ActiveUnack || a.State == ActiveAck {
		return !at.After(a.Evidence)
	}
	return at.Before(a.Evidence) // the judgement that ended it no longer inhibits
}

// judge takes a judgement into the episode at server time now. At most one thing changes.
func (p *episode) judge(f fact, now time.Time, inhibited bool) (Transition, bool) {
	if !f.at.After(p.last.Time()) {
		return Transition{}, false // late, or seen before
	}
	p.last, p.heard = instantOf(f.at), instantOf(now)
	if f.truth != Unknown || p.lastKnown == 0 { // just restored: the time counts from now on
		p.lastKnown = instantOf(f.at)
	}
	switch f.truth {
	case True:
		p.falseSince = 0
		return p.judgeTrue(f, now, inhibited)
	case False:
		return p.judgeFalse(f, now)
	default:
		p.falseSince = 0 // an off-delay counts known time only
		if p.alarm.State == Pending && f.at.Sub(p.lastTrue.Time()) > staleAfter {
			p.alarm = &noAlarm // nobody knows whether it lasted: it begins anew
		}
		return p.lose(now, f.at.Sub(p.lastKnown.Time()) > unsureAfter)
	}
}

func (p *episode) judgeTrue(f fact, now time.Time, inhibited bool) (Transition, bool) {
	gap := f.at.Sub(p.lastTrue.Time())
	p.lastTrue = instantOf(f.at)
	switch p.alarm.State {
	case ActiveUnack, ActiveAck:
		return p.stillTrue(f, now)
	case LatchedUnack:
		p.worst = p.rule.worst(p.worst, f.value)
		p.alarm.Count++
		p.alarm.Ended = time.Time{}
		return p.ask(Recurred, f, now), true
	case Pending:
		fellSilent := gap > staleAfter && p.pace > 0 && p.pace <= staleAfter
		p.pace = gap
		if !p.rule.condition.Call() && (fellSilent || gap > forgetAfter) { // a call says nothing while it lasts
			p.begin(f)
		}
	default:
		p.begin(f)
	}
	switch {
	case inhibited:
		// The time until now is the inhibitor's. What is kept is no longer than an on-delay, so that
		// an engine that starts anew comes to the same onset. A call was made when it was made.
		if !p.rule.condition.Call() {
			p.pending = max(p.pending, instantOf(f.at.Add(-p.rule.OnDelay)))
		}
		return Transition{}, false
	case f.at.Sub(p.pending.Time()) < p.delay(f):
		return Transition{}, false
	default:
		return p.raise(f, now), true
	}
}

// begin makes the condition pending. What reaches back into the last closed episode belongs to
// that one and raises nothing, unless it proves to last.
func (p *episode) begin(f fact) {
	onset := f.began()
	p.overlaps = !onset.After(p.over())
	if p.overlaps {
		onset = f.at
	}
	p.pace = 0
	p.alarm, p.pending = &pendingAlarm, instantOf(onset)
}

// delay is the on-delay that the fact asks for.
func (p *episode) delay(f fact) time.Duration {
	delay := p.rule.OnDelay
	if p.rule.within != nil {
		delay = min(delay, p.rule.within(f))
	}
	if p.overlaps {
		delay = max(delay, p.rule.OffDelay)
	}
	return delay
}

// raise makes the pending onset an alarm.
func (p *episode) raise(f fact, now time.Time) Transition {
	began := p.pending.Time()
	p.alarm = &Alarm{
		ID: p.name(began), Patient: p.patient,
		Condition: p.rule.condition, Site: p.site, Priority: max(p.rule.Priority, f.least),
		State: Pending, Onset: began, Raised: now, Count: 1,
	}
	p.worst, p.worseSince, p.acked, p.since = p.rule.worst(f.value, f.value), 0, 0, 0
	if p.flaps(f) {
		p.show(f)
		return p.change(Raised, Pending, now)
	}
	return p.ask(Raised, f, now)
}

// ask makes the alarm one that nobody has acknowledged, resting on the fact.
func (p *episode) ask(c Change, f fact, now time.Time) Transition {
	before := p.alarm.State
	p.alarm.State = ActiveUnack
	p.show(f)
	t := p.change(c, before, now)
	p.pressing = p.alarm.Version
	return t
}

// show makes the alarm say what the fact says.
func (p *episode) show(f fact) {
	p.alarm.Truth = True
	p.alarm.Evidence = f.at
	p.alarm.Detail, p.alarm.Value, p.alarm.Limit = p.rule.describe(f), f.value, f.limit
}

func (p *episode) judgeFalse(f fact, now time.Time) (Transition, bool) {
	switch p.alarm.State {
	case Pending:
		p.alarm = &noAlarm
		return Transition{}, false
	case ActiveUnack, ActiveAck:
		if p.falseSince == 0 {
			p.falseSince = instantOf(f.at)
		}
		if f.at.Sub(p.falseSince.Time()) < p.rule.OffDelay {
			return Transition{}, false
		}
		return p.cease(f, now), true
	default:
		return Transition{}, false
	}
}

// cease ends the condition.
func (p *episode) cease(f fact, now time.Time) Transition {
	a := p.alarm
	before := a.State
	a.Truth = False
	a.Evidence = f.at
	a.Ended = p.falseSince.Time()
	p.falseSince = 0
	switch {
	case before == ActiveAck:
		return p.close(ClosedResolved, now)
	case p.rule.Latching:
		a.State = LatchedUnack
		return p.change(Latched, before, now)
	default:
		return p.close(ClosedSelf, now)
	}
}

// close ends the episode for good.
func (p *episode) close(reason CloseReason, now time.Time) Transition {
	before := p.alarm.State
	p.alarm.State = Closed
	p.alarm.Reason = reason
	p.alarm.Suppressor, p.alarm.SnoozeUntil = "", time.Time{}
	if p.alarm.Ended.IsZero() {
		p.alarm.Ended = now
	}
	t := p.change(Ceased, before, now)
	p.closed, p.alarm = p.alarm, &noAlarm
	return t
}

// change is the one place where a version grows.
func (p *episode) change(c Change, before State, now time.Time) Transition {
	now = later(p.alarm.Changed, now) // what is replayed after a restart happens now at the earliest
	p.alarm.Version++
	p.alarm.Changed = now
	if before != ActiveAck || p.alarm.State != ActiveAck {
		p.alarm.Worst = p.worst
	}
	p.told = p.alarm.Truth
	return Transition{Change: c, Before: before, Alarm: *p.alarm, At: now}
}

// lose tells, once, that an alarm that stands can no longer be judged.
func (p *episode) lose(now time.Time, lost bool) (Transition, bool) {
	if !lost || !p.standing() || p.told == Unknown {
		return Transition{}, false
	}
	p.alarm.Truth = Unknown
	p.alarm.Evidence = p.last.Time()
	p.falseSince = 0
	return p.change(InputLost, p.alarm.State, now), true
}

// tick lets the server's clock act on the episode.
func (p *episode) tick(now time.Time) (Transition, bool) {
	if p.heard == 0 { // just restored: its input has the time to come back
		p.heard = instantOf(now)
	}
	if t, ok := p.lose(now, now.Sub(p.heard.Time()) > staleAfter); ok {
		return t, true
	}
	if t, ok := p.wake(now); ok {
		return t, true
	}
	return p.rearm(now)
}

// restore continues a stored episode. What was known before is not known now: it comes back with
// the next judgement, and no transition tells of it unless it stays away.
func (p *episode) restore(a Alarm) {
	p.last = max(p.last, instantOf(a.Evidence))
	began := instantOf(a.Onset)
	if !slices.ContainsFunc(p.onsets, func(known onset) bool { return known.at == began }) {
		p.remember(onset{at: began, flap: a.Previous != ""})
	}
	switch {
	case a.State == Closed:
		if p.closed.ID == "" || a.Ended.After(p.closed.Ended) {
			p.closed = &a
		}
	case a.State.Open():
		p.alarm = &a
		p.told = a.Truth
		p.worst, p.pressing = a.Worst, a.Version
		p.restoreSnooze()
		if p.standing() {
			p.alarm.Truth = Unknown
		}
	}
}
