// Package ingest lets hubs in. Three doors (MQTT 5, HTTPS, WebSocket) lead to one Handler, which
// decodes a message, finds whose device it is, and publishes it to the journal.
//
// What a sender may rely on:
//   - Received (PUBACK, 202) means that the server has taken the message, not that it is stored.
//   - An ack names the highest message number of a stream up to which everything is stored. Only
//     then may the sender forget. At connect the server sends the acks that it has.
//   - A nack gives the reason why a message, or a part of it, was not charted. It is not sent again.
//   - When the server cannot take a message it says so (reason code, 503) and the sender tries again.
//
// The package knows protocols and nothing of alarms or SQL.
package ingest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/samber/lo"
	"golang.org/x/time/rate"

	"vigil/vitals"
)

// Limits of one hub. A home with three devices sends about four messages a second; after an outage
// it may send its backlog a thousand times faster, so that a week without internet is made up for within
// ten minutes. Beyond that it is made to wait, never dropped.
const (
	hubRate  = 5_000 // messages per second
	hubBurst = 5_000
)

// callTimeLimit is how long what a hub says on a connection may take.
const callTimeLimit = 10 * time.Second

// maxAhead is how far in the future a sample may lie before its clock cannot be right.
const maxAhead = 5 * time.Minute

// ErrUnavailable means that a message could not be taken now and must be sent again.
var ErrUnavailable = errors.New("not available, send again")

// Store is what ingest needs of the database.
type Store interface {
	// Bindings lists the present bindings and those that ended within the last days.
	Bindings(ctx context.Context) ([]vitals.Binding, error)
	// Positions lists up to where each stream of the hub is stored.
	Positions(ctx context.Context, hub vitals.HubID) ([]vitals.Position, error)
	// Quarantine keeps refused input; a whole refusal counts as stored in its stream.
	Quarantine(ctx context.Context, r vitals.Refusal) (vitals.Position, error)
	// Receipts finds the answers to what the source brought before under those of the names.
	Receipts(ctx context.Context, source vitals.HubID, names []string) (map[string]string, error)
	// SaveReceipts keeps the answers to what the source brought, by name.
	SaveReceipts(ctx context.Context, source vitals.HubID, answers map[string]string) error
	Presence
}

// Journal takes what was received.
type Journal interface {
	// Publish returns when the journal has the delivery.
	Publish(ctx context.Context, d vitals.Delivery) error
	// Begin is Publish that does not wait: the delivery is behind all that were begun before, and confirmed returns
	// when the journal has it. Whether anybody waits or not, arrived is told once what became of a delivery that
	// was begun; it does not wait.
	Begin(d vitals.Delivery, arrived func(error)) (confirmed func(context.Context) error, err error)
	// Append is Publish, and says where the delivery is.
	Append(ctx context.Context, d vitals.Delivery) (vitals.Place, error)
}

// Owner stores what came to a patient.
type Owner interface {
	// Settle returns once everything that came to the patient up to the place is stored.
	Settle(ctx context.Context, patient vitals.PatientID, at vitals.Place) error
}

// Gate checks who a hub is.
type Gate interface {
	// CheckHub returns nil when the secret is the hub's, and wraps vitals.ErrNotFound when it is not. Any
	// other error says that nobody could look it up.
	CheckHub(ctx context.Context, hub vitals.HubID, secret string) error
}

// Options of a Handler.
type Options struct {
	Store   Store
	Journal Journal
	Owner   Owner
	Gate    Gate
	Fleet   Fleet              // nil: hubs are heard and told nothing
	Key     ed25519.PrivateKey // signs what is wanted of hubs
	Log     *slog.Logger
	Now     func() time.Time
}

// Handler takes messages of hubs, whatever door they came through.
type Handler struct {
	store   Store
	journal Journal
	owner   Owner
	gate    Gate
	fleet   Fleet
	key     ed25519.PrivateKey
	log     *slog.Logger
	now     func() time.Time
	binder  *binder
	lines   *lines
	transit *transit

	mu      sync.Mutex
	limits  map[vitals.HubID]*rate.Limiter
	stored  map[vitals.HubID]map[vitals.Stream]uint64 // up to where, as this node has heard
	touched map[vitals.HubID]time.Time                // when it was noted last that the hub is there
	told    map[vitals.HubID]map[string]time.Time     // when a command was told last, by its id
	reports map[vitals.HubID]vitals.HubReport         // as they were kept last
	epoch   uint32                                    // of the streams that this process numbers itself
	relayed map[vitals.Stream]uint64                  // the number given last in each
	counts  Counts
}

// Counts is what went through the doors since the start.
type Counts struct {
	Received   uint64 // messages published to the journal
	Duplicates uint64 // messages that were stored already
	Refused    uint64 // messages refused whole
	Partial    uint64 // messages of which a part was refused
}

