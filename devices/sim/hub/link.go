package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Times of a link.
const (
	keepAlive    = 30 // seconds
	dialTimeout  = 10 * time.Second
	retryAfter   = time.Second // behind a message that the server could not take
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
	statusEvery  = 30 * time.Second
	leaveTimeout = 2 * time.Second
	// packetTimeout is how long a server may hold back a confirmation while its journal or database
	// is away; a hub that hung up sooner would only add to its trouble.
	packetTimeout = 30 * time.Second
)

// Version is what simulated hubs call themselves.
const Version = "sim-1"

// Link carries a spool's messages to the server over MQTT 5. One message is on its way at a time,
// so messages stay in order and any receive maximum of the server is honoured.
type Link struct {
	Hub    vitals.HubID
	Secret string
	Server *url.URL // mqtt://host:port
	Spool  *Spool
	Log    *slog.Logger

	offline    atomic.Bool
	told       atomic.Bool // of the outage that lasts
	connects   atomic.Int64
	mu         sync.Mutex
	conn       net.Conn
	connection context.CancelFunc // ends what belongs to the connection that is up
	serving    sync.WaitGroup
}

// Reconnects is how often the connection was made again.
func (l *Link) Reconnects() int { return int(max(0, l.connects.Load()-1)) }

// Cut pulls the cable out of a hub, or plugs it in again: the connection ends without a word, and
// until it is plugged in none can be made. The spool keeps filling.
func (l *Link) Cut(offline bool) {
	if l.offline.Swap(offline) == offline {
		return
	}
	if offline {
		l.hangUp()
	}
}

// hangUp ends the connection without a word; both sides find out by themselves.
func (l *Link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// Run keeps the link up until the context ends.
func (l *Link) Run(ctx context.Context) error {
	will, err := l.status(false, time.Time{}).Encode()
	if err != nil {
		return fmt.Errorf("prepare last will of hub %s: %w", l.Hub, err)
	}
	defer l.serving.Wait()
	cm, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls:                    []*url.URL{l.Server},
		KeepAlive:                     keepAlive,
		CleanStartOnInitialConnection: true,
		ConnectTimeout:                dialTimeout,
		ReconnectBackoff:              backoff,
		AttemptConnection:             l.dial,
		ConnectUsername:               string(l.Hub),
		ConnectPassword:               []byte(l.Secret),
		WillMessage:                   &paho.WillMessage{Topic: uplink.StatusTopic(l.Hub), Payload: will, QoS: 1},
		OnConnectionUp:                func(cm *autopaho.ConnectionManager, _ *paho.Connack) { l.up(ctx, cm) },
		OnConnectionDown:              l.down,
		OnConnectError:                l.refused,
		ClientConfig: paho.ClientConfig{
			ClientID:          string(l.Hub),
			PacketTimeout:     packetTimeout,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){l.hear},
		},
	})
	if err != nil {
		return fmt.Errorf("connect hub %s: %w", l.Hub, err)
	}
	<-ctx.Done()
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := cm.Disconnect(leaving); err != nil {
		return fmt.Errorf("disconnect hub %s: %w", l.Hub, err)
	}
	l.down()
	return nil
}

// backoff doubles, with jitter, so that hubs do not return all at once.
func backoff(attempt int) time.Duration {
	if attempt == 0 {
		return 0
	}
	most := min(firstBackoff<<min(attempt, 10), maxBackoff)
	return most/2 + rand.N(most/2) //nolint:gosec // jitter
}

var errCut = errors.New("the hub is cut off")

func (l *Link) dial(ctx context.Context, _ autopaho.ClientConfig, server *url.URL) (net.Conn, error) {
	if l.offline.Load() {
		return nil, errCut
	}
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", server.Host)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", server.Host, err)
	}
	l.mu.Lock()
	l.conn = conn
	l.mu.Unlock()
	return conn, nil
}

// refused tells of the first failure of an outage; the others say the same.
func (l *Link) refused(err error) {
	if !l.offline.Load() && !l.told.Swap(true) {
		l.Log.Warn("hub could not connect", "hub", l.Hub, "error", err)
	}
}

