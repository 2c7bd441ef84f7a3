package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// commandWait is how long the owner keeps a command that it cannot answer, because the database is
// away. The decision stands and is recorded later, unless it is a discharge (leave.go) or keeps alarms from being
// raised (silence.go); the same command sent again gets its answer.
const commandWait = 10 * time.Second

// ownersTurn is how long a node that may not be the owner any more keeps back that it did not do what it was told: the
// one who is answers first then, and may know better.
const ownersTurn = time.Second

// request is a command on its way to the owner of the patient: what a person wants or, where Settle
// names a delivery, store everything up to it.
type request struct {
	Patient vitals.PatientID
	Command alerts.Command
	Settle  vitals.Place
}

// answer is what became of it.
type answer struct {
	Refused *alerts.RefusedError // nil: done
	Answer  alerts.Answer
	Away    bool // not decided, or not recorded yet
}

func (a answer) denies() bool { return a.Refused != nil || a.Away }

// Command asks the owner of the patient, on whatever node, and returns once what was decided is on
// disk. A refusal is an *alerts.RefusedError; everything else wraps ErrUnavailable.
func (m *Monitor) Command(ctx context.Context, patient vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
	a, err := m.ask(ctx, request{Patient: patient, Command: c})
	if err == nil && a.Away {
		err = ErrUnavailable
	}
	switch {
	case err != nil:
		return alerts.Answer{}, fmt.Errorf("command %s: %w", c.Kind, err)
	case a.Refused != nil:
		return alerts.Answer{}, a.Refused
	}
	return a.Answer, nil
}

// Settle returns once everything that came to the patient's partition up to the place is on disk. The
// owner, on whatever node, stores it at once rather than with the next checkpoint. An error wraps
// ErrUnavailable and says nothing about the delivery: it may be stored all the same.
func (m *Monitor) Settle(ctx context.Context, patient vitals.PatientID, at vitals.Place) error {
	a, err := m.ask(ctx, request{Patient: patient, Settle: at})
	if err == nil && a.Away {
		err = ErrUnavailable
	}
	if err != nil {
		return fmt.Errorf("wait until message %d is stored: %w", at.Seq, err)
	}
	return nil
}

// ask puts a command to the owner of the patient. Its error wraps ErrUnavailable.
func (m *Monitor) ask(ctx context.Context, r request) (a answer, err error) {
	question, err := json.Marshal(r)
	if err != nil {
		return answer{}, fmt.Errorf("encode a command: %w: %w", ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, commandWait)
	defer cancel()
	reply, err := m.cfg.Journal.Request(ctx, vitals.PartitionOf(r.Patient), question)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err := json.Unmarshal(reply, &a); err != nil {
		return answer{}, fmt.Errorf("decode the answer to a command: %w: %w", ErrUnavailable, err)
	}
	return a, nil
}

// command is a request that waits for its partition, and for the database.
type command struct {
	request
	reply chan answer // has room for one answer
	until time.Time   // nobody waits for the answer any more
}

// serve answers a command of another goroutine: nil where this node turns out not to be the owner,
// so that the one who is can answer.
func (p *partition) serve(data []byte) []byte {
	var c command
	if json.Unmarshal(data, &c.request) != nil {
		return nil
	}
	c.reply, c.until = make(chan answer, 1), time.Now().Add(commandWait)
	timer := time.NewTimer(commandWait)
	defer timer.Stop()
	select {
	case p.commands <- c:
	case <-p.dropped:
		return nil
	case <-p.ended:
		return nil
	case <-timer.C:
		return encodeAnswer(answer{Away: true})
	}
	select {
	case a := <-c.reply:
		if a.denies() && p.m.doubts(time.Now()) && !rest(ownersTurn, p.dropped) {
			return nil
		}
		return encodeAnswer(a)
	case <-p.dropped:
		return nil
	case <-timer.C:
		return encodeAnswer(answer{Away: true})
	}
}

func encodeAnswer(a answer) []byte {
	data, err := json.Marshal(a)
	if err != nil {
		return nil
	}
	return data
}

// decide answers a command. What was decided is told once it is on disk, because the sender goes
// away believing it.
func (p *partition) decide(c command, now time.Time) {
	if c.Settle.Seq > 0 {
		p.awaited = append(p.awaited, c)
		p.hasten(now)
		return
	}
	if now.After(c.until) { // whoever sent it was told that it is not done
		return
	}
	pt := p.patients[c.Patient]
	if c.Patient == alerts.Nobody {
		pt = p.self
	}
	if p.postpones(c.Command.Kind, pt) {
		c.reply <- answer{Away: true}
		return
	}
	if pt == nil || pt.left != nil {
		c.reply <- answer{Refused: &alerts.RefusedError{Code: alerts.UnknownAlarm}}
		return
	}
	carryOut := func() (alerts.Outcome, alerts.Answer, error) { return pt.command(c.Command, now) }
	if c.Command.Kind == alerts.Leave {
		carryOut = func() (alerts.Outcome, alerts.Answer, error) { return pt.leave(c, now) }
	}
	out, a, err := carryOut()
	if refused, is := errors.AsType[*alerts.RefusedError](err); is {
		c.reply <- answer{Refused: refused}
		return
	}
	if err != nil {
		p.m.counts.poison.Add(1)
		p.log.Error("detector failed on a command", "error", err)
		j := &job{owner: p}
		p.tell(out, j)
		p.m.writer.add(j)
		c.reply <- answer{Away: true}
		return
	}
	j := &job{owner: p, transitions: out.Transitions, care: out.Care, settle: func(stored bool) {
		if stored && !out.Repeated {
			p.show(out, false)
		}
		c.reply <- answer{Answer: a, Away: !stored}
	}}
	if pt.left != nil {
		j.left, pt.left.job = &discharge{pt.id, now}, j
	}
	if silences(c.Command.Kind) {
		p.noteSilence(pt, c, out.Repeated, now, j)
	}
	p.m.writer.add(j)
}

// postpones reports whether nothing can be decided now. A discharge of somebody who is not yet here, or whose discharge
// is not yet recorded, cannot; nor, while the database is known to be away, what makes alarms not be raised: whoever is told
// that it is not done would not look for what nobody is told of.
func (p *partition) postpones(k alerts.CommandKind, pt *patient) bool {
	switch k {
	case alerts.Leave:
		return pt == nil || pt.left != nil
	case alerts.Standby, alerts.AlarmOff:
		return p.m.counts.awaySince.Load() != 0
	default:
		return false
	}
}
