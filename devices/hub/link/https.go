package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"vigil/devices/uplink"
)

const (
	// mqttChances is how often MQTT must have failed in a row before HTTPS steps in.
	mqttChances = 3
	lookEvery   = time.Second
	postEvery   = 5 * time.Second
	postTimeout = 30 * time.Second
	// conferEvery is how often the hub asks what the server wants: a technician waits for it.
	conferEvery = 10 * time.Second
	maxBody     = 1 << 20
	maxAnswer   = 8 << 20
	batchesPath = "/ingest/v1/batches"
	statusPath  = "/ingest/v1/status"
	resultsPath = "/ingest/v1/results"
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

// outage posts until MQTT is back. A post that is on its way then is given up: begun on a line that was dead, it
// may hang for as long as it is allowed to, and MQTT waits for it.
func (l *Link) outage(ctx context.Context, client *http.Client) {
	defer l.overHTTPS.Store(false)
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, over := context.WithCancel(ctx)
	defer over()
	l.mu.Lock()
	l.outageOver = over
	l.mu.Unlock()
	beside.Go(func() { l.confer(ctx, client) })
	l.Spool.Rewind(time.Now())
	first, told := true, false
	for ctx.Err() == nil && l.failures.Load() >= mqttChances {
		l.Spool.Overdue(time.Now())
		wait, err := l.post(ctx, client, first)
		if ctx.Err() != nil {
			return
		}
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
	shown := l.Credentials()
	answer, wait, err := Post(ctx, client, l.HTTPS.JoinPath(batchesPath).String(), shown, body)
	if errors.Is(err, ErrTurnedAway) {
		l.turnedAway(shown.Secret)
	}
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

// confer tells the hub's status from time to time, as it is told over MQTT, and does what the server wants
// of it, which is the answer.
func (l *Link) confer(ctx context.Context, client *http.Client) {
	for {
		if err := l.conferOnce(ctx, client); err != nil && ctx.Err() == nil {
			l.Log.Warn("status could not be told over HTTPS", "error", err)
		}
		if pause(ctx, conferEvery) != nil {
			return
		}
	}
}

func (l *Link) conferOnce(ctx context.Context, client *http.Client) error {
	status, err := l.status(true).Encode()
	if err != nil {
		return fmt.Errorf("tell the status: %w", err)
	}
	said, err := exchange(ctx, client, l.HTTPS.JoinPath(statusPath).String(), l.Credentials(), status)
	if err != nil || l.Manage == nil {
		return err
	}
	if said.status != http.StatusOK {
		return fmt.Errorf("tell the status: %d: %w", said.status, ErrNotAccepted)
	}
	directives, err := uplink.Split(said.content)
	if err != nil {
		return fmt.Errorf("read what the server wants: %w", err)
	}
	for _, d := range directives {
		switch channel, err := uplink.Directive(d); {
		case err != nil:
			return fmt.Errorf("read what the server wants: %w", err)
		case channel == uplink.Configs:
			l.Manage.Configure(d)
		default:
			if err := l.obeyOverHTTPS(ctx, client, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// obeyOverHTTPS has a command carried out and tells what became of it, with the secret of then: it may be
// another one now.
func (l *Link) obeyOverHTTPS(ctx context.Context, client *http.Client, command []byte) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	result, err := l.Manage.Command(ctx, command).Encode()
	if err != nil {
		return fmt.Errorf("tell what became of a command: %w", err)
	}
	said, err := exchange(ctx, client, l.HTTPS.JoinPath(resultsPath).String(), l.Credentials(), result)
	if err == nil && said.status != http.StatusOK {
		err = fmt.Errorf("tell what became of a command: %d: %w", said.status, ErrNotAccepted)
	}
	return err
}

var (
	// ErrNotAccepted is wrapped by the error of an answer other than the one that says that all is well.
	ErrNotAccepted = errors.New("server did not accept")
	// ErrTurnedAway is wrapped where the server does not know the hub by its secret.
	ErrTurnedAway = fmt.Errorf("hub or secret are not known: %w", ErrNotAccepted)
)

// answered is what a server says to a post.
type answered struct {
	status  int
	content []byte
	wait    time.Duration // for which the server asks to be left alone
}

// exchange posts a body and reads the answer, whatever it is.
func exchange(ctx context.Context, client *http.Client, address string, c Credentials, body []byte) (answered, error) {
	said := answered{wait: postEvery}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return said, fmt.Errorf("prepare a post: %w", err)
	}
	req.SetBasicAuth(string(c.Hub), c.Secret)
	req.Header.Set("Content-Type", "application/cbor-seq")
	resp, err := client.Do(req)
	if err != nil {
		return said, fmt.Errorf("post: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	if said.content, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return said, fmt.Errorf("read the answer: %w", err)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		said.wait = min(time.Duration(seconds)*time.Second, maxBackoff)
	}
	if said.status = resp.StatusCode; said.status == http.StatusUnauthorized {
		return said, fmt.Errorf("post: %s: %w", resp.Status, ErrTurnedAway)
	}
	return said, nil
}

// Post sends a body of messages and reads the answer; wait is how long the server asks to be left
// alone.
func Post(ctx context.Context, client *http.Client, address string, c Credentials, body []byte) (
	answer []uplink.Down, wait time.Duration, err error,
) {
	said, err := exchange(ctx, client, address, c, body)
	if err != nil {
		return nil, said.wait, err
	}
	if said.status != http.StatusAccepted {
		return nil, said.wait, fmt.Errorf("post messages: %d: %w", said.status, ErrNotAccepted)
	}
	frames, err := uplink.Split(said.content)
	if err != nil {
		return nil, said.wait, fmt.Errorf("read the answer: %w", err)
	}
	for _, frame := range frames {
		down, err := uplink.DecodeDown(frame)
		if err != nil {
			return nil, said.wait, fmt.Errorf("read the answer: %w", err)
		}
		answer = append(answer, down)
	}
	return answer, said.wait, nil
}
