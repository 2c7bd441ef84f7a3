// Package link carries a spool's messages to the server: over MQTT 5, and over HTTPS while MQTT does
// not come through, as in networks that let nothing else out.
package link

import (
	"context"
	"crypto/tls"
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

	"vigil/devices/hub/spool"
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
	// positionsTimeout is how long the server may take to tell its positions; one that has none says
	// nothing.
	positionsTimeout = 3 * time.Second
	// packetTimeout is how long a server may hold back a confirmation while its journal or database
	// is away; a hub that hung up sooner would only add to its trouble.
	packetTimeout = 30 * time.Second
)

// Link keeps a hub connected. Its fields are set before Run.
type Link struct {
	Hub    vitals.HubID
	Secret string
	MQTT   *url.URL    // mqtt:// or mqtts://
	HTTPS  *url.URL    // of the server; nil: MQTT only
	TLS    *tls.Config // whom to trust
	Spool  *spool.Spool
	Clock  func() uplink.ClockQuality
	Log    *slog.Logger
	// Version is what the hub calls itself, Began when it started.
	Version string
	Began   time.Time

	failures   atomic.Int64 // of MQTT in a row
	overHTTPS  atomic.Bool
	unheard    atomic.Bool // the positions of this connection have not been told yet
	positions  chan struct{}
	mu         sync.Mutex
	conn       net.Conn
	connection context.CancelFunc // ends what belongs to the connection that is up
	serving    sync.WaitGroup
	sending    sync.Mutex // one door is used at a time
}

// Door names the way that messages take at the moment.
func (l *Link) Door() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.connection != nil:
		return "mqtt"
	case l.overHTTPS.Load():
		return "https"
	default:
		return "none"
	}
}

// Run keeps the link up until the context ends.
func (l *Link) Run(ctx context.Context) error {
	will, err := l.status(false).Encode()
	if err != nil {
		return fmt.Errorf("prepare the last will: %w", err)
	}
	l.positions = make(chan struct{}, 1)
	defer l.serving.Wait()
	cm, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls:                    []*url.URL{l.MQTT},
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
		return fmt.Errorf("prepare MQTT: %w", err)
	}
	if l.HTTPS != nil {
		l.serving.Go(func() { l.fallBack(ctx) })
	}
	<-ctx.Done()
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := cm.Disconnect(leaving); err != nil {
		l.Log.Debug("MQTT was left without a word", "error", err)
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

func (l *Link) dial(ctx context.Context, _ autopaho.ClientConfig, server *url.URL) (net.Conn, error) {
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{Timeout: dialTimeout}
	if server.Scheme == "mqtts" {
		dialer = &tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: l.TLS}
	}
	conn, err := dialer.DialContext(ctx, "tcp", server.Host)
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
	if l.failures.Add(1) == 1 {
		l.Log.Warn("server cannot be reached over MQTT", "error", err)
	}
}

// up begins what a connection does. The library must not be held up here.
func (l *Link) up(ctx context.Context, cm *autopaho.ConnectionManager) {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	l.connection = cancel
	l.mu.Unlock()
	l.failures.Store(0)
	l.Log.Info("connected over MQTT", "queue", l.Spool.Stats().Queue)
	l.serving.Go(func() {
		defer cancel()
		if err := l.serve(ctx, cm); err != nil && ctx.Err() == nil {
			l.Log.Warn("session with the server ended", "error", err)
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

func (l *Link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// serve subscribes, which makes the server tell its positions, and sends all that the spool keeps
// beyond them.
func (l *Link) serve(ctx context.Context, cm *autopaho.ConnectionManager) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	select {
	case <-l.positions: // of an earlier connection
	default:
	}
	l.unheard.Store(true)
	if _, err := cm.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{
		{Topic: uplink.NackTopic(l.Hub), QoS: 1}, {Topic: uplink.AckTopic(l.Hub), QoS: 1},
	}}); err != nil {
		return fmt.Errorf("subscribe to acks: %w", err)
	}
	if err := l.awaitPositions(ctx); err != nil {
		return err
	}
	stop := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { l.tellStatus(ctx, stop, cm) })
	defer beside.Wait()
	defer close(stop)
	for {
		p, again, ok := l.Spool.Next(time.Now())
		if !ok {
			if err := l.await(ctx, again); err != nil {
				return err
			}
			continue
		}
		if err := l.send(ctx, cm, p); err != nil {
			return err
		}
	}
}

func (l *Link) awaitPositions(ctx context.Context) error {
	timer := time.NewTimer(positionsTimeout)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for the server's positions: %w", ctx.Err())
	case <-l.positions:
	case <-timer.C:
		if l.unheard.Swap(false) {
			l.Spool.Rewind(time.Now())
		}
	}
	return nil
}

