package main_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// hub is a home hub as docs/hub-protocol.md wants it: it numbers its messages, keeps each until an
// ack covers it, and after every connect sends again what is not covered.
type hub struct {
	id     vitals.HubID
	secret string
	doors  []string // MQTT addresses, tried in turn
	epoch  uint32

	mu       sync.Mutex
	rows     map[vitals.DeviceID]*row
	queue    []*message // to be sent
	sent     []*message // waiting for their ack
	wake     chan struct{}
	session  int // connections that were told positions
	greeting map[vitals.DeviceID]uint64
	greeted  bool // the positions of this connection have come
	refused  []uplink.Nack
	faults   []string // what the server did against the protocol
	connects int
	failure  error // of the last connection
	conn     net.Conn
}

// row is the stream of one device.
type row struct{ made, acked uint64 }

// message is kept until it is acked.
type message struct {
	device  vitals.DeviceID
	seq     uint64
	channel uplink.Channel
	payload []byte
	sentAt  time.Time
	tries   int
}

const ackPatience = 30 * time.Second // behind which a hub sends again

// newHub is a hub that runs until the test ends.
func newHub(t *testing.T, id vitals.HubID, secret string, doors ...string) *hub {
	t.Helper()
	h := &hub{
		id: id, secret: secret, doors: doors, epoch: rand.Uint32(), rows: map[vitals.DeviceID]*row{},
		wake: make(chan struct{}, 1),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, f := range h.faults {
			t.Errorf("hub %s: %s", id, f)
		}
		for _, n := range h.refused {
			t.Errorf("hub %s was refused message %d: %s %s", id, n.Seq, n.Code, n.Reason)
		}
		if t.Failed() {
			t.Logf("hub %s: %d connects, %d to send, %d not acked, last failure: %v", id, h.connects, len(h.queue), len(h.sent), h.failure)
		}
	})
	return h
}

// send numbers the batch and keeps it.
func (h *hub) send(b vitals.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rows[b.Device]
	if r == nil {
		r = &row{}
		h.rows[b.Device] = r
	}
	m := uplink.Message{
		Stream: h.epoch, Seq: r.made + 1, HubTime: time.Now().UTC(), Boot: 1, Batch: b,
		Clock: uplink.ClockQuality{Source: uplink.ClockNTP, Bound: 20 * time.Millisecond},
	}
	payload, err := m.Encode()
	if err != nil {
		return err
	}
	r.made++
	h.queue = append(h.queue, &message{device: b.Device, seq: m.Seq, channel: m.Channel(), payload: payload})
	h.nudge()
	return nil
}

func (h *hub) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// acked is up to where the device's messages are stored.
func (h *hub) acked(d vitals.DeviceID) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rows[d]; r != nil {
		return r.acked
	}
	return 0
}

// ackedAll is the same for all devices together.
func (h *hub) ackedAll() (n uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rows {
		n += r.acked
	}
	return n
}

// open reports an error while something is not acked.
func (h *hub) open() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for d, r := range h.rows {
		if r.acked < r.made {
			return fmt.Errorf("hub %s: device %s is stored up to %d of %d (%d to send, %d sent, last failure: %s)",
				h.id, d, r.acked, r.made, len(h.queue), len(h.sent), fmt.Sprint(h.failure))
		}
	}
	return nil
}

// told is what the server said first in the newest connection; not ok before it did.
func (h *hub) told() (positions map[vitals.DeviceID]uint64, session int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.greeting, h.session
}

// run keeps the hub connected until the context ends.
func (h *hub) run(ctx context.Context) {
	for door := 0; ctx.Err() == nil; door++ {
		err := h.connection(ctx, h.doors[door%len(h.doors)])
		h.mu.Lock()
		h.failure = err
		h.mu.Unlock()
		pause := time.NewTimer(100*time.Millisecond + rand.N(200*time.Millisecond)) // the protocol's 0.5 s, in haste
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// connection is one connection from its beginning to its end.
func (h *hub) connection(ctx context.Context, door string) error {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", door)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := paho.NewClient(paho.ClientConfig{
		ClientID: string(h.id), Conn: conn, PacketTimeout: ackPatience,
		OnPublishReceived:  []func(paho.PublishReceived) (bool, error){h.hear},
		OnClientError:      func(err error) { cancel(err) },
		OnServerDisconnect: func(d *paho.Disconnect) { cancel(fmt.Errorf("server disconnects: %d", d.ReasonCode)) },
	})
	if _, err := c.Connect(ctx, &paho.Connect{
		ClientID: string(h.id), CleanStart: true, KeepAlive: 30,
		UsernameFlag: true, Username: string(h.id), PasswordFlag: true, Password: []byte(h.secret),
	}); err != nil {
		return err
	}
	h.begin(conn)
	if _, err := c.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{
		{Topic: uplink.NackTopic(h.id), QoS: 1}, {Topic: uplink.AckTopic(h.id), QoS: 1},
	}}); err != nil {
		return err
	}
	err = h.deliver(ctx, c)
	return errors.Join(err, context.Cause(ctx))
}

