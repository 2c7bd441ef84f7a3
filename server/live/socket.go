package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"vigil/alerts"
	"vigil/vitals"
)

// Protocol is the websocket subprotocol.
const Protocol = "vigil.v1"

// ErrSignedOut is what Identify returns when nobody is signed in, or no longer. Any other error means
// that it cannot be told now; a screen that is open stays open then, because losing the alarms
// would be worse.
var ErrSignedOut = errors.New("signed out")

// Commands carries out what nurses decide.
type Commands interface {
	// Command carries it out and returns what became of it once that is recorded. A refusal is an
	// *alerts.RefusedError; any other error means that nothing was recorded for certain.
	Command(ctx context.Context, p vitals.PatientID, c alerts.Command) (alerts.Answer, error)
}

// Options of a Socket.
type Options struct {
	Commands  Commands
	Identify  func(*http.Request) (vitals.Staff, error) // who is signed in; asked again as often as the heart beats
	PublicURL string                                    // further origin that may connect, empty for none
	Drawn     func(time.Duration)                       // told how long an alarm took to a screen
	Note      func(...alerts.Note)                      // told what was on which screen, and what sounded there; must not wait
	Log       *slog.Logger
}

// Socket serves /ws/v1.
type Socket struct {
	feed      *Feed
	commands  Commands
	identify  func(*http.Request) (vitals.Staff, error)
	publicURL string
	drawn     func(time.Duration)
	note      func(...alerts.Note)
	log       *slog.Logger

	mu      sync.Mutex
	closing bool
	open    map[*websocket.Conn]context.CancelFunc
	serving sync.WaitGroup
}

// NewSocket serves the feed to browsers.
func NewSocket(feed *Feed, o Options) *Socket {
	return &Socket{
		feed: feed, commands: o.Commands, identify: o.Identify, publicURL: o.PublicURL,
		drawn: o.Drawn, note: o.Note, log: o.Log, open: map[*websocket.Conn]context.CancelFunc{},
	}
}

// Screens is how many screens are connected.
func (s *Socket) Screens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// ServeHTTP upgrades the request and serves the screen until it leaves.
func (s *Socket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	staff, err := s.identify(r)
	if err != nil {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	upgrader := websocket.Upgrader{
		Subprotocols: []string{Protocol}, CheckOrigin: s.sameOrigin,
		ReadBufferSize: 4 << 10, WriteBufferSize: 32 << 10,
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if !s.register(conn, cancel) {
		s.close(conn, websocket.CloseGoingAway, "server is stopping")
		return
	}
	defer s.unregister(conn)
	code, err := s.serve(r.WithContext(ctx), conn, staff)
	reason := "done"
	if err != nil {
		reason = err.Error()
	}
	s.close(conn, code, reason)
}

// sameOrigin refuses pages of other sites, and clients that hide where they come from: a cookie
// alone must not open a socket.
func (s *Socket) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	if origin == "" || err != nil {
		return false
	}
	return u.Host == r.Host || (s.publicURL != "" && origin == s.publicURL)
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

func (s *Socket) serve(r *http.Request, conn *websocket.Conn, staff vitals.Staff) (int, error) {
	conn.SetReadLimit(maxRequest)
	h, err := readHello(r.Context(), conn)
	if err != nil {
		return closeInternal, err
	}
	if !staff.Scope().Covers(h.Unit) {
		return closeUnit, fmt.Errorf("no access to unit %q", h.Unit)
	}
	v := &viewer{
		conn: conn, out: newOutbox(s.feed.now), unit: h.Unit, station: h.Station, staff: staff,
		feed: s.feed, socket: s, log: s.log.With("staff", staff.ID, "unit", h.Unit),
	}
	if err := v.writeJSON(welcome{
		Type: "welcome", Session: rand.Text(), ServerMS: s.feed.now().UnixMilli(), HeartbeatMS: heartbeatEvery.Milliseconds(),
	}); err != nil {
		return closeInternal, err
	}
	v.log.Info("screen joined")
	code, err := v.serve(r.Context(), func(ctx context.Context) bool {
		now, err := s.identify(r.WithContext(ctx))
		if err != nil {
			return !errors.Is(err, ErrSignedOut)
		}
		return now.Scope().Covers(h.Unit)
	})
	v.log.Info("screen left", "code", code)
	return code, err
}

func readHello(ctx context.Context, conn *websocket.Conn) (hello, error) {
	_ = conn.SetReadDeadline(time.Now().Add(silenceLimit))
	if ctx.Err() != nil {
		return hello{}, context.Cause(ctx)
	}
	_, data, err := conn.ReadMessage()
	if err != nil {
		return hello{}, fmt.Errorf("read hello: %w", err)
	}
	var h hello
	if err := decode(data, &h); err != nil {
		return hello{}, fmt.Errorf("decode hello: %w", err)
	}
	if h.Version != 1 || h.Unit == "" {
		return hello{}, errors.New("hello must name version 1 and a unit")
	}
	return h, nil
}

// close says goodbye with a code and a reason, as far as the other side still listens.
func (s *Socket) close(conn *websocket.Conn, code int, reason string) {
	const maxReason = 120 // a control frame holds 125 bytes, two of them the code
	message := websocket.FormatCloseMessage(code, reason[:min(len(reason), maxReason)])
	_ = conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
	conn.Close()
}

// wake ends a read that waits. A reader sets its deadline, then looks at its context, then reads; so
// cancelling first and waking second never leaves it asleep.
func wake(conn *websocket.Conn) { _ = conn.SetReadDeadline(time.Unix(1, 0)) }

// Close ends all screens and waits for them.
func (s *Socket) Close() {
	s.mu.Lock()
	s.closing = true
	for conn, cancel := range s.open {
		cancel()
		wake(conn)
	}
	s.mu.Unlock()
	s.serving.Wait()
}