// await waits until there may be something to send; zero waits for the spool alone.
func (l *Link) await(ctx context.Context, again time.Duration) error {
	var due <-chan time.Time
	if again > 0 {
		timer := time.NewTimer(again)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for a message to send: %w", ctx.Err())
	case <-due:
	case <-l.Spool.Wake():
	}
	return nil
}

// Reason codes of a PUBACK (MQTT 5, 3.4.2.1).
const (
	quotaExceeded   = 0x97
	invalidPayload  = 0x99
	notAuthorised   = 0x87
	otherwiseFailed = 0x80
)

func (l *Link) send(ctx context.Context, cm *autopaho.ConnectionManager, p spool.Parcel) error {
	resp, err := cm.Publish(ctx, &paho.Publish{Topic: uplink.UpTopic(l.Hub, p.Channel), QoS: 1, Payload: p.Payload})
	switch {
	case err == nil, resp != nil && resp.ReasonCode == invalidPayload: // the nack tells the reason and drops it
		l.Spool.Received(p, time.Now())
		return nil
	case resp != nil && (resp.ReasonCode == quotaExceeded || resp.ReasonCode == otherwiseFailed):
		l.Spool.Again(p, time.Now())
		return pause(ctx, retryAfter)
	case resp != nil && resp.ReasonCode == notAuthorised:
		err = errors.Join(errors.New("the server does not let this hub in"), err)
	}
	l.Spool.Again(p, time.Now())
	return fmt.Errorf("publish: %w", err)
}

func pause(ctx context.Context, d time.Duration) error {
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
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for {
		l.Spool.Overdue(time.Now())
		payload, err := l.status(true).Encode()
		if err == nil {
			_, err = cm.Publish(ctx, &paho.Publish{Topic: uplink.StatusTopic(l.Hub), QoS: 1, Payload: payload})
		}
		if err != nil && ctx.Err() == nil {
			l.Log.Warn("status could not be told", "error", err)
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

func (l *Link) status(online bool) uplink.Status {
	stats := l.Spool.Stats()
	s := uplink.Status{
		Online: online, Version: l.Version, Queue: stats.Queue, Oldest: stats.Oldest, Clock: l.Clock(),
	}
	if online {
		s.Uptime = time.Since(l.Began)
	}
	return s
}

// hear takes what the server says over MQTT.
func (l *Link) hear(p paho.PublishReceived) (bool, error) {
	down, err := uplink.DecodeDown(p.Packet.Payload)
	if err != nil {
		l.Log.Warn("server cannot be understood", "error", err)
		return true, nil
	}
	if down.Ack != nil && l.unheard.Swap(false) {
		if err := l.Spool.Reconcile(*down.Ack, time.Now()); err != nil {
			l.Log.Error("spool could not be brought in line with the server", "error", err)
		}
		l.positions <- struct{}{}
		return true, nil
	}
	l.take(down)
	return true, nil
}

func (l *Link) take(down uplink.Down) {
	var err error
	switch {
	case down.Ack != nil:
		err = l.Spool.Ack(*down.Ack, time.Now())
	case down.Nack != nil:
		n := down.Nack
		l.Log.Warn("server refused a message", "device", n.Device, "seq", n.Seq, "code", n.Code, "reason", n.Reason, "kept", n.Kept)
		err = l.Spool.Nack(*n, time.Now())
	}
	if err != nil && !errors.Is(err, spool.ErrUnknown) {
		l.Log.Error("spool could not note what the server said", "error", err)
	}
}

// Credentials are what a hub shows at a door.
type Credentials struct {
	Hub    vitals.HubID
	Secret string
}
