package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vigil/vitals"
)

// Bindings change when a nurse assigns a device, a few times a day; they are asked for with every
// message. So they are read whole and kept for a moment.
const (
	bindingsFresh = 2 * time.Second        // a change takes effect within
	bindingsRetry = 200 * time.Millisecond // an unknown device may have been bound just now
	// bindingsPatience bounds the wait for a database that is away: all hubs wait meanwhile.
	bindingsPatience = time.Second
)

// binder finds whose device it is.
type binder struct {
	store Store
	now   func() time.Time

	mu       sync.Mutex
	tried    time.Time // when the bindings were asked for last
	failed   error     // what became of it
	bindings map[vitals.DeviceID][]vitals.Binding
}

// binding says who wore the device at the time. The lock is held while bindings are read, so that a
// thousand connections ask the database once. While the database is away the bindings of before
// hold, because no alarm may wait for it; who is not among them cannot be told then.
func (b *binder) binding(ctx context.Context, d vitals.DeviceID, at time.Time) (vitals.Binding, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.refresh(ctx, bindingsFresh) // those of before are as good where they name the device
	if found, ok := b.find(d, at); ok {
		return found, true, nil
	}
	if err := b.refresh(ctx, bindingsRetry); err != nil {
		return vitals.Binding{}, false, err
	}
	found, ok := b.find(d, at)
	return found, ok, nil
}

// forget has the bindings read again for the next message: somebody changed them.
func (b *binder) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tried = time.Time{}
}

func (b *binder) find(d vitals.DeviceID, at time.Time) (vitals.Binding, bool) {
	for _, binding := range b.bindings[d] {
		if binding.Covers(at) {
			return binding, true
		}
	}
	return vitals.Binding{}, false
}

// refresh reads the bindings when they were not asked for lately, and says what became of the last time.
func (b *binder) refresh(ctx context.Context, lately time.Duration) error {
	if b.bindings != nil && !b.tried.IsZero() && b.now().Sub(b.tried) < lately {
		return b.failed
	}
	ctx, cancel := context.WithTimeout(ctx, bindingsPatience)
	defer cancel()
	all, err := b.store.Bindings(ctx)
	b.tried = b.now()
	if err != nil {
		b.failed = fmt.Errorf("read the bindings: %w", err)
		return b.failed
	}
	b.failed = nil
	b.bindings = make(map[vitals.DeviceID][]vitals.Binding, len(all))
	for _, binding := range all {
		b.bindings[binding.Device] = append(b.bindings[binding.Device], binding)
	}
	return nil
}
