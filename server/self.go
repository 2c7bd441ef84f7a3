package main

import (
	"context"
	"sync"
	"time"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/vitals"
)

const (
	healthEvery = time.Second
	// healthMemory is how long a node counts that says nothing more: its partitions have another owner by then.
	healthMemory = 10 * time.Second
	// pingLimit is how long the journal may take to answer.
	pingLimit = 3 * time.Second
)

// selfWatch gathers how all nodes are, for the one that judges it.
type selfWatch struct {
	wards func() []vitals.UnitID

	mu          sync.Mutex
	nodes       map[string]heardHealth
	journalAway string
}

type heardHealth struct {
	journal.Health

	at time.Time
}

func newSelfWatch(wards func() []vitals.UnitID) *selfWatch {
	return &selfWatch{wards: wards, nodes: map[string]heardHealth{}}
}

// hear takes in how a node is.
func (w *selfWatch) hear(h journal.Health, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes[h.Node] = heardHealth{h, now}
}

// journal takes in whether the journal answers here.
func (w *selfWatch) journal(fault error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.journalAway = ""
	if fault != nil {
		w.journalAway = "the journal does not answer"
	}
}

// health sums up how the installation is.
func (w *selfWatch) health(now time.Time) alerts.Health {
	wards := w.wards()
	w.mu.Lock()
	defer w.mu.Unlock()
	h := alerts.Health{JournalAway: w.journalAway, Silent: map[vitals.UnitID]bool{}}
	for _, unit := range wards {
		h.Silent[unit] = true
	}
	for id, node := range w.nodes {
		if now.Sub(node.at) > healthMemory {
			delete(w.nodes, id)
			continue
		}
		h.Lag = max(h.Lag, node.Lag)
		h.RecordsAway = h.RecordsAway || node.Away > 0
		for _, unit := range node.Audible {
			if _, ward := h.Silent[unit]; ward {
				h.Silent[unit] = false
			}
		}
	}
	return h
}

// watchSelf tells all nodes once a second how this one is.
func (a *app) watchSelf(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := a.monitor.Stats()
		h := journal.Health{Node: a.node, Lag: s.Late, Away: s.Away, Audible: a.feed.Audible()}
		a.self.hear(h, time.Now()) // also while the journal carries nothing
		a.journal.PublishHealth(h)
		ping, cancel := context.WithTimeout(ctx, pingLimit)
		err := a.journal.Ping(ping)
		cancel()
		if ctx.Err() == nil {
			a.self.journal(err)
		}
	}
}
