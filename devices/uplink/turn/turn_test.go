package turn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"vigil/devices/uplink/turn"
)

const patience = 10 * time.Second

// visitor is a connection from the server's side, and what the hub has of it.
type visitor struct {
	conn, hub net.Conn
	in        chan error // what Enter returned
}

func enter(ctx context.Context, t *testing.T, turns *turn.Turns, name string) *visitor {
	t.Helper()
	v := &visitor{in: make(chan error, 1)}
	v.conn, v.hub = net.Pipe()
	t.Cleanup(func() { _ = v.conn.Close() })
	if err := v.hub.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	go func() { v.in <- turns.Enter(ctx, name, v.conn) }()
	return v
}

func (v *visitor) isIn(t *testing.T) {
	t.Helper()
	select {
	case err := <-v.in:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("it is not let in")
	}
}

// isClosed waits for the end of the connection, as the hub sees it.
func (v *visitor) isClosed(t *testing.T) {
	t.Helper()
	if _, err := v.hub.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the connection is not closed: %v", err)
	}
}

func (v *visitor) waits(t *testing.T) {
	t.Helper()
	select {
	case err := <-v.in:
		t.Fatalf("it is let in beside another: %v", err)
	default:
	}
}

func TestAHubThatIsBackEndsItsEarlierConnectionAndWaitsForIt(t *testing.T) {
	var turns turn.Turns
	first := enter(t.Context(), t, &turns, "home-1")
	first.isIn(t)
	second := enter(t.Context(), t, &turns, "home-1")
	first.isClosed(t)
	third := enter(t.Context(), t, &turns, "home-1") // it does not get beside the second by waiting for the first alone
	second.waits(t)
	other := enter(t.Context(), t, &turns, "home-2")
	other.isIn(t)
	second.waits(t)
	third.waits(t)
	turns.Leave(first.conn)
	second.isIn(t)
	second.isClosed(t)
	third.waits(t)
	turns.Leave(second.conn)
	third.isIn(t)
	turns.Leave(third.conn)
	enter(t.Context(), t, &turns, "home-1").isIn(t)
}

func TestAConnectionThatDoesNotEndKeepsItsHubOutForNoLongerThanAllowed(t *testing.T) {
	var turns turn.Turns
	enter(t.Context(), t, &turns, "home-1").isIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	second := enter(ctx, t, &turns, "home-1")
	cancel()
	if err := <-second.in; !errors.Is(err, context.Canceled) {
		t.Fatalf("the wait ended with %v", err)
	}
	turns.Leave(second.conn)
	third := enter(t.Context(), t, &turns, "home-1") // the first one is still not over
	third.waits(t)
	turns.Leave(new(net.TCPConn)) // somebody who never said a name
	third.waits(t)
}
