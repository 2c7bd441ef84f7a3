package ingest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Bounds of the WebSocket door.
const (
	socketSilence = 90 * time.Second
	socketPing    = 30 * time.Second
	socketWrite   = 10 * time.Second
	maxDown       = 256 // frames that may wait for a hub
)

// Socket serves /ingest/v1/socket: each binary frame up is one message, each binary frame down an
// ack or a nack. Close ends all connections.
type Socket struct {
	handler *Handler

	mu      sync.Mutex
	closing bool
	open    map[*websocket.Conn]context.CancelFunc
	serving sync.WaitGroup
}

// NewSocket is the WebSocket door.
func NewSocket(h *Handler) *Socket {
	return &Socket{handler: h, open: map[*websocket.Conn]context.CancelFunc{}}
}

// ServeHTTP upgrades a hub's request and serves it until it leaves.
func (s *Socket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hub, ok := s.handler.hubOf(w, r)
	if !ok {
		return
	}
	upgrader := websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer,
		CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "" }, // hubs, not web pages
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if !s.register(conn, cancel) {
		return
	}
	defer s.unregister(conn)
	s.serve(ctx, conn, hub)
}

func (s *Socket) register(conn *websocket.Conn, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.open[conn] = cancel
	s.serving.Add(1)
	return true
}

func (s *Socket) unregister(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	s.serving.Done()
}

// Close ends all connections and waits for them.
func (s *Socket) Close() {
	s.mu.Lock()
	s.closing = true
	for conn, cancel := range s.open {
		cancel() // a message may be waiting for a database that says nothing
		conn.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

func (s *Socket) serve(ctx context.Context, conn *websocket.Conn, hub vitals.HubID) {
	l := &socketLine{frames: make(chan []byte, maxDown), log: s.handler.log, hub: hub}
	s.handler.join(ctx, hub, l)
	s.handler.log.Info("hub connected", "hub", hub, "door", "websocket")
	done := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		l.write(conn, done)
		conn.Close() // wakes the reader
	})
	fault := s.read(ctx, conn, hub, l)
	s.handler.leave(context.WithoutCancel(ctx), hub, l, silence(fault, socketSilence))
	close(done)
	writing.Wait()
	s.handler.log.Info("hub disconnected", "hub", hub, "door", "websocket")
}

// read takes what the hub sends until its connection ends, and says why it did.
func (s *Socket) read(ctx context.Context, conn *websocket.Conn, hub vitals.HubID, l *socketLine) error {
	conn.SetReadLimit(uplink.MaxMessage)
	conn.SetPongHandler(func(string) error {
		s.handler.alive(ctx, hub)
		return conn.SetReadDeadline(time.Now().Add(socketSilence))
	})
	for {
		_ = conn.SetReadDeadline(time.Now().Add(socketSilence))
		kind, payload, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if kind != websocket.BinaryMessage {
			l.nack(uplink.Nack{Code: uplink.CodeMalformed, Reason: "messages must be binary frames"})
			continue
		}
		nack, err := s.receive(ctx, hub, payload)
		if err != nil {
			s.handler.log.Warn("message could not be taken", "hub", hub, "error", err)
			_ = conn.WriteControl(websocket.CloseMessage,
				websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "not available, send again"), time.Now().Add(time.Second))
			return nil
		}
		if nack != nil {
			l.nack(*nack)
		}
	}
}

// receive takes a message, which may take as long as over MQTT.
func (s *Socket) receive(ctx context.Context, hub vitals.HubID, payload []byte) (*uplink.Nack, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeLimit)
	defer cancel()
	return s.handler.Receive(ctx, hub, payload)
}

// socketLine queues frames for a hub. When the queue is full the frame is dropped: the next ack
// carries everything, and what was refused stays in quarantine.
type socketLine struct {
	frames chan []byte
	log    *slog.Logger
	hub    vitals.HubID
}

func (l *socketLine) ack(positions []vitals.Position) {
	for _, a := range acksOf(positions) {
		l.queue(uplink.Down{Ack: &a})
	}
}

func (l *socketLine) nack(n uplink.Nack) {
	for _, part := range n.Parts() {
		l.queue(uplink.Down{Nack: &part})
	}
}

func (l *socketLine) queue(d uplink.Down) {
	frame, err := uplink.EncodeDown(d)
	if err == nil {
		select {
		case l.frames <- frame:
			return
		default:
			err = errors.New("the hub does not read")
		}
	}
	l.log.Warn("message down to a hub was lost", "hub", l.hub, "error", err)
}

func (l *socketLine) write(conn *websocket.Conn, done <-chan struct{}) {
	ping := time.NewTicker(socketPing)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-done:
			return
		case frame := <-l.frames:
			_ = conn.SetWriteDeadline(time.Now().Add(socketWrite))
			err = conn.WriteMessage(websocket.BinaryMessage, frame)
		case <-ping.C:
			err = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(socketWrite))
		}
		if err != nil {
			return
		}
	}
}
