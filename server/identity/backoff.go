package identity

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// How failures slow a login down. Five are free, for a tired nurse; then each doubles the wait up to
// five minutes, because somebody who tries to lock a ward out must not succeed for long.
const (
	freeTries   = 5
	firstWait   = time.Second
	longestWait = 5 * time.Minute
	// forgetAfter is when old failures no longer count.
	forgetAfter = time.Hour
	// maxTracked bounds the logins that are remembered.
	maxTracked = 10_000
)

// BackoffError says that a login failed too often and when it may be tried again.
type BackoffError struct{ RetryAfter time.Duration }

// Error says how long to wait.
func (e *BackoffError) Error() string {
	return fmt.Sprintf("too many failed sign-ins: wait %s", e.RetryAfter.Round(time.Second))
}

// backoff remembers failed logins of this node, whether or not there is such a person.
type backoff struct {
	mu    sync.Mutex
	tries map[string]failures
}

type failures struct {
	count int
	last  time.Time
}

func newBackoff() *backoff { return &backoff{tries: map[string]failures{}} }

func loginKey(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// try counts the attempt as failed until forget says otherwise, so that many at once cannot slip
// through together.
func (b *backoff) try(login string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := loginKey(login)
	f := b.tries[key]
	if now.Sub(f.last) >= forgetAfter {
		f = failures{}
	}
	if wait := f.last.Add(f.wait()).Sub(now); f.count >= freeTries && wait > 0 {
		return &BackoffError{RetryAfter: wait}
	}
	if _, known := b.tries[key]; !known && len(b.tries) >= maxTracked {
		b.makeRoom(now)
	}
	b.tries[key] = failures{count: f.count + 1, last: now}
	return nil
}

// wait is how long after the last failure the next attempt is allowed.
func (f failures) wait() time.Duration {
	doublings := min(max(f.count-freeTries, 0), 20) // beyond, the longest wait rules anyway
	return min(firstWait<<doublings, longestWait)
}

// makeRoom forgets what no longer counts, and else the login with the fewest failures: flooding
// with made-up logins does not free the one that is attacked.
func (b *backoff) makeRoom(now time.Time) {
	least, found := "", false
	for key, f := range b.tries {
		if now.Sub(f.last) >= forgetAfter {
			delete(b.tries, key)
		} else if !found || f.count < b.tries[least].count {
			least, found = key, true
		}
	}
	if len(b.tries) >= maxTracked {
		delete(b.tries, least)
	}
}

// forget clears a login that succeeded.
func (b *backoff) forget(login string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tries, loginKey(login))
}
