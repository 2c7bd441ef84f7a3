package monitor

import (
	"context"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Alarms about Vigil itself are of nobody, and live as all others do: in the partition that nobody hashes to, whose
// owner is one node of all, with commands, records and a new owner when that node is gone.

// selfWatcher is an engine that judges Vigil itself; alerts.Engine is one.
type selfWatcher interface {
	Watch(h alerts.Health, now time.Time) alerts.Outcome
}

// minds reports whether the partition is the one that watches Vigil itself.
func (p *partition) minds() bool {
	return p.m.cfg.Health != nil && p.number == vitals.PartitionOf(alerts.Nobody)
}

// adoptSelf makes the engine that judges Vigil itself, with the alarms that are stored.
func (p *partition) adoptSelf(ctx context.Context, alarms []alerts.Alarm, now time.Time) {
	pt := newPatient(p.m.cfg.NewEngine, p.m.streamers, vitals.Admission{Patient: vitals.Patient{ID: alerts.Nobody}}, now)
	if fault := pt.restore(alarms, alerts.Care{}, nil, nil, now); fault != nil {
		p.m.counts.poison.Add(1)
		p.log.ErrorContext(ctx, "alarms about this installation not taken up", "error", fault)
	}
	p.self = pt
}

// mindSelf judges Vigil itself. It waits for nothing: that the partition is behind is what it must tell.
func (p *partition) mindSelf(now time.Time) {
	if !p.minds() {
		return
	}
	h := p.m.cfg.Health(now)
	found := said[Ruling]{Ruling{Epoch: p.lease.Epoch}, now}
	j := &job{owner: p}
	for _, act := range []func(Engine) alerts.Outcome{
		func(e Engine) alerts.Outcome {
			if e, ok := e.(selfWatcher); ok {
				out := e.Watch(h, now)
				found.what.Outages = out.Outages
				return out
			}
			return alerts.Outcome{}
		},
		func(e Engine) alerts.Outcome { return e.Tick(now) },
	} {
		out, fault := p.self.guard(now, act)
		if fault != nil {
			p.m.counts.poison.Add(1)
			p.log.Error("this installation not judged", "error", fault)
		}
		p.tell(out, j)
	}
	p.m.writer.add(j)
	p.m.ruling.Store(&found)
}
