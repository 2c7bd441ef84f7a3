package monitor

import (
	"context"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// recensus follows the census: new patients are watched, discharged ones no longer.
func (p *partition) recensus(ctx context.Context, now time.Time) {
	j := &job{owner: p}
	here := map[vitals.PatientID]bool{}
	for _, a := range p.m.admissions(p.number) {
		here[a.Patient.ID] = true
		if pt := p.patients[a.Patient.ID]; pt != nil {
			pt.who = a.Patient
			p.limit(ctx, pt, now)
			pt.bind(a.Devices, now)
			continue
		}
		pt := newPatient(p.m.cfg.NewEngine, p.m.streamers, a, now)
		p.limit(ctx, pt, now)
		if fault := pt.restore(nil, alerts.Care{}, nil, nil, now); fault != nil { // nothing is stored of them, which is to be known, too
			p.m.counts.poison.Add(1)
			p.log.ErrorContext(ctx, "detector failed to take up a patient", "error", fault)
		}
		p.patients[a.Patient.ID] = pt
		p.welcome(ctx, pt, j)
	}
	p.strangers.sweep(now)
	for id, pt := range p.patients {
		if here[id] {
			continue
		}
		out, fault := pt.discharge(now)
		if fault != nil {
			p.m.counts.poison.Add(1)
			p.log.Error("detector failed on a discharge", "error", fault)
		}
		p.tell(out, j)
		delete(p.patients, id)
	}
	p.m.writer.add(j)
}
