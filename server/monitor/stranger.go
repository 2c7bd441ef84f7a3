package monitor

import (
	"context"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// How much is kept of a patient whom the census does not name yet. A hub sends a handful of
// messages a second, and the census is read every two.
const (
	strangerMemory     = 30 * time.Second
	strangerDeliveries = 200
)

// strangers are patients of whom data come and whom the census, as this node knows it, does not name:
// admitted a moment ago, or no longer here. What they sent last is kept, so that nothing is lost for
// the alarms of somebody who turns out to be under care.
type strangers map[vitals.PatientID][]vitals.Delivery

// add keeps the delivery. It reports whether the patient is a new stranger, of whom the census has to
// be asked.
func (s strangers) add(d vitals.Delivery) (unheard bool) {
	kept := fresh(s[d.Patient], d.Received)
	if len(kept) == strangerDeliveries {
		kept = slices.Delete(kept, 0, 1)
	}
	s[d.Patient] = append(kept, d)
	return len(kept) == 0
}

// take is what the patient sent, who is a stranger no longer.
func (s strangers) take(id vitals.PatientID) []vitals.Delivery {
	kept := s[id]
	delete(s, id)
	return kept
}

// sweep forgets those who send nothing any more.
func (s strangers) sweep(now time.Time) {
	for id, kept := range s {
		if kept = fresh(kept, now); len(kept) > 0 {
			s[id] = kept
		} else {
			delete(s, id)
		}
	}
}

func fresh(kept []vitals.Delivery, now time.Time) []vitals.Delivery {
	return slices.DeleteFunc(kept, func(d vitals.Delivery) bool { return now.Sub(d.Received) > strangerMemory })
}

// welcome lets the engine of somebody who has just appeared in the census see what came before.
// The data are charted already; what is derived from them is not.
func (p *partition) welcome(ctx context.Context, pt *patient, j *job) {
	for _, d := range p.strangers.take(pt.id) {
		out := p.judge(ctx, pt, d, j)
		if err := p.chart(derivedOnly(d), out.Derived, j); err != nil {
			p.log.ErrorContext(ctx, "derived values not charted", "error", err)
		}
	}
}

// derivedOnly is the delivery without what it carries.
func derivedOnly(d vitals.Delivery) vitals.Delivery {
	d.Batch = vitals.Batch{Device: d.Batch.Device}
	return d
}

// judge lets the patient's engine see the delivery and tells what it found.
func (p *partition) judge(ctx context.Context, pt *patient, d vitals.Delivery, j *job) alerts.Outcome {
	out, fault := pt.observe(d)
	if fault != nil {
		p.poisoned(ctx, d, fault, j)
	}
	p.tell(out, j)
	return out
}
