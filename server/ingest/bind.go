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
)

// binder finds whose device it is.
type binder struct {
	store Store
	now   func() time.Time

	mu       sync.Mutex
	read     time.Time
	bindings map[vitals.DeviceID][]vitals.Binding
}

// patient is who wore the device at the time. The lock is held while bindings are read, so that a
// thousand connections ask the database once.
func (b *binder) patient(ctx context.Context, d vitals.DeviceID, at time.Time) (vitals.PatientID, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refresh(ctx, bindingsFresh); err != nil {
		return "", false, err
	}
	if p, ok := b.find(d, at); ok {
		return p, true, nil
	}
	if err := b.refresh(ctx, bindingsRetry); err != nil {
		return "", false, err
	}
	p, ok := b.find(d, at)
	return p, ok, nil
}

func (b *binder) find(d vitals.DeviceID, at time.Time) (vitals.PatientID, bool) {
	for _, binding := range b.bindings[d] {
		if binding.Covers(at) {
			return binding.Patient, true
		}
	}
	return "", false
}

func (b *binder) refresh(ctx context.Context, fresh time.Duration) error {
	if b.bindings != nil && b.now().Sub(b.read) < fresh {
		return nil
	}
	all, err := b.store.Bindings(ctx)
	if err != nil {
		return fmt.Errorf("read the bindings: %w", err)
	}
	b.bindings = make(map[vitals.DeviceID][]vitals.Binding, len(all))
	for _, binding := range all {
		b.bindings[binding.Device] = append(b.bindings[binding.Device], binding)
	}
	b.read = b.now()
	return nil
}
