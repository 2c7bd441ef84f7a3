package identity

import "time"

// What tests of the memory of failures reach.
const MaxTracked = maxTracked

// Backoff is the memory of failed logins.
type Backoff struct{ *backoff }

// NewBackoff is an empty memory.
func NewBackoff() Backoff { return Backoff{newBackoff()} }

// Try counts an attempt.
func (b Backoff) Try(login string, now time.Time) error { return b.try(login, now) }

// Tracked counts the logins that are remembered.
func (b Backoff) Tracked() int { return len(b.tries) }
