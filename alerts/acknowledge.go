package alerts

import (
	"fmt"
	"time"
)

// AckCode says why an acknowledgement was refused.
type AckCode string

// Reasons for refusing an acknowledgement.
const (
	AlreadyAcked AckCode = "already_acked" // somebody else was faster
	Worse        AckCode = "worse"         // it has asked for attention again since it was seen
	ClosedAlarm  AckCode = "closed"        // it is over
	UnknownAlarm AckCode = "unknown"       // there is no such alarm, or it was over long ago
)

// AckError is a refused acknowledgement, with the alarm as it is.
type AckError struct {
	Code    AckCode
	Current Alarm // the zero Alarm with UnknownAlarm
}

// Error says what was refused and why.
func (e *AckError) Error() string {
	return fmt.Sprintf("acknowledge alarm %s version %d: %s", e.Current.ID, e.Current.Version, e.Code)
}

// answer is what a command was told.
type answer struct {
	command    string
	transition Transition
	err        error
}

// rememberAnswers is how many commands of a patient are remembered to answer repeats alike.
const rememberAnswers = 32

// Acknowledge decides about an acknowledgement; a refusal is an *AckError. It succeeds when the
// alarm has not asked for attention again (raised, recurred, re-alarmed) since the version that
// was seen; a change that asks for nothing, such as lost input, does not stand in its way. A
// repeated command gets its first answer.
func (e *Engine) Acknowledge(a Acknowledgement, now time.Time) (Transition, error) {
	for i := range e.answers {
		if e.answers[i].command == a.Command && a.Command != "" {
			return e.answers[i].transition, e.answers[i].err
		}
	}
	for _, p := range e.episodes {
		if a.Alarm == "" || (p.alarm.ID != a.Alarm && p.closed.ID != a.Alarm) {
			continue
		}
		t, err := p.acknowledge(a, now)
		e.remember(answer{command: a.Command, transition: t, err: err})
		return t, err
	}
	return Transition{}, &AckError{Code: UnknownAlarm}
}

func (e *Engine) remember(a answer) {
	if len(e.answers) == rememberAnswers {
		e.answers = append(e.answers[:0], e.answers[1:]...)
	}
	e.answers = append(e.answers, a)
}
