package monitor

import (
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Whether a unit has lost its patients all at once is judged from what the owners of all its patients see of them, and
// what is judged is told to the engines of those patients. Each way is one of things that are said again every second: what is not
// heard again is not known any more.

// sightMemory is for how long it counts what a partition has said last: a goroutine that hangs says nothing.
const sightMemory = 3 * time.Second

// Seen is what the owner of a partition sees of the patients of each unit.
type Seen struct {
	Partition int
	Epoch     int64 // of the lease: who owned it before knows less
	Units     map[vitals.UnitID]alerts.Sight
}

// Ruling is what was found of the sites, by whoever minds Vigil itself.
type Ruling struct {
	Epoch   int64 // of the lease of whoever found it
	Outages map[vitals.UnitID]alerts.Outage
}

// said is something with when it was said.
type said[T any] struct {
	what T
	at   time.Time
}

// sited is an engine that says what it sees of its patient, and takes in what was found of the site; alerts.Engine is
// one.
type sited interface {
	Sight(now time.Time) alerts.Sight
	Site(o alerts.Outage, now time.Time) alerts.Outcome
}

// look notes what is seen of the patients. While deliveries wait that were received, nobody knows who is silent.
func (p *partition) look(now time.Time, judges bool) {
	units := map[vitals.UnitID]alerts.Sight{}
	for _, pt := range p.patients {
		s := pt.sight(now)
		if !judges {
			s.Unsure, s.Quiet = s.Watched, nil
		}
		units[pt.who.Unit] = units[pt.who.Unit].And(s)
	}
	p.seen.Store(&said[Seen]{Seen{p.number, p.lease.Epoch, units}, now})
}

// sight is what the engine sees. Of one that fails nobody knows what it would have seen.
func (pt *patient) sight(now time.Time) (s alerts.Sight) {
	s = alerts.Sight{Patients: 1, Watched: 1, Unsure: 1}
	_, _ = pt.guard(now, func(e Engine) alerts.Outcome { // counted; the engine is replaced in the end
		if e, ok := e.(sited); ok {
			s = e.Sight(now)
		} else {
			s = alerts.Sight{Patients: 1}
		}
		return alerts.Outcome{}
	})
	return s
}

// tellSite tells a patient's engine what was found of the unit.
func (pt *patient) tellSite(outages map[vitals.UnitID]alerts.Outage) func(now time.Time) (alerts.Outcome, error) {
	return func(now time.Time) (alerts.Outcome, error) {
		return pt.guard(now, func(e Engine) alerts.Outcome {
			if e, ok := e.(sited); ok {
				return e.Site(outages[pt.who.Unit], now)
			}
			return alerts.Outcome{}
		})
	}
}

// Seen lists what the partitions of this node see of their patients.
func (m *Monitor) Seen(now time.Time) (all []Seen) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.partitions {
		if s := p.seen.Load(); s != nil && now.Sub(s.at) <= sightMemory {
			all = append(all, s.what)
		}
	}
	return all
}

// Ruling is what was found here of the sites; false where that is another node's to find, or not done.
func (m *Monitor) Ruling(now time.Time) (Ruling, bool) {
	r := m.ruling.Load()
	if r == nil || now.Sub(r.at) > sightMemory {
		return Ruling{}, false
	}
	return r.what, true
}
