// Package link carries a spool's messages to the server: over MQTT 5, and over HTTPS while MQTT does
// not come through, as in networks that let nothing else out.
//
// What is measured now goes first, one message behind the other, so that it arrives in order. What
// an outage left behind goes beside it, several messages at a time: it never waits in front of the
// present, and takes all of the line that the present leaves.
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

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Times of a link.
const (
	keepAlive    = 30 // seconds
	dialTimeout  = 10 * time.Second
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
	leaveTimeout = 2 * time.Second
	// packetTimeout is how long a server may hold back a confirmation while its journal or database
	// is away; a hub that hung up sooner would only add to its trouble.
	packetTimeout = 30 * time.Second
)

// Spool keeps messages until they are stored.
type Spool interface {
	Outbox
	Answers
}

// Outbox is what is to be sent.
type Outbox interface {
	// Live takes the next message that shows the present, Late the next one of the past.
	Live(now time.Time) (uplink.Parcel, bool)
	Late(now time.Time) (uplink.Parcel, bool)
	// Received notes that the server has a message, which stays until it is stored; Again puts one
	// back that it did not receive.
	Received(p uplink.Parcel, now time.Time)
	Again(p uplink.Parcel, now time.Time)
	// Wake receives when there may be something to send.
	Wake() <-chan struct{}
}

// Answers is what becomes of a message that was sent.
type Answers interface {
	Ack(a uplink.Ack, now time.Time) error
	// Nack returns uplink.ErrNotKept for a message that is not there.
	Nack(n uplink.Nack, now time.Time) error
	// Reconcile takes the positions that the server tells at connect, and makes unsent what is not
	// stored; so does Rewind where it tells none, and Overdue with what waits too long for its ack.
	Reconcile(told uplink.Ack, now time.Time) error
	Rewind(now time.Time)
	Overdue(now time.Time)
	// Waiting is how many messages are not stored, and when the oldest of them was made.
	Waiting() (messages int, oldest time.Time)
}

// Manager does what the server wants of the hub beside its messages.
type Manager interface {
	// Configure takes a desired state, as it came.
	Configure(b []byte)
	// Command takes a command, as it came, and returns what became of it.
	Command(ctx context.Context, b []byte) uplink.Result
}

// Dialer connects to a server.
type Dialer func(ctx context.Context, server *url.URL) (net.Conn, error)

// Link keeps a hub connected. Its fields are set before Run.
type Link struct {
	Hub    vitals.HubID
	Secret string
	Spare  string      // that may be the good one in its place; empty: none
	MQTT   *url.URL    // mqtt:// or mqtts://
	HTTPS  *url.URL    // of the server; nil: MQTT only
	TLS    *tls.Config // whom to trust
	Dial   Dialer      // nil: TCP, with TLS for mqtts
	Spool  Spool
	Manage Manager // nil: nothing but messages
	// Report adds to a status what the hub knows of itself and its devices; nil: nothing.
	Report func(s *uplink.Status)
	Clock  func() uplink.ClockQuality
	Log    *slog.Logger
	// Version is what the hub calls itself, Began when it started.
	Version string
	Began   time.Time

	connects  atomic.Int64
	failures  atomic.Int64 // of MQTT in a row
	overHTTPS atomic.Bool
	unheard   atomic.Bool // the positions of this connection have not been told yet
	positions chan struct{}

	mu         sync.Mutex // also guards the secrets
	shown      string     // over MQTT, the last time
	conn       net.Conn
	connection context.CancelFunc // ends what belongs to the connection that is up
	outageOver context.CancelFunc // ends what is done over HTTPS; nil before there is anything
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

// Reconnects is how often the connection over MQTT was made again.
func (l *Link) Reconnects() int { return int(max(0, l.connects.Load()-1)) }

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
		ConnectPacketBuilder:          l.identify,
		WillMessage:                   &paho.WillMessage{Topic: uplink.StatusTopic(l.Hub), Payload: will, QoS: 1},
		OnConnectionUp:                func(cm *autopaho.ConnectionManager, c *paho.Connack) { l.up(ctx, cm, lateAtOnce(c)) },
		OnConnectionDown:              l.down,
		OnConnectError:                l.refused,
		ClientConfig: paho.ClientConfig{
			ClientID:      string(l.Hub),
			PacketTimeout: packetTimeout,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){
				func(p paho.PublishReceived) (bool, error) { return l.hear(ctx, p) },
			},
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
	dial := l.Dial
	if dial == nil {
		dial = l.dialNet
	}
	conn, err := dial(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", server.Host, err)
	}
	l.mu.Lock()
	l.conn = conn
	l.mu.Unlock()
	return conn, nil
}

func (l *Link) dialNet(ctx context.Context, server *url.URL) (net.Conn, error) {
	plain := &net.Dialer{Timeout: dialTimeout}
	if server.Scheme == "mqtts" {
		return (&tls.Dialer{NetDialer: plain, Config: l.TLS}).DialContext(ctx, "tcp", server.Host)
	}
	return plain.DialContext(ctx, "tcp", server.Host)
}

// refused tells of the first failure of an outage; the others say the same.
func (l *Link) refused(err error) {
	if l.failures.Add(1) == 1 {
		l.Log.Warn("server cannot be reached over MQTT", "error", err)
	}
	if answer, ok := errors.AsType[*autopaho.ConnackError](err); ok && (answer.ReasonCode == badPassword || answer.ReasonCode == notAuthorised) {
		l.mu.Lock()
		shown := l.shown
		l.mu.Unlock()
		l.turnedAway(shown)
	}
}

// up begins what a connection does. The library must not be held up here.
func (l *Link) up(ctx context.Context, cm *autopaho.ConnectionManager, late int) {
	ctx, cancel := context.WithCancel(ctx)
	l.failures.Store(0) // before the outage is ended: one that begins just now sees it
	l.mu.Lock()
	l.connection = cancel
	if l.outageOver != nil {
		l.outageOver()
	}
	l.mu.Unlock()
	queue, _ := l.Spool.Waiting()
	l.Log.Info("connected over MQTT", "times", l.connects.Add(1), "queue", queue)
	l.serving.Go(func() {
		defer cancel()
		if err := l.serve(ctx, cm, late); err != nil && ctx.Err() == nil {
			l.Log.Warn("session with the server ended", "error", err)
			l.HangUp() // and begin anew
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

// HangUp ends the connection without a word; both sides find out by themselves, and the link begins
// anew.
func (l *Link) HangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}