// up begins what a connection does. The library must not be held up here.
func (l *Link) up(ctx context.Context, cm *autopaho.ConnectionManager) {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	l.connection = cancel
	l.mu.Unlock()
	l.told.Store(false)
	times := l.connects.Add(1)
	l.Log.Info("hub connected", "hub", l.Hub, "times", times, "queue", l.Spool.Stats().Queue)
	l.serving.Go(func() {
		defer cancel()
		if err := l.serve(ctx, cm); err != nil && ctx.Err() == nil {
			l.Log.Warn("hub's session ended", "hub", l.Hub, "error", err)
			l.hangUp() // and begin anew
		}
	})
}

func (l *Link) down() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connection != nil {
		l.connection()
		l.connection = nil
	}
	return true
}

// serve subscribes, which makes the server tell its positions, and sends all that the spool keeps
// beyond them.
func (l *Link) serve(ctx context.Context, cm *autopaho.ConnectionManager) error {
	if _, err := cm.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{
		{Topic: uplink.NackTopic(l.Hub), QoS: 1}, {Topic: uplink.AckTopic(l.Hub), QoS: 1},
	}}); err != nil {
		return fmt.Errorf("subscribe to acks: %w", err)
	}
	l.Spool.Rewind()
	stop := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { l.tellStatus(ctx, stop, cm) })
	defer beside.Wait()
	defer close(stop)
	for {
		p, err := l.Spool.Next(ctx)
		if err != nil {
			return err
		}
		if err := l.send(ctx, cm, p); err != nil {
			return err
		}
	}
}

// Reason codes of a PUBACK (MQTT 5, 3.4.2.1).
const (
	quotaExceeded   = 0x97
	invalidPayload  = 0x99
	notAuthorised   = 0x87
	otherwiseFailed = 0x80
)

func (l *Link) send(ctx context.Context, cm *autopaho.ConnectionManager, p Parcel) error {
	resp, err := cm.Publish(ctx, &paho.Publish{Topic: uplink.UpTopic(l.Hub, p.Channel), QoS: 1, Payload: p.Payload})
	switch {
	case err == nil:
		l.Spool.Received(p, time.Now())
		return nil
	case resp != nil && resp.ReasonCode == invalidPayload: // the nack tells the reason and drops it
		l.Spool.Received(p, time.Now())
		return nil
	case resp != nil && (resp.ReasonCode == quotaExceeded || resp.ReasonCode == otherwiseFailed):
		l.Spool.Again(p)
		return wait(ctx, retryAfter)
	case resp != nil && resp.ReasonCode == notAuthorised:
		l.Spool.Again(p)
		return fmt.Errorf("publish: the server does not let this hub in: %w", err)
	default:
		l.Spool.Again(p)
		return fmt.Errorf("publish: %w", err)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait to send again: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}

// tellStatus publishes the hub's status at once and from time to time, and sends again what was not
// acknowledged for long.
func (l *Link) tellStatus(ctx context.Context, stop <-chan struct{}, cm *autopaho.ConnectionManager) {
	began := time.Now()
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for {
		l.Spool.Overdue(time.Now())
		payload, err := l.status(true, began).Encode()
		if err == nil {
			_, err = cm.Publish(ctx, &paho.Publish{Topic: uplink.StatusTopic(l.Hub), QoS: 1, Payload: payload})
		}
		if err != nil && ctx.Err() == nil {
			l.Log.Warn("status could not be told", "hub", l.Hub, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-stop:
			return
		case <-ticker.C:
		}
	}
}

func (l *Link) status(online bool, began time.Time) uplink.Status {
	stats := l.Spool.Stats()
	s := uplink.Status{
		Online: online, Version: Version, Queue: stats.Queue, Oldest: stats.Oldest,
		Clock: uplink.ClockQuality{Source: uplink.ClockNTP},
	}
	if online {
		s.Uptime = time.Since(began)
	}
	return s
}

// hear takes what the server says.
func (l *Link) hear(p paho.PublishReceived) (bool, error) {
	down, err := uplink.DecodeDown(p.Packet.Payload)
	switch {
	case err != nil:
		l.Log.Warn("server cannot be understood", "hub", l.Hub, "error", err)
	case down.Ack != nil:
		l.Spool.Ack(*down.Ack)
	case down.Nack != nil:
		l.refusal(*down.Nack)
	}
	return true, nil
}

func (l *Link) refusal(n uplink.Nack) {
	log := l.Log.With("hub", l.Hub, "device", n.Device, "seq", n.Seq, "code", n.Code, "reason", n.Reason, "kept", n.Kept)
	if err := l.Spool.Nack(n); err != nil {
		log.Warn("server refused a message that is not kept here", "error", err)
		return
	}
	log.Warn("server refused a message")
}
