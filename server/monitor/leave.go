package monitor

import (
	"context"
	"maps"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Somebody who is discharged is watched no longer from the moment in which that is decided, so that no alarm is told that
// their discharge has not closed. Where it is not recorded while whoever discharged them waits, that person is told
// that it is not done, and so it is: it is taken back, and the patient is watched as before.

// leaving is a discharge that was decided.
type leaving struct {
	job    *job // that records it; nil until it is handed to the writer
	until  time.Time
	alarms map[alerts.AlarmID]alerts.Alarm // as they were before
	care   alerts.Care
}

// discharge is somebody's who left.
type discharge struct {
	patient vitals.PatientID
	at      time.Time
}

// leave decides about a discharge.
func (pt *patient) leave(c command, now time.Time) (alerts.Outcome, alerts.Answer, error) {
	before := leaving{until: c.until, alarms: maps.Clone(pt.alarms), care: pt.care}
	out, a, err := pt.command(c.Command, now)
	if err == nil {
		pt.left = &before
	}
	return out, a, err
}

// keepPatients takes back the discharges that were not recorded in time. What their devices sent since is judged now.
func (p *partition) keepPatients(ctx context.Context, now time.Time) {
	for _, pt := range p.patients {
		if pt.left == nil || !now.After(pt.left.until) || !p.m.writer.withdraw(pt.left.job) {
			continue
		}
		p.log.WarnContext(ctx, "a discharge cannot be recorded, the patient is watched on")
		pt.alarms, pt.care, pt.left = pt.left.alarms, pt.left.care, nil
		pt.renew(now)
		j := &job{owner: p}
		p.welcome(ctx, pt, j)
		p.m.writer.add(j)
	}
}
