package live_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// lateConn is a connection whose reader is about to wait for the first word when the server begins to close.
type lateConn struct {
	net.Conn

	once   sync.Once
	closes func()
	woken  chan struct{}
	wake   func()
}

func (c *lateConn) SetReadDeadline(at time.Time) error {
	if at.Before(time.Now()) { // it is to wake
		defer c.wake()
		return c.Conn.SetReadDeadline(at)
	}
	c.once.Do(func() {
		c.closes()
		<-c.woken
	})
	return c.Conn.SetReadDeadline(at)
}

// lateWriter hands such a connection over.
type lateWriter struct {
	http.ResponseWriter

	closes func()
}

func (w lateWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	woken := make(chan struct{})
	return &lateConn{Conn: conn, closes: w.closes, woken: woken, wake: sync.OnceFunc(func() { close(woken) })}, rw, err
}

func TestTheServerStopsAtOnceThoughAScreenHasNotSaidItsFirstWord(t *testing.T) {
	s := open(t)
	closed := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.sock.ServeHTTP(lateWriter{w, func() {
			go func() {
				defer close(closed)
				s.sock.Close()
			}()
		}}, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	conn, status := s.dial(t, s.url)
	if conn == nil {
		t.Fatalf("refused: %d", status)
	}
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("the server waits for the screen")
	}
	if _, _, err := conn.ReadMessage(); !websocket.IsUnexpectedCloseError(err) {
		t.Errorf("the screen is told %v", err)
	}
}
