package monitor

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg/model"
)

// counts is what the goroutines count.
type counts struct {
	deliveries   atomic.Uint64
	commits      atomic.Uint64
	failures     atomic.Uint64
	fenced       atomic.Uint64
	poison       atomic.Uint64
	claimsFailed atomic.Uint64
	spoiled      atomic.Uint64
	backlog      atomic.Int64
	awaySince    atomic.Int64 // nanoseconds since 1970, 0 while the database takes what it gets

	scoresMu sync.Mutex
	scores   model.Scores
	delayed  map[Delayed]uint64
}

// Delayed names a condition in a unit.
type Delayed struct {
	Unit      vitals.UnitID
	Condition alerts.Condition
}

// scored is an engine that knows what the forests of its detectors said.
type scored interface{ DrainScores(into *model.Scores) }

// gather collects what the partition's engines have counted.
func (p *partition) gather(now time.Time) {
	var sum model.Scores
	for _, pt := range p.patients {
		if e, ok := pt.engine.(scored); ok {
			e.DrainScores(&sum)
		}
	}
	c := &p.m.counts
	c.scoresMu.Lock()
	defer c.scoresMu.Unlock()
	c.scores.Add(&sum)
	for _, pt := range p.patients {
		for condition, n := range pt.delayed {
			p.brief.add(pt.id, condition, int(n), now)
			c.delayed[Delayed{pt.who.Unit, condition}] += n
		}
		clear(pt.delayed)
	}
}

// Scores is what the forests of all detectors said since the start.
func (m *Monitor) Scores() model.Scores {
	m.counts.scoresMu.Lock()
	defer m.counts.scoresMu.Unlock()
	return m.counts.scores
}

// Delayed is how often a condition was over before its on-delay was, since the start.
func (m *Monitor) Delayed() map[Delayed]uint64 {
	m.counts.scoresMu.Lock()
	defer m.counts.scoresMu.Unlock()
	return maps.Clone(m.counts.delayed)
}

// Stats is how the monitor does, for metrics and for readiness.
type Stats struct {
	Partitions int           // owned
	CaughtUp   int           // of them, those that have read the journal to its end
	Lag        time.Duration // age of the oldest delivery that a partition is about to handle
	// Late is the same without partitions that were opened within the last minute and read what came before.
	Late         time.Duration
	Deliveries   uint64 // handled
	Commits      uint64 // transactions
	Failures     uint64 // transactions that failed and were tried again
	Fenced       uint64 // partitions that were dropped because another node owns them
	Poison       uint64 // calls of an engine that panicked
	ClaimsFailed uint64
	Spoiled      uint64        // stored blocks that could not be read when they had to be continued
	Backlog      int64         // bytes that wait for the database
	Queue        int           // jobs that wait for the database
	Away         time.Duration // how long the database has not taken anything; 0 while it does
}

// Owns reports whether this node owns the partition now.
func (m *Monitor) Owns(partition int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, owned := m.partitions[partition]
	return owned
}

// Stats says how the monitor does.
func (m *Monitor) Stats() Stats {
	s := Stats{
		Deliveries: m.counts.deliveries.Load(), Commits: m.counts.commits.Load(),
		Failures: m.counts.failures.Load(), Fenced: m.counts.fenced.Load(),
		Poison: m.counts.poison.Load(), ClaimsFailed: m.counts.claimsFailed.Load(),
		Spoiled: m.counts.spoiled.Load(), Backlog: m.counts.backlog.Load(), Queue: m.writer.waiting(),
	}
	if since := m.counts.awaySince.Load(); since != 0 {
		s.Away = time.Since(time.Unix(0, since))
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.partitions {
		s.Partitions++
		if p.live.Load() {
			s.CaughtUp++
		}
		s.Lag = max(s.Lag, p.lag(now))
		if opened := p.openedAt.Load(); p.live.Load() || opened > 0 && now.Sub(time.Unix(0, opened)) > patienceAtStart {
			s.Late = max(s.Late, p.lag(now))
		}
	}
	return s
}
