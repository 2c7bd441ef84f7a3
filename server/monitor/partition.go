package monitor

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// How a partition is timed.
const (
	tickEvery       = time.Second
	checkpointEvery = 10 * time.Second
	// warmUp is how far before its position a partition reads the journal again, so that detectors
	// stand as they did: the longest memory of a detector or rule is 30 s, and a fall that the patient may
	// still cancel must not be lost between the end of those and the next tick.
	warmUp = 45 * time.Second
	// Ticks judge silence, so they wait until everything received was heard. Waiting for ever would
	// be silence itself: beyond these times they no longer wait.
	patienceAtStart = time.Minute
	patienceLater   = 5 * time.Second
)

// inbox is how many messages and commands wait for a partition's goroutine.
const inbox = 64

// message is one message of the journal.
type message struct {
	seq, pending uint64
	delivery     vitals.Delivery
}

// partition is what one goroutine watches. It ends by itself only when it is told to: dropped,
// whereupon it forgets everything, or retired, whereupon it stores what it has first.
type partition struct {
	m      *Monitor
	log    *slog.Logger
	number int
	lease  vitals.Lease

	in       chan message
	commands chan command
	recount  chan struct{} // the census was read again
	settled  chan struct{} // the checkpoint under way is on disk
	retiring chan struct{}
	ended    chan struct{} // closed by run at its end
	dropped  <-chan struct{}
	drop     func() // what it has and has not stored yet is to be forgotten
	retire   func() // it is to store what it has, and end

	// What others look at.
	opened   atomic.Bool
	openedAt atomic.Int64 // server time, nanoseconds; 0 before
	live     atomic.Bool  // has read the journal to its end since it was opened
	newest   atomic.Uint64
	heard    atomic.Int64 // server time of the delivery handled last, while more wait; else 0
	journal  atomic.Pointer[string]
	seen     atomic.Pointer[said[Seen]] // nil before the first tick

	// What belongs to run.
	patients    map[vitals.PatientID]*patient
	self        *patient // Vigil itself, where the partition minds it
	strangers   strangers
	brief       briefs    // of what nobody was told
	since       time.Time // when it was opened
	ledger      *ledger
	progress    progress
	seq         uint64    // everything up to here has had its effects
	stored      uint64    // and up to here they are on disk, or will be by the checkpoint under way
	useful      uint64    // the newest message that was not a watchdog's
	advance     time.Time // when the position is stored though nothing else is to be
	warm        uint64    // up to here messages only refresh the memory of the engines
	bytes       int64     // of what is in memory only, as counted in the backlog
	inFlight    *checkpoint
	due         time.Time
	awaited     []command // their senders wait until a place is stored
	silences    []*silence
	behindSince time.Time // zero while nothing waits in the journal
	patience    time.Duration
	paused      bool // because the database is behind
	caughtUp    bool // before the pause
}

func newPartition(m *Monitor, lease vitals.Lease, dropped <-chan struct{}, drop func()) *partition {
	p := &partition{
		m: m, log: m.log.With("partition", lease.Partition, "epoch", lease.Epoch),
		number: lease.Partition, lease: lease,
		in: make(chan message, inbox), commands: make(chan command, inbox),
		recount: make(chan struct{}, 1), settled: make(chan struct{}, 1),
		retiring: make(chan struct{}), ended: make(chan struct{}), dropped: dropped, drop: drop,
		patients: map[vitals.PatientID]*patient{}, strangers: strangers{}, brief: briefs{}, progress: progress{}, patience: patienceAtStart,
	}
	p.retire = sync.OnceFunc(func() {
		close(p.retiring)
		if !p.opened.Load() { // nothing to store yet
			drop()
		}
	})
	return p
}

// over reports whether the partition was dropped.
func (p *partition) over() bool {
	select {
	case <-p.dropped:
		return true
	default:
		return false
	}
}

func (p *partition) notice(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default: // noticed already
	}
}

// journalLost reports whether the journal is another one than the partition reads, or shorter than
// what the partition had read of it before.
func (p *partition) journalLost(id string, last, read uint64) bool {
	reads := p.journal.Load()
	return reads != nil && (*reads != id || last < read)
}

