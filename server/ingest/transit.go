package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"vigil/vitals"
)

// What a door has received and the journal does not have is judged by nobody. A journal may hang without an error, and
// a sender that is told to send again begins anew each time: so how long it lasts is watched here.

// transit is what is between the doors and the journal.
type transit struct {
	mu   sync.Mutex
	open map[*crossing]struct{}
	// turned are the senders whom the journal turned away, and who have brought nothing into it since.
	turned map[vitals.HubID]turned
	taken  time.Time // when the journal took something last, whoever brought it
}

type turned struct {
	since time.Time // receipt of the first of what was not taken
	tried time.Time // when they were turned away last
}

// How long a sender is waited for that does not come again: where nothing else was taken either until HUB OFFLINE speaks
// of it, else for longer than a hub waits that is told to come again (1 s, over HTTPS 5 s).
const (
	turnedMemory = 90 * time.Second
	returnWithin = 10 * time.Second
)

func newTransit() *transit {
	return &transit{open: map[*crossing]struct{}{}, turned: map[vitals.HubID]turned{}}
}

// crossing is something on its way from a door to the journal. It ends once; what comes after that changes nothing.
type crossing struct {
	through  *transit
	sender   vitals.HubID
	received time.Time
}

// enter begins a crossing.
func (t *transit) enter(sender vitals.HubID, received time.Time) *crossing {
	c := &crossing{through: t, sender: sender, received: received}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[c] = struct{}{}
	return c
}

// leave ends a crossing that had nothing for the journal, or did not come as far.
func (c *crossing) leave() {
	c.through.mu.Lock()
	defer c.through.mu.Unlock()
	delete(c.through.open, c)
}

// arrive ends a crossing with what became of it: nil where the journal has it all.
func (c *crossing) arrive(fault error, now time.Time) {
	t := c.through
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, open := t.open[c]; !open {
		return
	}
	delete(t.open, c)
	if fault == nil {
		delete(t.turned, c.sender)
		t.taken = now
		return
	}
	before, again := t.turned[c.sender]
	if !again || c.received.Before(before.since) {
		before.since = c.received
	}
	before.tried = now
	t.turned[c.sender] = before
}

// passed notes that the journal took something of the sender's.
func (t *transit) passed(sender vitals.HubID, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.turned, sender)
	t.taken = now
}

// refused ends a crossing that the journal did not let in. When it is the sender who has left meanwhile, that says
// nothing of the journal.
func (h *Handler) refused(ctx context.Context, c *crossing, fault error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		c.leave()
		return
	}
	c.arrive(fault, h.now())
}

// longest is the age of the oldest thing that is not in the journal.
func (t *transit) longest(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest := now
	for c := range t.open {
		if c.received.Before(oldest) {
			oldest = c.received
		}
	}
	for sender, w := range t.turned {
		away := now.Sub(w.tried)
		if away > turnedMemory || away > returnWithin && t.taken.After(w.tried) {
			delete(t.turned, sender)
			continue
		}
		if w.since.Before(oldest) {
			oldest = w.since
		}
	}
	return now.Sub(oldest)
}
