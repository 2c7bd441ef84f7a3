package monitor_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

var errAway = errors.New("database is away")

// blockKey is where a block is.
type blockKey struct {
	patient vitals.PatientID
	device  vitals.DeviceID
	kind    vitals.Kind
	start   int64
}

// part is the row of a partition.
type part struct {
	owner   string
	epoch   int64
	journal string
	seq     uint64
}

// database is a store in memory, with the atomic transactions of a real one.
type database struct {
	mu          sync.Mutex
	away        bool
	hangs       bool                       // it does not even answer
	lost        bool                       // it does not answer who is here, though it answers all else
	claims      []time.Time                // when it was asked for partitions
	fails       int                        // commits, until it is back
	slow        chan struct{}              // commits wait for it to be closed, and are made then
	refuses     vitals.PatientID           // whose readings make any transaction fail
	owner       string                     // whoever claims, this one gets all
	shares      func(partition int) string // whoever claims, each gets its own; nil: all
	parts       map[int]*part
	admissions  []vitals.Admission
	hubs        []vitals.HubStatus
	limits      []alerts.LimitsVersion // the newest of each
	noLimits    bool                   // they cannot be read
	revision    int64
	blocks      map[blockKey]vitals.Block
	readings    map[vitals.PatientID]map[vitals.Key]vitals.Charted
	alarms      map[alerts.AlarmID]alerts.Alarm
	care        map[vitals.PatientID]alerts.Care
	trends      map[vitals.PatientID]alerts.KeptTrends
	history     []alerts.Transition
	dropped     []alerts.Dropped
	progress    map[vitals.Stream]*vitals.Progress
	heard       []vitals.Stream // the newest last
	quarantined []vitals.Refusal
	commits     int
	asked       int // for the census
}

func newDatabase(patients ...vitals.PatientID) *database {
	db := &database{
		parts: map[int]*part{}, blocks: map[blockKey]vitals.Block{},
		readings: map[vitals.PatientID]map[vitals.Key]vitals.Charted{},
		alarms:   map[alerts.AlarmID]alerts.Alarm{}, care: map[vitals.PatientID]alerts.Care{}, trends: map[vitals.PatientID]alerts.KeptTrends{}, progress: map[vitals.Stream]*vitals.Progress{},
	}
	for _, p := range patients {
		db.parts[vitals.PartitionOf(p)] = &part{}
		db.admissions = append(db.admissions, vitals.Admission{Patient: vitals.Patient{ID: p}, Devices: []vitals.DeviceID{strap}})
	}
	return db
}

// set changes the database under its lock.
func (db *database) set(change func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	change()
}

// ready waits for a database that hangs, and fails for one that is away.
func (db *database) ready(ctx context.Context) error {
	db.mu.Lock()
	away, hangs := db.away, db.hangs
	db.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if away {
		return errAway
	}
	return ctx.Err()
}

func (db *database) Claim(ctx context.Context, node string, _, _ time.Time) ([]vitals.Lease, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.claims = append(db.claims, time.Now())
	var leases []vitals.Lease
	for number, p := range db.parts {
		if db.owner != "" && db.owner != node || db.shares != nil && db.shares(number) != node {
			continue
		}
		if p.owner != node {
			p.owner, p.epoch = node, p.epoch+1
		}
		leases = append(leases, vitals.Lease{Partition: number, Epoch: p.epoch, Journal: p.journal, Position: p.seq})
	}
	return leases, nil
}

func (db *database) Release(ctx context.Context, node string) error {
	if err := db.ready(ctx); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, p := range db.parts {
		if p.owner == node {
			p.owner = ""
		}
	}
	return nil
}

