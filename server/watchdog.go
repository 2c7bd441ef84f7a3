package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	// ownAfter is how long alarms may stay away before this node tells so by itself. Whoever watches Vigil itself has told
	// it by then, unless that is what is broken.
	ownAfter = alerts.WatchdogLimit + 10*time.Second
	// shownMemory is for how long it counts what the screens showed last, which is said once a second: of a feed that
	// is stuck nobody knows what they show.
	shownMemory = 5 * time.Second
)

// watchdog proves on this node that alarms come through: from the journal, by whoever owns the patients, to where the
// screens of this node are served. That they do not is told as all that is about Vigil itself; where that way is broken,
// too, this node tells its own screens and calls people, by nobody's leave and on no record.
type watchdog struct {
	send func(vitals.Delivery)
	tell func(alerts.Transition) // people first, then the screens: those may be what is stuck
	log  *slog.Logger
	took prometheus.Histogram

	calling atomic.Bool // this node calls people because of an alarm of its own
	telling sync.Mutex  // is held from a decision about this alarm until it is told, so that the last one decided is the last one told

	mu     sync.Mutex
	ledger *alerts.Watchdog
	own    *alerts.Engine          // of the alarm that this node raises by itself
	raised map[alerts.AlarmID]bool // by it
	known  time.Time               // when the screens last showed an alarm of others that says as much
}

func newWatchdog(node string, send func(vitals.Delivery), tell func(alerts.Transition), log *slog.Logger) *watchdog {
	return &watchdog{
		send: send, tell: tell, log: log,
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "vigil_watchdog_seconds",
			Help:    "Time that a test alarm took from being sent into the journal to where the screens of this node are served.",
			Buckets: []float64{0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60},
		}),
		ledger: alerts.NewWatchdog(node, time.Now()), own: alerts.NewEngine(alerts.Nobody), raised: map[alerts.AlarmID]bool{},
	}
}

// try sends test values into the journal until ctx ends, to one part of the patients after the other.
func (w *watchdog) try(ctx context.Context) {
	part := 0
	every(ctx, alerts.WatchdogEvery/vitals.Partitions, func(now time.Time) {
		w.mu.Lock()
		d := w.ledger.Try(part, now)
		w.mu.Unlock()
		w.send(d)
		part = (part + 1) % vitals.Partitions
	})
}

// came takes in a test alarm where screens are served.
func (w *watchdog) came(a alerts.View, now time.Time) {
	w.mu.Lock()
	took, proves := w.ledger.Came(a.Patient, a.Onset, now)
	w.mu.Unlock()
	if proves {
		w.took.Observe(took.Seconds())
	}
}

// shows takes in which alarms about Vigil itself the screens show. One that is latched says that it is over.
func (w *watchdog) shows(open []alerts.Alarm, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known = time.Time{}
	if lo.ContainsBy(open, func(a alerts.Alarm) bool {
		says := a.Condition == alerts.AlarmsUnproven || a.Condition == alerts.JournalAway
		return says && a.State != alerts.LatchedUnack && !w.raised[a.ID]
	}) {
		w.known = now
	}
}

// silent says for how long no test alarm has come through where that is longest, and in how many parts that is too long.
func (w *watchdog) silent(now time.Time) (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Unproven(now)
}

// watch tells by itself what nobody else tells, until ctx ends.
func (w *watchdog) watch(ctx context.Context) { every(ctx, time.Second, w.look) }

// look tells what is to be told at a time.
func (w *watchdog) look(now time.Time) {
	w.telling.Lock()
	defer w.telling.Unlock()
	w.announce(w.judge(now))
}

// judge says what is to be told of this node's own alarm: nothing while others tell it.
func (w *watchdog) judge(now time.Time) []alerts.Transition {
	w.mu.Lock()
	defer w.mu.Unlock()
	silent, parts := w.ledger.Unproven(now)
	stands, known := len(w.own.Open()) > 0, !w.known.IsZero() && now.Sub(w.known) <= shownMemory
	switch {
	case known && stands:
		out := w.own.Discharge(now)
		w.own = alerts.NewEngine(alerts.Nobody)
		return out.Transitions
	case known || !stands && silent < ownAfter:
		return nil
	default:
		watched := w.own.Watch(alerts.Health{Unproven: silent, Parts: parts}, now)
		return slices.Concat(watched.Transitions, w.own.Tick(now).Transitions)
	}
}

// announce tells what came of this node's own alarm, as never recorded. The caller holds telling.
func (w *watchdog) announce(transitions []alerts.Transition) {
	if len(transitions) == 0 {
		return
	}
	w.mu.Lock()
	for _, t := range transitions {
		w.raised[t.Alarm.ID] = true
	}
	stands := len(w.own.Open()) > 0
	w.mu.Unlock()
	w.calling.Store(true) // also to say that it is over
	for _, t := range transitions {
		w.log.Error("this node tells by itself that alarms may be missing", "change", string(t.Change), "detail", t.Alarm.Detail)
		t.Unrecorded = true
		w.tell(t)
	}
	w.calling.Store(stands)
}

// calls reports whether this node calls people for the partition because of an alarm of its own.
func (w *watchdog) calls(partition int) bool {
	return partition == vitals.PartitionOf(alerts.Nobody) && w.calling.Load()
}

// command decides about this node's own alarm. It reports false where the command is about another one, which waits for
// nothing here: telling may be what is stuck.
func (w *watchdog) command(c alerts.Command, now time.Time) (a alerts.Answer, own bool, err error) {
	if !w.raises(c.Alarm) {
		return a, false, nil
	}
	w.telling.Lock()
	defer w.telling.Unlock()
	w.mu.Lock()
	out, a, err := w.own.Command(c, now)
	w.mu.Unlock()
	w.announce(out.Transitions)
	return a, true, err
}

// raises reports whether the alarm is this node's own, and open.
func (w *watchdog) raises(id alerts.AlarmID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return lo.ContainsBy(w.own.Open(), func(a alerts.Alarm) bool { return a.ID == id })
}
