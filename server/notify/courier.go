package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// How notices are sent.
const (
	sendLimit  = 10 * time.Second
	maxSending = 64 // at once
	// maxPerTarget keeps one that hangs from holding up the others.
	maxPerTarget = 4
	firstPause   = time.Second
	longestPause = time.Minute
	// rememberSettled is longer than reading the records takes: what they said before they knew that a notice was
	// settled must not send it again.
	rememberSettled = time.Minute
)

// order is what the courier is told.
type order struct {
	owned []int // when not nil: of other partitions nothing is sent any more
	add   []alerts.Notice
	end   []alerts.Notice // to be settled as superseded
	over  []over
}

// courier sends notices, each until it is taken or nobody needs it any more.
type courier struct {
	*Notifier

	orders  chan order
	results chan result
	saved   chan error
	sending sync.WaitGroup

	// What belongs to run.
	queue    []*alerts.Notice // not on their way, the most urgent first; Next says when to try
	busy     map[string]int   // on their way, by target
	onTheWay map[string]*alerts.Notice
	known    map[string]time.Time // by id: zero until it was settled and the records know it, else when they were told
	unsaved  []alerts.Notice
	saving   []alerts.Notice
	saveAt   time.Time
}

type result struct {
	notice *alerts.Notice
	err    error
}

func newCourier(n *Notifier) *courier {
	return &courier{
		Notifier: n, orders: make(chan order, 16), results: make(chan result), saved: make(chan error, 1),
		busy: map[string]int{}, onTheWay: map[string]*alerts.Notice{}, known: map[string]time.Time{},
	}
}

// order tells the courier something.
func (c *courier) order(ctx context.Context, o order) {
	select {
	case c.orders <- o:
	case <-ctx.Done():
	}
}

func (c *courier) run(ctx context.Context) {
	defer c.finish(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-c.orders:
			c.follow(o, c.Now())
		case r := <-c.results:
			c.note(r, c.Now())
		case err := <-c.saved:
			c.noteSaved(ctx, err, c.Now())
		case <-timer.C:
		}
		now := c.Now()
		c.start(ctx, now)
		c.save(ctx, now)
		c.waiting.Store(int64(len(c.queue) + len(c.onTheWay)))
		timer.Reset(c.pause(now))
	}
}

// finish waits for what is on its way, and writes down what became of it, so that it is not sent again.
func (c *courier) finish(ctx context.Context) {
	go func() {
		c.sending.Wait()
		close(c.results)
	}()
	for r := range c.results {
		c.note(r, c.Now())
	}
	if len(c.saving) > 0 && <-c.saved == nil {
		c.saving = nil
	}
	rest := newestOf(append(c.saving, c.unsaved...))
	if len(rest) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	if err := c.Records.SettleNotices(ctx, rest); err != nil {
		c.Log.WarnContext(ctx, "sent notices are not recorded and will be sent again", "notices", len(rest), "error", err)
	}
}

func (c *courier) follow(o order, now time.Time) {
	for i := range o.add {
		c.add(o.add[i], now)
	}
	for _, n := range o.end {
		if _, known := c.known[n.ID()]; !known {
			c.settle(&n, alerts.Superseded, now)
		}
	}
	for _, v := range o.over {
		c.drop(now, func(n *alerts.Notice) bool {
			return n.Step.Alarm == v.alarm && (v.closed || !n.Step.Offer() && n.Step.Epoch != v.epoch)
		})
	}
	if o.owned != nil {
		c.leave(o.owned)
	}
	c.forget(now)
}

// leave sends nothing any more of partitions that are another node's now.
func (c *courier) leave(owned []int) {
	c.queue = slices.DeleteFunc(c.queue, func(n *alerts.Notice) bool {
		another := !slices.Contains(owned, vitals.PartitionOf(n.Patient))
		if another {
			delete(c.known, n.ID())
		}
		return another
	})
}

func (c *courier) forget(now time.Time) {
	for id, at := range c.known {
		if !at.IsZero() && now.Sub(at) > rememberSettled {
			delete(c.known, id)
		}
	}
}

// add takes a notice on, once. An earlier round that still waits says the same, and is not needed any more.
func (c *courier) add(n alerts.Notice, now time.Time) {
	id := n.ID()
	if _, known := c.known[id]; known {
		return
	}
	c.drop(now, func(w *alerts.Notice) bool {
		s := w.Step
		s.Round = n.Step.Round
		return s == n.Step && w.Step.Round < n.Step.Round && w.Contact.ID == n.Contact.ID
	})
	c.known[id] = time.Time{}
	c.enqueue(&n)
}

// enqueue lets nobody wait behind what is less urgent: a storm of small alarms may be more than a target takes.
func (c *courier) enqueue(n *alerts.Notice) {
	at := slices.IndexFunc(c.queue, func(w *alerts.Notice) bool { return w.Priority < n.Priority })
	if at < 0 {
		at = len(c.queue)
	}
	c.queue = slices.Insert(c.queue, at, n)
}

