package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

const (
	// mqttChances is how often MQTT must have failed in a row before HTTPS steps in.
	mqttChances = 3
	lookEvery   = time.Second
	postEvery   = 5 * time.Second
	postTimeout = 30 * time.Second
	maxBody     = 1 << 20
	maxAnswer   = 8 << 20
	batchesPath = "/ingest/v1/batches"
)

// fallBack posts what the spool keeps for as long as MQTT does not come through.
func (l *Link) fallBack(ctx context.Context) {
	client := &http.Client{Timeout: postTimeout, Transport: &http.Transport{TLSClientConfig: l.TLS, MaxIdleConns: 1}}
	defer client.CloseIdleConnections()
	for pause(ctx, lookEvery) == nil {
		if l.failures.Load() < mqttChances {
			continue
		}
		if l.sending.TryLock() {
			l.outage(ctx, client)
			l.sending.Unlock()
		}
	}
}

// outage posts until MQTT is back.
func (l *Link) outage(ctx context.Context, client *http.Client) {
	defer l.overHTTPS.Store(false)
	l.Spool.Rewind(time.Now())
	first, told := true, false
	for ctx.Err() == nil && l.failures.Load() >= mqttChances {
		l.Spool.Overdue(time.Now())
		wait, err := l.post(ctx, client, first)
		if err == nil {
			first = false
		}
		if l.overHTTPS.Swap(err == nil) != (err == nil) || err != nil && !told {
			l.Log.Info("messages take the way over HTTPS", "works", err == nil, "error", err)
			told = err != nil
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

// post sends one body and takes the answer. The first one of an outage is empty: it asks for the
// server's positions.
func (l *Link) post(ctx context.Context, client *http.Client, first bool) (wait time.Duration, err error) {
	var parcels []uplink.Parcel
	var body []byte
	if !first {
		parcels, body = l.pack(time.Now())
	}
	answer, wait, err := Post(ctx, client, l.HTTPS.JoinPath(batchesPath).String(), Credentials{Hub: l.Hub, Secret: l.Secret}, body)
	if err != nil {
		for _, p := range parcels {
			l.Spool.Again(p, time.Now())
		}
		return wait, err
	}
	for _, p := range parcels {
		l.Spool.Received(p, time.Now())
	}
	// An answer without positions may also mean that the server could not look them up.
	if first && len(answer) > 0 && answer[0].Ack != nil {
		if err := l.Spool.Reconcile(*answer[0].Ack, time.Now()); err != nil {
			l.Log.Error("spool could not be brought in line with the server", "error", err)
		}
	}
	for _, down := range answer {
		l.take(down)
	}
	if len(parcels) == uplink.MaxSequence || len(body) >= maxBody || first {
		return 0, nil
	}
	return postEvery, nil
}

// pack takes messages for one body, those of the present first.
func (l *Link) pack(now time.Time) (parcels []uplink.Parcel, body []byte) {
	for len(parcels) < uplink.MaxSequence && len(body) < maxBody {
		p, ok := l.Spool.Live(now)
		if !ok {
			p, ok = l.Spool.Late(now)
		}
		if !ok {
			break
		}
		parcels = append(parcels, p)
		body = append(body, p.Payload...)
	}
	return parcels, body
}

// Credentials are what a hub shows at a door.
type Credentials struct {
	Hub    vitals.HubID
	Secret string
}

// ErrNotAccepted is wrapped by the error of an answer other than 202.
var ErrNotAccepted = errors.New("server did not accept")

// Post sends a body of messages and reads the answer; wait is how long the server asks to be left
// alone.
func Post(ctx context.Context, client *http.Client, address string, c Credentials, body []byte) (
	answer []uplink.Down, wait time.Duration, err error,
) {
	wait = postEvery
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, wait, fmt.Errorf("prepare a post: %w", err)
	}
	req.SetBasicAuth(string(c.Hub), c.Secret)
	req.Header.Set("Content-Type", "application/cbor-seq")
	resp, err := client.Do(req)
	if err != nil {
		return nil, wait, fmt.Errorf("post messages: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, wait, fmt.Errorf("read the answer: %w", err)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		wait = min(time.Duration(seconds)*time.Second, maxBackoff)
	}
	if resp.StatusCode != http.StatusAccepted {
		return nil, wait, fmt.Errorf("post messages: %s: %w", resp.Status, ErrNotAccepted)
	}
	frames, err := uplink.Split(content)
	if err != nil {
		return nil, wait, fmt.Errorf("read the answer: %w", err)
	}
	for _, frame := range frames {
		down, err := uplink.DecodeDown(frame)
		if err != nil {
			return nil, wait, fmt.Errorf("read the answer: %w", err)
		}
		answer = append(answer, down)
	}
	return answer, wait, nil
}
