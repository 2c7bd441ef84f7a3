// Package turn lets the connections of a hub to an MQTT server in one behind the other. The server that Vigil
// builds on keeps subscribers by their name, and forgets what is kept by a name at the end of a connection: a
// hub that hung up and was back at once could be forgotten with the connection that it had left, and then
// heard no acks, though all that it sent was taken.
package turn

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
)

// Turns are the connections that are not over. The zero value has none. It is safe for use by several
// goroutines.
type Turns struct {
	mu     sync.Mutex
	names  map[net.Conn]string // that they gave
	visits map[string][]visit  // under a name, in the order in which they came
}

type visit struct {
	conn net.Conn
	over chan struct{} // closed when nothing is left to be done for it
}

// Enter closes the earlier connections under the name and waits until they are over. Where they are not in time,
// the error is the context's, and it is this one's turn all the same.
func (t *Turns) Enter(ctx context.Context, name string, conn net.Conn) error {
	for _, earlier := range t.add(name, conn) {
		_ = earlier.conn.Close() // it may be closed already
		select {
		case <-earlier.over:
		case <-ctx.Done():
			return fmt.Errorf("wait for the end of the earlier connection of %s: %w", name, ctx.Err())
		}
	}
	return nil
}

func (t *Turns) add(name string, conn net.Conn) (earlier []visit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names, t.visits = map[net.Conn]string{}, map[string][]visit{}
	}
	t.names[conn] = name
	earlier = slices.Clone(t.visits[name])
	t.visits[name] = append(t.visits[name], visit{conn: conn, over: make(chan struct{})})
	return earlier
}

// Leave is called when nothing is left to be done for a connection, whether it entered or not.
func (t *Turns) Leave(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name, entered := t.names[conn]
	if !entered {
		return
	}
	delete(t.names, conn)
	visits := t.visits[name]
	i := slices.IndexFunc(visits, func(v visit) bool { return v.conn == conn })
	close(visits[i].over)
	if visits = slices.Delete(visits, i, i+1); len(visits) == 0 {
		delete(t.visits, name)
		return
	}
	t.visits[name] = visits
}
