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
	sightsEvery = time.Second
	// sightMemory is for how long it counts what a partition's owner has said last.
	sightMemory = 3 * time.Second
	// rulingMemory is the same of what was found of the sites. What the engines were told by it they believe for
	// some seconds more.
	rulingMemory = 3 * time.Second
)

// siteWatch gathers what the owners of all patients see of them, for the one that judges it, and what that one has
// found, for the owners.
type siteWatch struct {
	wards func() []vitals.UnitID // each as often as it has patients

	mu     sync.Mutex
	seen   map[int]heard[journal.Seen]
	ruling heard[journal.Ruling]
}

func newSiteWatch(wards func() []vitals.UnitID) *siteWatch {
	return &siteWatch{wards: wards, seen: map[int]heard[journal.Seen]{}}
}

// hear takes in what a node says. Whoever owned a partition before may go on saying something for a while: the newest
// owner's word counts.
func (w *siteWatch) hear(s journal.Sights, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, part := range s.Seen {
		if known, have := w.seen[part.Partition]; !have || part.Epoch >= known.what.Epoch || now.Sub(known.at) > healthMemory {
			w.seen[part.Partition] = heard[journal.Seen]{part, now}
		}
	}
	if r := s.Ruling; r != nil && (r.Epoch >= w.ruling.what.Epoch || now.Sub(w.ruling.at) > healthMemory) {
		w.ruling = heard[journal.Ruling]{*r, now}
	}
}

// sites sums up what is seen of each unit's patients. Those of whom nobody says anything may be lost, or not.
func (w *siteWatch) sites(now time.Time) map[vitals.UnitID]alerts.Sight {
	patients := map[vitals.UnitID]int{}
	for _, unit := range w.wards() {
		patients[unit]++
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	sites := map[vitals.UnitID]alerts.Sight{}
	for _, part := range w.seen {
		if now.Sub(part.at) > sightMemory {
			continue
		}
		for unit, s := range part.what.Units {
			sites[unit] = sites[unit].And(s)
		}
	}
	for unit, n := range patients {
		s := sites[unit]
		s.Unsure += max(0, n-s.Patients)
		sites[unit] = s
	}
	return sites
}

// outages is what was found of the sites; false where nobody says anything any more.
func (w *siteWatch) outages(now time.Time) (map[vitals.UnitID]alerts.Outage, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ruling.at.IsZero() || now.Sub(w.ruling.at) > rulingMemory {
		return nil, false
	}
	return w.ruling.what.Outages, true
}

// watchSites tells all nodes once a second what this one sees of its patients, and what it has found. It waits for
// nothing: whether the journal answers is found out elsewhere.
func (a *app) watchSites(ctx context.Context) {
	every(ctx, sightsEvery, func(now time.Time) {
		var s journal.Sights
		for _, part := range a.monitor.Seen(now) {
			s.Seen = append(s.Seen, journal.Seen(part))
		}
		if r, found := a.monitor.Ruling(now); found {
			s.Ruling = new(journal.Ruling(r))
		}
		a.sites.hear(s, now) // also while the journal carries nothing
		a.journal.PublishSights(s)
	})
}
