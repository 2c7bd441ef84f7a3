package ingest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/devices/pcd"
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

// message brings a message in and answers it; fault is what was wrong with its frame.
func (h *Handler) message(ctx context.Context, message []byte, fault error) []byte {
	if fault != nil {
		header, _ := pcd.ReadHeader(message) // an answer without a number is better than none
		return h.reject(ctx, header, message, pcd.ErrorInternal, fault)
	}
	m, err := pcd.Decode(message)
	if err != nil {
		code := pcd.ErrorType
		if _, other := errors.AsType[*pcd.KindError](err); other {
			code = pcd.ErrorKind
		}
		return h.reject(ctx, m.Header, message, code, err)
	}
	answer, err := h.monitored(ctx, m, message)
	if err != nil {
		h.log.Warn("message of a monitor could not be taken", "error", err)
		return pcd.Answer(m.Header, pcd.Failed, h.now(), pcd.Trouble{
			Error: pcd.ErrorInternal, Severity: "E", Reason: "not known to be stored: send it again",
		})
	}
	return answer
}

// reject keeps a message aside that will never be taken.
func (h *Handler) reject(ctx context.Context, header pcd.Header, message []byte, code string, why error) []byte {
	refusal := vitals.Refusal{Stream: vitals.Stream{Hub: monitorsHub}, Received: h.now(), Reason: why.Error(), Payload: message}
	if _, err := h.store.Quarantine(ctx, refusal); err != nil {
		h.log.Warn("refused message of a monitor not kept", "error", err)
	}
	h.count(func(c *Counts) { c.Refused++ })
	return pcd.Answer(header, pcd.Rejected, h.now(), pcd.Trouble{Error: code, Severity: "E", Reason: why.Error()})
}

// receiptOf names a message: its number, and what it says, because senders that are started anew count from
// the beginning again.
func receiptOf(m pcd.Message, message []byte) string {
	sum := sha256.Sum256(message)
	return m.Application + "|" + m.Facility + "|" + m.Control + "|" + hex.EncodeToString(sum[:16])
}

// monitored stores what a message brings and answers it. A message that was answered before changes nothing.
func (h *Handler) monitored(ctx context.Context, m pcd.Message, message []byte) ([]byte, error) {
	name := receiptOf(m, message)
	known, err := h.store.Receipts(ctx, monitorsHub, []string{name})
	if err != nil {
		return nil, fmt.Errorf("look for the message: %w", err)
	}
	if code := known[name]; code != "" {
		h.count(func(c *Counts) { c.Duplicates++ })
		return pcd.Answer(m.Header, pcd.Code(code), h.now()), nil
	}
	deposits := lo.Map(m.Batches, func(b vitals.Batch, _ int) vitals.Deposit {
		return vitals.Deposit{Source: monitorsHub, Batch: b, Payload: message, Records: m.Records, Test: m.Test}
	})
	done, err := h.Deposit(ctx, deposits, false)
	if err != nil {
		return nil, err
	}
	if err := h.keepUnread(ctx, m, message); err != nil {
		return nil, err
	}
	code, troubles := verdict(m, done)
	if err := h.store.SaveReceipts(ctx, monitorsHub, map[string]string{name: string(code)}); err != nil {
		return nil, fmt.Errorf("note the message: %w", err)
	}
	return pcd.Answer(m.Header, code, h.now(), troubles...), nil
}

// keepUnread keeps a message of which a value could not be read.
func (h *Handler) keepUnread(ctx context.Context, m pcd.Message, message []byte) error {
	if len(m.Refused) == 0 {
		return nil
	}
	reason := fmt.Sprintf("OBX %d: %s", m.Refused[0].OBX, m.Refused[0].Reason)
	if more := len(m.Refused) - 1; more > 0 {
		reason += fmt.Sprintf("; and %d more", more)
	}
	_, err := h.store.Quarantine(ctx, vitals.Refusal{Stream: vitals.Stream{Hub: monitorsHub}, Received: h.now(), Reason: reason, Payload: message})
	if err != nil {
		return fmt.Errorf("keep what was refused: %w", err)
	}
	return nil
}

// verdict is what the sender is told: accepted where anything was kept or nothing was to be, with a warning
// for each part that was not; rejected where all of it was refused.
func verdict(m pcd.Message, done []vitals.Deposited) (pcd.Code, []pcd.Trouble) {
	troubles := lo.Map(m.Refused, func(r pcd.Refusal, _ int) pcd.Trouble {
		return pcd.Trouble{OBX: r.OBX, Error: pcd.ErrorType, Reason: r.Reason}
	})
	for _, d := range done {
		if d.Code != "" {
			troubles = append(troubles, pcd.Trouble{Error: pcd.ErrorKey, Reason: d.Reason})
		}
	}
	code, severity := pcd.Accepted, "W"
	if len(troubles) > 0 && !lo.ContainsBy(done, func(d vitals.Deposited) bool { return d.Kept }) {
		code, severity = pcd.Rejected, "E"
	}
	for i := range troubles {
		troubles[i].Severity = severity
	}
	return code, troubles
}
