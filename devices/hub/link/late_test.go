package link_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"vigil/devices/hub/link"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// slow takes its time with a command, and cannot be hurried.
type slow struct{ began, ends chan struct{} }

func (*slow) Configure([]byte) {}

func (s *slow) Command(context.Context, []byte) uplink.Result {
	close(s.began)
	<-s.ends
	return uplink.Result{ID: "c-1", Outcome: uplink.Done}
}

// letIn takes a hub's connection in.
func letIn(t *testing.T, listener net.Listener) net.Conn {
	t.Helper()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, ok := next(t, conn).(*packets.Connect); !ok {
		t.Fatal("no CONNECT")
	}
	say(t, conn, &packets.Connack{Properties: &packets.Properties{}})
	return conn
}

// next is what the hub says next, beside that it is there.
func next(t *testing.T, conn net.Conn) packets.Packet {
	t.Helper()
	for {
		p, err := packets.ReadPacket(conn)
		if err != nil {
			t.Fatal(err)
		}
		if _, ping := p.Content.(*packets.Pingreq); !ping {
			return p.Content
		}
	}
}

func say(t *testing.T, conn net.Conn, p packets.Packet) {
	t.Helper()
	if _, err := p.WriteTo(conn); err != nil {
		t.Fatal(err)
	}
}

// Who waits for its turn while its connection ends must not take the next one for its own: it had the server tell its
// positions for nobody, and one of these that nobody waited for kept the link from ever connecting again.
func TestASessionWhoseConnectionIsGoneSaysNothingOnTheNextOne(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	command, err := uplink.Command{Hub: "home-1", ID: "c-1", What: uplink.Rescan, Expires: time.Now().Add(time.Minute)}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	d := &door{progress: map[vitals.Stream]vitals.Progress{}, wanted: [][]byte{command}}
	m := &slow{began: make(chan struct{}), ends: make(chan struct{})}
	var up atomic.Bool
	linked(t, &url.URL{Scheme: "mqtt", Host: listener.Addr().String()}, d.open(t), func(l *link.Link) {
		l.Manage = m
		l.Dial = func(ctx context.Context, server *url.URL) (net.Conn, error) {
			if !up.Load() {
				return nil, errors.New("no way out")
			}
			return new(net.Dialer).DialContext(ctx, "tcp", server.Host)
		}
	})
	<-m.began // over HTTPS, which MQTT has to wait for
	up.Store(true)
	_ = letIn(t, listener).Close()
	conn := letIn(t, listener)
	close(m.ends)
	subscribe, ok := next(t, conn).(*packets.Subscribe)
	if !ok {
		t.Fatal("no SUBSCRIBE")
	}
	say(t, conn, &packets.Suback{PacketID: subscribe.PacketID, Reasons: make([]byte, len(subscribe.Subscriptions)), Properties: &packets.Properties{}})
	positions, err := uplink.Ack{}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	say(t, conn, &packets.Publish{Topic: uplink.AckTopic("home-1"), Payload: positions, Properties: &packets.Properties{}})
	said := next(t, conn)
	if p, ok := said.(*packets.Publish); !ok || p.Topic != uplink.StatusTopic("home-1") {
		t.Errorf("behind its subscription the hub says %T", said)
	}
}
