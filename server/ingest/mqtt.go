package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Bounds of the MQTT door. The library's defaults are unlimited: 20 connections that had not even
// signed in could take 5 GB.
const (
	maxPacket        = uplink.MaxMessage + 1024 // a message with its topic and properties
	maxClients       = 20_000
	maxInFlight      = 20  // messages that a hub may send before the first is confirmed
	maxPendingWrites = 64  // per hub; the default reserves 686 MB for 10,000 idle hubs, this 66 MB
	maxKeepalive     = 120 // seconds; a hub that says nothing for half as long again is gone
	writeBuffer      = 2 << 10
	readBuffer       = 4 << 10
)

// MQTT is the door for hubs on MQTT 5 (and 3.1.1). It is a protocol adapter: it keeps no session, no
// retained message and no queue.
type MQTT struct {
	server *mqtt.Server
	hook   *hubHook
	addr   net.Addr
}

// ListenMQTT opens the door, to hubs and to gateways of others that relay; config is nil without TLS.
func ListenMQTT(addr string, config *tls.Config, h *Handler, gateways Gateways) (*MQTT, error) {
	listener, err := net.Listen("tcp", addr) //nolint:noctx // a listening socket lives until Close
	if err != nil {
		return nil, fmt.Errorf("listen for MQTT on %s: %w", addr, err)
	}
	bound := listener.Addr()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	server := mqtt.New(&mqtt.Options{
		Capabilities:             mqttLimits(),
		ClientNetWriteBufferSize: writeBuffer,
		ClientNetReadBufferSize:  readBuffer,
		InlineClient:             true,
		// The library logs whole packets. Payloads are patients' data: what matters is logged by the hook.
		Logger: slog.New(slog.DiscardHandler),
	})
	lobby := newLobby(listener, server, h.log)
	hook := &hubHook{
		handler: h, server: server, lobby: lobby, log: h.log, lines: map[*mqtt.Client]*mqttLine{}, pipelines: pipelines{of: map[*mqtt.Client]*pipeline{}},
		relays: relays{known: gateways, handler: h, in: map[*mqtt.Client]vitals.Gateway{}},
	}
	m := &MQTT{server: server, hook: hook, addr: bound}
	if err := errors.Join(server.AddHook(hook, nil), server.AddListener(lobby), server.Serve()); err != nil {
		return nil, errors.Join(fmt.Errorf("serve MQTT: %w", err), listener.Close())
	}
	return m, nil
}

func mqttLimits() *mqtt.Capabilities {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClients = maxClients
	c.MaximumClientWritesPending = maxPendingWrites
	c.MaximumPacketSize = maxPacket
	c.ReceiveMaximum = maxInFlight
	c.MaximumInflight = maxPendingWrites
	c.MaximumSessionExpiryInterval = 0
	c.MaximumQos = 1
	c.TopicAliasMaximum = 8
	c.RetainAvailable = 0
	c.SharedSubAvailable = 0
	c.WildcardSubAvailable = 0
	c.SubIDAvailable = 0
	return c
}

// Addr is where the door listens.
func (m *MQTT) Addr() net.Addr { return m.addr }

// Close disconnects all hubs and closes the door.
func (m *MQTT) Close() error {
	if err := m.server.Close(); err != nil {
		return fmt.Errorf("close MQTT: %w", err)
	}
	m.hook.pipelines.answering.Wait()
	return nil
}

// hubHook is what the library asks. A client's id, its user name and the name in its topics are the
// hub's id; so a hub can neither take over another's connection nor write in its name.
type hubHook struct {
	mqtt.HookBase
	handler *Handler
	server  *mqtt.Server
	lobby   *lobby
	log     *slog.Logger

	mu    sync.Mutex
	lines map[*mqtt.Client]*mqttLine // by their connection, as relays are

	relays    relays
	pipelines pipelines
}

// ID names the hook.
func (k *hubHook) ID() string { return "vigil" }

