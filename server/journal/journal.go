package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors that callers decide on.
var (
	// ErrUnavailable means that the journal did not confirm in time; the sender keeps the delivery.
	ErrUnavailable = errors.New("journal is unavailable")
	// ErrNoOwner means that nobody owns the partition at the moment.
	ErrNoOwner = errors.New("partition has no owner")
	// ErrUnfit means that the server or the stream is not one that this program can work with.
	ErrUnfit = errors.New("journal server is unfit")
)

// Defaults of Config.
const (
	defaultMaxAge         = 24 * time.Hour
	defaultMaxBytes       = 4 << 30
	defaultPublishTimeout = 5 * time.Second
	// connectPatience is how long Open tries to reach an external server, which may be starting too.
	connectPatience = 30 * time.Second
)

// Config says where the journal lives and how much it remembers.
type Config struct {
	Dir      string        // of the embedded server; not used with URL
	URL      string        // of an external server; empty runs one inside this process
	MaxAge   time.Duration // what is remembered at most; zero is 24 hours
	MaxBytes int64         // zero is 4 GiB
	// PublishTimeout bounds the wait for the confirmation of one delivery; zero is 5 seconds.
	PublishTimeout time.Duration
	Logger         *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxAge == 0 {
		c.MaxAge = defaultMaxAge
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.PublishTimeout == 0 {
		c.PublishTimeout = defaultPublishTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Journal is an open journal. Its methods may be called from any goroutine.
type Journal struct {
	cfg    Config
	log    *slog.Logger
	server *embedded // nil with an external server

	// Replays of hours of deliveries must not delay alarms and confirmations, so what is consumed
	// comes over a connection of its own.
	talk *nats.Conn
	read *nats.Conn

	publisher jetstream.JetStream
	reader    jetstream.JetStream
	begun     sync.Map // *nats.Msg to the func(error) that is told what became of it

	mu       sync.Mutex
	identity identity
	closed   bool

	poison    counter
	feedLoss  counter
	serving   sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

// State is what the journal holds now.
type State struct {
	ID          string
	First, Last uint64 // sequence numbers; Last is 0 in a journal that never had a message
	Messages    uint64
	Bytes       uint64
}

// Stats counts what went wrong since Open.
type Stats struct {
	Poison   uint64 // messages that did not decode and were passed over
	FeedLoss uint64 // feed messages that could not be handed to the server
}

// Open starts the embedded server or connects to the external one, and makes sure of the stream.
// An embedded journal whose folder cannot be used is moved aside and made anew under a new
// identity; its content is with the hubs and in the database.
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	j := &Journal{cfg: cfg.withDefaults()}
	j.log = j.cfg.Logger
	open := j.openExternal
	if j.cfg.URL == "" {
		open = j.openEmbedded
	}
	if err := open(ctx); err != nil {
		j.hangUp()
		return nil, err
	}
	return j, nil
}

func (j *Journal) openExternal(ctx context.Context) error {
	if err := j.connect(ctx, nil); err != nil {
		return err
	}
	_, err := j.ensureStream(ctx)
	return err
}

// ID is the journal's identity. Positions are worth something only together with it.
func (j *Journal) ID() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.identity.ID
}

// Resolve says how far a position that was kept with some identity reaches in this journal: all
// messages up to the answer are the ones that the position counted. Zero means from the beginning.
func (j *Journal) Resolve(id string, position uint64) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.identity.resolve(id, position)
}

// State asks the server what the journal holds. A stream that somebody deleted is made anew, under
// a new identity.
func (j *Journal) State(ctx context.Context) (State, error) {
	info, err := j.streamInfo(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		j.log.ErrorContext(ctx, "the journal's stream is gone, making it anew", "journal", j.ID())
		info, err = j.ensureStream(ctx)
	}
	if err != nil {
		return State{}, fmt.Errorf("read the state of the journal: %w: %w", ErrUnavailable, err)
	}
	return j.remember(info), nil
}

// remember takes the identity from what the server says, for another node may have made the
// stream anew.
func (j *Journal) remember(info *jetstream.StreamInfo) State {
	id := readIdentity(info.Config.Metadata)
	j.mu.Lock()
	defer j.mu.Unlock()
	if id.ID != "" {
		j.identity = id
	}
	return State{
		ID: j.identity.ID, First: info.State.FirstSeq, Last: info.State.LastSeq,
		Messages: info.State.Msgs, Bytes: info.State.Bytes,
	}
}

// Ping reports whether the journal answers.
func (j *Journal) Ping(ctx context.Context) error {
	_, err := j.State(ctx)
	return err
}

// Stats counts what went wrong since Open.
func (j *Journal) Stats() Stats {
	return Stats{Poison: j.poison.Load(), FeedLoss: j.feedLoss.Load()}
}

// Close flushes what is on its way, hangs up and stops the embedded server. Consumers and
// subscriptions are to be stopped before.
func (j *Journal) Close() error {
	j.closeOnce.Do(func() { j.closeErr = j.close() })
	return j.closeErr
}

func (j *Journal) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), j.cfg.PublishTimeout)
	defer cancel()
	var errs []error
	if err := j.talk.FlushWithContext(ctx); err != nil {
		errs = append(errs, fmt.Errorf("flush the journal: %w", err))
	}
	left := marker{Journal: j.ID(), Boot: bootID(), Clean: true}
	if info, err := j.streamInfo(ctx); err == nil {
		left.Last = info.State.LastSeq
	} else {
		left.Clean = false
	}
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.hangUp()
	if j.server != nil {
		errs = append(errs, j.server.leave(left))
	}
	return errors.Join(errs...)
}

// spawn runs the function on a goroutine that Close waits for. After Close it does nothing.
func (j *Journal) spawn(run func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.closed {
		j.serving.Go(run)
	}
}

// hangUp closes the connections, waits for the goroutines and stops the embedded server. Doing it
// twice does no harm.
func (j *Journal) hangUp() {
	for _, conn := range []*nats.Conn{j.read, j.talk} {
		if conn != nil {
			conn.Close()
		}
	}
	j.serving.Wait()
	if j.server != nil {
		j.server.stop()
	}
}

// Expect says that the journal with this identity had messages up to a sequence number. Where it no
// longer has, because a damaged file was cut, it takes a new identity before the numbers behind its
// end are given to other messages. It is to be called before anybody publishes.
func (j *Journal) Expect(ctx context.Context, id string, last uint64) error {
	info, err := j.streamInfo(ctx)
	if err != nil {
		return fmt.Errorf("read the state of the journal: %w: %w", ErrUnavailable, err)
	}
	if j.remember(info).ID != id || info.State.LastSeq >= last {
		return nil
	}
	_, err = j.fork(ctx, info)
	return err
}

// Head is the journal's identity and its newest sequence number.
func (j *Journal) Head(ctx context.Context) (id string, last uint64, err error) {
	state, err := j.State(ctx)
	return state.ID, state.Last, err
}
