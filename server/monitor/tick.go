package monitor

import (
	"context"
	"time"

	"vigil/alerts"
)

// tick lets the clock act on the patients, and stores what is due.
func (p *partition) tick(ctx context.Context, now time.Time) {
	p.mindSelf(now)
	p.keepPatients(ctx, now)
	p.breakSilences(now)
	judges := p.behindSince.IsZero() || p.paused || now.Sub(p.behindSince) > p.patience
	p.look(now, judges)
	if judges {
		p.tickPatients(now)
	}
	if !now.Before(p.due) || p.paused {
		p.checkpoint(now)
	}
}

// tickPatients lets the clock act on the patients.
func (p *partition) tickPatients(now time.Time) {
	outages, known := p.m.cfg.Outages(now)
	j := &job{owner: p}
	for _, pt := range p.patients {
		acts := []func(time.Time) (alerts.Outcome, error){p.watchHubs(pt), pt.tick}
		if known {
			acts = append([]func(time.Time) (alerts.Outcome, error){pt.tellSite(outages)}, acts...)
		}
		for _, act := range acts {
			out, fault := act(now)
			if out.Trends != nil {
				j.trends = append(j.trends, alerts.KeptTrends{Patient: pt.id, At: now, Data: out.Trends})
			}
			if fault != nil {
				p.m.counts.poison.Add(1)
				p.log.Error("detector failed on a tick", "error", fault)
			}
			p.tell(out, j)
		}
	}
	p.m.writer.add(j)
}
