package monitor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// How the writer groups and retries.
const (
	gather      = 20 * time.Millisecond
	maxGroup    = 1000
	commitLimit = 10 * time.Second
	firstPause  = 100 * time.Millisecond
	longPause   = 5 * time.Second
	// suspicious is how many failures in a row it takes to look for one partition that spoils the
	// transactions of all.
	suspicious = 3
	stuckPause = 30 * time.Second
)

// job is something of one partition that is to be stored.
type job struct {
	owner       *partition
	transitions []alerts.Transition
	care        []alerts.CareChange
	dropped     []alerts.Dropped
	trends      []alerts.KeptTrends
	left        *discharge // may be nil
	readings    []vitals.Charted
	refusals    []vitals.Refusal
	checkpoint  *checkpoint
	shown       bool // the transitions were told before they are on disk
	unrecorded  bool // and as not recorded yet
	// settle is told once whether the job is on disk or never will be. It must not wait. May be nil.
	settle func(stored bool)
}

func (j *job) size() int {
	n := len(j.transitions) + len(j.care) + len(j.dropped) + len(j.trends) + len(j.readings) + len(j.refusals)
	if j.checkpoint != nil {
		n += 1 + len(j.checkpoint.blocks) + len(j.checkpoint.late)
	}
	if j.settle != nil { // whoever waits for it, if only for what was handed over before
		n++
	}
	return n
}

func (j *job) done(stored bool) {
	if stored && j.unrecorded {
		j.retell(false)
	}
	if j.settle != nil {
		j.settle(stored)
	}
}

// retell says of what was shown whether it is recorded: where it takes longer than people see, and when it is after all.
func (j *job) retell(unrecorded bool) {
	j.unrecorded = unrecorded
	for _, t := range j.transitions {
		t.Unrecorded, t.Retold = unrecorded, true
		j.owner.m.cfg.Feed.PublishAlarm(t)
	}
}

// writer stores the jobs of all partitions in groups, in their order within each partition.
type writer struct {
	m    *Monitor
	wake chan struct{}
	busy chan struct{} // has an element during an attempt to commit

	mu    sync.Mutex
	queue []*job

	// What belongs to run.
	failures int
	stuck    map[*partition]time.Time // do not try before
}

func newWriter(m *Monitor) *writer {
	return &writer{m: m, wake: make(chan struct{}, 1), busy: make(chan struct{}, 1), stuck: map[*partition]time.Time{}}
}

// add queues the job. It never waits.
func (w *writer) add(j *job) {
	if j.size() == 0 {
		return
	}
	w.mu.Lock()
	w.queue = append(w.queue, j)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// withdraw takes the job back. It reports false where it is on its way to disk, or there.
func (w *writer) withdraw(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, j)
	if i < 0 {
		return false
	}
	w.queue = slices.Delete(w.queue, i, i+1)
	j.done(false)
	return true
}

func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// ready is how many jobs wait whose partition is not set aside.
func (w *writer) ready() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return lo.CountBy(w.queue, func(j *job) bool { return w.stuck[j.owner].IsZero() })
}

// finish waits until no job of a partition that was dropped before can get to disk any more: those
// that are not on their way now will not be taken again.
func (w *writer) finish(ctx context.Context) {
	select {
	case w.busy <- struct{}{}:
		<-w.busy
	case <-ctx.Done():
	}
}

// run stores until there is to be no more, and then what is left, if the database takes it.
func (w *writer) run(ctx context.Context, noMore <-chan struct{}) {
	var pause time.Duration
	for w.await(pause, noMore) {
		if w.round(ctx, time.Now()) {
			pause = 0
		} else {
			pause = min(max(2*pause, firstPause), longPause)
		}
	}
	for end := time.Now().Add(checkpointWait); w.ready() > 0 && time.Now().Before(end); {
		if !w.round(ctx, time.Now()) {
			break
		}
	}
	for _, j := range w.take(nil, w.waiting()) {
		j.done(false)
	}
}

// await waits for jobs and gathers more of them. It reports false when there is to be no more.
func (w *writer) await(pause time.Duration, noMore <-chan struct{}) bool {
	if pause > 0 && !rest(pause, noMore) {
		return false
	}
	retry := w.nextRetry(time.Now())
	for w.ready() == 0 {
		select {
		case <-w.wake:
		case <-retry:
			return true
		case <-noMore:
			return false
		}
	}
	return w.ready() >= maxGroup || rest(gather, noMore)
}

