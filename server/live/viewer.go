package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"vigil/alerts"
	"vigil/vitals"
)

// Times of a screen's connection.
const (
	heartbeatEvery = 2 * time.Second
	waveEvery      = 200 * time.Millisecond
	silenceLimit   = 10 * time.Second // a screen that says nothing for so long is gone
	writeLimit     = 5 * time.Second
	commandLimit   = 8 * time.Second
	rightsLimit    = 5 * time.Second // within which it is told whether somebody is still signed in, or not this time
	maxRequest     = 64 << 10        // bytes of one frame from a browser; it may list a thousand alarms
)

// Close codes of vigil.v1.
const (
	closeAuth     = 4401
	closeUnit     = 4403
	closeSilent   = 4408
	closeTooSlow  = 4429
	closeInternal = 4500
)

var errGone = errors.New("screen is gone")

// viewer is one screen. Its reader takes confirmations and commands; its writer is the only one
// that writes to the socket.
type viewer struct {
	conn    *websocket.Conn
	out     *outbox
	unit    vitals.UnitID
	station string
	staff   vitals.Staff
	feed    *Feed
	socket  *Socket
	log     *slog.Logger

	commands sync.WaitGroup
	paused   atomic.Pointer[alerts.DecidedView] // the station's sound, as it was decided last
	audio    string
	seq      uint64
	buf      []byte
}

// serve runs the screen until it leaves, falls behind or loses its rights, and returns the close
// code and the reason.
func (v *viewer) serve(ctx context.Context, authorised func(context.Context) bool) (int, error) {
	ctx, stop := context.WithCancelCause(ctx)
	v.feed.join(v)
	var writing sync.WaitGroup
	var code int
	var err error
	over := make(chan struct{})
	writing.Go(func() { v.ask(ctx, authorised, over) })
	writing.Go(func() {
		code, err = v.write(ctx, over)
		stop(err)
		wake(v.conn)
	})
	readErr := v.read(ctx)
	stop(readErr)
	v.feed.leave(v)
	v.hear("gone")
	writing.Wait()
	v.commands.Wait()
	if err != nil && !errors.Is(err, errGone) {
		return code, err
	}
	if isTimeout(readErr) {
		return closeSilent, fmt.Errorf("read: %w", readErr)
	}
	return websocket.CloseNormalClosure, readErr
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// ask closes over when the screen has lost its rights. Who knows that may be away and say nothing at all, so
// what the screen is told does not wait for it.
func (v *viewer) ask(ctx context.Context, authorised func(context.Context) bool, over chan<- struct{}) {
	beats := time.NewTicker(heartbeatEvery)
	defer beats.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beats.C:
		}
		asking, cancel := context.WithTimeout(ctx, rightsLimit)
		may := authorised(asking)
		cancel()
		if !may {
			close(over)
			return
		}
	}
}

func (v *viewer) write(ctx context.Context, over <-chan struct{}) (int, error) {
	beats, waves := time.NewTicker(heartbeatEvery), time.NewTicker(waveEvery)
	defer beats.Stop()
	defer waves.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, errGone
		case <-over:
			return closeAuth, errors.New("session is over")
		case <-beats.C:
			v.endPause()
			v.feed.heartbeat(v)
		case <-waves.C:
			if err := v.writeWaves(); err != nil {
				return closeInternal, err
			}
		case <-v.out.wake:
		}
		if err := v.writeUrgent(); err != nil {
			if errors.Is(err, errTooSlow) {
				return closeTooSlow, err
			}
			return closeInternal, err
		}
	}
}

func (v *viewer) writeUrgent() error {
	frames, err := v.out.takeUrgent()
	if err != nil {
		return err
	}
	for _, frame := range frames {
		switch f := frame.(type) {
		case snapshot:
			v.seq++
			f.Seq, f.Station.Paused = v.seq, v.pausedNow()
			frame = f
			v.out.sentEvent(v.seq, f.Alarms...)
		case event:
			v.seq++
			f.Seq = v.seq
			if f.Station != nil {
				f.Station.Paused = v.pausedNow()
			}
			frame = f
			v.out.sentEvent(v.seq, f.told()...)
		case heartbeat:
			f.Seq = v.seq
			frame = f
		}
		if err := v.writeJSON(frame); err != nil {
			return err
		}
	}
	return nil
}

func (v *viewer) writeJSON(frame any) error {
	text, err := json.Marshal(frame)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	return v.send(websocket.TextMessage, text)
}

func (v *viewer) writeWaves() error {
	batch, waves, gaps := v.out.takeWaves()
	if waves == nil {
		return nil
	}
	v.buf = appendWaves(v.buf[:0], batch, v.feed.now(), waves, gaps)
	return v.send(websocket.BinaryMessage, v.buf)
}

func (v *viewer) send(kind int, data []byte) error {
	_ = v.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	if err := v.conn.WriteMessage(kind, data); err != nil {
		return fmt.Errorf("write to the screen: %w", errors.Join(errGone, err))
	}
	return nil
}

func (v *viewer) read(ctx context.Context) error {
	for {
		_ = v.conn.SetReadDeadline(time.Now().Add(silenceLimit))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		kind, data, err := v.conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("read from the screen: %w", err)
		}
		var r request
		if kind != websocket.TextMessage || decode(data, &r) != nil {
			v.out.answer(result{Code: "bad_request", Message: "frames must be JSON objects, without NUL in a text"})
			continue
		}
		v.take(ctx, r)
	}
}

func (v *viewer) take(ctx context.Context, r request) {
	switch r.Type {
	case "cred":
		v.report(v.out.credit(r))
		v.hear(audioWord(r.Audio))
	case "sub":
		v.out.subscribe(r.Channels)
	case "resync":
		v.feed.resync(v)
	case "cmd":
		v.commands.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, commandLimit)
			defer cancel()
			v.out.answer(v.command(ctx, r))
		})
	default:
		v.out.answer(result{Command: r.Command, Code: "bad_request", Message: fmt.Sprintf("unknown frame %.20q", r.Type)})
	}
}

// report hands on what the screen says of alarms.
func (v *viewer) report(receipts []receipt) {
	for _, r := range receipts {
		if r.took > 0 {
			v.socket.drawn(r.took)
		}
		v.note(r.kind, r.alarm, r.version, "")
	}
}

// hear takes whether the station can be heard.
func (v *viewer) hear(audio string) {
	if audio == v.audio {
		return
	}
	v.audio = audio
	v.feed.hear(v, audio)
	v.log.Info("station audio changed", "station", v.station, "audio", audio)
	v.note(alerts.StationAudio, "", 0, audio)
}

func (v *viewer) note(kind alerts.NoteKind, alarm alerts.AlarmID, version int, detail string) {
	v.socket.note(alerts.Note{
		Kind: kind, At: v.feed.now(), Alarm: alarm, Version: version,
		Unit: v.unit, Station: v.station, Actor: string(v.staff.ID), Detail: detail,
	})
}

// audioWord keeps what a browser sends out of the records unless it is one of the known words.
func audioWord(s string) string {
	switch s {
	case "running", "suspended", "none":
		return s
	default:
		return "unknown"
	}
}
