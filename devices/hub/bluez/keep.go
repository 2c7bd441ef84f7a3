package bluez

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"vigil/vitals"
)

const (
	firstPause = time.Second
	longest    = 30 * time.Second // a cuff is awake for about as long behind a measurement
	// settled is how long a session lasts that is no failure: the next one may follow at once.
	settled = time.Minute
)

// Connector is what Keep needs of a Central.
type Connector[P any] interface {
	Scan(ctx context.Context, d vitals.DeviceID) error
	Connect(ctx context.Context, d vitals.DeviceID) (P, error)
}

// Keep holds a session with the device whenever it is in reach, until the context ends. Behind a
// failure it waits, doubling up to half a minute, with jitter so that devices do not return all at
// once. Failed is told each failure.
func Keep[P any](
	ctx context.Context, c Connector[P], d vitals.DeviceID, session func(context.Context, P) error, failed func(error),
) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		began := time.Now()
		err := once(ctx, c, d, session)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= settled {
			attempt = 0
		}
		if err != nil {
			failed(err)
		}
		if errors.Is(err, ErrNotAllowed) {
			return
		}
		Pause(ctx, attempt)
	}
}

func once[P any](ctx context.Context, c Connector[P], d vitals.DeviceID, session func(context.Context, P) error) error {
	if err := c.Scan(ctx, d); err != nil {
		return err
	}
	p, err := c.Connect(ctx, d)
	if err != nil {
		return err
	}
	return session(ctx, p)
}

// Backoff is the pause behind the given number of failures in a row before this one.
func Backoff(attempt int) time.Duration {
	most := min(firstPause<<min(attempt, 16), longest)
	return most/2 + rand.N(most/2) //nolint:gosec // jitter
}

// Pause waits for as long as Backoff says, or until the context ends.
func Pause(ctx context.Context, attempt int) {
	timer := time.NewTimer(Backoff(attempt))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
