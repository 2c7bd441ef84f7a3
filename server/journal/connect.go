package journal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxBegun bounds what is begun and not confirmed: a thousand hubs with all that each may have on its way, and
// some bodies of HTTPS. Whoever comes then is made to wait, and told to come again.
const maxBegun = 32_000

// maxUnanswered is how often in a row a server may not say that it is there before the connection is given up.
const maxUnanswered = 2

type counter struct{ atomic.Uint64 }

// connect makes the two connections. Retries are for an external server that is still starting.
func (j *Journal) connect(ctx context.Context, inside nats.InProcessConnProvider) error {
	var err error
	if j.talk, err = j.dial(ctx, "vigil", inside); err != nil {
		return err
	}
	if j.read, err = j.dial(ctx, "vigil reader", inside); err != nil {
		return err
	}
	if err := j.checkVersion(ctx, j.talk.ConnectedServerVersion()); err != nil {
		return err
	}
	if j.publisher, err = jetstream.New(j.talk,
		jetstream.WithPublishAsyncTimeout(j.cfg.PublishTimeout), jetstream.WithPublishAsyncMaxPending(maxBegun),
		jetstream.WithPublishAsyncAckHandler(func(_ jetstream.JetStream, msg *nats.Msg, _ *jetstream.PubAck) { j.became(msg, nil) }),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, msg *nats.Msg, err error) { j.became(msg, err) }),
	); err != nil {
		return fmt.Errorf("open jetstream: %w", err)
	}
	if j.reader, err = jetstream.New(j.read); err != nil {
		return fmt.Errorf("open jetstream: %w", err)
	}
	return nil
}

func (j *Journal) dial(ctx context.Context, name string, inside nats.InProcessConnProvider) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name(name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ErrorHandler(j.connectionTrouble),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				j.log.Warn("connection to the journal lost", "connection", name, "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			j.log.Info("connection to the journal is back", "connection", name)
		}),
	}
	if inside != nil {
		options = append(options, nats.InProcessServer(inside))
	} else {
		// A server that is cut off hangs up on nobody. By itself the library asks after it every two minutes, and
		// believes in it for six, though others may answer.
		options = append(options, nats.PingInterval(j.cfg.PublishTimeout), nats.MaxPingsOutstanding(maxUnanswered), nats.FlusherTimeout(j.cfg.PublishTimeout))
	}
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	for {
		conn, err := nats.Connect(j.cfg.URL, options...)
		if err == nil {
			return conn, nil
		}
		if inside != nil || !wait(ctx, time.Second) {
			return nil, fmt.Errorf("connect to the journal at %s: %w: %w", withoutSecrets(j.cfg.URL), ErrUnavailable, err)
		}
		j.log.WarnContext(ctx, "journal does not answer yet", "error", err)
	}
}

// withoutSecrets is the address as it may be shown.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return "(embedded)"
	}
	return u.Redacted()
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

// connectionTrouble logs what the client library reports in passing: above all a subscriber that
// is too slow, which means that feed messages were dropped.
func (j *Journal) connectionTrouble(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	if errors.Is(err, nats.ErrSlowConsumer) {
		j.feedLoss.Add(1)
	}
	j.log.Warn("trouble on the connection to the journal", "subject", subject, "error", err)
}

// The versions: older servers accept settings that they do not know and silently ignore them.
var (
	oldestServer  = [2]int{2, 10} // metadata of streams, several filters per consumer
	desiredServer = [2]int{2, 12} // the oldest that the tests have covered
)

func (j *Journal) checkVersion(ctx context.Context, version string) error {
	v, err := parseVersion(version)
	switch {
	case err != nil:
		return err
	case before(v, oldestServer):
		return fmt.Errorf("nats-server %s, need 2.10 or newer: %w", version, ErrUnfit)
	case before(v, desiredServer):
		j.log.WarnContext(ctx, "nats-server is older than what vigil is tested with", "version", version, "desired", "2.12")
	}
	return nil
}

func parseVersion(version string) ([2]int, error) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return [2]int{}, fmt.Errorf("nats-server version %q: %w", version, ErrUnfit)
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return [2]int{}, fmt.Errorf("nats-server version %q: %w", version, ErrUnfit)
	}
	minor, err := strconv.Atoi(parts[1])
	if err != nil {
		return [2]int{}, fmt.Errorf("nats-server version %q: %w", version, ErrUnfit)
	}
	return [2]int{major, minor}, nil
}

func before(v, other [2]int) bool {
	return v[0] < other[0] || (v[0] == other[0] && v[1] < other[1])
}
