// Package fake is a server for tests of simulated homes: it speaks MQTT 5 as Vigil's hub door does,
// answers as its REST interface and dashboard socket, and keeps in memory what it receives.
package fake

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"vigil/devices/uplink"
	"vigil/devices/uplink/turn"
	"vigil/vitals"
)

// Broker receives hubs. Its fields are set before Listen.
type Broker struct {
	Secret string                                   // of every hub; empty lets all in
	Refuse func(uplink.Message) (code string)       // empty code: the message is fine
	Heard  func(hub vitals.HubID, m uplink.Message) // called for each message that was taken

	server *mqtt.Server
	addr   net.Addr
	turns  turn.Turns

	mu       sync.Mutex
	holding  bool
	progress map[vitals.Stream]*vitals.Progress
	repeats  int
}

// Listen opens the door on a free port of this computer.
func (b *Broker) Listen(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for hubs: %w", err)
	}
	b.addr = listener.Addr()
	b.progress = map[vitals.Stream]*vitals.Progress{}
	b.server = mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	if err := b.server.AddHook(&hook{broker: b}, nil); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	if err := b.server.AddListener(&door{listeners.NewNet("hubs", listener), &b.turns}); err != nil {
		return fmt.Errorf("add listener: %w", err)
	}
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("serve hubs: %w", err)
	}
	return nil
}

// Close ends all connections.
func (b *Broker) Close() error {
	if err := b.server.Close(); err != nil {
		return fmt.Errorf("close the hub door: %w", err)
	}
	return nil
}

// Addr is host:port.
func (b *Broker) Addr() string { return b.addr.String() }

// URL is the address as a link wants it.
func (b *Broker) URL() *url.URL { return &url.URL{Scheme: "mqtt", Host: b.Addr()} }

// Hold keeps acks back, as a server does whose database is away; letting go sends them.
func (b *Broker) Hold(holding bool) {
	b.mu.Lock()
	b.holding = holding
	var hubs []vitals.HubID
	for s := range b.progress {
		hubs = append(hubs, s.Hub)
	}
	b.mu.Unlock()
	for _, h := range hubs {
		b.tellPositions(h)
	}
}

// Forget loses everything that was stored, as a restore from a backup does.
func (b *Broker) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.progress)
}

// Stored is what is stored of each stream.
func (b *Broker) Stored() map[vitals.Stream]vitals.Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	stored := map[vitals.Stream]vitals.Progress{}
	for s, p := range b.progress {
		stored[s] = vitals.Progress{Upto: p.Upto, Ahead: slices.Clone(p.Ahead)}
	}
	return stored
}

// Repeats is how many messages came more than once.
func (b *Broker) Repeats() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.repeats
}

func (b *Broker) take(hub vitals.HubID, payload []byte) error {
	m, err := uplink.Decode(payload)
	if err != nil {
		return packets.Code{Code: packets.ErrPayloadFormatInvalid.Code, Reason: err.Error()}
	}
	code := ""
	if b.Refuse != nil {
		code = b.Refuse(m)
	}
	b.store(vitals.Stream{Hub: hub, Device: m.Batch.Device, Epoch: m.Stream}, m.Seq)
	if code != "" {
		b.tell(uplink.NackTopic(hub), uplink.Down{Nack: &uplink.Nack{
			Device: m.Batch.Device, Stream: m.Stream, Seq: m.Seq, Code: code, Reason: "refused for a test",
		}})
		return packets.Code{Code: packets.ErrPayloadFormatInvalid.Code, Reason: code}
	}
	if b.Heard != nil {
		b.Heard(hub, m)
	}
	b.tellPositions(hub)
	return nil
}

func (b *Broker) store(s vitals.Stream, seq uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.progress[s]
	if p == nil {
		p = &vitals.Progress{}
		b.progress[s] = p
	}
	if p.Has(seq) {
		b.repeats++
	}
	p.Add(vitals.Span{First: seq, Last: seq})
}

func (b *Broker) tellPositions(hub vitals.HubID) {
	b.mu.Lock()
	if b.holding {
		b.mu.Unlock()
		return
	}
	var ack uplink.Ack
	for s, p := range b.progress {
		if s.Hub == hub {
			ack.Positions = append(ack.Positions, uplink.Position{Device: s.Device, Stream: s.Epoch, Upto: p.Upto})
		}
	}
	b.mu.Unlock()
	b.tell(uplink.AckTopic(hub), uplink.Down{Ack: &ack})
}

func (b *Broker) tell(topic string, d uplink.Down) {
	payload, err := uplink.EncodeDown(d)
	if err == nil {
		err = b.server.Publish(topic, payload, false, 1)
	}
	if err != nil {
		panic(fmt.Sprintf("fake: tell a hub: %v", err)) // a fault of the test
	}
}

// door lets the connections of a hub in one behind the other.
type door struct {
	*listeners.Net

	turns *turn.Turns
}

// Serve takes connections in until the door closes.
func (d *door) Serve(establish listeners.EstablishFn) {
	d.Net.Serve(func(id string, conn net.Conn) error {
		defer d.turns.Leave(conn)
		return establish(id, conn)
	})
}

type hook struct {
	mqtt.HookBase
	broker *Broker
}

// ID names the hook.
func (h *hook) ID() string { return "fake" }

// Provides lists the questions that the hook answers.
func (h *hook) Provides(question byte) bool {
	switch question {
	case mqtt.OnConnectAuthenticate, mqtt.OnACLCheck, mqtt.OnPublish, mqtt.OnSubscribed:
		return true
	default:
		return false
	}
}

// OnConnectAuthenticate lets in who knows the secret.
func (h *hook) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	known := string(pk.Connect.Username) == cl.ID && (h.broker.Secret == "" || string(pk.Connect.Password) == h.broker.Secret)
	return known && h.broker.turns.Enter(context.Background(), cl.ID, cl.Net.Conn) == nil
}

// OnACLCheck allows a hub its own topics.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, _ bool) bool {
	hub, _, ok := uplink.ParseTopic(topic)
	return ok && string(hub) == cl.ID
}

// OnPublish takes a message.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	hub, channel, ok := uplink.ParseTopic(pk.TopicName)
	if !ok || cl.Net.Inline || !channel.Up() {
		return pk, nil
	}
	return pk, h.broker.take(hub, pk.Payload)
}

// OnSubscribed tells the positions.
func (h *hook) OnSubscribed(_ *mqtt.Client, pk packets.Packet, _ []byte) {
	for _, f := range pk.Filters {
		if hub, channel, ok := uplink.ParseTopic(f.Filter); ok && channel == uplink.Acks {
			h.broker.tellPositions(hub)
		}
	}
}
