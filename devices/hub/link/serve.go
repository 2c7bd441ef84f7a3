package link

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"vigil/devices/uplink"
)

const (
	retryAfter  = time.Second // behind a message that the server could not take
	statusEvery = 30 * time.Second
	// commandTimeout is how long a command may take.
	commandTimeout = time.Minute
	// positionsTimeout is how long the server may take to tell its positions.
	positionsTimeout = 3 * time.Second
	// lateEvery is how often the past is looked at for more.
	lateEvery = 250 * time.Millisecond
)

// Messages that may be on their way to the server at once: MQTT's receive maximum, of which the
// present and the status keep their share.
const (
	mostLate     = 16
	shareOfLive  = 4
	withoutLimit = 65535 // MQTT 5, 3.2.2.3.3: a server that tells none
)

// lateAtOnce is how many messages of the past may be on their way at once.
func lateAtOnce(c *paho.Connack) int {
	most := withoutLimit
	if c != nil && c.Properties != nil && c.Properties.ReceiveMaximum != nil {
		most = int(*c.Properties.ReceiveMaximum)
	}
	return min(mostLate, max(1, most-shareOfLive))
}

// serve subscribes, which makes the server tell its positions, and sends all that the spool keeps
// beyond them.
func (l *Link) serve(ctx context.Context, cm *autopaho.ConnectionManager, late int) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	if ctx.Err() != nil { // the connection ended meanwhile, and what is said now would be said on the next one
		return context.Cause(ctx)
	}
	select {
	case <-l.positions: // of an earlier connection
	default:
	}
	l.unheard.Store(true)
	if _, err := cm.Subscribe(ctx, &paho.Subscribe{Subscriptions: l.topics()}); err != nil {
		return fmt.Errorf("subscribe to acks: %w", err)
	}
	if err := l.awaitPositions(ctx); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { l.tellStatus(ctx, cm) })
	beside.Go(func() { end(l.sendLate(ctx, cm, late)) })
	end(l.sendLive(ctx, cm))
	return context.Cause(ctx)
}

// topics are where the server speaks to the hub. A server that does not manage hubs refuses the last two,
// which changes nothing.
func (l *Link) topics() []paho.SubscribeOptions {
	topics := []paho.SubscribeOptions{{Topic: uplink.NackTopic(l.Hub), QoS: 1}, {Topic: uplink.AckTopic(l.Hub), QoS: 1}}
	if l.Manage != nil {
		topics = append(topics,
			paho.SubscribeOptions{Topic: uplink.ConfigTopic(l.Hub), QoS: 1}, paho.SubscribeOptions{Topic: uplink.CommandTopic(l.Hub), QoS: 1})
	}
	return topics
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

// sendLive sends what shows the present, one message behind the other.
func (l *Link) sendLive(ctx context.Context, cm *autopaho.ConnectionManager) error {
	for {
		p, ok := l.Spool.Live(time.Now())
		if !ok {
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for a message to send: %w", ctx.Err())
			case <-l.Spool.Wake():
			}
			continue
		}
		if err := l.send(ctx, cm, p); err != nil {
			return err
		}
	}
}

// sendLate sends what is past, so many messages at once.
func (l *Link) sendLate(ctx context.Context, cm *autopaho.ConnectionManager, atOnce int) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var sending sync.WaitGroup
	defer sending.Wait()
	room := make(chan struct{}, atOnce)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case room <- struct{}{}:
		}
		p, ok := l.Spool.Late(time.Now())
		if !ok {
			<-room
			if err := pause(ctx, lateEvery); err != nil {
				return context.Cause(ctx)
			}
			continue
		}
		sending.Go(func() {
			defer func() { <-room }()
			if err := l.send(ctx, cm, p); err != nil {
				end(err)
			}
		})
	}
}

// Reason codes of a PUBACK (MQTT 5, 3.4.2.1) and of a CONNACK (3.2.2.2).
const (
	quotaExceeded   = 0x97
	invalidPayload  = 0x99
	notAuthorised   = 0x87
	badPassword     = 0x86 // in a CONNACK
	otherwiseFailed = 0x80
)

func (l *Link) send(ctx context.Context, cm *autopaho.ConnectionManager, p uplink.Parcel) error {
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

// tellStatus publishes the hub's status at once and from time to time, and has sent again what was
// not acknowledged for long.
func (l *Link) tellStatus(ctx context.Context, cm *autopaho.ConnectionManager) {
	for {
		l.Spool.Overdue(time.Now())
		payload, err := l.status(true).Encode()
		if err == nil {
			_, err = cm.Publish(ctx, &paho.Publish{Topic: uplink.StatusTopic(l.Hub), QoS: 1, Payload: payload})
		}
		if err != nil && ctx.Err() == nil {
			l.Log.Warn("status could not be told", "error", err)
		}
		if pause(ctx, statusEvery) != nil {
			return
		}
	}
}

func (l *Link) status(online bool) uplink.Status {
	s := uplink.Status{Online: online, Version: l.Version, Clock: l.Clock()}
	s.Queue, s.Oldest = l.Spool.Waiting()
	if online {
		s.Uptime, s.Time = time.Since(l.Began), time.Now().UTC()
		if l.Report != nil {
			l.Report(&s)
		}
	}
	return s
}

// hear takes what the server says over MQTT.
func (l *Link) hear(ctx context.Context, p paho.PublishReceived) (bool, error) {
	if _, channel, _ := uplink.ParseTopic(p.Packet.Topic); l.Manage != nil && channel == uplink.Configs {
		l.Manage.Configure(p.Packet.Payload)
		return true, nil
	} else if l.Manage != nil && channel == uplink.Commands {
		l.obey(ctx, p.Client, p.Packet.Payload)
		return true, nil
	}
	down, err := uplink.DecodeDown(p.Packet.Payload)
	if err != nil {
		l.Log.Warn("server cannot be understood", "error", err)
		return true, nil
	}
	if down.Ack != nil && l.unheard.Swap(false) {
		if err := l.Spool.Reconcile(*down.Ack, time.Now()); err != nil {
			l.Log.Error("spool could not be brought in line with the server", "error", err)
		}
		select {
		case l.positions <- struct{}{}:
		default: // nobody has waited for those before; who waits for a place here would hold up the end of the connection
		}
		return true, nil
	}
	l.take(down)
	return true, nil
}

// obey has a command carried out and tells what became of it; a hub that ends does not wait for it. The library
// must not be held up here.
func (l *Link) obey(ctx context.Context, client *paho.Client, b []byte) {
	l.serving.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		payload, err := l.Manage.Command(ctx, b).Encode()
		if err == nil {
			_, err = client.Publish(ctx, &paho.Publish{Topic: uplink.ResultTopic(l.Hub), QoS: 1, Payload: payload})
		}
		if err != nil {
			l.Log.Warn("what became of a command could not be told", "error", err)
		}
	})
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
	if err != nil && !errors.Is(err, uplink.ErrNotKept) {
		l.Log.Error("spool could not note what the server said", "error", err)
	}
}
