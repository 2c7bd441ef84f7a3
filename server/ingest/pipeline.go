package ingest

import (
	"context"
	"errors"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"vigil/devices"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// A hub may have several messages on their way. The library takes one at a time, and would wait for the journal
// with each; so a message is begun where the library asks for it, and confirmed here, while the next one is
// begun. Confirmations leave in the order in which the messages came (MQTT 5, 4.6).

// pipeline is the messages of a connection that are begun and not confirmed.
type pipeline struct {
	begun chan pending
	over  chan struct{} // closed when the connection has ended
}

// pending is a message that waits for its confirmation.
type pending struct {
	packet uint16
	settle settlement
}

// pipelines are those of all connections.
type pipelines struct {
	mu        sync.Mutex
	of        map[*mqtt.Client]*pipeline
	answering sync.WaitGroup
}

// add has a message confirmed behind those before it. It waits while maxInFlight are not.
func (p *pipelines) add(cl *mqtt.Client, next pending) {
	l := p.line(cl)
	select {
	case l.begun <- next:
	case <-l.over:
	}
}

func (p *pipelines) line(cl *mqtt.Client) *pipeline {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[cl]
	if l == nil {
		l = &pipeline{begun: make(chan pending, maxInFlight), over: make(chan struct{})}
		p.of[cl] = l
		p.answering.Go(func() { l.answer(cl) })
	}
	return l
}

// end lets a connection's pipeline run empty.
func (p *pipelines) end(cl *mqtt.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.of[cl]; l != nil {
		close(l.over)
		delete(p.of, cl)
	}
}

func (l *pipeline) answer(cl *mqtt.Client) {
	for {
		select {
		case next := <-l.begun:
			next.confirm(cl)
		case <-l.over:
			for { // what was begun is seen through, though nobody hears of it
				select {
				case next := <-l.begun:
					next.confirm(cl)
				default:
					return
				}
			}
		}
	}
}

func (n pending) confirm(cl *mqtt.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeLimit)
	defer cancel()
	code, err := n.settle(ctx)
	if err == nil {
		ack := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, PacketID: n.packet, ReasonCode: code.Code}
		ack.Properties.ReasonString = code.Reason
		if code.Code < packets.ErrUnspecifiedError.Code {
			ack.Properties.ReasonString = ""
		}
		err = cl.WritePacket(ack)
	}
	if err != nil {
		cl.Stop(err)
	}
}

// settlement waits for what a hub is to be told of what it published. An error ends its connection.
type settlement func(context.Context) (packets.Code, error)

func settled(code packets.Code) settlement {
	return func(context.Context) (packets.Code, error) { return code, nil }
}

// message begins a message, and waits for what becomes of it.
func (k *hubHook) message(ctx context.Context, cl *mqtt.Client, hub vitals.HubID, payload []byte) settlement {
	taken, fault := k.handler.begin(ctx, hub, payload)
	return func(ctx context.Context) (packets.Code, error) {
		var nack *uplink.Nack
		err := fault
		if err == nil {
			nack, err = taken(ctx)
		}
		if err != nil {
			return k.sendAgain(cl, hub, err)
		}
		if nack == nil {
			return packets.CodeSuccess, nil
		}
		(&mqttLine{hub: hub, server: k.server, log: k.log}).nack(*nack)
		if nack.Kept {
			return packets.CodeSuccess, nil
		}
		return packets.Code{Code: packets.ErrPayloadFormatInvalid.Code, Reason: nack.Reason}, nil
	}
}

// sendAgain tells the hub that its message was not taken. MQTT 3.1.1 can only be told by ending the
// connection: it knows no reasons, and would take the confirmation for a success.
func (k *hubHook) sendAgain(cl *mqtt.Client, hub vitals.HubID, cause error) (packets.Code, error) {
	k.log.Warn("message could not be taken", "hub", hub, "error", cause)
	if cl.Properties.ProtocolVersion < 5 {
		return packets.Code{}, cause
	}
	return errNotNow, nil
}

// errNotNow has a hub send again.
var errNotNow = packets.Code{Code: packets.ErrQuotaExceeded.Code, Reason: "not available, send again"}

func (k *hubHook) status(ctx context.Context, hub vitals.HubID, payload []byte) packets.Code {
	status, err := uplink.DecodeStatus(payload)
	if err != nil {
		return packets.Code{Code: packets.ErrPayloadFormatInvalid.Code, Reason: err.Error()}
	}
	k.handler.reported(ctx, hub, status)
	return packets.CodeSuccess
}

func (k *hubHook) result(ctx context.Context, hub vitals.HubID, payload []byte) packets.Code {
	err := k.handler.answered(ctx, hub, payload)
	if errors.Is(err, devices.ErrMalformed) {
		return packets.Code{Code: packets.ErrPayloadFormatInvalid.Code, Reason: err.Error()}
	}
	if err != nil {
		k.log.Warn("answer to a command not kept", "hub", hub, "error", err)
		return errNotNow
	}
	return packets.CodeSuccess
}
