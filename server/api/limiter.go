package api

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of signing in. One address may be a whole ward behind one router at change of shift; what
// one person may fail is bounded by identity.
const (
	loginEvery   = 2 * time.Second
	loginBurst   = 30
	maxAddresses = 10_000
)

// limiter bounds how often one may try something: an address to sign in, or a person to be called.
type limiter struct {
	every time.Duration
	burst int

	mu        sync.Mutex
	addresses map[string]*rate.Limiter
}

func newLimiter(every time.Duration, burst int) *limiter {
	return &limiter{every: every, burst: burst, addresses: map[string]*rate.Limiter{}}
}

// allow takes one try of the address.
func (l *limiter) allow(address string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, known := l.addresses[address]
	if !known {
		if len(l.addresses) >= maxAddresses {
			l.forget(now)
		}
		bucket = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.addresses[address] = bucket
	}
	return bucket.AllowN(now, 1)
}

// forget drops the addresses that have not tried for long. When all have, somebody has many
// addresses: then nobody is remembered, which costs less than remembering them all.
func (l *limiter) forget(now time.Time) {
	for address, bucket := range l.addresses {
		if bucket.TokensAt(now) >= float64(l.burst) {
			delete(l.addresses, address)
		}
	}
	if len(l.addresses) >= maxAddresses {
		clear(l.addresses)
	}
}

// addressOf is where the connection comes from. No header is asked: anybody can write one.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
