package monitor

import (
	"context"
	"fmt"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// limits is what units and patients have otherwise than the defaults.
type limits struct {
	revision int64
	units    map[vitals.UnitID]alerts.Changes
	patients map[vitals.PatientID]alerts.Changes
}

// of is what is in force for a patient.
func (l *limits) of(p vitals.Patient) alerts.Limits {
	return alerts.LimitsOf(l.units[p.Unit], l.patients[p.ID])
}

// limitsPatience is how long a node that starts waits for the limits, before it watches by the defaults: an
// alarm that a patient's own limits would not have raised is better than nobody who watches.
const limitsPatience = 10 * time.Second

// readLimits follows the limits of everybody. It reports whether there are any to watch by.
func (m *Monitor) readLimits(ctx context.Context, now time.Time) bool {
	known := m.limits.Load()
	revision, err := m.cfg.Store.LimitsRevision(ctx)
	if err == nil && (known == nil || known.revision != revision) {
		known, err = m.loadLimits(ctx, revision)
	}
	if err != nil {
		m.log.ErrorContext(ctx, "limits not read, going on with those before", "error", err)
		return known != nil || m.watchByDefaults(now)
	}
	m.limits.Store(known)
	return true
}

// watchByDefaults gives up waiting for limits after a while.
func (m *Monitor) watchByDefaults(now time.Time) bool {
	if m.limitless.IsZero() {
		m.limitless = now
	}
	if now.Sub(m.limitless) < limitsPatience {
		return false
	}
	m.log.Error("limits of patients are not known, watching by the defaults")
	m.limits.Store(&limits{revision: -1}) // unlike any, so that they are read as soon as they can be
	return true
}

// loadLimits reads them all. Whatever was added since the revision was counted is read again with the next.
func (m *Monitor) loadLimits(ctx context.Context, revision int64) (*limits, error) {
	newest, err := m.cfg.Store.Limits(ctx)
	if err != nil {
		return m.limits.Load(), fmt.Errorf("read limits: %w", err)
	}
	l := &limits{revision, map[vitals.UnitID]alerts.Changes{}, map[vitals.PatientID]alerts.Changes{}}
	for _, v := range newest {
		if v.Patient != "" {
			l.patients[v.Patient] = v.Changes
		} else {
			l.units[v.Unit] = v.Changes
		}
	}
	return l, nil
}

// limit tells the patient's engine which limits are in force. Limits that will not do, which another
// version of the program may have allowed, leave those before in force.
func (p *partition) limit(ctx context.Context, pt *patient, now time.Time) {
	if err := pt.limit(p.m.limits.Load().of(pt.who), now); err != nil {
		p.m.counts.poison.Add(1)
		p.log.ErrorContext(ctx, "limits not put into force, going on with those before", "error", err)
	}
}

// limit puts limits into force, once.
func (pt *patient) limit(l alerts.Limits, now time.Time) (refused error) {
	if l.Same(pt.limits) {
		return nil
	}
	pt.limits = l
	_, fault := pt.guard(now, func(e Engine) alerts.Outcome {
		refused = e.SetLimits(l)
		return alerts.Outcome{}
	})
	if fault != nil {
		return fault
	}
	return refused
}