// drop settles what waits and is no longer needed. What is on its way arrives, and is not tried again.
func (c *courier) drop(now time.Time, is func(*alerts.Notice) bool) {
	c.queue = slices.DeleteFunc(c.queue, func(n *alerts.Notice) bool {
		if !is(n) {
			return false
		}
		c.settle(n, alerts.Superseded, now)
		return true
	})
	for _, n := range c.onTheWay {
		if is(n) {
			n.State = alerts.Superseded
		}
	}
}

func (c *courier) settle(n *alerts.Notice, state alerts.NoticeState, now time.Time) {
	n.State, n.Settled = state, now.Round(0)
	c.known[n.ID()] = time.Time{}
	c.unsaved = append(c.unsaved, *n)
}

// target is what must not hold up others: a channel and where it leads.
func target(n *alerts.Notice) string {
	where := ""
	if u, err := url.Parse(n.Contact.Address); err == nil {
		where = u.Host
	}
	return string(n.Contact.Channel) + " " + where
}

// waits reports whether the notice is to be tried later. None waits for longer than the longest pause: one that would was
// put off by a clock that has been set back since.
func waits(n *alerts.Notice, now time.Time) bool {
	return n.Next.After(now) && n.Next.Sub(now) <= longestPause
}

// start sends what is due, as far as there is room.
func (c *courier) start(ctx context.Context, now time.Time) {
	c.queue = slices.DeleteFunc(c.queue, func(n *alerts.Notice) bool {
		to := target(n)
		if waits(n, now) || len(c.onTheWay) >= maxSending || c.busy[to] >= maxPerTarget {
			return false
		}
		c.busy[to]++
		c.onTheWay[n.ID()] = n
		copied := *n // the original may be superseded meanwhile
		c.sending.Go(func() { c.results <- result{n, c.send(ctx, copied)} })
		return true
	})
}

// note takes what became of an attempt.
func (c *courier) note(r result, now time.Time) {
	n := r.notice
	delete(c.onTheWay, n.ID())
	if to := target(n); c.busy[to] > 1 {
		c.busy[to]--
	} else {
		delete(c.busy, to)
	}
	n.Attempts++
	if r.err == nil {
		c.sent.Add(1)
	} else {
		c.failed.Add(1)
	}
	switch {
	case r.err == nil:
		n.Fault = ""
		c.settle(n, alerts.Delivered, now)
		c.Note(noteOf(alerts.Taken, *n, n.Settled))
	case errors.Is(r.err, alerts.ErrGone):
		n.Fault = r.err.Error()
		c.settle(n, alerts.Undeliverable, now)
	case n.State == alerts.Superseded:
		n.Fault = r.err.Error()
		c.settle(n, alerts.Superseded, now)
	default:
		n.Fault, n.Next = r.err.Error(), now.Round(0).Add(backoff(n.Attempts))
		c.enqueue(n)
		c.unsaved = append(c.unsaved, *n)
	}
}

// backoff is the pause before the next attempt: it doubles, and no two notices keep the same.
func backoff(attempts int) time.Duration {
	pause := longestPause
	if doubled := firstPause << min(attempts-1, 16); doubled < pause {
		pause = doubled
	}
	return pause/2 + time.Duration(rand.Int64N(int64(pause/2)+1)) //nolint:gosec // nobody gains by guessing it
}

// save writes down what became of notices, all of it at once.
func (c *courier) save(ctx context.Context, now time.Time) {
	if len(c.unsaved) == 0 || len(c.saving) > 0 || now.Before(c.saveAt) {
		return
	}
	c.saving, c.unsaved = c.unsaved, nil
	batch := newestOf(c.saving)
	c.sending.Go(func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadLimit)
		defer cancel()
		c.saved <- c.Records.SettleNotices(limited, batch)
	})
}

// newestOf leaves the last that was noted of each notice.
func newestOf(all []alerts.Notice) []alerts.Notice {
	var newest []alerts.Notice
	seen := map[string]bool{}
	for _, n := range slices.Backward(all) {
		if id := n.ID(); !seen[id] {
			seen[id] = true
			newest = append(newest, n)
		}
	}
	return newest
}

func (c *courier) noteSaved(ctx context.Context, err error, now time.Time) {
	if err != nil {
		c.Log.WarnContext(ctx, "what became of notices could not be recorded, trying again", "notices", len(c.saving), "error", err)
		c.unsaved, c.saveAt = newestOf(append(c.saving, c.unsaved...)), now.Add(saveAgain)
		c.saving = nil
		return
	}
	for _, n := range c.saving {
		if n.State != alerts.Waiting {
			c.known[n.ID()] = now
		}
	}
	c.saving = nil
}

// pause is until something is to be done.
func (c *courier) pause(now time.Time) time.Duration {
	next := now.Add(loadEvery)
	for _, n := range c.queue {
		if n.Next.Before(next) && c.busy[target(n)] < maxPerTarget && len(c.onTheWay) < maxSending {
			next = n.Next
		}
	}
	if len(c.unsaved) > 0 && len(c.saving) == 0 && c.saveAt.Before(next) {
		next = c.saveAt
	}
	return max(0, next.Sub(now))
}
