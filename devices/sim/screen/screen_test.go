package screen_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"vigil/devices/sim/screen"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said is what a screen tells the server.
type said struct {
	T        string   `json:"t"`
	Unit     string   `json:"unit"`
	Wave     uint32   `json:"wave"`
	Seq      uint64   `json:"seq"`
	Rendered []string `json:"rendered"`
}

// serve is a dashboard that plays its part once the screen has said hello, and returns what it
// hears afterwards.
func serve(t *testing.T, play func(*websocket.Conn)) (base string, heard chan said) {
	t.Helper()
	heard = make(chan said, 1000)
	var serving sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		upgrader := websocket.Upgrader{Subprotocols: []string{"vigil.v1"}, CheckOrigin: func(r *http.Request) bool {
			return strings.HasSuffix(r.Header.Get("Origin"), r.Host) && r.Header.Get("Cookie") == "a=b"
		}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			var s said
			if conn.ReadJSON(&s) != nil {
				return
			}
			heard <- s
			if s.T == "hello" {
				play(conn)
			}
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		serving.Wait()
		server.Close()
	})
	return server.URL, heard
}

const snap = `{"t":"snap","seq":5,"channels":[{"idx":3,"patient":"p1","rate_hz":250}],
	"alarms":[{"id":"B","state":"active_unack"},{"id":"A","state":"latched_unack"}]}`

// trace is one frame of 125 samples of channel 3 whose first is half a second before the server's time.
func trace(batch byte, at time.Time) []byte {
	f := []byte{1, 1, 0, 0, batch, 0, 0, 0}
	ms := uint64(at.UnixMilli())
	for i := range 8 {
		f = append(f, byte(ms>>(8*i)))
	}
	f = append(f, 3, 0, 125, 0, 0x0c, 0xfe, 0xff, 0xff, 0, 0, 0, 0)
	return append(f, make([]byte, 250)...)
}

func TestScreenTellsWhatItSawAndConfirmsIt(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	base, heard := serve(t, func(conn *websocket.Conn) {
		for _, text := range []string{`{"t":"welcome"}`, snap, `{"t":"ev","seq":6,"kind":"alarm","alarm":{"id":"A","state":"closed"}}`} {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(text))
		}
		_ = conn.WriteMessage(websocket.BinaryMessage, trace(9, noon))
	})
	ctx, cancel := context.WithCancel(t.Context())
	var pieces []screen.Piece
	s := &screen.Screen{Base: base, Cookies: []*http.Cookie{{Name: "a", Value: "b"}}, Unit: "load", Station: "test", Saw: func(p screen.Piece) {
		pieces = append(pieces, p)
	}}
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	for h := range heard {
		if h.T == "hello" && h.Unit != "load" {
			t.Errorf("hello %+v", h)
		}
		if h.T == "cred" && h.Wave == 9 {
			if h.Seq != 6 || !slices.Equal(h.Rendered, []string{"B"}) {
				t.Errorf("credit %+v", h)
			}
			break
		}
	}
	cancel()
	running.Wait()
	if len(pieces) != 1 || pieces[0].Patient != vitals.PatientID("p1") || !pieces[0].End.Equal(noon) {
		t.Errorf("%+v", pieces)
	}
}

func TestScreenLeavesAServerThatBreaksTheLayout(t *testing.T) {
	for story, frame := range map[string][]byte{
		"no header": {1, 1}, "cut piece": trace(1, time.Now())[:20], "cut samples": trace(1, time.Now())[:100],
	} {
		base, _ := serve(t, func(conn *websocket.Conn) { _ = conn.WriteMessage(websocket.BinaryMessage, frame) })
		s := &screen.Screen{Base: base, Cookies: []*http.Cookie{{Name: "a", Value: "b"}}, Saw: func(screen.Piece) {}}
		if err := s.Run(t.Context()); err == nil {
			t.Errorf("%s: no error", story)
		}
	}
}

func TestScreenWithoutASessionIsNotLetIn(t *testing.T) {
	base, _ := serve(t, func(*websocket.Conn) {})
	err := (&screen.Screen{Base: base}).Run(t.Context())
	if !errors.Is(err, websocket.ErrBadHandshake) {
		t.Errorf("%v", err)
	}
}
