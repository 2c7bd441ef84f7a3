package monitor

import (
	"context"
	"errors"
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

	// What belongs to run.
	patients    map[vitals.PatientID]*patient
	self        *patient // Vigil itself, where the partition minds it
	strangers   strangers
	since       time.Time // when it was opened
	ledger      *ledger
	progress    progress
	seq         uint64 // everything up to here has had its effects
	stored      uint64 // and up to here they are on disk, or will be by the checkpoint under way
	warm        uint64 // up to here messages only refresh the memory of the engines
	bytes       int64  // of what is in memory only, as counted in the backlog
	inFlight    *checkpoint
	due         time.Time
	awaited     []command // their senders wait until a place is stored
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
		patients: map[vitals.PatientID]*patient{}, strangers: strangers{}, progress: progress{}, patience: patienceAtStart,
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

// lag is the age of the delivery handled last, while more wait.
func (p *partition) lag(now time.Time) time.Duration {
	heard := p.heard.Load()
	if heard == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, heard)))
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
			p.tick(now)
		}
	}
}

// full reports whether the database is so far behind that the journal has to wait.
func (p *partition) full() bool { return p.m.counts.backlog.Load() >= p.m.cfg.Backlog }

// pause reports whether to take nothing from the journal, and keeps account of it.
func (p *partition) pause(now time.Time) bool {
	full := p.full()
	if full == p.paused {
		return full
	}
	p.paused = full
	if full {
		p.caughtUp = p.behindSince.IsZero()
		p.behindSince = now
		p.heard.Store(now.UnixNano())
		return true
	}
	p.behindSince = now
	if p.caughtUp { // the next message says how many have come meanwhile
		p.behindSince = time.Time{}
		p.heard.Store(0)
	}
	return false
}

// take handles one message of the journal.
func (p *partition) take(ctx context.Context, msg message, now time.Time) {
	p.seq = msg.seq
	p.newest.Store(msg.seq)
	p.m.counts.deliveries.Add(1)
	if d := msg.delivery; d.Patient != "" {
		p.observe(ctx, d, msg.seq <= p.warm, now)
	}
	p.noteBehind(msg.pending, msg.delivery.Received, now)
	p.hasten(now)
	if p.bytes >= p.m.cfg.Backlog/vitals.Partitions {
		p.checkpoint(now)
	}
}

// noteBehind keeps account of whether more waits in the journal.
func (p *partition) noteBehind(pending uint64, received, now time.Time) {
	if pending == 0 {
		p.behindSince = time.Time{}
		p.patience = patienceLater
		p.heard.Store(0)
		p.live.Store(true)
		return
	}
	if p.behindSince.IsZero() {
		p.behindSince = now
	}
	if !received.IsZero() {
		p.heard.Store(received.UnixNano())
	}
}

// observe lets the patient's engine see the delivery, tells what it found, and keeps the data for
// the next checkpoint. A warm delivery has had its effects before: its data are stored, and only
// its alarms are told again, because twice is better than never.
func (p *partition) observe(ctx context.Context, d vitals.Delivery, warm bool, now time.Time) {
	j := &job{owner: p}
	var out alerts.Outcome
	if pt := p.patients[d.Patient]; pt != nil {
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
	p.show(out)
	j.transitions = append(j.transitions, out.Transitions...)
	j.care = append(j.care, out.Care...)
}

func (p *partition) show(out alerts.Outcome) {
	for _, t := range out.Transitions {
		p.m.cfg.Feed.PublishAlarm(t)
	}
	for _, c := range out.Care {
		p.m.cfg.Feed.PublishCare(c.Care)
	}
}

// tick lets the clock act on the patients, and stores what is due.
func (p *partition) tick(now time.Time) {
	p.mindSelf(now)
	if p.behindSince.IsZero() || p.paused || now.Sub(p.behindSince) > p.patience {
		j := &job{owner: p}
		for _, pt := range p.patients {
			for _, act := range []func(time.Time) (alerts.Outcome, error){p.watchHubs(pt), pt.tick} {
				out, fault := act(now)
				if fault != nil {
					p.m.counts.poison.Add(1)
					p.log.Error("detector failed on a tick", "error", fault)
				}
				p.tell(out, j)
			}
		}
		p.m.writer.add(j)
	}
	if !now.Before(p.due) || p.paused {
		p.checkpoint(now)
	}
}

// decide answers a command. What was decided is told once it is on disk, because the sender goes
// away believing it.
func (p *partition) decide(c command, now time.Time) {
	if c.Settle.Seq > 0 {
		p.awaited = append(p.awaited, c)
		p.hasten(now)
		return
	}
	pt := p.patients[c.Patient]
	if c.Patient == alerts.Nobody {
		pt = p.self
	}
	if pt == nil {
		c.reply <- answer{Refused: &alerts.RefusedError{Code: alerts.UnknownAlarm}}
		return
	}
	out, a, err := pt.command(c.Command, now)
	if refused, is := errors.AsType[*alerts.RefusedError](err); is {
		c.reply <- answer{Refused: refused}
		return
	}
	if err != nil {
		p.m.counts.poison.Add(1)
		p.log.Error("detector failed on a command", "error", err)
		j := &job{owner: p}
		p.tell(out, j)
		p.m.writer.add(j)
		c.reply <- answer{Away: true}
		return
	}
	p.m.writer.add(&job{owner: p, transitions: out.Transitions, care: out.Care, settle: func(stored bool) {
		if stored {
			p.show(out)
		}
		c.reply <- answer{Answer: a, Away: !stored}
	}})
}

// recensus follows the census: new patients are watched, discharged ones no longer.
func (p *partition) recensus(ctx context.Context, now time.Time) {
	j := &job{owner: p}
	here := map[vitals.PatientID]bool{}
	for _, a := range p.m.admissions(p.number) {
		here[a.Patient.ID] = true
		if pt := p.patients[a.Patient.ID]; pt != nil {
			pt.who = a.Patient
			p.limit(ctx, pt, now)
			pt.bind(a.Devices, now)
			continue
		}
		pt := newPatient(p.m.cfg.NewEngine, p.m.streamers, a, now)
		p.limit(ctx, pt, now)
		if fault := pt.restore(nil, alerts.Care{}, nil, nil, now); fault != nil { // nothing is stored of them, which is to be known, too
			p.m.counts.poison.Add(1)
			p.log.ErrorContext(ctx, "detector failed to take up a patient", "error", fault)
		}
		p.patients[a.Patient.ID] = pt
		p.welcome(ctx, pt, j)
	}
	p.strangers.sweep(now)
	for id, pt := range p.patients {
		if here[id] {
			continue
		}
		out, fault := pt.discharge(now)
		if fault != nil {
			p.m.counts.poison.Add(1)
			p.log.Error("detector failed on a discharge", "error", fault)
		}
		p.tell(out, j)
		delete(p.patients, id)
	}
	p.m.writer.add(j)
}
