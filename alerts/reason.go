package alerts

import (
	"slices"
	"time"
)

// AckReason is what somebody who went to an alarm found it to be. Nobody has to say; what is said shows which
// alarms are worth a nurse's way: in hospitals less than 1 to 36 % were (review: Paine et al., J Hosp Med 2016;11:136).
type AckReason string

// What an alarm can turn out to be.
const (
	Actioned   AckReason = "actioned"    // something had to be done
	Watching   AckReason = "watching"    // it was so, and is being watched
	Artefact   AckReason = "artefact"    // it was not so
	WrongLimit AckReason = "wrong_limit" // it was so, and is usual for this patient
)

// AckReasons lists what an alarm can turn out to be.
func AckReasons() []AckReason { return []AckReason{Actioned, Watching, Artefact, WrongLimit} }

// Valid reports whether r is one of AckReasons.
func (r AckReason) Valid() bool { return slices.Contains(AckReasons(), r) }

// explain keeps what whoever has the alarm found it to be. It asks nobody for anything.
func (p *episode) explain(c Command, now time.Time) (Transition, error) {
	switch {
	case !c.AckReason.Valid():
		return Transition{}, unfit("there is no such reason")
	case p.alarm.State != ActiveAck:
		return Transition{}, &RefusedError{Code: NotAcked, Current: *p.alarm}
	}
	p.alarm.AckReason, p.alarm.Command = c.AckReason, c.ID
	return p.change(Explained, p.alarm.State, now).by(c), nil
}
