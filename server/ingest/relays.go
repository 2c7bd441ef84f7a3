package ingest

import (
	"context"
	"errors"
	"strings"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// Topics of gateways that relay over MQTT. The name in them is the gateway's id.
const (
	theengsTopic          = "home/"
	theengsHeard          = "/BTtoMQTT/" // and the address of the device
	minewKind, minewTopic = "minew", "/gw/"
)

// relays are the gateways of others that are connected over MQTT, by their connection: another one may come from
// the same address and port before the end of the first is noticed.
type relays struct {
	known   Gateways
	handler *Handler

	mu sync.Mutex
	in map[*mqtt.Client]vitals.Gateway
}

// letIn lets a relay in that knows its secret. Its client id is its own id, or left to the server: with
// another one it could end a hub's connection.
func (r *relays) letIn(ctx context.Context, cl *mqtt.Client, pk packets.Packet) bool {
	id := vitals.HubID(pk.Connect.Username)
	named := pk.Connect.ClientIdentifier
	if !uplink.ValidHub(id) || named != "" && named != string(id) {
		return false
	}
	g, ok, err := r.known.CheckGateway(ctx, id, string(pk.Connect.Password))
	source, _ := gateway.Lookup(g.Kind)
	if err != nil || !ok || !source.Relays() || pk.Connect.WillFlag && !ownTopic(g, pk.Connect.WillTopic) {
		return false
	}
	limitKeepalive(cl)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in[cl] = g
	r.handler.log.Info("gateway connected", "gateway", g.ID, "kind", g.Kind)
	return true
}

func (r *relays) of(cl *mqtt.Client) (vitals.Gateway, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, is := r.in[cl]
	return g, is
}

func (r *relays) letOut(cl *mqtt.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.in, cl)
}

// ownTopic reports whether the gateway may publish there: below its own name only.
func ownTopic(g vitals.Gateway, topic string) bool {
	if g.Kind == minewKind {
		return strings.HasPrefix(topic, minewTopic+string(g.ID)+"/")
	}
	return strings.HasPrefix(topic, theengsTopic+string(g.ID)+"/")
}

// take reads what a relay publishes; what it says of itself (its status, its last will) is passed over.
func (r *relays) take(ctx context.Context, cl *mqtt.Client, g vitals.Gateway, pk packets.Packet) error {
	frame := devices.Frame{Received: r.handler.now(), Bytes: pk.Payload}
	if g.Kind == minewKind {
		if !strings.HasSuffix(pk.TopicName, "/status") {
			return nil
		}
	} else {
		address, heard := strings.CutPrefix(pk.TopicName, theengsTopic+string(g.ID)+theengsHeard)
		device, err := vitals.ParseDeviceID(address)
		if !heard || err != nil {
			return nil //nolint:nilerr // a topic of another purpose
		}
		frame.Device = device
	}
	r.handler.heardGateway(ctx, r.known, g.ID)
	source, _ := gateway.Lookup(g.Kind)
	parts, err := source.Read(frame)
	if err != nil {
		parts = []gateway.Part{{Payload: pk.Payload, Err: err}}
	}
	answer, err := r.handler.relayParts(ctx, g.ID, parts, false)
	if err != nil {
		r.handler.log.Warn("advertisement could not be taken", "gateway", g.ID, "error", err)
		// MQTT 3.1.1 knows no reasons, and would take the confirmation for a success. While only the database is away
		// the connection stays: what is of a device that is known here, a call for help, is taken all the same.
		if cl.Properties.ProtocolVersion < 5 && errors.Is(err, errUnpublished) {
			cl.Stop(err)
			return packets.ErrRejectPacket
		}
		return packets.Code{Code: packets.ErrQuotaExceeded.Code, Reason: "not available, send again"}
	}
	if len(answer.Refused) > 0 && answer.Passed == 0 { // else there is no place for it in the answer
		return packets.Code{Code: packets.ErrPayloadFormatInvalid.Code, Reason: answer.Refused[0].Reason}
	}
	return nil
}

// OnPacketRead lets clients in that want their last will to be kept for others: nothing is kept here.
func (*hubHook) OnPacketRead(_ *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Type == packets.Connect {
		pk.Connect.WillRetain = false
	}
	return pk, nil
}
