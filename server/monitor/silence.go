package monitor

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
)

// While the database is known to be away, nobody is sent away and no condition is switched off. That it says nothing at
// all is known late: what was decided by then, and is not recorded while whoever decided it waits, is taken back. That
// person is told that it is not done, and no screen shows it, so alarms would be missing of which nobody knows.

// silence is a decision by which alarms are not raised.
type silence struct {
	patient      *patient
	command      alerts.Command
	since, until time.Time // when it was decided; when nobody waits for the answer any more
	recorded     atomic.Bool
}

// silences reports whether the command makes alarms not be raised.
func silences(k alerts.CommandKind) bool { return k == alerts.Standby || k == alerts.AlarmOff }

// noteSilence keeps in mind what was decided, until the job that records it is settled. Who sends the command again in
// the meantime waits for the same decision.
func (p *partition) noteSilence(pt *patient, c command, repeated bool, now time.Time, j *job) {
	for _, s := range p.silences {
		if repeated && s.patient == pt && s.command.ID == c.Command.ID {
			s.until = c.until
		}
	}
	if repeated {
		return
	}
	s := &silence{patient: pt, command: c.Command, since: now, until: c.until}
	p.silences = append(p.silences, s)
	settle := j.settle
	j.settle = func(stored bool) {
		s.recorded.Store(stored)
		settle(stored)
	}
}

// breakSilences takes back what was not recorded in time.
func (p *partition) breakSilences(now time.Time) {
	p.silences = slices.DeleteFunc(p.silences, func(s *silence) bool {
		switch {
		case s.recorded.Load(), p.patients[s.patient.id] != s.patient:
			return true
		case !now.After(s.until), s.patient.left != nil: // who leaves may stay after all
			return false
		}
		return !s.stands() || p.takeBack(s, now)
	})
}

// stands reports whether the decision has not given way to another one.
func (s *silence) stands() bool {
	care := s.patient.care
	if s.command.Kind == alerts.Standby {
		return care.Away.Since.Equal(s.since)
	}
	return lo.ContainsBy(care.Off, func(o alerts.Off) bool { return o.Condition == s.command.Condition && o.Since.Equal(s.since) })
}

// takeBack decides the contrary, which is recorded behind it.
func (p *partition) takeBack(s *silence, now time.Time) bool {
	contrary := alerts.Command{Kind: alerts.Resume, Role: s.command.Role, Reason: "not recorded in time"}
	if s.command.Kind == alerts.AlarmOff {
		contrary.Kind, contrary.Condition = alerts.AlarmOn, s.command.Condition
	}
	out, _, err := s.patient.command(contrary, now)
	j := &job{owner: p}
	p.tell(out, j)
	p.m.writer.add(j)
	if err != nil {
		p.log.Error("a decision that cannot be recorded is not taken back, trying again", "error", err)
		return false
	}
	p.log.Warn("a decision cannot be recorded and is taken back", "decision", s.command.Kind)
	s.patient.renew(now) // an engine that does not know the command carries it out when it is sent again
	return true
}