// New is a handler that knows no hub yet.
func New(o Options) *Handler {
	return &Handler{
		store: o.Store, journal: o.Journal, owner: o.Owner, gate: o.Gate, fleet: o.Fleet, key: o.Key, log: o.Log, now: o.Now,
		binder:  &binder{store: o.Store, now: o.Now},
		lines:   newLines(),
		transit: newTransit(),
		limits:  map[vitals.HubID]*rate.Limiter{},
		stored:  map[vitals.HubID]map[vitals.Stream]uint64{},
		epoch:   newEpoch(),
		relayed: map[vitals.Stream]uint64{},
		touched: map[vitals.HubID]time.Time{},
		told:    map[vitals.HubID]map[string]time.Time{},
		reports: map[vitals.HubID]vitals.HubReport{},
	}
}

// newEpoch draws the number of the streams that this process numbers.
func newEpoch() uint32 {
	var random [4]byte
	_, _ = rand.Read(random[:]) // it never fails
	return binary.LittleEndian.Uint32(random[:])
}

// Counts reports what went through.
func (h *Handler) Counts() Counts {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts
}

// Lag is the age of the oldest thing that was received here and is not in the journal: nobody judges it so far.
func (h *Handler) Lag() time.Duration { return h.transit.longest(h.now()) }

// CensusChanged makes a change of the bindings felt with the next message instead of within seconds.
func (h *Handler) CensusChanged() { h.binder.forget() }

// Online is how many hubs are connected to this node.
func (h *Handler) Online() int { return h.lines.hubs() }

// Stored tells the hubs that are connected here up to where their streams are stored.
func (h *Handler) Stored(positions []vitals.Position) {
	byHub := map[vitals.HubID][]vitals.Position{}
	h.mu.Lock()
	for _, p := range positions {
		hub := p.Stream.Hub
		if h.stored[hub] == nil {
			h.stored[hub] = map[vitals.Stream]uint64{}
		}
		h.stored[hub][p.Stream] = max(h.stored[hub][p.Stream], p.Upto)
		byHub[hub] = append(byHub[hub], p)
	}
	h.mu.Unlock()
	for hub, own := range byHub {
		h.lines.ack(hub, own)
	}
}

// join connects a hub's line: it hears at once up to where its streams are stored, and of no stream before
// it has heard of all. A hub takes the first ack for everything that is stored.
func (h *Handler) join(ctx context.Context, hub vitals.HubID, l line) {
	positions, err := h.positions(ctx, hub)
	if err != nil {
		// The hub must be heard all the same. Without a position it sends again more than it needs to.
		h.log.Warn("hub is told the positions that are known here", "hub", hub, "error", err)
		positions = func() []vitals.Position { return listed(h.known(hub)) }
	}
	h.lines.add(hub, l, positions)
	h.touch(ctx, hub, true)
}

// positions asks the database up to where the hub's streams are stored. What is returned tells it, and what was
// stored since.
func (h *Handler) positions(ctx context.Context, hub vitals.HubID) (now func() []vitals.Position, err error) {
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	before := h.known(hub)
	positions, err := h.store.Positions(ctx, hub)
	if err != nil {
		return nil, err
	}
	return func() []vitals.Position { return h.reconcile(hub, positions, before) }, nil
}

// reconcile takes what the database says of the hub's streams, which holds where it knows less than this node, or
// nothing: it may have been restored from a backup. What was stored since the database was asked is added.
func (h *Handler) reconcile(hub vitals.HubID, positions []vitals.Position, before map[vitals.Stream]uint64) []vitals.Position {
	all := lo.SliceToMap(positions, func(p vitals.Position) (vitals.Stream, uint64) { return p.Stream, p.Upto })
	h.mu.Lock()
	defer h.mu.Unlock()
	for stream, upto := range h.stored[hub] {
		if upto != before[stream] {
			all[stream] = max(all[stream], upto)
		}
	}
	h.stored[hub] = all
	return listed(all)
}

// known is what this node has heard of the hub's positions.
func (h *Handler) known(hub vitals.HubID) map[vitals.Stream]uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.stored[hub])
}

func listed(positions map[vitals.Stream]uint64) []vitals.Position {
	return lo.MapToSlice(positions, func(s vitals.Stream, upto uint64) vitals.Position { return vitals.Position{Stream: s, Upto: upto} })
}

func (h *Handler) alreadyStored(s vitals.Stream, seq uint64) bool { return seq <= h.upto(s) }

func (h *Handler) upto(s vitals.Stream) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stored[s.Hub][s]
}

func (h *Handler) limit(hub vitals.HubID) *rate.Limiter {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, ok := h.limits[hub]
	if !ok {
		l = rate.NewLimiter(hubRate, hubBurst)
		h.limits[hub] = l
	}
	return l
}

func (h *Handler) count(f func(*Counts)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.counts)
}
