package ingest_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"vigil/server/ingest"
)

func TestTheDoorClosesWithHubsConnected(t *testing.T) {
	door, err := ingest.ListenMQTT("127.0.0.1:0", nil, newWard().handler(), &registry{})
	if err != nil {
		t.Fatal(err)
	}
	h := connect(t, door.Addr())
	closes(t, closing(door))
	select {
	case <-h.client.Done():
	case <-time.After(patience):
		t.Error("the hub is not told")
	}
}

func TestTheDoorClosesWhileAHubIsLetIn(t *testing.T) {
	w := newWard()
	knocked, checked := make(chan struct{}), make(chan struct{})
	w.checking = func() { close(knocked); <-checked }
	door, err := ingest.ListenMQTT("127.0.0.1:0", nil, w.handler(), &registry{})
	if err != nil {
		t.Fatal(err)
	}
	h := knock(t, door.Addr(), 30)
	<-knocked
	closed := closing(door)
	if _, err := packets.ReadPacket(h.conn); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is not ended: %v", err)
	}
	close(checked)
	closes(t, closed)
}

func closing(door *ingest.MQTT) <-chan error {
	closed := make(chan error, 1)
	go func() { closed <- door.Close() }()
	return closed
}

func closes(t *testing.T, closed <-chan error) {
	t.Helper()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the door waits for a hub that stays")
	}
}

func TestAHubThatHangsUpAndIsBackAtOnceHearsItsAcks(t *testing.T) {
	const times = 300 // of the first 30, one was deaf where its connections were not let in by turns
	addr := listen(t, newWard().handler())
	for range times {
		w := plugIn(t, addr)
		w.join()
		if err := w.conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASecondHubOfTheSameNameEndsTheFirst(t *testing.T) {
	addr := listen(t, newWard().handler())
	first := plugIn(t, addr)
	connect(t, addr)
	if left, ok := first.read().(*packets.Disconnect); !ok || left.ReasonCode != packets.DisconnectSessionTakenOver {
		t.Errorf("the first is told %+v", left)
	}
}
