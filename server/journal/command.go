package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
)

// maxCommands is how many commands of one partition wait for their answers at the same time: more than all who watch
// a partition's patients give while a database hangs.
const maxCommands = 256

func commandSubject(partition int) string { return "cmd." + strconv.Itoa(partition) }

// Request asks the owner of the partition and waits for the answer. The error wraps ErrNoOwner
// when there is none, else ErrUnavailable.
func (j *Journal) Request(ctx context.Context, partition int, command []byte) ([]byte, error) {
	msg, err := j.talk.RequestWithContext(ctx, commandSubject(partition), command)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("ask the owner of partition %d: %w", partition, ErrNoOwner)
	case err != nil:
		return nil, fmt.Errorf("ask the owner of partition %d: %w: %w", partition, ErrUnavailable, err)
	}
	return msg.Data, nil
}

// Serve answers the commands of a partition until stopped, each on a goroutine of its own. A nil
// answer leaves the sender waiting, for another node that knows better. Where too many wait already the next is left
// waiting, too: kept, it would be carried out after its sender has been told that it was not, and denied, it would be so
// for a node that may be the owner by now.
func (j *Journal) Serve(partition int, answer func([]byte) []byte) (stop func(), err error) {
	slots := make(chan struct{}, maxCommands)
	sub, err := j.talk.Subscribe(commandSubject(partition), func(msg *nats.Msg) {
		select {
		case slots <- struct{}{}:
		default:
			j.log.Warn("command not taken, too many wait for their answers", "partition", partition)
			return
		}
		j.spawn(func() {
			defer func() { <-slots }()
			if reply := answer(msg.Data); reply != nil {
				if err := msg.Respond(reply); err != nil {
					j.log.Warn("command not answered", "partition", partition, "error", err)
				}
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("serve commands of partition %d: %w: %w", partition, ErrUnavailable, err)
	}
	return func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			j.log.Warn("commands of a partition not unsubscribed", "partition", partition, "error", err)
		}
	}, nil
}