// Provides lists the questions that the hook answers.
func (k *hubHook) Provides(b byte) bool {
	switch b {
	case mqtt.OnConnectAuthenticate, mqtt.OnSessionEstablished, mqtt.OnACLCheck, mqtt.OnPublish,
		mqtt.OnSubscribed, mqtt.OnDisconnect, mqtt.OnPacketEncode, mqtt.OnPacketRead:
		return true
	default:
		return false
	}
}

// OnConnectAuthenticate lets a hub in that names itself consistently and knows its secret. A will on
// another topic is refused here, because the library lets wills pass the topic check.
func (k *hubHook) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeLimit)
	defer cancel()
	hub := vitals.HubID(cl.ID)
	own := uplink.ValidHub(hub) && string(pk.Connect.Username) == cl.ID &&
		(!pk.Connect.WillFlag || pk.Connect.WillTopic == uplink.StatusTopic(hub))
	switch {
	case own && k.handler.knows(ctx, hub, string(pk.Connect.Password)) == nil:
		limitKeepalive(cl)
		k.lobby.admit(cl)
		k.log.Info("hub connected", "hub", hub, "door", "mqtt")
	case k.relays.letIn(ctx, cl, pk):
		k.lobby.admit(cl)
	default:
		k.log.Warn("hub refused", "door", "mqtt", "remote", cl.Net.Remote)
		return false
	}
	return true
}

// limitKeepalive has a client that says nothing noticed.
func limitKeepalive(cl *mqtt.Client) {
	if cl.State.Keepalive == 0 || cl.State.Keepalive > maxKeepalive {
		cl.State.Keepalive, cl.State.ServerKeepalive = maxKeepalive, true
	}
}

// OnPacketEncode announces the largest packet when it confirms a connection, which the library bounds but
// does not announce. Where a hub sends a larger one all the same, the library ends the connection without
// a DISCONNECT and offers no place to send one.
func (k *hubHook) OnPacketEncode(_ *mqtt.Client, pk packets.Packet) packets.Packet {
	if pk.FixedHeader.Type == packets.Connack {
		pk.Properties.MaximumPacketSize = maxPacket
	}
	return pk
}

// OnACLCheck allows a hub its own topics, by equality: no wildcard ever matches.
func (k *hubHook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if relay, is := k.relays.of(cl); is {
		return write && ownTopic(relay, topic)
	}
	hub, channel, ok := uplink.ParseTopic(topic)
	if !ok || string(hub) != cl.ID {
		return false
	}
	if write {
		return channel.Up() || channel == uplink.StatusChannel || channel == uplink.Results
	}
	return channel == uplink.Acks || channel == uplink.Nacks || channel == uplink.Configs || channel == uplink.Commands
}

// OnPublish takes a hub's message. The pipeline confirms it, not the library, which is told that nothing is left to
// be done.
func (k *hubHook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeLimit)
	defer cancel()
	if relay, is := k.relays.of(cl); is {
		return pk, k.relays.take(ctx, cl, relay, pk)
	}
	hub, channel, ok := uplink.ParseTopic(pk.TopicName)
	if !ok || cl.Net.Inline {
		return pk, nil // the server's own message on its way down
	}
	var settle settlement
	switch {
	case channel == uplink.Results:
		settle = settled(k.result(ctx, hub, pk.Payload))
	case !channel.Up():
		settle = settled(k.status(ctx, hub, pk.Payload))
	default:
		settle = k.message(ctx, cl, hub, pk.Payload)
	}
	if pk.FixedHeader.Qos > 0 {
		k.pipelines.add(cl, pending{packet: pk.PacketID, settle: settle})
		return pk, packets.ErrRejectPacket
	}
	if _, err := settle(ctx); err != nil { // there is nothing to confirm
		cl.Stop(err)
	}
	return pk, packets.ErrRejectPacket
}

