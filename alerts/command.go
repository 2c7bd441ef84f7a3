package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
)

// CommandKind is what a person wants.
type CommandKind string

// What a person may want, of an alarm or of a patient.
const (
	Acknowledge   CommandKind = "ack"    // I have seen this and take it
	Unacknowledge CommandKind = "unack"  // I cannot go: it calls again
	Snooze        CommandKind = "snooze" // remind me later, of a single reading only
	PauseAudio    CommandKind = "pause"  // the patient's alarms are silent at all stations for a moment
	AlarmOff      CommandKind = "alarm_off"
	AlarmOn       CommandKind = "alarm_on"
	Standby       CommandKind = "standby" // the patient is away
	Resume        CommandKind = "resume"  // the patient is back
)

// Command is what a person wants of one patient's alarms: the one way to change them from outside. What is
// about an alarm is bound to what was on the screen.
type Command struct {
	Kind CommandKind
	ID   string // chosen by the sender; repeating it repeats the answer

	Alarm        AlarmID
	SeenVersion  int
	SeenPriority Priority

	Condition Condition     // AlarmOff, AlarmOn
	For       time.Duration // Snooze, where zero is until the next reading; PauseAudio, AlarmOff, Standby
	Where     string        // Standby: where the patient is
	Reason    string        // AlarmOff

	Actor     string
	ActorName string
	Role      vitals.Role
	Station   string
}

// Answer is what became of a command: the alarm, or the patient's care, as it is then.
type Answer struct {
	Alarm Alarm
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

func unfit(why string) error { return &RefusedError{Code: Unfit, Why: why} }

// decision is what a command was told.
type decision struct {
	command string
	out     Outcome
	answer  Answer
	err     error
}

// rememberDecisions is how many commands of a patient are remembered to answer repeats alike. Of an alarm
// the last command is kept with it, which outlives the engine.
const rememberDecisions = 4

// Command decides about a command; a refusal is a *RefusedError. A repeated command gets its first answer, and
// what it brought about is told again.
func (e *Engine) Command(c Command, now time.Time) (Outcome, Answer, error) {
	for i := range e.decisions {
		if d := &e.decisions[i]; d.command == c.ID && c.ID != "" {
			return d.out, d.answer, d.err
		}
	}
	e.out = Outcome{}
	d := decision{command: c.ID}
	if c.Kind.aboutAlarm() {
		d.answer.Alarm, d.err = e.commandAlarm(c, now)
	} else {
		d.err = e.commandCare(c, now)
	}
	d.out, d.answer.Care = e.out, e.care
	if refused, is := d.err.(*RefusedError); !is || refused.Code != UnknownAlarm { //nolint:errorlint // made a line above, never wrapped
		e.remember(d)
	}
	return d.out, d.answer, d.err
}

func (k CommandKind) aboutAlarm() bool { return k == Acknowledge || k == Unacknowledge || k == Snooze }

func (e *Engine) remember(d decision) {
	if len(e.decisions) == rememberDecisions {
		e.decisions = append(e.decisions[:0], e.decisions[1:]...)
	}
	e.decisions = append(e.decisions, d)
}

// commandAlarm decides what is about an alarm, and returns it as it is then.
func (e *Engine) commandAlarm(c Command, now time.Time) (Alarm, error) {
	for _, p := range e.episodes {
		if c.Alarm == "" || (p.alarm.ID != c.Alarm && p.closed.ID != c.Alarm) {
			continue
		}
		a := p.alarm
		if c.Alarm == p.closed.ID {
			a = *p.closed
		}
		switch {
		case c.ID != "" && a.Command == c.ID:
			return a, nil // it was done before this engine was made
		case !May(c.Role, c.Kind, p.rule.Type, a.AckedBy != "" && a.AckedBy == c.Actor):
			return Alarm{}, &RefusedError{Code: Forbidden, Current: a}
		case a.State == Closed:
			return Alarm{}, &RefusedError{Code: ClosedAlarm, Current: a}
		}
		t, err := p.command(c, now)
		if err != nil {
			return Alarm{}, err
		}
		e.emit(t)
		e.relate(now)
		return t.Alarm, nil
	}
	return Alarm{}, &RefusedError{Code: UnknownAlarm}
}

// command carries out what is about the open alarm.
func (p *episode) command(c Command, now time.Time) (t Transition, err error) {
	refuse := func(code RefusalCode) (Transition, error) {
		return Transition{}, &RefusedError{Code: code, Current: p.alarm}
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
	case p.alarm.State == ActiveAck:
		return refuse(AlreadyAcked)
	case c.SeenVersion < p.pressing || c.SeenVersion > p.alarm.Version || c.SeenPriority < p.alarm.Priority:
		return refuse(Worse)
	case c.Kind == Snooze:
		return p.snooze(c, now)
	default:
		return p.acknowledge(c, now), nil
	}
}

// acknowledge gives the alarm to whoever takes it.
func (p *episode) acknowledge(c Command, now time.Time) Transition {
	p.alarm.AckedBy, p.alarm.AckedName, p.alarm.AckedAt = c.Actor, c.ActorName, now
	p.alarm.Command, p.alarm.SnoozeUntil = c.ID, time.Time{}
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
// physicians care for the patient; technicians acknowledge what is about technology. Nurses give back only what
// they took themselves, and leave it to others to switch alarms off.
func May(role vitals.Role, kind CommandKind, t Type, own bool) bool {
	switch role {
	case vitals.Charge, vitals.Physician:
		return true
	case vitals.Nurse:
		return kind != AlarmOff && kind != AlarmOn && (kind != Unacknowledge || own)
	case vitals.Technician:
		return kind == Acknowledge && t != Physiological
	default:
		return false
	}
}
