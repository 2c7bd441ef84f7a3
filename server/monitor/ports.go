package monitor

import (
	"context"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Leases shares the partitions among the nodes that live.
type Leases interface {
	// Claim says that the node lives and returns what it owns until then.
	Claim(ctx context.Context, node string, now, until time.Time) ([]vitals.Lease, error)
	// Release gives back everything that the node owns.
	Release(ctx context.Context, node string) error
}

// Census is who is here.
type Census interface {
	// Admissions lists everybody under care with the devices that are bound now.
	Admissions(ctx context.Context) ([]vitals.Admission, error)
	// Hubs lists all hubs with whether they are connected, and when that was last so.
	Hubs(ctx context.Context) ([]vitals.HubStatus, error)
	// Limits lists the newest version of every unit's and patient's limits.
	Limits(ctx context.Context) ([]alerts.LimitsVersion, error)
	// LimitsRevision grows with every version of anybody's limits.
	LimitsRevision(ctx context.Context) (int64, error)
	// Streamed reports whether the device has ever sent continuously, whoever wore it.
	Streamed(ctx context.Context, device vitals.DeviceID) (bool, error)
}

// Store is the copy of record.
type Store interface {
	Census
	History
	// Block finds one block; false where there is none.
	Block(ctx context.Context, patient vitals.PatientID, device vitals.DeviceID, kind vitals.Kind,
		start time.Time) (b vitals.Block, found bool, err error)
	// Quarantine keeps input that could not be dealt with. Keeping it twice is keeping it once.
	Quarantine(ctx context.Context, r vitals.Refusal) error
	// Commit runs fn in one transaction: all of it is on disk when it returns nil, else nothing.
	Commit(ctx context.Context, fn func(Tx) error) error
}

// History is what the engines of a partition have to know when they start.
type History interface {
	// OpenAlarms lists the partition's alarms that are open or were closed at closedSince or later.
	OpenAlarms(ctx context.Context, partition int, closedSince time.Time) ([]alerts.Alarm, error)
	// Care lists what people have decided about the partition's patients.
	Care(ctx context.Context, partition int) ([]alerts.Care, error)
	// Through tells through which hub the devices of the partition's patients were heard last.
	Through(ctx context.Context, partition int) (map[vitals.DeviceID]vitals.HubID, error)
	// LatestBlocks lists the partition's blocks that start at since or later.
	LatestBlocks(ctx context.Context, partition int, since time.Time) ([]vitals.Block, error)
	// Recent lists the values of which the engines of the partition have to be told that start now: all weights of
	// a patient since alerts.RecallSpan, of the other alerts.RecalledKinds each since alerts.RecallEach and the newest, of
	// alerts.RecalledStreams those since alerts.RecallStreams.
	Recent(ctx context.Context, partition int, now time.Time) ([]vitals.Charted, error)
	// Trends lists what was kept of the trends of the partition's patients.
	Trends(ctx context.Context, partition int) ([]alerts.KeptTrends, error)
}

// Decisions are what engines and people decided.
type Decisions interface {
	// SaveTransitions records changes of alarms, in order; versions that are known change nothing.
	SaveTransitions(transitions []alerts.Transition) error
	// SaveCare records changes of what people have decided about patients; versions that are known change nothing.
	SaveCare(changes []alerts.CareChange) error
	// Discharge ends a patient's care and the bindings of the devices.
	Discharge(patient vitals.PatientID, at time.Time) error
	// SaveDropped records how often nobody was told of conditions that were brief.
	SaveDropped(dropped []alerts.Dropped) error
	// SaveTrends keeps the trends of patients, each in place of what was kept before.
	SaveTrends(kept []alerts.KeptTrends) error
}

// Tx is one transaction. Writing the same thing again changes nothing.
type Tx interface {
	Decisions
	// Fence reports whether the node still owns the partition under the lease's epoch, and keeps it
	// so until the transaction ends.
	Fence(node string, lease vitals.Lease) (bool, error)
	// SaveReadings charts values that came alone.
	SaveReadings(readings []vitals.Charted) error
	// SaveBlocks writes blocks whole, each in place of the one with its key.
	SaveBlocks(blocks []vitals.Block) error
	// SaveProgress marks messages of a stream as stored and says how far the stream is complete.
	SaveProgress(stream vitals.Stream, spans []vitals.Span) (vitals.Position, error)
	// Advance notes up to which message of the journal the partition's effects are stored. It may
	// go back, when the journal did.
	Advance(lease vitals.Lease, journal string, seq uint64) error
}

// Journal is where deliveries and commands come from.
type Journal interface {
	// Resolve says how far a position that was kept with a journal's identity reaches in this one.
	Resolve(id string, position uint64) uint64
	// Head is the journal's identity and its newest sequence number.
	Head(ctx context.Context) (id string, last uint64, err error)
	// TimeOf is when the journal got the partition's first message at or behind seq.
	TimeOf(ctx context.Context, partition int, seq uint64) (at time.Time, found bool, err error)
	// Consume hands over the partition's messages in order, from since but never from behind from. A
	// message that cannot be read arrives as the zero Delivery. pending is how many wait behind it.
	Consume(ctx context.Context, partition int, from uint64, since time.Time,
		handle func(seq, pending uint64, d vitals.Delivery)) (pending uint64, stop func(), err error)
	// Serve answers the commands of a partition; a nil answer is none.
	Serve(partition int, answer func([]byte) []byte) (stop func(), err error)
	// Request asks the owner of a partition, on whatever node.
	Request(ctx context.Context, partition int, command []byte) ([]byte, error)
}

// Feed shows what happens to whoever watches. Its methods do not wait.
type Feed interface {
	PublishAlarm(t alerts.Transition)
	PublishCare(c alerts.Care)
	PublishWave(patient vitals.PatientID, device vitals.DeviceID, w vitals.Waveform)
	PublishReading(c vitals.Charted)
}

// Engine decides about the alarms of one patient; alerts.Engine is one. It may panic: the monitor
// keeps that from the other patients.
type Engine interface {
	Watcher
	Informed
	RestoreCare(c alerts.Care)
	Command(c alerts.Command, now time.Time) (alerts.Outcome, alerts.Answer, error)
	Discharge(now time.Time) alerts.Outcome
}

// Informed is the part of an Engine that is told about its patient.
type Informed interface {
	SetLimits(l alerts.Limits) error
	Bind(devices []vitals.DeviceID, now time.Time)
	Streamed(device vitals.DeviceID)
	Restore(alarms []alerts.Alarm)
	RestoreTrends(data []byte) error
	Recall(readings []vitals.Charted, since, now time.Time)
}

// Watcher is the part of an Engine that sees the data.
type Watcher interface {
	Observe(d vitals.Delivery) alerts.Outcome
	Hub(online bool, site string, at time.Time) alerts.Outcome
	HubClock(ahead time.Duration, site string, at time.Time) alerts.Outcome
	Tick(now time.Time) alerts.Outcome
}
