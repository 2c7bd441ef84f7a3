package api

import (
	"net/http"
	"time"
)

// Refusals that the parts behind the interfaces of this package may return, to be told to the client
// as they are.

// TooManyRequests asks the client to come back later.
func TooManyRequests(detail string, after time.Duration) *ProblemError {
	p := newProblem(http.StatusTooManyRequests, detail)
	p.retryAfter = after
	return p
}

// Unavailable says that nothing was done and that trying again makes sense.
func Unavailable(detail string) *ProblemError {
	return newProblem(http.StatusServiceUnavailable, detail)
}
