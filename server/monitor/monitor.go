package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// ErrUnavailable means that a command was not decided, or that its decision is not yet recorded.
// Sending the same command again gives its answer once there is one.
var ErrUnavailable = errors.New("monitor is unavailable")

// How things are timed.
const (
	defaultLease = 5 * time.Second // a dead node's patients are watched again within this and a third
	censusEvery  = 2 * time.Second
	// recogniseAtOnce is how many devices are looked up with one reading of the census: a node that
	// starts must not wait long for who it has to watch.
	recogniseAtOnce = 100
	censusSettles   = 200 * time.Millisecond
	checkpointWait  = 5 * time.Second // for the last checkpoint of a node that stops
)

// defaultBacklog bounds what waits for the database in memory, for all partitions together.
const defaultBacklog = 256 << 20

// Config connects a monitor.
type Config struct {
	Node    string        // unique to this run of this process
	Lease   time.Duration // zero is 5 seconds
	Backlog int64         // bytes that may wait for the database; zero is 256 MiB
	Leases  Leases
	Store   Store
	Journal Journal
	Feed    Feed
	// Acked is told what is stored and may be forgotten by the senders. It must not wait.
	Acked func([]vitals.Position)
	// Health says how the installation is, for the alarms about itself; nil where there are none. It must not wait.
	Health func(now time.Time) alerts.Health
	// Outages says what was found of the units' sites, on whatever node, and false where nobody says anything any more.
	// Nil: nobody ever does. It must not wait.
	Outages func(now time.Time) (map[vitals.UnitID]alerts.Outage, bool)
	// NewEngine makes the engine of a patient; nil is alerts.NewEngine.
	NewEngine func(vitals.PatientID) Engine
	Logger    *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Lease == 0 {
		c.Lease = defaultLease
	}
	if c.Backlog == 0 {
		c.Backlog = defaultBacklog
	}
	if c.Acked == nil {
		c.Acked = func([]vitals.Position) {}
	}
	if c.Outages == nil {
		c.Outages = func(time.Time) (map[vitals.UnitID]alerts.Outage, bool) { return nil, false }
	}
	if c.NewEngine == nil {
		c.NewEngine = func(p vitals.PatientID) Engine { return alerts.NewEngine(p) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Monitor watches the partitions that its node owns.
type Monitor struct {
	cfg     Config
	log     *slog.Logger
	writer  *writer
	counts  counts
	refresh chan struct{} // somebody changed the census

	census    atomic.Pointer[census] // nil until it was read once
	hubs      atomic.Pointer[hubs]
	limits    atomic.Pointer[limits] // not nil where the census is not
	limitless time.Time              // since when own waits for limits; zero where it does not

	claimed atomic.Pointer[time.Time] // when the leases were asked for that are held; nil before

	ruling    atomic.Pointer[said[Ruling]] // nil where this node has never judged the installation
	streamers *streamers

	mu         sync.Mutex
	partitions map[int]*partition
	running    sync.WaitGroup
}

// census is who is under care, by partition.
type census map[int][]vitals.Admission

// New makes a monitor. It does nothing before Run.
func New(cfg Config) *Monitor {
	m := &Monitor{
		cfg: cfg.withDefaults(), refresh: make(chan struct{}, 1), partitions: map[int]*partition{},
		streamers: newStreamers(),
	}
	m.hubs.Store(&hubs{})
	m.counts.delayed = map[Delayed]uint64{}
	m.log = m.cfg.Logger
	m.writer = newWriter(m)
	return m
}

// Run claims partitions and watches their patients until the context ends. Then it stores what it
// has, as far as the database takes it within seconds, and gives the partitions back.
func (m *Monitor) Run(ctx context.Context) error {
	// What stops last must outlive what stops first.
	base := context.WithoutCancel(ctx)
	noMore := make(chan struct{})
	var written sync.WaitGroup
	written.Go(func() { m.writer.run(base, noMore) })

	m.own(ctx, base)

	m.mu.Lock()
	for _, p := range m.partitions {
		p.retire()
	}
	m.mu.Unlock()
	m.running.Wait()
	close(noMore)
	written.Wait()
	return m.giveBack(base)
}

func (m *Monitor) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkpointWait)
	defer cancel()
	if err := m.cfg.Leases.Release(ctx, m.cfg.Node); err != nil {
		return fmt.Errorf("give back the partitions: %w", err)
	}
	return nil
}

// own keeps the leases and the census up to date until the context ends.
func (m *Monitor) own(ctx, base context.Context) {
	claimed := make(chan []vitals.Lease, 1)
	var claiming sync.WaitGroup
	defer claiming.Wait()
	claiming.Go(func() { m.keepClaiming(ctx, claimed) })
	reads := time.NewTicker(censusEvery)
	defer reads.Stop()
	var settled <-chan time.Time // admitting a ward changes the census hundreds of times in a row
	for {
		select {
		case <-ctx.Done():
			return
		case leases := <-claimed:
			m.follow(ctx, base, leases)
		case <-reads.C:
			m.readCensus(ctx)
		case <-m.refresh:
			if settled == nil {
				settled = time.After(censusSettles)
			}
		case <-settled:
			settled = nil
			m.readCensus(ctx)
		}
	}
}

// CensusChanged asks for the census to be read again soon, instead of within two seconds.
func (m *Monitor) CensusChanged() {
	select {
	case m.refresh <- struct{}{}:
	default: // asked for already
	}
}

// readCensus reports whether the census is now that of the database.
func (m *Monitor) readCensus(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Lease)
	defer cancel()
	admissions, err := m.cfg.Store.Admissions(ctx)
	if err != nil {
		m.log.WarnContext(ctx, "census not read, going on with the one before", "error", err)
		return false
	}
	if !m.readLimits(ctx, time.Now()) {
		return false
	}
	read := census(lo.GroupBy(admissions, func(a vitals.Admission) int { return vitals.PartitionOf(a.Patient.ID) }))
	m.census.Store(&read)
	if statuses, err := m.cfg.Store.Hubs(ctx); err == nil {
		m.hubs.Store(m.hubs.Load().next(statuses, time.Now()))
	} else {
		m.log.WarnContext(ctx, "hubs not read, going on with what was known", "error", err)
	}
	m.mu.Lock()
	for _, p := range m.partitions {
		p.notice(p.recount)
	}
	m.mu.Unlock()
	m.recognise(ctx, admissions)
	return true
}

