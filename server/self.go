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
	nodes       map[string]heard[journal.Health]
	journalAway string
}

// heard is what was said last, with when.
type heard[T any] struct {
	what T
	at   time.Time
}

func newSelfWatch(wards func() []vitals.UnitID) *selfWatch {
	return &selfWatch{wards: wards, nodes: map[string]heard[journal.Health]{}}
}

// hear takes in how a node is.
func (w *selfWatch) hear(h journal.Health, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes[h.Node] = heard[journal.Health]{h, now}
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
	for id, said := range w.nodes {
		if now.Sub(said.at) > healthMemory {
			delete(w.nodes, id)
			continue
		}
		node := said.what
		h.Lag = max(h.Lag, node.Lag)
		h.Waiting = max(h.Waiting, node.Waiting)
		h.Unproven, h.Parts = max(h.Unproven, node.Silent), max(h.Parts, node.Parts)
		h.RecordsAway = h.RecordsAway || node.Away > 0
		for _, unit := range node.Audible {
			if _, ward := h.Silent[unit]; ward {
				h.Silent[unit] = false
			}
		}
	}
	return h
}

// health sums up how the installation is, and its sites.
func (a *app) health(now time.Time) alerts.Health {
	h := a.self.health(now)
	h.Sites = a.sites.sites(now)
	return h
}

// watchSelf tells all nodes once a second how this one is.
func (a *app) watchSelf(ctx context.Context) {
	every(ctx, healthEvery, func(now time.Time) {
		s := a.monitor.Stats()
		silent, parts := a.dog.silent(now)
		h := journal.Health{Silent: silent, Parts: parts, Node: a.node, Lag: s.Late, Waiting: a.ingest.Lag(), Away: s.Away, Audible: a.feed.Audible()}
		a.self.hear(h, now) // also while the journal carries nothing
		a.journal.PublishHealth(h)
		ping, cancel := context.WithTimeout(ctx, pingLimit)
		err := a.journal.Ping(ping)
		cancel()
		if ctx.Err() == nil {
			a.self.journal(err)
		}
	})
}