// run watches until it is dropped or has retired. before is the partition's former self on this
// node: what it has handed to the writer must be on disk or gone before its blocks are read.
func (p *partition) run(ctx context.Context, before *partition) {
	defer p.forget()
	if before != nil {
		p.m.writer.finish(ctx)
	}
	stop := p.open(ctx)
	if stop == nil {
		return
	}
	defer stop()
	defer close(p.ended) // before stop, which waits for a delivery that waits for us
	p.openedAt.Store(time.Now().UnixNano())
	p.opened.Store(true)
	if p.watch(ctx) {
		p.close(ctx)
	}
}

// forget gives back what the partition had in memory.
func (p *partition) forget() {
	p.m.counts.backlog.Add(-p.bytes)
	if p.inFlight != nil {
		p.m.counts.backlog.Add(-p.inFlight.bytes)
	}
}

// watch is the life of the partition. It reports whether to store what there is.
func (p *partition) watch(ctx context.Context) bool {
	ticks := time.NewTicker(tickEvery)
	defer ticks.Stop()
	for {
		in := p.in
		if p.pause(time.Now()) {
			in = nil // the journal waits, the clock does not
		}
		select {
		case <-ctx.Done():
			return false
		case <-p.retiring:
			return true
		case msg := <-in:
			p.take(ctx, msg, time.Now())
		case c := <-p.commands:
			p.decide(c, time.Now())
		case <-p.settled:
			p.settle(time.Now())
		case <-p.recount:
			p.recensus(ctx, time.Now())
		case now := <-ticks.C:
			p.tick(ctx, now)
		}
	}
}

// take handles one message of the journal.
func (p *partition) take(ctx context.Context, msg message, now time.Time) {
	p.seq = msg.seq
	p.newest.Store(msg.seq)
	switch d, warm := msg.delivery, msg.seq <= p.warm; {
	case alerts.Synthetic(d.Patient):
		if !warm {
			p.prove(d, now)
		}
	default:
		p.useful = msg.seq
		p.m.counts.deliveries.Add(1)
		if d.Patient != "" {
			p.observe(ctx, d, warm, now)
		}
	}
	p.noteBehind(msg.pending, msg.delivery.Received, now)
	p.hasten(now)
	if p.bytes >= p.m.cfg.Backlog/vitals.Partitions {
		p.checkpoint(now)
	}
}

// observe lets the patient's engine see the delivery, tells what it found, and keeps the data for
// the next checkpoint. A warm delivery has had its effects before: its data are stored, and only
// its alarms are told again, because twice is better than never.
func (p *partition) observe(ctx context.Context, d vitals.Delivery, warm bool, now time.Time) {
	j := &job{owner: p}
	var out alerts.Outcome
	if pt := p.patients[d.Patient]; pt != nil && pt.left == nil {
		out = p.judge(ctx, pt, d, j)
	} else if p.strangers.add(d) {
		p.m.CensusChanged()
	}
	if !warm {
		p.draw(d, out.Derived, now)
		if err := p.chart(d, out.Derived, j); err != nil {
			p.log.ErrorContext(ctx, "delivery not charted, keeping it in quarantine", "error", err)
			j.refusals = append(j.refusals, refusal(d, "not charted: "+err.Error()))
		}
		p.progress.add(d.Stream, d.Seq)
		p.bytes += weight(d)
		p.m.counts.backlog.Add(weight(d))
	}
	p.m.writer.add(j)
}

// poisoned notes that the engine failed on a delivery.
func (p *partition) poisoned(ctx context.Context, d vitals.Delivery, fault error, j *job) {
	p.m.counts.poison.Add(1)
	p.log.ErrorContext(ctx, "detector failed on a delivery, keeping it in quarantine", "error", fault)
	j.refusals = append(j.refusals, refusal(d, "charted, but the detector failed on it"))
}

// tell shows what came about at once and has it recorded.
func (p *partition) tell(out alerts.Outcome, j *job) {
	if len(out.Transitions) > 0 {
		j.shown, j.unrecorded = true, j.unrecorded || p.m.counts.awaySince.Load() != 0
	}
	p.show(out, j.unrecorded)
	j.transitions = append(j.transitions, out.Transitions...)
	j.care = append(j.care, out.Care...)
}

func (p *partition) show(out alerts.Outcome, unrecorded bool) {
	for _, t := range out.Transitions {
		t.Unrecorded = unrecorded
		p.m.cfg.Feed.PublishAlarm(t)
	}
	for _, c := range out.Care {
		p.m.cfg.Feed.PublishCare(c.Care)
	}
}
