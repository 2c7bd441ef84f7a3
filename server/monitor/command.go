package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// commandWait is how long the owner keeps a command that it cannot answer, because the database is
// away. The decision stands and is recorded later; the same command sent again gets its answer.
const commandWait = 10 * time.Second

// request is a command on its way to the owner of the patient.
type request struct {
	Patient vitals.PatientID
	Ack     alerts.Acknowledgement
}

// answer is what became of it.
type answer struct {
	Refused alerts.AckCode // empty: done
	Alarm   alerts.Alarm   // as it is now
	Away    bool           // not decided, or not recorded yet
}

// Acknowledge asks the owner of the patient, on whatever node, and returns once the answer is on
// disk. A refusal is an *alerts.AckError; everything else wraps ErrUnavailable.
func (m *Monitor) Acknowledge(ctx context.Context, patient vitals.PatientID, ack alerts.Acknowledgement) (alerts.Alarm, error) {
	question, err := json.Marshal(request{patient, ack})
	if err != nil {
		return alerts.Alarm{}, fmt.Errorf("encode an acknowledgement: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, commandWait)
	defer cancel()
	reply, err := m.cfg.Journal.Request(ctx, vitals.PartitionOf(patient), question)
	if err != nil {
		return alerts.Alarm{}, fmt.Errorf("acknowledge alarm %s: %w: %w", ack.Alarm, ErrUnavailable, err)
	}
	var a answer
	if err := json.Unmarshal(reply, &a); err != nil {
		return alerts.Alarm{}, fmt.Errorf("decode the answer about alarm %s: %w: %w", ack.Alarm, ErrUnavailable, err)
	}
	switch {
	case a.Away:
		return alerts.Alarm{}, fmt.Errorf("acknowledge alarm %s: %w", ack.Alarm, ErrUnavailable)
	case a.Refused != "":
		return alerts.Alarm{}, &alerts.AckError{Code: a.Refused, Current: a.Alarm}
	}
	return a.Alarm, nil
}

// command is a request that waits for its partition, and for the database.
type command struct {
	request
	reply chan answer // has room for one answer
}

// serve answers a command of another goroutine: nil where this node turns out not to be the owner,
// so that the one who is can answer.
func (p *partition) serve(data []byte) []byte {
	var c command
	if json.Unmarshal(data, &c.request) != nil {
		return nil
	}
	c.reply = make(chan answer, 1)
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