func (db *database) Admissions(ctx context.Context) ([]vitals.Admission, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	lost := db.lost
	db.mu.Unlock()
	if lost {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.asked++
	return slices.Clone(db.admissions), nil
}

func (db *database) Hubs(ctx context.Context) ([]vitals.HubStatus, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(db.hubs), nil
}

func (db *database) LimitsRevision(ctx context.Context) (int64, error) {
	if err := db.ready(ctx); err != nil {
		return 0, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.revision, nil
}

func (db *database) Limits(ctx context.Context) ([]alerts.LimitsVersion, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.noLimits {
		return nil, errAway
	}
	return slices.Clone(db.limits), nil
}

func (db *database) Streamed(ctx context.Context, device vitals.DeviceID) (bool, error) {
	if err := db.ready(ctx); err != nil {
		return false, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	fromHub := slices.ContainsFunc(slices.Collect(maps.Keys(db.progress)), func(s vitals.Stream) bool { return s.Device == device })
	for k, b := range db.blocks {
		if fromHub && k.device == device && (b.Count >= 6 || b.Kind.Info().Shape == vitals.Sampled) {
			return true, nil
		}
	}
	return false, nil
}

func (db *database) OpenAlarms(ctx context.Context, partition int, since time.Time) (open []alerts.Alarm, err error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, a := range db.alarms {
		if vitals.PartitionOf(a.Patient) == partition && (a.State.Open() || !a.Changed.Before(since)) {
			open = append(open, a)
		}
	}
	return open, nil
}

func (db *database) Recent(ctx context.Context, partition int, now time.Time) (recent []vitals.Charted, err error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for patient, readings := range db.readings {
		for _, c := range readings {
			if vitals.PartitionOf(patient) == partition && !c.Time.Before(now.Add(-alerts.RecallSpan)) {
				recent = append(recent, c)
			}
		}
	}
	return recent, nil
}

func (db *database) Care(ctx context.Context, partition int) (all []alerts.Care, err error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, c := range db.care {
		if vitals.PartitionOf(c.Patient) == partition {
			all = append(all, c)
		}
	}
	return all, nil
}

func (db *database) Trends(ctx context.Context, partition int) (all []alerts.KeptTrends, err error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, k := range db.trends {
		if vitals.PartitionOf(k.Patient) == partition {
			all = append(all, k)
		}
	}
	return all, nil
}

func (db *database) Through(ctx context.Context, partition int) (map[vitals.DeviceID]vitals.HubID, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	through := map[vitals.DeviceID]vitals.HubID{}
	for _, s := range db.heard {
		if home, is := strings.CutPrefix(string(s.Hub), "hub of "); is && vitals.PartitionOf(vitals.PatientID(home)) == partition {
			through[s.Device] = s.Hub
		}
	}
	return through, nil
}

func (db *database) LatestBlocks(ctx context.Context, partition int, since time.Time) (latest []vitals.Block, err error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, b := range db.blocks {
		if vitals.PartitionOf(b.Patient) == partition && !b.Start.Before(since) {
			latest = append(latest, b)
		}
	}
	return latest, nil
}

func (db *database) Block(
	ctx context.Context, p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, start time.Time,
) (vitals.Block, bool, error) {
	if err := db.ready(ctx); err != nil {
		return vitals.Block{}, false, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	b, found := db.blocks[blockKey{p, d, k, start.UnixMicro()}]
	return b, found, nil
}

func (db *database) Quarantine(ctx context.Context, r vitals.Refusal) error {
	if err := db.ready(ctx); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.quarantined = append(db.quarantined, r)
	return nil
}

// Commit applies what fn wrote if fn and the database agree, else nothing.
func (db *database) Commit(ctx context.Context, fn func(monitor.Tx) error) error {
	if err := db.ready(ctx); err != nil {
		return err
	}
	db.mu.Lock()
	slow := db.slow
	failed := db.fails > 0
	db.fails = max(0, db.fails-1)
	db.mu.Unlock()
	if failed {
		return errAway
	}
	if slow != nil {
		<-slow
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	tx := &tx{db: db}
	if err := fn(tx); err != nil {
		return err
	}
	for _, apply := range tx.writes {
		apply()
	}
	db.commits++
	return nil
}

type tx struct {
	db     *database
	writes []func()
}

func (t *tx) later(apply func()) { t.writes = append(t.writes, apply) }

func (t *tx) Fence(node string, lease vitals.Lease) (bool, error) {
	p := t.db.parts[lease.Partition]
	return p.owner == node && p.epoch == lease.Epoch, nil
}

func (t *tx) Discharge(patient vitals.PatientID, _ time.Time) error {
	t.later(func() {
		t.db.admissions = slices.DeleteFunc(slices.Clone(t.db.admissions), func(a vitals.Admission) bool { return a.Patient.ID == patient })
	})
	return nil
}

func (t *tx) SaveTransitions(transitions []alerts.Transition) error {
	t.later(func() {
		for _, tr := range transitions {
			if tr.Alarm.Version > t.db.alarms[tr.Alarm.ID].Version {
				t.db.alarms[tr.Alarm.ID] = tr.Alarm
				t.db.history = append(t.db.history, tr)
			}
		}
	})
	return nil
}

func (t *tx) SaveCare(changes []alerts.CareChange) error {
	t.later(func() {
		for _, c := range changes {
			if c.Care.Version > t.db.care[c.Care.Patient].Version {
				t.db.care[c.Care.Patient] = c.Care
			}
		}
	})
	return nil
}

func (t *tx) SaveDropped(dropped []alerts.Dropped) error {
	t.later(func() { t.db.dropped = append(t.db.dropped, dropped...) })
	return nil
}

func (t *tx) SaveTrends(kept []alerts.KeptTrends) error {
	t.later(func() {
		for _, k := range kept {
			t.db.trends[k.Patient] = k
		}
	})
	return nil
}

func (t *tx) SaveReadings(readings []vitals.Charted) error {
	for _, c := range readings {
		if c.Patient == t.db.refuses {
			return errors.New("constraint violated")
		}
	}
	t.later(func() {
		for _, c := range readings {
			if t.db.readings[c.Patient] == nil {
				t.db.readings[c.Patient] = map[vitals.Key]vitals.Charted{}
			}
			t.db.readings[c.Patient][c.Key()] = c
		}
	})
	return nil
}

func (t *tx) SaveBlocks(blocks []vitals.Block) error {
	t.later(func() {
		for _, b := range blocks {
			t.db.blocks[blockKey{b.Patient, b.Device, b.Kind, b.Start.UnixMicro()}] = b
		}
	})
	return nil
}

func (t *tx) SaveProgress(stream vitals.Stream, spans []vitals.Span) (vitals.Position, error) {
	var p vitals.Progress
	if known := t.db.progress[stream]; known != nil {
		p = *known
	}
	p.Add(spans...)
	t.later(func() { t.db.progress[stream] = &p; t.db.heard = append(t.db.heard, stream) })
	return vitals.Position{Stream: stream, Upto: p.Upto}, nil
}

func (t *tx) Advance(lease vitals.Lease, journal string, seq uint64) error {
	t.later(func() {
		p := t.db.parts[lease.Partition]
		p.journal, p.seq = journal, seq
	})
	return nil
}

// log is a journal in memory.
type log struct {
	mu       sync.Mutex
	id       string
	next     uint64
	messages []entry
	more     chan struct{} // closed at the next message
	owners   map[int][]*func([]byte) []byte
	pace     time.Duration // that one message takes to be handed over
	hangs    bool          // it does not say how far it is
}

type entry struct {
	seq      uint64
	at       time.Time
	delivery vitals.Delivery
}

func newLog() *log {
	return &log{id: "log-1", next: 1, more: make(chan struct{}), owners: map[int][]*func([]byte) []byte{}}
}

func (l *log) publish(d vitals.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages = append(l.messages, entry{l.next, time.Now(), d})
	l.next++
	close(l.more)
	l.more = make(chan struct{})
}

// cut loses the newest messages, whose numbers are used again, with or without anybody noticing.
func (l *log) cut(keep int, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages = slices.Clone(l.messages[:keep])
	l.next, l.id = uint64(keep)+1, id
}

func (l *log) Resolve(id string, position uint64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id != l.id {
		return 0
	}
	return position
}

func (l *log) Head(ctx context.Context) (string, uint64, error) {
	l.mu.Lock()
	hangs := l.hangs
	l.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return "", 0, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.id, l.next - 1, nil
}

func (l *log) TimeOf(_ context.Context, partition int, seq uint64) (time.Time, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.messages {
		if e.seq >= seq && vitals.PartitionOf(e.delivery.Patient) == partition {
			return e.at, true, nil
		}
	}
	return time.Time{}, false, nil
}

// after is the first message of the partition behind seq, and how many come behind that one.
func (l *log) after(partition int, seq uint64) (e entry, found bool, behind uint64, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.messages {
		if m.seq <= seq || vitals.PartitionOf(m.delivery.Patient) != partition {
			continue
		}
		if found {
			behind++
			continue
		}
		e, found = m, true
	}
	return e, found, behind, l.more
}

func (l *log) Consume(
	_ context.Context, partition int, from uint64, since time.Time, handle func(uint64, uint64, vitals.Delivery),
) (uint64, func(), error) {
	last := from - 1
	if !since.IsZero() {
		for last > 0 && !l.messages[last-1].at.Before(since) {
			last--
		}
	}
	stopped, ended := make(chan struct{}), make(chan struct{})
	_, found, pending, _ := l.after(partition, last)
	if found {
		pending++
	}
	go func() {
		defer close(ended)
		for {
			e, found, behind, more := l.after(partition, last)
			if found {
				last = e.seq
				time.Sleep(l.pace)
				handle(e.seq, behind, e.delivery)
				more = nil
			}
			select {
			case <-stopped:
				return
			case <-more:
			default:
				if !found {
					select {
					case <-stopped:
						return
					case <-more:
					}
				}
			}
		}
	}()
	return pending, sync.OnceFunc(func() { close(stopped); <-ended }), nil
}

func (l *log) Serve(partition int, answer func([]byte) []byte) (func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owners[partition] = append(l.owners[partition], &answer)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.owners[partition] = slices.DeleteFunc(l.owners[partition], func(f *func([]byte) []byte) bool { return f == &answer })
	}, nil
}

var errNoOwner = errors.New("no owner")

func (l *log) Request(ctx context.Context, partition int, command []byte) ([]byte, error) {
	l.mu.Lock()
	owners := slices.Clone(l.owners[partition])
	l.mu.Unlock()
	if len(owners) == 0 {
		return nil, errNoOwner
	}
	replies := make(chan []byte, len(owners))
	for _, owner := range owners {
		go func() {
			if reply := (*owner)(command); reply != nil {
				replies <- reply
			}
		}()
	}
	select {
	case reply := <-replies:
		return reply, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// screen is a feed that remembers.
type screen struct {
	mu       sync.Mutex
	stuck    chan struct{} // whoever tells of an alarm waits for it to be closed; nil: nobody waits
	shown    []alerts.Transition
	care     []alerts.Care
	waves    []vitals.Waveform
	readings []vitals.Charted
}

func (s *screen) PublishAlarm(t alerts.Transition) {
	s.mu.Lock()
	stuck := s.stuck
	s.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, t)
}

func (s *screen) PublishCare(c alerts.Care) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.care = append(s.care, c)
}

func (s *screen) PublishWave(_ vitals.PatientID, _ vitals.DeviceID, w vitals.Waveform) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waves = append(s.waves, w)
}

func (s *screen) PublishReading(c vitals.Charted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readings = append(s.readings, c)
}

// alarms lists what is on the screen, each alarm as last shown.
func (s *screen) alarms() []alerts.Alarm {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := map[alerts.AlarmID]alerts.Alarm{}
	for _, t := range s.shown {
		if t.Alarm.Version > newest[t.Alarm.ID].Version {
			newest[t.Alarm.ID] = t.Alarm
		}
	}
	var all []alerts.Alarm
	for _, a := range newest {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b alerts.Alarm) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Values that the simple engine knows.
const (
	racing = 190 // raises an alarm
	poison = 66  // panics
)

// simple is an engine that can be predicted: a heart rate of racing or more is an alarm until one
// below, and a patient who was heard and falls silent for 15 s is another.
type simple struct {
	patient vitals.PatientID
	heard   time.Time
	alarms  []alerts.Alarm
	care    alerts.Care
	ended   time.Time // of the last closed one
}

func newSimple(p vitals.PatientID) monitor.Engine { return &simple{patient: p} }

func (e *simple) Recall([]vitals.Charted, time.Time, time.Time) {}
func (e *simple) SetLimits(alerts.Limits) error                 { return nil }
func (e *simple) Bind([]vitals.DeviceID, time.Time)             {}
func (e *simple) HubClock(time.Duration, string, time.Time) alerts.Outcome {
	return alerts.Outcome{}
}
func (e *simple) Streamed(vitals.DeviceID) {}

func (e *simple) RestoreTrends([]byte) error { return nil }

func (e *simple) Restore(stored []alerts.Alarm) {
	for _, a := range stored {
		if a.State.Open() {
			e.alarms = append(e.alarms, a)
		} else if a.Ended.After(e.ended) {
			e.ended = a.Ended
		}
	}
}

func (e *simple) Observe(d vitals.Delivery) (out alerts.Outcome) {
	if d.Received.After(e.heard) {
		e.heard = d.Received
	}
	for _, r := range d.Batch.Readings {
		switch v := r.Value.Float(); {
		case r.Kind != vitals.HeartRate:
		case v == poison:
			panic("poison")
		case v >= racing:
			out.Transitions = append(out.Transitions, e.raise("EXTREME_TACHY", r.Time, d.Received)...)
		default:
			out.Transitions = append(out.Transitions, e.close("EXTREME_TACHY", r.Time, d.Received)...)
		}
	}
	out.Transitions = append(out.Transitions, e.close("NO_DATA", d.Received, d.Received)...)
	return out
}

func (e *simple) open(c alerts.Condition) int {
	return slices.IndexFunc(e.alarms, func(a alerts.Alarm) bool { return a.Condition == c })
}

func (e *simple) raise(c alerts.Condition, onset, now time.Time) []alerts.Transition {
	if e.open(c) >= 0 || !onset.After(e.ended) {
		return nil
	}
	a := alerts.Alarm{
		ID: alerts.NewAlarmID(e.patient, c, "", onset), Patient: e.patient, Condition: c, Version: 1,
		State: alerts.ActiveUnack, Onset: onset, Raised: now, Changed: now,
	}
	e.alarms = append(e.alarms, a)
	return []alerts.Transition{{Change: alerts.Raised, Alarm: a, At: now}}
}

func (e *simple) close(c alerts.Condition, at, now time.Time) []alerts.Transition {
	i := e.open(c)
	if i < 0 || !at.After(e.alarms[i].Onset) {
		return nil
	}
	a := e.alarms[i]
	a.State, a.Version, a.Ended, a.Changed = alerts.Closed, a.Version+1, at, now
	e.alarms, e.ended = slices.Delete(e.alarms, i, i+1), at
	return []alerts.Transition{{Change: alerts.Ceased, Alarm: a, At: now}}
}

func (e *simple) Hub(online bool, site string, at time.Time) (out alerts.Outcome) {
	if online {
		return alerts.Outcome{Transitions: e.close(alerts.HubOffline, at, at)}
	}
	out.Transitions = e.raise(alerts.HubOffline, at, at)
	for i := range out.Transitions {
		out.Transitions[i].Alarm.Site = site
		e.alarms[len(e.alarms)-1].Site = site
	}
	return out
}

func (e *simple) Tick(now time.Time) (out alerts.Outcome) {
	if !e.heard.IsZero() && now.Sub(e.heard) > 15*time.Second {
		out.Transitions = e.raise("NO_DATA", e.heard.Add(time.Microsecond), now)
	}
	return out
}

func (e *simple) RestoreCare(c alerts.Care) { e.care = c }

func (e *simple) Command(c alerts.Command, now time.Time) (out alerts.Outcome, a alerts.Answer, err error) {
	if c.Kind == alerts.PauseAudio {
		e.care.Patient, e.care.Version, e.care.Paused.Until = e.patient, e.care.Version+1, now.Add(c.For)
		out.Care = []alerts.CareChange{{Kind: c.Kind, Care: e.care, At: now}}
		return out, alerts.Answer{Care: e.care}, nil
	}
	for i, alarm := range e.alarms {
		if alarm.ID != c.Alarm {
			continue
		}
		if alarm.State == alerts.ActiveAck && alarm.Command != c.ID {
			return out, a, &alerts.RefusedError{Code: alerts.AlreadyAcked, Current: alarm}
		}
		if alarm.State == alerts.ActiveUnack {
			alarm.State, alarm.Version, alarm.AckedBy, alarm.Changed = alerts.ActiveAck, alarm.Version+1, c.Actor, now
			alarm.Command = c.ID
			e.alarms[i] = alarm
		}
		out.Transitions = []alerts.Transition{{Change: alerts.Acknowledged, Alarm: alarm, At: now, Command: c.ID}}
		return out, alerts.Answer{Alarm: alarm}, nil
	}
	return out, a, &alerts.RefusedError{Code: alerts.UnknownAlarm}
}

func (e *simple) Discharge(now time.Time) (out alerts.Outcome) {
	for _, a := range slices.Clone(e.alarms) {
		out.Transitions = append(out.Transitions, e.close(a.Condition, now, now)...)
	}
	return out
}
