package alerts

import (
	"cmp"
	"fmt"
	"time"

	"vigil/vitals"
)

// CommandKind is what a person wants.
type CommandKind string

// What a person may want, of an alarm or of a patient.
const (
	Acknowledge    CommandKind = "ack"     // I have seen this and take it
	AcknowledgeLow CommandKind = "ack_low" // the same of several alarms of LOW priority of one patient
	Unacknowledge  CommandKind = "unack"   // I cannot go: it calls again
	Snooze         CommandKind = "snooze"  // remind me later, of a single reading only
	Explain        CommandKind = "explain" // this is what it was, of an alarm that was acknowledged
	PauseAudio     CommandKind = "pause"   // the patient's alarms are silent at all stations for a moment
	AlarmOff       CommandKind = "alarm_off"
	AlarmOn        CommandKind = "alarm_on"
	Standby        CommandKind = "standby" // the patient is away
	Resume         CommandKind = "resume"  // the patient is back
	Leave          CommandKind = "leave"   // the patient is discharged
)

// CallHeld is no command: a call for help was made, or withdrawn, while its condition is switched off.
const CallHeld CommandKind = "call_held"

// Command is what a person wants of one patient's alarms: the one way to change them from outside. What is
// about an alarm is bound to what was on the screen.
type Command struct {
	Kind CommandKind
	ID   string // chosen by the sender; repeating it repeats the answer

	Alarm        AlarmID
	SeenVersion  int
	SeenPriority Priority
	Seen         []SeenAlarm // AcknowledgeLow, instead of Alarm, SeenVersion and SeenPriority

	Condition Condition     // AlarmOff, AlarmOn
	For       time.Duration // Snooze, where zero is until the next reading; PauseAudio, where zero ends it; AlarmOff, Standby
	Where     string        // Standby: where the patient is
	Reason    string        // AlarmOff
	AckReason AckReason     // Acknowledge, where it may be empty; Explain

	Actor     string
	ActorName string
	Role      vitals.Role
	Station   string
}

// Answer is what became of a command: the alarm, each of several, or the patient's care, as it is then.
type Answer struct {
	Alarm Alarm
	Each  []Each
	Care  Care
}

// RefusalCode says why a command was refused.
type RefusalCode string

// Reasons for refusing a command.
const (
	AlreadyAcked RefusalCode = "already_acked" // somebody else was faster
	NotAcked     RefusalCode = "not_acked"     // nobody has it
	Worse        RefusalCode = "worse"         // it has asked for attention again since it was seen
	ClosedAlarm  RefusalCode = "closed"        // it is over
	UnknownAlarm RefusalCode = "unknown"       // there is no such alarm, or it was over long ago
	Forbidden    RefusalCode = "forbidden"     // the person's role does not allow it
	HighWaits    RefusalCode = "waiting"       // an alarm of HIGH priority waits for somebody
	Unfit        RefusalCode = "unfit"         // it cannot be done at all: see Why
)

// RefusedError is a refused command, with the alarm as it is.
type RefusedError struct {
	Code    RefusalCode
	Current Alarm  // the zero Alarm where it is about none
	Why     string // for people, where the code does not say it
}

// Error says what was refused and why.
func (e *RefusedError) Error() string {
	switch {
	case e.Why != "":
		return e.Why
	case e.Current.ID == "":
		return fmt.Sprintf("command refused: %s", e.Code)
	default:
		return fmt.Sprintf("alarm %s version %d: %s", e.Current.ID, e.Current.Version, e.Code)
	}
}

// Known is the refusal as whoever keeps the records can tell it: what the patient's engine has forgotten is over.
func (e *RefusedError) Known(a Alarm) *RefusedError {
	if e.Code == UnknownAlarm && a.State == Closed {
		return &RefusedError{Code: ClosedAlarm, Current: a}
	}
	return e
}

func unfit(why string) error { return &RefusedError{Code: Unfit, Why: why} }

// decision is what a command was told. What it points to never changes, and is not its own: a repeat is rare, and
// each alarm in memory counts.
type decision struct {
	command     commandKey
	transitions []Transition
	changes     []CareChange
	alarm       *Alarm // as it was then, nil where the command is about none
	each        []Each // where it is about several
	care        *Care
	err         error
}

// commandKey is what makes a command the same one: an id is chosen by its sender, and others may choose it, too.
type commandKey struct {
	id, actor string
	kind      CommandKind
	alarm     AlarmID
}

func (c Command) key() commandKey { return commandKey{c.ID, c.Actor, c.Kind, c.Alarm} }

// outcome is what the command brought about.
func (d *decision) outcome() Outcome { return Outcome{Transitions: d.transitions, Care: d.changes} }

// answer is what whoever commanded is told.
func (d *decision) answer() Answer {
	a := Answer{Care: *d.care, Each: d.each}
	if d.alarm != nil {
		a.Alarm = *d.alarm
	}
	return a
}

// rememberDecisions is how many commands of a patient are remembered to answer repeats alike. Of an alarm
// the last command is kept with it, which outlives the engine.
const rememberDecisions = 4

