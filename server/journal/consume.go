package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"vigil/vitals"
)

// readAhead is how many messages one consumer holds in memory. A message is at most 64 KiB on the
// wire of a hub, so 64 partitions hold at most 256 MiB, and 8 MiB of ordinary ones.
const readAhead = 64

// Consume hands over the messages of a partition one after the other, in the order of their
// sequence numbers, and goes on until stopped, across restarts of the server.
//
// It begins at the sequence number from, or, where from is 0, at the time since. With both it
// begins at since but never behind from, however the clocks of the servers were set: from is the
// first message that must not be missed, what comes before it is memory.
//
// The handler is called by one goroutine at a time and may take as long as it likes: the journal
// waits. pending is how many messages of the partition wait behind this one. A message that does
// not decode arrives as the zero Delivery, so that positions move past it.
//
// The first result is how many messages wait at the beginning. After stop has returned the handler
// is not called any more; it must not wait for stop itself.
func (j *Journal) Consume(
	ctx context.Context, partition int, from uint64, since time.Time,
	handle func(seq, pending uint64, d vitals.Delivery),
) (pending uint64, stop func(), err error) {
	consumer, err := j.orderedFrom(ctx, partition, from, since)
	if err != nil {
		return 0, nil, fmt.Errorf("consume partition %d: %w: %w", partition, ErrUnavailable, err)
	}
	c := &consumption{journal: j, partition: partition, handle: handle, last: from - min(from, 1)}
	if !since.IsZero() {
		c.last = 0
	}
	pending = consumer.CachedInfo().NumPending
	running, err := consumer.Consume(c.take,
		jetstream.PullMaxMessages(readAhead),
		jetstream.ConsumeErrHandler(c.trouble))
	if err != nil {
		return 0, nil, fmt.Errorf("consume partition %d: %w: %w", partition, ErrUnavailable, err)
	}
	return pending, func() { c.stop(running) }, nil
}

func (j *Journal) orderedFrom(ctx context.Context, partition int, from uint64, since time.Time) (jetstream.Consumer, error) {
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{partitionSubject(partition)},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    max(from, 1),
	}
	if since.IsZero() {
		return j.reader.OrderedConsumer(ctx, streamName, cfg)
	}
	byTime := cfg
	byTime.DeliverPolicy, byTime.OptStartSeq, byTime.OptStartTime = jetstream.DeliverByStartTimePolicy, 0, &since
	consumer, err := j.reader.OrderedConsumer(ctx, streamName, byTime)
	if err != nil || from == 0 || consumer.CachedInfo().Delivered.Stream < from {
		return consumer, err
	}
	// The server searches by time as if its clock had never been set back. Here it has been.
	j.log.WarnContext(ctx, "times in the journal are out of order, starting without memory", "partition", partition, "from", from)
	return j.reader.OrderedConsumer(ctx, streamName, cfg)
}

// TimeOf is when the journal got the partition's first message at or behind the sequence number;
// not found when there is none.
func (j *Journal) TimeOf(ctx context.Context, partition int, seq uint64) (at time.Time, found bool, err error) {
	stream, err := j.publisher.Stream(ctx, streamName)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look up stream %s: %w: %w", streamName, ErrUnavailable, err)
	}
	msg, err := stream.GetMsg(ctx, max(seq, 1), jetstream.WithGetMsgSubject(partitionSubject(partition)))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return time.Time{}, false, nil
	case err != nil:
		return time.Time{}, false, fmt.Errorf("look up message %d: %w: %w", seq, ErrUnavailable, err)
	}
	return msg.Time.UTC(), true, nil
}

// consumption is one running consumer.
type consumption struct {
	journal   *Journal
	partition int
	handle    func(seq, pending uint64, d vitals.Delivery)

	mu      sync.Mutex // held while the handler runs
	stopped bool
	last    uint64
}

func (c *consumption) take(msg jetstream.Msg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	meta, err := msg.Metadata()
	// The library hands a message over again when it starts a new consumer in the middle of one.
	if c.stopped || err != nil || meta.Sequence.Stream <= c.last {
		return
	}
	c.last = meta.Sequence.Stream
	d, err := decodeDelivery(msg.Data())
	if err != nil {
		c.journal.poison.Add(1)
		c.journal.log.Error("journal message does not decode, passing it over",
			"partition", c.partition, "seq", c.last, "error", err)
		d = vitals.Delivery{}
	}
	c.handle(c.last, meta.NumPending, d)
}

// trouble logs why the library begins a new consumer.
func (c *consumption) trouble(_ jetstream.ConsumeContext, err error) {
	c.journal.log.Warn("journal consumer interrupted", "partition", c.partition, "error", err)
}

// stop waits for a handler that runs. The library may have to wait for a server that is away, so
// that is left to it; Close waits for it.
func (c *consumption) stop(running jetstream.ConsumeContext) {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.journal.spawn(running.Stop)
}
