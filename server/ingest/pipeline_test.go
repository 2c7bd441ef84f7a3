package ingest_test

import (
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"vigil/devices/uplink"
	"vigil/server/ingest"
)

// wire is a hub that writes its packets without waiting for an answer.
type wire struct {
	t    *testing.T
	conn net.Conn
}

func plugIn(t *testing.T, addr net.Addr) *wire {
	t.Helper()
	w := knock(t, addr, 30)
	if _, ok := w.read().(*packets.Connack); !ok {
		t.Fatal("no CONNACK")
	}
	return w
}

// knock asks to be let in. Who says nothing for half as long again as it keeps alive, in seconds, is gone.
func knock(t *testing.T, addr net.Addr, keepAlive uint16) *wire {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	w := &wire{t, conn}
	w.write(&packets.Connect{
		ProtocolName: "MQTT", ProtocolVersion: 5, ClientID: string(home), CleanStart: true, KeepAlive: keepAlive,
		UsernameFlag: true, Username: string(home), PasswordFlag: true, Password: []byte(secret), Properties: &packets.Properties{},
	})
	return w
}

func (w *wire) write(p packets.Packet) {
	w.t.Helper()
	if _, err := p.WriteTo(w.conn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) read() packets.Packet {
	w.t.Helper()
	p, err := packets.ReadPacket(w.conn)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Content
}

// join subscribes to acks, and waits until the hub is told its positions.
func (w *wire) join() {
	w.t.Helper()
	w.write(&packets.Subscribe{
		PacketID: 1, Properties: &packets.Properties{}, Subscriptions: []packets.SubOptions{{Topic: uplink.AckTopic(home), QoS: 1}},
	})
	for told := false; !told; {
		_, told = w.read().(*packets.Publish)
	}
}

func (w *wire) publish(id uint16, payload []byte) {
	w.t.Helper()
	w.write(&packets.Publish{QoS: 1, Topic: uplink.UpTopic(home, uplink.Observations), PacketID: id, Payload: payload, Properties: &packets.Properties{}})
}

// begun waits until the journal was given so many messages.
func (w *ward) begun(t *testing.T, n int) {
	t.Helper()
	limit := time.After(patience)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		if published, _ := w.seen(); len(published) == n {
			return
		}
		select {
		case <-look.C:
		case <-limit:
			published, _ := w.seen()
			t.Fatalf("the journal was given %d messages, not %d", len(published), n)
		}
	}
}

func TestTheJournalConfirmsOneMessageWhileItIsGivenTheNext(t *testing.T) {
	w := newWard()
	w.confirming = make(chan struct{})
	line := plugIn(t, listen(t, w.handler()))
	line.publish(11, message(t, 1, nil))
	line.publish(12, message(t, 2, nil))
	line.publish(13, []byte("no message"))
	line.publish(14, message(t, 3, nil))
	w.begun(t, 3)
	published, _ := w.seen()
	for i, d := range published {
		if d.Seq != uint64(i+1) {
			t.Errorf("message %d is given to the journal in place %d", d.Seq, i+1)
		}
	}
	close(w.confirming)
	for _, want := range []struct {
		id   uint16
		code byte
	}{{11, 0}, {12, 0}, {13, 0x99}, {14, 0}} {
		if ack, ok := line.read().(*packets.Puback); !ok || ack.PacketID != want.id || ack.ReasonCode != want.code {
			t.Errorf("%+v where the PUBACK of %d with %#x belongs", ack, want.id, want.code)
		}
	}
}

func TestMessagesAreSeenThroughWhenTheirHubHangsUp(t *testing.T) {
	w := newWard()
	w.confirming = make(chan struct{})
	h := w.handler()
	door, err := ingest.ListenMQTT("127.0.0.1:0", nil, h, &registry{})
	if err != nil {
		t.Fatal(err)
	}
	line := plugIn(t, door.Addr())
	line.publish(11, message(t, 1, nil))
	line.publish(12, message(t, 2, nil))
	w.begun(t, 2)
	_ = line.conn.Close()
	close(w.confirming)
	if err := door.Close(); err != nil { // waits for them
		t.Fatal(err)
	}
	if n := h.Counts().Received; n != 2 {
		t.Errorf("%d messages are received", n)
	}
}

func TestAJournalThatIsAwayHasEachMessageSentAgain(t *testing.T) {
	w := newWard()
	w.journalDown = true
	line := plugIn(t, listen(t, w.handler()))
	for id := range uint16(3) {
		line.publish(id+1, message(t, uint64(id+1), nil))
	}
	for id := range uint16(3) {
		if ack, ok := line.read().(*packets.Puback); !ok || ack.PacketID != id+1 || ack.ReasonCode != 0x97 {
			t.Errorf("%+v", ack)
		}
	}
}