// Command decides about a command; a refusal is a *RefusedError. A repeated command gets its first answer, and
// what it brought about is told again as what was told before: alarms may have gone on since.
func (e *Engine) Command(c Command, now time.Time) (Outcome, Answer, error) {
	for i := range e.decisions {
		if d := &e.decisions[i]; d.command == c.key() && c.ID != "" {
			out := d.outcome()
			out.Repeated = true
			return out, d.answer(), d.err
		}
	}
	e.out = Outcome{}
	d := decision{command: c.key()}
	switch {
	case c.Kind == AcknowledgeLow:
		d.each, d.err = e.commandLow(c, now)
	case c.Kind == Leave:
		d.err = e.commandLeave(c, now)
	case c.Kind.aboutAlarm():
		d.alarm, d.err = e.commandAlarm(c, now)
	default:
		d.err = e.commandCare(c, now)
	}
	d.transitions, d.changes, d.care = e.out.Transitions, e.out.Care, e.care
	if refused, is := d.err.(*RefusedError); !is || refused.Code != UnknownAlarm { //nolint:errorlint // made a line above, never wrapped
		e.remember(d)
	}
	return d.outcome(), d.answer(), d.err
}

// commandLeave discharges the patient, unless an alarm of HIGH priority waits for somebody.
func (e *Engine) commandLeave(c Command, now time.Time) error {
	if !May(c.Role, c.Kind, Physiological, false) {
		return &RefusedError{Code: Forbidden}
	}
	for _, a := range e.Open() {
		if a.Priority == High && a.State != ActiveAck {
			return &RefusedError{Code: HighWaits, Current: a}
		}
	}
	e.leave(now)
	return nil
}

// did reports whether the command is the last one that changed the alarm.
func (a Alarm) did(c Command) bool {
	return c.ID != "" && a.Command == c.ID && (c.Kind != Acknowledge || a.AckedBy == c.Actor)
}

func (k CommandKind) aboutAlarm() bool {
	return k == Acknowledge || k == Unacknowledge || k == Snooze || k == Explain
}

func (e *Engine) remember(d decision) {
	if len(e.decisions) == rememberDecisions {
		e.decisions = append(e.decisions[:0], e.decisions[1:]...)
	}
	e.decisions = append(e.decisions, d)
}

// commandAlarm decides what is about an alarm, and returns it as it is then.
func (e *Engine) commandAlarm(c Command, now time.Time) (*Alarm, error) {
	for _, p := range e.episodes {
		if c.Alarm == "" || (p.alarm.ID != c.Alarm && p.closed.ID != c.Alarm) {
			continue
		}
		a := *p.alarm
		if c.Alarm == p.closed.ID {
			a = *p.closed
		}
		switch {
		case a.did(c):
			return &a, nil // it was done before this engine was made
		case !May(c.Role, c.Kind, p.rule.Type, a.AckedBy != "" && a.AckedBy == c.Actor):
			return nil, &RefusedError{Code: Forbidden, Current: a}
		case a.State == Closed:
			return nil, &RefusedError{Code: ClosedAlarm, Current: a}
		}
		t, err := p.command(c, now)
		if err != nil {
			return nil, err
		}
		at := len(e.out.Transitions)
		e.emit(t)
		e.relate(now)
		return &e.out.Transitions[at].Alarm, nil
	}
	return nil, &RefusedError{Code: UnknownAlarm}
}

// command carries out what is about the open alarm.
func (p *episode) command(c Command, now time.Time) (t Transition, err error) {
	refuse := func(code RefusalCode) (Transition, error) {
		return Transition{}, &RefusedError{Code: code, Current: *p.alarm}
	}
	switch {
	case c.Kind == Unacknowledge && p.alarm.State != ActiveAck:
		return refuse(NotAcked)
	case c.Kind == Unacknowledge:
		before := p.alarm.State
		p.alarm.State = ActiveUnack
		p.alarm.Command = c.ID
		p.free()
		t = p.change(Unacked, before, now)
		p.pressing = p.alarm.Version
		return t.by(c), nil
	case c.Kind == Explain:
		return p.explain(c, now)
	case p.alarm.State == ActiveAck:
		return refuse(AlreadyAcked)
	case c.SeenVersion < p.pressing || c.SeenVersion > p.alarm.Version || c.SeenPriority < p.alarm.Priority:
		return refuse(Worse)
	case c.Kind == Snooze:
		return p.snooze(c, now)
	case c.AckReason != "" && !c.AckReason.Valid():
		return Transition{}, unfit("there is no such reason")
	default:
		return p.acknowledge(c, now), nil
	}
}

// acknowledge gives the alarm to whoever takes it.
func (p *episode) acknowledge(c Command, now time.Time) Transition {
	p.alarm.AckedBy, p.alarm.AckedName, p.alarm.AckedAt, p.acked = c.Actor, c.ActorName, now, 0
	p.alarm.Command, p.alarm.SnoozeUntil = c.ID, time.Time{}
	p.alarm.AckReason = cmp.Or(c.AckReason, p.alarm.AckReason)
	if p.alarm.State == LatchedUnack {
		return p.close(ClosedAck, now).by(c)
	}
	p.alarm.State = ActiveAck
	return p.change(Acknowledged, ActiveUnack, now).by(c)
}

// by names whose command the change was.
func (t Transition) by(c Command) Transition {
	t.Actor, t.Command, t.Station = c.Actor, c.ID, c.Station
	return t
}

// May says whose role lets them do what, to alarms of a type, or to a patient: nurses, charge nurses and
// physicians care for the patient; technicians acknowledge, and explain, what is about technology, of several alarms those. Nurses give back only what
// they took themselves, and leave it to others to switch alarms off and to discharge; administrators discharge, and nothing else.
func May(role vitals.Role, kind CommandKind, t Type, own bool) bool {
	switch role {
	case vitals.Charge, vitals.Physician:
		return true
	case vitals.Nurse:
		return kind != AlarmOff && kind != AlarmOn && kind != Leave && (kind != Unacknowledge || own)
	case vitals.Technician:
		return kind == AcknowledgeLow || (kind == Acknowledge || kind == Explain) && t != Physiological
	case vitals.Admin:
		return kind == Leave
	default:
		return false
	}
}
