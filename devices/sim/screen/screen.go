// Package screen is a nurse's screen without a picture: it joins the dashboard's socket, keeps up
// with it as a browser does, and tells how old each piece of a trace is when it arrives.
package screen

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"vigil/vitals"
)

// Piece is a part of one trace, just arrived.
type Piece struct {
	Patient vitals.PatientID
	End     time.Time // just after its last sample
}

// Screen joins one unit.
type Screen struct {
	Base    string // address of the server
	Cookies []*http.Cookie
	Unit    vitals.UnitID
	Station string
	Saw     func(Piece) // called from Run's goroutine
}

const (
	subprotocol = "vigil.v1"
	credEvery   = 400 * time.Millisecond // the server expects a sign of life every 500 ms
	silence     = 10 * time.Second
	maxFrame    = 16 << 20 // bytes
	maxRendered = 100      // alarms named in one confirmation; the server reads 4 KiB at most
	writeTime   = 5 * time.Second
)

// Layout of a binary frame, little-endian: header, then pieces of samples.
const (
	headerSize = 16
	pieceSize  = 12
)

type channel struct {
	Index   uint16           `json:"idx"`
	Patient vitals.PatientID `json:"patient"`
	RateHz  float64          `json:"rate_hz"`
}

type alarm struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

type frame struct {
	Type     string    `json:"t"`
	Seq      uint64    `json:"seq"`
	Kind     string    `json:"kind"`
	Channels []channel `json:"channels"`
	Channel  *channel  `json:"channel"`
	Alarms   []alarm   `json:"alarms"`
	Alarm    *alarm    `json:"alarm"`
}

// session is one connection's state; the reader and the one who gives credit share it.
type session struct {
	screen *Screen
	conn   *websocket.Conn

	mu       sync.Mutex
	channels map[uint16]channel
	open     map[string]bool // alarms
	seq      uint64
	wave     uint32
}

// Run shows the unit until the context ends or the connection is lost.
func (s *Screen) Run(ctx context.Context) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	se := &session{screen: s, conn: conn, channels: map[uint16]channel{}, open: map[string]bool{}}
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() {
		se.giveCredit(ctx)
		_ = conn.Close() // wakes the reader
	})
	err = se.read()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *Screen) dial(ctx context.Context) (*websocket.Conn, error) {
	header := http.Header{"Origin": {s.Base}}
	for _, c := range s.Cookies {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	address := "ws" + strings.TrimPrefix(s.Base, "http") + "/ws/v1"
	conn, resp, err := (&websocket.Dialer{Subprotocols: []string{subprotocol}, HandshakeTimeout: silence}).DialContext(ctx, address, header)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("join the dashboard at %s: %w", address, err)
	}
	conn.SetReadLimit(maxFrame)
	hello := map[string]any{"t": "hello", "v": 1, "station": s.Station, "unit": s.Unit}
	if err := conn.WriteJSON(hello); err != nil {
		return nil, errors.Join(fmt.Errorf("say hello to the dashboard: %w", err), conn.Close())
	}
	return conn, nil
}

func (se *session) read() error {
	for {
		_ = se.conn.SetReadDeadline(time.Now().Add(silence))
		kind, data, err := se.conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("read from the dashboard: %w", err)
		}
		if kind == websocket.BinaryMessage {
			err = se.trace(data)
		} else {
			err = se.note(data)
		}
		if err != nil {
			return err
		}
	}
}

func (se *session) note(data []byte) error {
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("read dashboard frame: %w", err)
	}
	se.mu.Lock()
	defer se.mu.Unlock()
	switch f.Type {
	case "snap":
		clear(se.channels)
		clear(se.open)
		fallthrough
	case "ev":
		se.seq = f.Seq
	default:
		return nil
	}
	if f.Channel != nil {
		f.Channels = append(f.Channels, *f.Channel)
	}
	for _, c := range f.Channels {
		se.channels[c.Index] = c
	}
	if f.Alarm != nil {
		f.Alarms = append(f.Alarms, *f.Alarm)
	}
	for _, a := range f.Alarms {
		if a.State == "closed" {
			delete(se.open, a.ID)
		} else {
			se.open[a.ID] = true
		}
	}
	return nil
}

var errFrame = errors.New("trace frame does not follow its layout")

// trace reads a binary frame and gives credit for it.
func (se *session) trace(data []byte) error {
	if len(data) < headerSize {
		return errFrame
	}
	sent := time.UnixMilli(int64(binary.LittleEndian.Uint64(data[8:])))
	pieces, err := se.pieces(data[headerSize:], sent)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		se.screen.Saw(p)
	}
	se.mu.Lock()
	se.wave = binary.LittleEndian.Uint32(data[4:])
	se.mu.Unlock()
	return se.credit()
}

func (se *session) pieces(data []byte, sent time.Time) ([]Piece, error) {
	se.mu.Lock()
	defer se.mu.Unlock()
	var pieces []Piece
	for len(data) > 0 {
		if len(data) < pieceSize {
			return nil, errFrame
		}
		index, n := binary.LittleEndian.Uint16(data), int(binary.LittleEndian.Uint16(data[2:]))
		offset := time.Duration(int32(binary.LittleEndian.Uint32(data[4:]))) * time.Millisecond
		if len(data) < pieceSize+2*n {
			return nil, errFrame
		}
		data = data[pieceSize+2*n:]
		if c, known := se.channels[index]; known && c.RateHz > 0 {
			length := time.Duration(float64(n) / c.RateHz * float64(time.Second))
			pieces = append(pieces, Piece{Patient: c.Patient, End: sent.Add(offset + length)})
		}
	}
	return pieces, nil
}

// credit tells the server what this screen has shown.
func (se *session) credit() error {
	se.mu.Lock()
	defer se.mu.Unlock() // also orders the writers
	rendered := slices.Sorted(maps.Keys(se.open))
	_ = se.conn.SetWriteDeadline(time.Now().Add(writeTime))
	if err := se.conn.WriteJSON(map[string]any{
		"t": "cred", "wave": se.wave, "seq": se.seq, "visible": true, "audio": "running",
		"rendered": rendered[:min(len(rendered), maxRendered)],
	}); err != nil {
		return fmt.Errorf("give credit to the dashboard: %w", err)
	}
	return nil
}

func (se *session) giveCredit(ctx context.Context) {
	ticker := time.NewTicker(credEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if se.credit() != nil {
				return // the reader meets the same end
			}
		}
	}
}