// recognise looks up which of the devices that are worn have ever streamed. The partitions find it out
// with the next census.
func (m *Monitor) recognise(ctx context.Context, admissions []vitals.Admission) {
	worn := lo.FlatMap(admissions, func(a vitals.Admission, _ int) []vitals.DeviceID { return a.Devices })
	for _, device := range m.streamers.unknown(worn, recogniseAtOnce) {
		streamed, err := m.cfg.Store.Streamed(ctx, device)
		if err != nil {
			m.log.WarnContext(ctx, "not known whether a device streams, asking again", "error", err)
			return
		}
		m.streamers.looked(device, streamed)
	}
}

// keepClaiming renews the leases until the context ends, and hands over the newest. It waits for nothing else: while the
// journal or the census hangs, the leases would run out, and another node take what it cannot watch either.
func (m *Monitor) keepClaiming(ctx context.Context, to chan []vitals.Lease) {
	ticks := time.NewTicker(m.cfg.Lease / 3)
	defer ticks.Stop()
	for {
		if leases, claimed := m.claim(ctx); claimed {
			select {
			case <-to: // older ones, which nobody has followed yet
			default:
			}
			to <- leases
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// claim renews the leases.
func (m *Monitor) claim(ctx context.Context) (leases []vitals.Lease, claimed bool) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Lease)
	defer cancel()
	now := time.Now()
	leases, err := m.cfg.Leases.Claim(ctx, m.cfg.Node, now, now.Add(m.cfg.Lease))
	if err != nil {
		// Going on is right: nobody else can claim while the database is away for all, and if it is
		// away for this node only, the fence keeps it from writing what another node owns.
		m.counts.claimsFailed.Add(1)
		m.log.WarnContext(ctx, "partitions not claimed", "error", err)
		return nil, false
	}
	m.claimed.Store(&now)
	return leases, true
}

// follow starts and stops partitions as the leases say.
func (m *Monitor) follow(ctx, base context.Context, leases []vitals.Lease) {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Lease)
	defer cancel()
	// Whoever owned a partition before stores nothing from here on, so that a census of now names everybody of whom
	// something is stored: by an older one, the alarms of somebody who has just been admitted would be an orphan's.
	if !m.watches(leases) && !m.readCensus(ctx) {
		return // and is claimed again soon
	}
	owned := lo.KeyBy(leases, func(l vitals.Lease) int { return l.Partition })
	lost := m.lost(ctx)

	m.mu.Lock()
	defer m.mu.Unlock()
	for number, p := range m.partitions {
		lease, mine := owned[number]
		if mine && !lost[p] && lease.Epoch == p.lease.Epoch && !p.over() {
			continue
		}
		p.drop()
		delete(m.partitions, number)
		if mine {
			m.start(base, lease, p)
		}
	}
	for number, lease := range owned {
		if _, runs := m.partitions[number]; !runs {
			m.start(base, lease, nil)
		}
	}
}

// doubts reports whether another node may own by now what this one watches.
func (m *Monitor) doubts(now time.Time) bool {
	claimed := m.claimed.Load()
	return claimed == nil || now.Sub(*claimed) > m.cfg.Lease
}

// watches reports whether every leased partition is watched under its lease.
func (m *Monitor) watches(leases []vitals.Lease) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return lo.EveryBy(leases, func(l vitals.Lease) bool {
		p := m.partitions[l.Partition]
		return p != nil && p.lease.Epoch == l.Epoch
	})
}

// lost finds the partitions whose journal is not the one that they read any more.
func (m *Monitor) lost(ctx context.Context) map[*partition]bool {
	m.mu.Lock()
	// Before the head is asked for, because reading goes on meanwhile.
	read := lo.MapEntries(m.partitions, func(_ int, p *partition) (*partition, uint64) { return p, p.newest.Load() })
	m.mu.Unlock()
	id, last, err := m.cfg.Journal.Head(ctx)
	if err != nil {
		m.log.WarnContext(ctx, "journal does not answer", "error", err)
		return nil
	}
	lost := map[*partition]bool{}
	for p, newest := range read {
		if p.journalLost(id, last, newest) {
			lost[p] = true
			p.log.ErrorContext(ctx, "the journal is not the one that the partition reads, starting it again")
		}
	}
	return lost
}

// start begins to watch a partition, once there is a census to say whom to watch.
func (m *Monitor) start(base context.Context, lease vitals.Lease, before *partition) {
	if m.census.Load() == nil {
		return
	}
	ctx, cancel := context.WithCancel(base)
	p := newPartition(m, lease, ctx.Done(), cancel)
	m.partitions[lease.Partition] = p
	m.running.Go(func() { p.run(ctx, before) })
}

// admissions is who is under care in the partition.
func (m *Monitor) admissions(partition int) []vitals.Admission { return (*m.census.Load())[partition] }