// nextRetry receives when the first of the partitions that were set aside is due; nil where there is none.
func (w *writer) nextRetry(now time.Time) <-chan time.Time {
	if len(w.stuck) == 0 {
		return nil
	}
	return time.After(slices.MinFunc(slices.Collect(maps.Values(w.stuck)), time.Time.Compare).Sub(now))
}

// rest reports whether the time passed before there was to be no more.
func rest(d time.Duration, noMore <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-noMore:
		return false
	}
}

// take removes jobs from the queue, oldest first, up to the size of a group. Those of dropped
// partitions end here.
func (w *writer) take(want func(*partition) bool, limit int) (taken []*job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := 0
	w.queue = slices.DeleteFunc(w.queue, func(j *job) bool {
		if j.owner.over() {
			j.done(false)
			return true
		}
		if size >= limit || (want != nil && !want(j.owner)) {
			return false
		}
		size += j.size()
		taken = append(taken, j)
		return true
	})
	return taken
}

// putBack returns jobs to the head of the queue.
func (w *writer) putBack(jobs []*job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(slices.Clone(jobs), w.queue...)
}

// round tries to store a group. It reports whether to go on without a pause.
func (w *writer) round(ctx context.Context, now time.Time) bool {
	w.retryStuck(ctx, now)
	jobs := w.take(func(p *partition) bool { return w.stuck[p].IsZero() }, maxGroup)
	if len(jobs) == 0 {
		return true
	}
	err := w.attempt(ctx, jobs)
	if err == nil {
		w.failures = 0
		return true
	}
	w.failures++
	w.m.log.WarnContext(ctx, "nothing stored, trying again", "jobs", len(jobs), "error", err)
	if w.failures < suspicious || errors.Is(err, context.DeadlineExceeded) {
		w.putBack(jobs)
		return false
	}
	return w.separate(ctx, jobs, now)
}

// separate stores the jobs partition by partition. Those that fail while others do not are set
// aside for a while, so that they do not hold up the rest.
func (w *writer) separate(ctx context.Context, jobs []*job, now time.Time) bool {
	groups := lo.PartitionBy(jobs, func(j *job) *partition { return j.owner })
	failed, untried := w.each(ctx, groups)
	stored := len(groups) > len(failed)+len(untried)
	if stored && len(untried) == 0 { // the database may have come back behind those that failed
		failed, untried = w.each(ctx, lo.Map(failed, func(f failure, _ int) []*job { return f.jobs }))
	}
	back := lo.FlatMap(failed, func(f failure, _ int) []*job { return f.jobs })
	w.putBack(append(back, lo.Flatten(untried)...))
	if !stored {
		return false
	}
	w.failures = 0
	for _, f := range failed {
		owner := f.jobs[0].owner
		owner.log.ErrorContext(ctx, "the database refuses what the partition has to store; the others go on", "error", f.err)
		w.stuck[owner] = now.Add(stuckPause)
	}
	return true
}

// failure is what could not be stored of one partition.
type failure struct {
	jobs []*job
	err  error
}

// each stores the groups one by one, up to the first for which the database takes too long.
func (w *writer) each(ctx context.Context, groups [][]*job) (failed []failure, untried [][]*job) {
	for i, jobs := range groups {
		if err := w.attempt(ctx, jobs); err != nil {
			failed = append(failed, failure{jobs, err})
			if errors.Is(err, context.DeadlineExceeded) {
				return failed, groups[i+1:]
			}
		}
	}
	return failed, nil
}

// retryStuck tries the partitions that were set aside.
func (w *writer) retryStuck(ctx context.Context, now time.Time) {
	for p, until := range w.stuck {
		if p.over() {
			delete(w.stuck, p)
			continue
		}
		if now.Before(until) {
			continue
		}
		jobs := w.take(func(owner *partition) bool { return owner == p }, maxGroup)
		if len(jobs) == 0 || w.attempt(ctx, jobs) == nil {
			delete(w.stuck, p)
			continue
		}
		w.putBack(jobs)
		w.stuck[p] = now.Add(stuckPause)
	}
}
