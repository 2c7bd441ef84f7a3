package ingest

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"vigil/devices/uplink/turn"
)

// lobby is the library's listener without three of its faults. It lets the connections of a hub in one behind the
// other (see turn). And it ends by itself who is there when it closes: the library finds them with two read locks,
// one within the other, and waits for ever where a hub connects or leaves in between; and it overlooks whoever has
// not signed in yet, and waits for them. Either way the server could not be stopped.
type lobby struct {
	*listeners.Net

	server *mqtt.Server
	log    *slog.Logger
	turns  turn.Turns

	mu     sync.Mutex
	inside map[net.Conn]struct{}
	closed bool
}

func newLobby(listener net.Listener, server *mqtt.Server, log *slog.Logger) *lobby {
	return &lobby{Net: listeners.NewNet("hubs", listener), server: server, log: log, inside: map[net.Conn]struct{}{}}
}

// Serve takes connections in until the lobby closes.
func (l *lobby) Serve(establish listeners.EstablishFn) {
	l.Net.Serve(func(id string, conn net.Conn) error {
		if !l.enter(conn) {
			return conn.Close()
		}
		defer l.leave(conn)
		return establish(id, conn)
	})
}

func (l *lobby) enter(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.inside[conn] = struct{}{}
	}
	return !l.closed
}

func (l *lobby) leave(conn net.Conn) {
	l.turns.Leave(conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.inside, conn)
}

const (
	// turnPatience is how long a hub waits for the end of its earlier connection, which may have to note in the
	// database that it is over.
	turnPatience = 5 * time.Second
	// farewellPatience is how long a client may take to hear why its connection ends: its line may be dead.
	farewellPatience = time.Second
)

// admit ends the earlier connection of a client that is known by now, and waits until the library has forgotten
// it.
func (l *lobby) admit(cl *mqtt.Client) {
	if earlier, ok := l.server.Clients.Get(cl.ID); ok && !earlier.Net.Inline {
		l.end(earlier, packets.ErrSessionTakenOver)
	}
	ctx, cancel := context.WithTimeout(context.Background(), turnPatience)
	defer cancel()
	if err := l.turns.Enter(ctx, cl.ID, cl.Net.Conn); err != nil {
		l.log.Warn("client is let in beside its earlier connection", "client", cl.ID, "error", err)
	}
}

// Close takes nobody in any more, and disconnects everybody.
func (l *lobby) Close(listeners.CloseFn) {
	l.Net.Close(func(id string) {
		for _, cl := range l.server.Clients.GetAll() {
			if cl.Net.Listener == id && !cl.Closed() {
				l.end(cl, packets.ErrServerShuttingDown)
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.closed = true
		for conn := range l.inside {
			_ = conn.Close() // it may be closed already
		}
	})
}

// end tells a client why its connection ends, and ends it.
func (l *lobby) end(cl *mqtt.Client, why packets.Code) {
	_ = cl.Net.Conn.SetWriteDeadline(time.Now().Add(farewellPatience))
	_ = l.server.DisconnectClient(cl, why) // which is the error
}
