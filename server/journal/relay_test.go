package journal_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigil/server/journal"
)

// relay is the way to a server.
type relay struct {
	net.Listener

	to   string
	open sync.WaitGroup

	mu    sync.Mutex
	lines []*atomic.Bool // whether they are dead
	ends  []net.Conn
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener, to: to}
	r.open.Go(r.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		r.mu.Lock()
		for _, end := range r.ends {
			_ = end.Close()
		}
		r.mu.Unlock()
		r.open.Wait()
	})
	return r
}

func (r *relay) serve() {
	for {
		in, err := r.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		dead := &atomic.Bool{}
		r.mu.Lock()
		r.lines, r.ends = append(r.lines, dead), append(r.ends, in, out)
		r.mu.Unlock()
		r.open.Go(func() { carry(in, out, dead) })
		r.open.Go(func() { carry(out, in, dead) })
	}
}

// carry brings over what is said, while the line is not dead.
func carry(from, to net.Conn, dead *atomic.Bool) {
	defer func() { _ = to.Close() }()
	said := make([]byte, 64<<10)
	for {
		n, err := from.Read(said)
		if err != nil {
			return
		}
		if !dead.Load() {
			_, _ = to.Write(said[:n])
		}
	}
}

// cut makes the lines dead that there are: nothing passes any more, and nobody hangs up.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, dead := range r.lines {
		dead.Store(true)
	}
}

// The network to the server was away for a moment, or another server has taken its place: the connections there were are
// dead, which nobody says.
func TestAConnectionThatIsDeadIsGivenUp(t *testing.T) {
	r := newRelay(t, external(t, t.TempDir(), -1).Addr().String())
	j := open(t, journal.Config{URL: "nats://" + r.Addr().String(), MaxBytes: 1 << 20, PublishTimeout: time.Second})
	publish(t, j, delivery(ann, 1))
	r.cut()
	for end := time.Now().Add(patience); j.Publish(t.Context(), delivery(ann, 2)) != nil; {
		if time.Now().After(end) {
			t.Fatal("the dead connection is not given up")
		}
	}
}
