// Package foreign is what measures and speaks to no hub of Vigil: gateways and apps of others, a FHIR
// gateway, a hospital monitor. Each sends what its vendor sends to the door that is made for it, and keeps what
// the server could not take, as they do.
package foreign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vigil/devices/sim/fault"
)

// Door is where a sender brings what it has.
type Door interface {
	// Bring returns once the server has answered. An error that wraps ErrRefused says that sending it
	// again helps nobody; any other that it may be taken later.
	Bring(ctx context.Context, payload []byte) error
	// Close lets go of what connects.
	Close()
}

// ErrRefused is wrapped by what a Door says of a payload that is not wanted.
var ErrRefused = errors.New("refused")

// Sender measures now and then, and brings it to a door.
type Sender struct {
	Name   string
	First  time.Duration                    // until the first measurement
	Period time.Duration                    // between two
	Make   func(n int, at time.Time) []byte // the nth measurement, as the vendor writes it
	Door   Door
	Faults *fault.Home // what goes wrong on the way, may be nil
	Log    *slog.Logger

	waiting [][]byte // oldest first
	count   int
}

// mostWaiting is how many measurements a sender keeps before the oldest is given up.
const mostWaiting = 1000

// Run measures and sends until the context ends. The first measurement is First behind begin, which may lie ahead;
// what goes wrong on the way is reckoned from begin, too.
func (s *Sender) Run(ctx context.Context, begin time.Time) error {
	defer s.Door.Close()
	timer := time.NewTimer(time.Until(begin.Add(s.First)))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		now := time.Now()
		s.measure(now, now.Sub(begin))
		s.send(ctx, now.Sub(begin))
		timer.Reset(s.Period)
	}
}

// measure adds what is measured now, by a clock that may be off; some of it overtakes what came before.
func (s *Sender) measure(now time.Time, since time.Duration) {
	payload := s.Faults.Carry(s.Make(s.count, now.Add(s.Faults.Clock(since))))
	s.count++
	s.waiting = append(s.waiting, payload)
	if last := len(s.waiting) - 1; last > 0 && s.Faults.Overtakes() {
		s.waiting[last-1], s.waiting[last] = s.waiting[last], s.waiting[last-1]
	}
	if over := len(s.waiting) - mostWaiting; over > 0 {
		s.Log.Warn("measurements are given up: the server takes none", "sender", s.Name, "given_up", over)
		s.waiting = s.waiting[over:]
	}
}

// send brings what waits, in order, until the server takes no more.
func (s *Sender) send(ctx context.Context, since time.Duration) {
	if s.Faults.Out(since) {
		return
	}
	for len(s.waiting) > 0 {
		if s.Faults.Delays() && len(s.waiting) == 1 {
			return // it comes with the next
		}
		err := s.Door.Bring(ctx, s.waiting[0])
		if err == nil && s.Faults.Repeats() {
			err = s.Door.Bring(ctx, s.waiting[0])
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrRefused):
			s.Log.Warn("a measurement is not wanted", "sender", s.Name, "reason", err)
		case err != nil:
			s.Log.Info("the server takes nothing now", "sender", s.Name, "waiting", len(s.waiting), "reason", err)
			return
		}
		s.waiting = s.waiting[1:]
	}
}

// refused says what the server's answer was.
func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}
