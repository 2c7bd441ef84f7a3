package ingest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"vigil/vitals"
)

// Bounds of the MLLP door.
const (
	maxMonitors  = 200              // connections; a ward's gateway needs one
	messageLimit = 30 * time.Second // from the first byte of a message to its last
	answerLimit  = 10 * time.Second
	monitorsHub  = vitals.HubID("mllp:") // no hub's id has a colon
)

// MLLP is the door for hospital monitors and their gateways: IHE PCD-01, one message at a time on each
// connection. A message is answered when its values are stored.
type MLLP struct {
	handler  *Handler
	listener net.Listener
	cancel   context.CancelFunc
	serving  sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// ListenMLLP opens the door; config is nil without TLS.
func ListenMLLP(addr string, config *tls.Config, h *Handler) (*MLLP, error) {
	listener, err := net.Listen("tcp", addr) //nolint:noctx // a listening socket lives until Close
	if err != nil {
		return nil, fmt.Errorf("listen for MLLP on %s: %w", addr, err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &MLLP{handler: h, listener: listener, cancel: cancel, open: map[net.Conn]struct{}{}}
	m.serving.Go(func() { m.accept(ctx) })
	return m, nil
}

// Addr is where the door listens.
func (m *MLLP) Addr() net.Addr { return m.listener.Addr() }

// Close ends all connections and waits for them.
func (m *MLLP) Close() error {
	m.cancel()
	err := m.listener.Close()
	m.mu.Lock()
	for conn := range m.open {
		_ = conn.Close() // it is gone either way
	}
	m.mu.Unlock()
	m.serving.Wait()
	if err != nil {
		return fmt.Errorf("close MLLP: %w", err)
	}
	return nil
}

func (m *MLLP) accept(ctx context.Context) {
	for {
		conn, err := m.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			m.handler.log.Warn("connection of a monitor not accepted", "error", err)
			if !rest(ctx, time.Second) {
				return
			}
			continue
		}
		if !m.register(ctx, conn) {
			_ = conn.Close()
			continue
		}
		m.serving.Go(func() {
			defer m.forget(conn)
			m.serve(ctx, conn)
		})
	}
}

// rest waits for a moment; it reports whether the door is still open.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *MLLP) register(ctx context.Context, conn net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil || len(m.open) >= maxMonitors {
		return false
	}
	m.open[conn] = struct{}{}
	return true
}

func (m *MLLP) forget(conn net.Conn) {
	_ = conn.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, conn)
}

// serve answers the messages of a connection, one after the other, until the sender leaves or sends
// what is no frame.
func (m *MLLP) serve(ctx context.Context, conn net.Conn) {
	log := m.handler.log.With("door", "mllp", "remote", conn.RemoteAddr().String())
	if err := m.greet(ctx, conn); err != nil {
		log.Warn("monitor refused", "error", err)
		return
	}
	log.Info("monitor connected")
	defer log.Info("monitor disconnected")
	r := bufio.NewReaderSize(conn, readBuffer)
	for {
		_ = conn.SetReadDeadline(time.Time{}) // a monitor may be silent; the kernel notices one that is gone
		var message []byte
		err := toStart(r)
		if err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(messageLimit))
			message, err = readFrame(r)
		}
		if len(message) == 0 && err != nil && !errors.Is(err, errNoStart) && !errors.Is(err, errNoTrailer) {
			return
		}
		answer := m.handler.message(ctx, message, err)
		_ = conn.SetWriteDeadline(time.Now().Add(answerLimit))
		if _, failed := conn.Write(framed(answer)); failed != nil {
			return
		}
		if errors.Is(err, errNoStart) || errors.Is(err, errNoTrailer) && r.Buffered() == 0 {
			log.Warn("connection of a monitor closed, because what comes is no message", "error", err)
			return
		}
	}
}

// greet agrees on encryption, where there is any: a monitor without a certificate ends here.
func (m *MLLP) greet(ctx context.Context, conn net.Conn) error {
	encrypted, ok := conn.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, messageLimit)
	defer cancel()
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("agree on encryption: %w", err)
	}
	return nil
}

func framed(message []byte) []byte {
	return append(append([]byte{blockStart}, message...), blockEnd, blockClose)
}
