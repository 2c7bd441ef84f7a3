package monitor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	// closedMemory is how far back closed alarms are read, so that they are not raised again: atrial fibrillation
	// is told once in 24 hours, and a call for
	// help is raised up to an hour after it was made.
	closedMemory = 24 * time.Hour
	// blockMemory is how far before the position blocks are read, to go on with those that are open:
	// the longest block, and data that came a little late.
	blockMemory = 2 * vitals.SeriesBlock
	// blindMemory is the same where the time of the position is not known.
	blindMemory = 15 * time.Minute
	// openTimeout bounds one attempt to open a partition.
	openTimeout = 30 * time.Second
)

// open rebuilds the partition from the database and begins to read the journal, trying until it
// works. It returns how to stop reading; nil when the partition was dropped meanwhile.
func (p *partition) open(ctx context.Context) (stop func()) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		stop, err := p.tryOpen(ctx)
		if err == nil {
			return stop
		}
		if ctx.Err() != nil || !wait(ctx, pause) {
			return nil
		}
		p.log.WarnContext(ctx, "partition not opened, trying again", "error", err)
	}
}

func (p *partition) tryOpen(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	from, err := p.resume(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.restore(ctx, from.at); err != nil {
		return nil, err
	}
	p.seq, p.stored, p.warm = from.position, from.position, from.position
	stopCommands, err := p.m.cfg.Journal.Serve(p.number, p.serve)
	if err != nil {
		return nil, fmt.Errorf("serve the commands of a partition: %w", err)
	}
	var since time.Time
	if !from.at.IsZero() {
		since = from.at.Add(-warmUp)
	}
	pending, stopReading, err := p.m.cfg.Journal.Consume(ctx, p.number, from.position+1, since, p.receive)
	if err != nil {
		stopCommands()
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	now := time.Now()
	p.since = now
	p.noteBehind(pending, time.Time{}, now)
	// Partitions that are opened together are not to be stored together.
	p.due = now.Add(checkpointEvery * time.Duration(p.number+1) / vitals.Partitions)
	return func() { stopCommands(); stopReading() }, nil
}

// receive waits until the partition takes the message, however long that is: the journal waits too.
func (p *partition) receive(seq, pending uint64, d vitals.Delivery) {
	select {
	case p.in <- message{seq, pending, d}:
	case <-p.dropped:
	case <-p.ended:
	}
}

// start is where in the journal to begin.
type start struct {
	position uint64    // effects up to here are stored
	at       time.Time // when the journal got the message there; zero where nobody knows
}

// resume finds out how far the lease's position reaches in the journal as it is now.
func (p *partition) resume(ctx context.Context) (start, error) {
	id, last, err := p.m.cfg.Journal.Head(ctx)
	if err != nil {
		return start{}, fmt.Errorf("read the head of the journal: %w", err)
	}
	position := p.m.cfg.Journal.Resolve(p.lease.Journal, p.lease.Position)
	if position < p.lease.Position {
		p.log.WarnContext(ctx, "the journal was lost, in whole or in part; hubs will send again what is not in the database",
			"position", p.lease.Position, "known_up_to", position)
	}
	if position > last {
		// The numbers behind the end will be given to other messages. Which of them already were is
		// not known, so everything that is there is read: the keys absorb what was stored before.
		p.log.ErrorContext(ctx, "the journal is shorter than the partition's position, reading it from the beginning",
			"position", position, "last", last)
		position = 0
	}
	p.newest.Store(position)
	p.journal.Store(&id)
	if position == 0 {
		return start{}, nil
	}
	at, found, err := p.m.cfg.Journal.TimeOf(ctx, p.number, position)
	if err != nil {
		return start{}, fmt.Errorf("look up the time of a position: %w", err)
	}
	if !found { // forgotten by age, and nothing of the partition behind it
		return start{position: position}, nil
	}
	return start{position, at}, nil
}

// memory is what is stored of a partition, by patient.
type memory struct {
	episodes map[vitals.PatientID][]alerts.Alarm
	care     map[vitals.PatientID]alerts.Care
	trends   map[vitals.PatientID]alerts.KeptTrends
	recent   map[vitals.PatientID][]vitals.Charted
	blocks   []vitals.Block
	through  map[vitals.DeviceID]vitals.HubID
}

// remember reads what is stored of the partition: of the blocks those since floor.
func (p *partition) remember(ctx context.Context, floor, now time.Time) (memory, error) {
	from := p.m.cfg.Store
	alarms, err := from.OpenAlarms(ctx, p.number, now.Add(-closedMemory))
	if err != nil {
		return memory{}, fmt.Errorf("read the open alarms: %w", err)
	}
	blocks, err := from.LatestBlocks(ctx, p.number, floor)
	if err != nil {
		return memory{}, fmt.Errorf("read the latest blocks: %w", err)
	}
	readings, err := from.Recent(ctx, p.number, now)
	if err != nil {
		return memory{}, fmt.Errorf("read the recent values: %w", err)
	}
	decided, err := from.Care(ctx, p.number)
	if err != nil {
		return memory{}, fmt.Errorf("read what is decided about patients: %w", err)
	}
	kept, err := from.Trends(ctx, p.number)
	if err != nil {
		return memory{}, fmt.Errorf("read the trends of patients: %w", err)
	}
	through, err := from.Through(ctx, p.number)
	if err != nil {
		return memory{}, fmt.Errorf("read through which hubs devices are heard: %w", err)
	}
	return memory{
		through:  through,
		episodes: lo.GroupBy(alarms, func(a alerts.Alarm) vitals.PatientID { return a.Patient }),
		care:     lo.KeyBy(decided, func(c alerts.Care) vitals.PatientID { return c.Patient }),
		trends:   lo.KeyBy(kept, func(k alerts.KeptTrends) vitals.PatientID { return k.Patient }),
		recent:   lo.GroupBy(readings, func(c vitals.Charted) vitals.PatientID { return c.Patient }),
		blocks:   blocks,
	}, nil
}

// restore makes the patients' engines and continues the open blocks.
func (p *partition) restore(ctx context.Context, at time.Time) error {
	now := time.Now()
	floor := now.Add(-blindMemory)
	if !at.IsZero() {
		floor = at.Add(-blockMemory)
	}
	stored, err := p.remember(ctx, floor, now)
	if err != nil {
		return err
	}
	p.ledger = openLedger(floor, stored.blocks)
	p.patients = map[vitals.PatientID]*patient{}
	streamed := lo.GroupBy(stored.blocks, func(b vitals.Block) vitals.PatientID { return b.Patient })
	for _, a := range p.m.admissions(p.number) {
		pt := newPatient(p.m.cfg.NewEngine, p.m.streamers, a, now)
		p.limit(ctx, pt, now)
		id := a.Patient.ID
		pt.trends = stored.trends[id].Data
		pt.connected(stored.through)
		if fault := pt.restore(stored.episodes[id], stored.care[id], stored.recent[id], streamed[id], now); fault != nil {
			p.m.counts.poison.Add(1)
			p.log.ErrorContext(ctx, "detector failed to take up what is stored", "error", fault)
		}
		p.patients[id] = pt
		delete(stored.episodes, id)
	}
	if p.minds() {
		p.adoptSelf(ctx, stored.episodes[alerts.Nobody], now)
		delete(stored.episodes, alerts.Nobody)
	}
	p.closeOrphans(stored.episodes, now)
	return nil
}

// closeOrphans closes the open alarms of patients who were discharged while nobody watched.
func (p *partition) closeOrphans(episodes map[vitals.PatientID][]alerts.Alarm, now time.Time) {
	j := &job{owner: p}
	for id, alarms := range episodes {
		pt := newPatient(p.m.cfg.NewEngine, p.m.streamers, vitals.Admission{Patient: vitals.Patient{ID: id}}, now)
		fault := pt.restore(alarms, alerts.Care{}, nil, nil, now)
		out, failed := pt.discharge(now)
		if fault = errors.Join(fault, failed); fault != nil {
			p.m.counts.poison.Add(1)
			p.log.Error("detector failed on a discharge", "error", fault)
		}
		p.tell(out, j)
	}
	p.m.writer.add(j)
}

// wait reports whether the time passed before the context ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