// cut pulls the hub's cable and plugs it in again.
func (h *hub) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.conn.Close()
}

// begin makes everything that is not acked to be sent again: nobody knows what became of it.
func (h *hub) begin(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conn = conn
	h.connects++
	h.greeted = false
	h.queue = append(h.sent, h.queue...)
	h.sent = nil
	slices.SortStableFunc(h.queue, func(a, b *message) int { return int(a.seq) - int(b.seq) })
	h.nudge()
}

// deliver sends what there is to send, one message after the other, until the connection ends.
func (h *hub) deliver(ctx context.Context, c *paho.Client) error {
	overdue := time.NewTicker(time.Second)
	defer overdue.Stop()
	for {
		m := h.next(time.Now())
		if m == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-h.wake:
			case <-overdue.C:
			}
			continue
		}
		res, err := c.Publish(ctx, &paho.Publish{Topic: uplink.UpTopic(h.id, m.channel), QoS: 1, Payload: m.payload})
		const quotaExceeded = 0x97
		switch {
		case err == nil:
			h.received(m)
		case res != nil && res.ReasonCode == quotaExceeded: // not taken: again after a second
			h.again(m)
			select {
			case <-ctx.Done():
				return nil
			case <-overdue.C:
			}
		default:
			h.again(m)
			return err
		}
	}
}

// next takes a message out of the queue, into which those go that have waited too long for an ack.
func (h *hub) next(now time.Time) *message {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = slices.DeleteFunc(h.sent, func(m *message) bool {
		overdue := now.Sub(m.sentAt) > ackPatience<<min(m.tries-1, 5)
		if overdue {
			h.queue = append(h.queue, m)
		}
		return overdue
	})
	for len(h.queue) > 0 {
		m := h.queue[0]
		h.queue = h.queue[1:]
		if m.seq > h.rows[m.device].acked {
			return m
		}
	}
	return nil
}

func (h *hub) received(m *message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m.sentAt, m.tries = time.Now(), m.tries+1
	h.sent = append(h.sent, m)
}

func (h *hub) again(m *message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queue = slices.Insert(h.queue, 0, m)
}

// hear takes what the server says.
func (h *hub) hear(p paho.PublishReceived) (bool, error) {
	down, err := uplink.DecodeDown(p.Packet.Payload)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil:
		h.faults = append(h.faults, fmt.Sprintf("the server cannot be understood: %v", err))
	case down.Nack != nil:
		h.refused = append(h.refused, *down.Nack)
	case down.Ack != nil:
		h.stored(*down.Ack)
	}
	return true, nil
}

// stored forgets what is stored. The server must never say more than was sent, and at connect never
// less than it said before.
func (h *hub) stored(a uplink.Ack) {
	first := !h.greeted
	if first {
		h.greeted, h.greeting = true, map[vitals.DeviceID]uint64{}
		h.session++
	}
	for _, p := range a.Positions {
		r := h.rows[p.Device]
		if r == nil || p.Stream != h.epoch {
			continue
		}
		if p.Upto > r.made {
			h.faults = append(h.faults, fmt.Sprintf("device %s is said to be stored up to %d of %d", p.Device, p.Upto, r.made))
		}
		if first {
			h.greeting[p.Device] = p.Upto
			if p.Upto < r.acked {
				h.faults = append(h.faults, fmt.Sprintf("device %s was acked up to %d, and is stored up to %d", p.Device, r.acked, p.Upto))
			}
		}
		r.acked = max(r.acked, p.Upto)
	}
	h.sent = slices.DeleteFunc(h.sent, func(m *message) bool { return m.seq <= h.rows[m.device].acked })
}
