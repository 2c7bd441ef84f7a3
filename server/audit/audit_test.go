package audit_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/server/audit"
)

// records are kept in memory, while they are not away.
type records struct {
	mu    sync.Mutex
	away  bool
	notes []alerts.Note
}

func (r *records) SaveNotes(_ context.Context, notes []alerts.Note) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return errors.New("database is away")
	}
	r.notes = append(r.notes, notes...)
	return nil
}

func (r *records) set(away bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
}

func (r *records) versions() (all []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.notes {
		all = append(all, n.Version)
	}
	return all
}

func notes(from, to int) (all []alerts.Note) {
	for i := from; i < to; i++ {
		all = append(all, alerts.Note{Kind: alerts.Rendered, Alarm: "a", Version: i})
	}
	return all
}

func inOrder(t *testing.T, got []int, want int) {
	t.Helper()
	if len(got) != want {
		t.Fatalf("%d notes are kept, want %d", len(got), want)
	}
	for i, v := range got {
		if v != i {
			t.Fatalf("note %d is kept in place %d", v, i)
		}
	}
}

func TestNotesOutliveADatabaseThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &records{}
		r := audit.New(kept, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })

		r.Note(notes(0, 3)...)
		time.Sleep(1100 * time.Millisecond)
		inOrder(t, kept.versions(), 3)

		kept.set(true)
		r.Note(notes(3, 2000)...)
		time.Sleep(time.Minute)
		inOrder(t, kept.versions(), 3)
		kept.set(false)
		time.Sleep(1100 * time.Millisecond)
		inOrder(t, kept.versions(), 2000)

		r.Note(notes(2000, 2001)...) // a moment before the server stops
		stop()
		running.Wait()
		inOrder(t, kept.versions(), 2001)
	})
}

func TestWhatFindsNoRoomIsCounted(t *testing.T) {
	kept := &records{}
	r := audit.New(kept, slog.New(slog.DiscardHandler))
	r.Note(notes(0, 200_000)...)
	r.Note(notes(200_000, 200_007)...)
	if r.Lost() != 7 {
		t.Fatalf("%d notes are counted as lost, want 7", r.Lost())
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	r.Run(ctx)
	inOrder(t, kept.versions(), 200_000)
}
