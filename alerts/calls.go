package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
)

// Calls for help: a button that the patient presses, a fall that a device detects.
//
// SOS has no delay: whoever presses it wants somebody to come. FALL waits 30 s, in which the patient can
// say that no help is needed, because detectors that are worn take other movements for falls, too: how
// often was rarely measured outside a laboratory (review: Sensors 2018, 18:2060). The 30 s are Vigil's own.
//
// A call holds until somebody answers it: silence is not the end of it, because a button says nothing
// while it is not pressed. An acknowledgement is the answer.
var (
	sos = rule{
		condition: SOS, describe: func(fact) string { return "patient calls for help" },
		Spec: Spec{Label: "SOS", Type: Physiological, Priority: High, Lethal: true, Latching: true},
	}
	fall = rule{
		condition: Fall, describe: func(fact) string { return "not cancelled by the patient" },
		Spec: Spec{Label: "FALL", Type: Physiological, Priority: High, OnDelay: 30 * time.Second, Latching: true},
	}
)

// Call reports whether the condition is a call for help, which holds until somebody answers it.
func (c Condition) Call() bool { return c == SOS || c == Fall }

// callMemory is how old a call may be when it arrives and still be raised. Other late data is charted and
// never alarmed as new; a call that a line which was cut kept back is one that nobody has answered yet.
const callMemory = time.Hour

// observeCall takes in a call or its withdrawal. What is not newer than the call known last is a repeat,
// and whoever called before the last answer was answered.
func (e *Engine) observeCall(v *vitals.Event, now time.Time) {
	if now.Sub(v.Time) > callMemory {
		return
	}
	k := key{condition: Fall}
	if v.Code == vitals.SOS {
		k.condition = SOS
	}
	p := e.episode(k)
	f := fact{at: v.Time, truth: True, onset: v.Time}
	if v.Code == vitals.FallCancelled {
		f.truth = False
	}
	repeat := !v.Time.After(later(later(p.over(), p.alarm.AckedAt), later(p.called.Time(), p.onset())))
	p.called = max(p.called, instantOf(v.Time)) // a withdrawal, too: after an outage it may come before its fall
	if repeat {
		return
	}
	if p.alarm.State == ActiveAck {
		e.tickCall(k, now) // it was answered: whoever calls now calls again
	}
	if !f.at.After(p.last.Time()) { // the clock has judged it meanwhile
		f.at = p.last.Time().Add(time.Microsecond)
	}
	e.apply(k, f, now)
	waiting := time.Time{}
	if p.alarm.State == Pending {
		waiting = p.onset()
	}
	e.holdCall(k.condition, waiting, now)
	if k.condition == Fall && p.alarm.State == Pending {
		e.fallDue = instantOf(later(waiting.Add(fall.OnDelay), now.Add(time.Second)))
	}
}

// tellDueFall tells of a fall that nobody took back in time before what comes behind that time is taken in, as the
// ticks do: an engine that observes the deliveries again, without the ticks between them, must not believe a patient
// who took it back too late. Of a fall that comes late itself a tick is waited for: its withdrawal may be right behind it.
func (e *Engine) tellDueFall(now time.Time) {
	if e.fallDue != 0 && instantOf(now) > e.fallDue {
		e.fallDue = 0
		if p := e.find(key{condition: Fall}); p != nil && p.alarm.State == Pending { // else a tick has told of it
			e.tickCall(key{condition: Fall}, now)
		}
	}
}

// called is when a call was made that waits for its condition to be alarmed again; zero where none does.
func (c Care) called(condition Condition) time.Time {
	i := slices.IndexFunc(c.Off, func(o Off) bool { return o.Condition == condition })
	if i < 0 {
		return time.Time{}
	}
	return c.Off[i].Called
}

// holdCall keeps, with what people have decided, a call that their decision keeps from being told, or that there
// is none any more: whoever watches at the end of it may be another engine.
func (e *Engine) holdCall(condition Condition, at, now time.Time) {
	if !e.care.standsOff(condition, now) || e.care.called(condition).Equal(at) {
		return
	}
	next := *e.care
	next.Off = slices.Clone(next.Off)
	for i := range next.Off {
		if next.Off[i].Condition == condition {
			next.Off[i].Called = at
		}
	}
	e.decide(CareChange{Kind: CallHeld, Care: next}, now)
}

// await continues a call that was made before this engine was.
func (p *episode) await(called time.Time) {
	at := instantOf(called)
	p.alarm, p.pending = &pendingAlarm, at
	p.last, p.lastTrue, p.called = max(p.last, at), max(p.lastTrue, at), max(p.called, at)
}

// over is when the last episode was over. A call is when it is answered: what the patient says later is
// another one.
func (p *episode) over() time.Time {
	if p.rule.condition.Call() && !p.closed.AckedAt.IsZero() {
		return p.closed.AckedAt
	}
	return p.closed.Ended
}

// tickCalls holds the calls that nobody has answered and ends those that somebody has.
func (e *Engine) tickCalls(now time.Time) {
	for _, condition := range []Condition{SOS, Fall} {
		e.tickCall(key{condition: condition}, now)
	}
}

func (e *Engine) tickCall(k key, now time.Time) {
	p := e.find(k)
	if p == nil || p.alarm.State == 0 || p.alarm.State == LatchedUnack {
		return
	}
	f := fact{at: later(now, p.last.Time().Add(time.Microsecond)), truth: True, onset: p.onset()}
	if p.alarm.State == ActiveAck {
		f.truth = False
	}
	e.apply(k, f, now)
}
