// Package fault spoils what simulated homes do, as real ones do by themselves: frames that the air
// damaged, messages that come twice or late, clocks that jump, and homes that are cut off. The same
// seed spoils the same things.
//
// It knows no clock: the time since the beginning is an argument.
package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"vigil/devices/hub/link"
	"vigil/devices/uplink"
)

// Plan is how much of what goes wrong. The zero Plan spoils nothing.
type Plan struct {
	Duplicate float64       // share of the messages that are sent twice
	Reorder   float64       // share of the messages that are overtaken by later ones
	Corrupt   float64       // share of the frames between wearable and hub that are cut or have a bit turned
	ClockJump time.Duration // by how much the hub's clock jumps, forth and back, every jumpEvery
	Outage    time.Duration // how long each home is cut off, a third of the time
}

const (
	jumpEvery = 2 * time.Minute
	percent   = 100
	// overtaking is how many messages overtake one that is held back.
	overtaking = 3
)

// ErrPlan is wrapped by the errors of Parse.
var ErrPlan = errors.New(`faults are a list such as "duplicate 5%, reorder 5%, corrupt 1%, clock 90s, outage 10m"`)

// Parse reads a plan.
func Parse(text string) (Plan, error) {
	var p Plan
	shares := map[string]*float64{"duplicate": &p.Duplicate, "reorder": &p.Reorder, "corrupt": &p.Corrupt}
	times := map[string]*time.Duration{"clock": &p.ClockJump, "outage": &p.Outage}
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) != 2 {
			return Plan{}, fmt.Errorf("fault %q: %w", strings.TrimSpace(part), ErrPlan)
		}
		var err error
		if share, is := shares[words[0]]; is {
			*share, err = parseShare(words[1])
		} else if length, is := times[words[0]]; is {
			*length, err = time.ParseDuration(words[1])
		} else {
			err = errors.New("nothing of that name goes wrong")
		}
		if err != nil {
			return Plan{}, fmt.Errorf("fault %q: %w: %w", strings.TrimSpace(part), err, ErrPlan)
		}
	}
	if p.Outage < 0 {
		return Plan{}, fmt.Errorf("outage of %s: %w", p.Outage, ErrPlan)
	}
	return p, nil
}

func parseShare(word string) (float64, error) {
	number, is := strings.CutSuffix(word, "%")
	share, err := strconv.ParseFloat(number, 64)
	if !is || err != nil || !(share >= 0 && share <= percent) {
		return 0, errors.New("0% to 100% is needed")
	}
	return share / percent, nil
}

// Home is what goes wrong in one home. A nil Home spoils nothing.
type Home struct {
	plan Plan
	n    int

	mu  sync.Mutex
	rng *rand.Rand
}

// Home is the faults of the nth home.
func (p Plan) Home(seed uint64, n int) *Home {
	return &Home{plan: p, n: n, rng: rand.New(rand.NewPCG(seed, uint64(n)))} //nolint:gosec // made-up faults
}

func (h *Home) happens(share float64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rng.Float64() < share
}

// Carry is what arrives of a frame.
func (h *Home) Carry(frame []byte) []byte {
	if h == nil || len(frame) == 0 || !h.happens(h.plan.Corrupt) {
		return frame
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rng.IntN(2) == 0 {
		return frame[:h.rng.IntN(len(frame))]
	}
	spoilt := append([]byte(nil), frame...)
	spoilt[h.rng.IntN(len(spoilt))] ^= 1 << h.rng.IntN(8)
	return spoilt
}

// Repeats reports whether a message is sent twice, by a sender without a spool.
func (h *Home) Repeats() bool { return h != nil && h.happens(h.plan.Duplicate) }

// Overtakes reports whether a message is sent before the one in front of it, by a sender without a spool.
func (h *Home) Overtakes() bool { return h != nil && h.happens(h.plan.Reorder) }

// Delays reports whether a message waits for the next one, which may then overtake it.
func (h *Home) Delays() bool { return h != nil && h.happens(2*h.plan.Reorder) }

// Clock is how far the hub's clock is off.
func (h *Home) Clock(since time.Duration) time.Duration {
	if h == nil || int(since/jumpEvery)%2 == 0 {
		return 0
	}
	return h.plan.ClockJump
}

// Out reports whether the home is cut off. Homes are so in turn, a third of them at a time.
func (h *Home) Out(since time.Duration) bool {
	const turns = 3
	if h == nil || h.plan.Outage == 0 {
		return false
	}
	return (int(since/h.plan.Outage)+h.n)%turns == 1
}

// Spool sends some of a spool's messages twice, and some behind later ones.
func (h *Home) Spool(s link.Spool) link.Spool {
	if h == nil || h.plan.Duplicate == 0 && h.plan.Reorder == 0 {
		return s
	}
	return &spool{Spool: s, faults: h}
}

// spool stands between a spool and the link.
type spool struct {
	link.Spool

	faults *Home

	mu      sync.Mutex
	twice   *uplink.Parcel // to be sent once more
	held    *uplink.Parcel // to be sent behind some others
	patient int            // how many others
}

// again is the entry of a repeat, which the spool does not know.
type again struct{}

// Live takes the next message, or one that is to be sent again, or one that was held back.
func (s *spool) Live(now time.Time) (uplink.Parcel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.twice; p != nil {
		s.twice = nil
		return *p, true
	}
	p, ok := s.Spool.Live(now)
	if s.held != nil && (!ok || s.patient == 0) {
		if ok {
			s.Spool.Again(p, now)
		}
		p, s.held = *s.held, nil
		return p, true
	}
	if !ok {
		return p, false
	}
	s.patient--
	if s.held == nil && s.faults.happens(s.faults.plan.Reorder) {
		held := p
		s.held, s.patient = &held, overtaking
		if p, ok = s.Spool.Live(now); !ok {
			p, s.held = *s.held, nil
			return p, true
		}
	}
	if s.faults.happens(s.faults.plan.Duplicate) {
		s.twice = &uplink.Parcel{Payload: p.Payload, Channel: p.Channel, Entry: again{}}
	}
	return p, true
}

// Received notes what the spool knows.
func (s *spool) Received(p uplink.Parcel, now time.Time) {
	if p.Entry != (again{}) {
		s.Spool.Received(p, now)
	}
}

// Again puts back what the spool knows.
func (s *spool) Again(p uplink.Parcel, now time.Time) {
	if p.Entry != (again{}) {
		s.Spool.Again(p, now)
	}
}

// Reconcile forgets what was held back: the spool has it.
func (s *spool) Reconcile(told uplink.Ack, now time.Time) error {
	s.forget()
	return s.Spool.Reconcile(told, now)
}

// Rewind forgets what was held back: the spool has it.
func (s *spool) Rewind(now time.Time) {
	s.forget()
	s.Spool.Rewind(now)
}

func (s *spool) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twice, s.held = nil, nil
}