// OnSubscribed tells a hub its positions as soon as it can hear them.
func (k *hubHook) OnSubscribed(cl *mqtt.Client, pk packets.Packet, codes []byte) {
	for i, sub := range pk.Filters {
		if i < len(codes) && codes[i] < packets.ErrUnspecifiedError.Code {
			k.join(cl, sub.Filter)
		}
	}
}

// OnSessionEstablished tells its positions to a hub that was let in beside its earlier connection and took that
// one's subscriptions over, and so will not subscribe again.
func (k *hubHook) OnSessionEstablished(cl *mqtt.Client, _ packets.Packet) {
	for filter := range cl.State.Subscriptions.GetAll() {
		k.join(cl, filter)
	}
}

func (k *hubHook) join(cl *mqtt.Client, filter string) {
	hub, channel, ok := uplink.ParseTopic(filter)
	if !ok || channel != uplink.Acks && channel != uplink.Commands {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeLimit)
	defer cancel()
	if channel == uplink.Commands {
		k.handler.greet(ctx, hub)
		return
	}
	k.handler.join(ctx, hub, k.line(cl, hub))
}

func (k *hubHook) line(cl *mqtt.Client, hub vitals.HubID) *mqttLine {
	k.mu.Lock()
	defer k.mu.Unlock()
	l, ok := k.lines[cl]
	if !ok {
		l = &mqttLine{hub: hub, server: k.server, log: k.log}
		k.lines[cl] = l
	}
	return l
}

// OnDisconnect notes that the hub is gone, and forgets its subscriptions: the position that it is told
// when it returns is all the memory that a connection needs.
func (k *hubHook) OnDisconnect(cl *mqtt.Client, fault error, expires bool) {
	if !expires {
		defer k.forget(cl)
	}
	k.relays.letOut(cl)
	k.pipelines.end(cl)
	k.mu.Lock()
	l, joined := k.lines[cl]
	delete(k.lines, cl)
	k.mu.Unlock()
	if !joined {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeLimit)
	defer cancel()
	k.handler.leave(ctx, l.hub, l, silence(fault, keptAlive(cl)))
	k.log.Info("hub disconnected", "hub", l.hub, "door", "mqtt")
}

// keptAlive is how long the library waits for a client's next word.
func keptAlive(cl *mqtt.Client) time.Duration {
	return time.Duration(cl.State.Keepalive+cl.State.Keepalive/2) * time.Second
}

// forget drops a session that its hub asked to keep. It comes last, as the library itself does with a session
// that expires: a hub that was let in beside it must have found it and taken it over, or what is dropped here by
// its name would be the new one, which then never hears an ack.
func (k *hubHook) forget(cl *mqtt.Client) {
	if current, ok := k.server.Clients.Get(cl.ID); !ok || current != cl || cl.IsTakenOver() {
		return
	}
	cl.ClearInflights()
	k.server.UnsubscribeClient(cl)
	k.server.Clients.Delete(cl.ID)
}

// mqttLine sends down to a hub.
type mqttLine struct {
	hub    vitals.HubID
	server *mqtt.Server
	log    *slog.Logger
}

func (l *mqttLine) ack(positions []vitals.Position) {
	for _, a := range acksOf(positions) {
		payload, err := a.Encode()
		l.send(uplink.AckTopic(l.hub), payload, err)
	}
}

func (l *mqttLine) nack(n uplink.Nack) {
	for _, part := range n.Parts() {
		payload, err := part.Encode()
		l.send(uplink.NackTopic(l.hub), payload, err)
	}
}

// direct tells on the topics of which the hub has subscribed those that it understands.
func (l *mqttLine) direct(config []byte, commands [][]byte) {
	if config != nil {
		l.send(uplink.ConfigTopic(l.hub), config, nil)
	}
	for _, c := range commands {
		l.send(uplink.CommandTopic(l.hub), c, nil)
	}
}

func (l *mqttLine) send(topic string, payload []byte, err error) {
	if err == nil {
		err = l.server.Publish(topic, payload, false, 1)
	}
	if err != nil {
		l.log.Warn("message down to a hub was lost", "hub", l.hub, "error", err)
	}
}
