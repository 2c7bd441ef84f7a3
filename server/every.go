package main

import (
	"context"
	"time"
)

// every does something again and again until ctx ends, for the first time when the period has passed. While it takes longer
// than that, it is not done a second time.
func every(ctx context.Context, period time.Duration, do func(now time.Time)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do(time.Now())
		}
	}
}
