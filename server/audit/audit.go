// Package audit carries to the records what people and stations did beside the changes of alarms: what was on
// which screen, what sounded where, which command came too late. It never makes anybody wait, least of all
// an alarm: notes are gathered and written about once a second, and kept while the database is away.
//
// It seals nothing itself and knows no SQL: the store chains what it is given.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"vigil/alerts"
)

// How notes are gathered.
const (
	writeEvery = time.Second
	// most is how many notes wait at most. A ward of a thousand alarms on ten screens fits ten times. What is
	// beyond is counted.
	most = 200_000
	// atOnce bounds one transaction, so that no other writer of SQLite waits for long.
	atOnce     = 500
	writeLimit = 5 * time.Second
)

// Store keeps notes.
type Store interface {
	// SaveNotes adds notes, in order; all of them or none.
	SaveNotes(ctx context.Context, notes []alerts.Note) error
}

// Recorder gathers notes.
type Recorder struct {
	store Store
	log   *slog.Logger
	lost  atomic.Uint64

	mu      sync.Mutex
	waiting []alerts.Note
}

// New makes a recorder. It writes nothing before Run.
func New(store Store, log *slog.Logger) *Recorder { return &Recorder{store: store, log: log} }

// Note takes notes. It does not wait.
func (r *Recorder) Note(notes ...alerts.Note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := max(0, most-len(r.waiting))
	if len(notes) > room {
		r.lost.Add(uint64(len(notes) - room))
		notes = notes[:room]
	}
	r.waiting = append(r.waiting, notes...)
}

// Lost is how many notes found no room since the start.
func (r *Recorder) Lost() uint64 { return r.lost.Load() }

// Run writes until ctx ends, and then what is left, if the database takes it.
func (r *Recorder) Run(ctx context.Context) {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.write(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			r.write(ctx)
		}
	}
}

// write brings to disk what waits. What fails is tried again with the next round.
func (r *Recorder) write(ctx context.Context) {
	for {
		r.mu.Lock()
		some := r.waiting[:min(atOnce, len(r.waiting))]
		r.mu.Unlock()
		if len(some) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, writeLimit)
		err := r.store.SaveNotes(ctx, some)
		cancel()
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				r.log.Warn("notes of the audit not written, trying again", "notes", len(some), "error", err)
			}
			return
		}
		r.mu.Lock()
		r.waiting = r.waiting[len(some):]
		if len(r.waiting) == 0 {
			r.waiting = nil
		}
		r.mu.Unlock()
	}
}
