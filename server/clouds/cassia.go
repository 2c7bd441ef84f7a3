package clouds

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/vitals"
)

// How a connection to a Cassia gateway, or to the access controller above it, is kept.
const (
	// quiet is how long nothing may come: a comment comes every 30 s.
	quiet       = 75 * time.Second
	firstPause  = time.Second
	longPause   = 30 * time.Second
	connectWait = 5 * time.Second // of the gateway for a device
	// tendEvery is how often devices that are silent are connected again.
	tendEvery = 30 * time.Second
	maxEvent  = 64 << 10
)

// Relay takes what is heard, at once.
type Relay interface {
	Relay(ctx context.Context, sender vitals.HubID, parts []gateway.Part, live bool) error
}

// Cassia is the connection to one gateway: it has the devices that are registered to it connected and
// hands on what they notify of (CassiaSDKGuide wiki, RESTful API, read 2026-11).
type Cassia struct {
	Gateway vitals.Gateway
	Devices func(ctx context.Context) ([]vitals.DeviceID, error) // registered to it
	Sink    Relay
	Log     *slog.Logger
	Now     func() time.Time
	HTTP    *http.Client // without a time limit: an event stream does not end
	// TendEvery is for tests; zero is 30 s.
	TendEvery time.Duration

	mu      sync.Mutex
	token   string
	known   map[vitals.DeviceID]gateway.Handles
	heard   map[vitals.DeviceID]time.Time
	refused map[vitals.DeviceID]time.Time // when a value of it could not be read last
}

// Run keeps the connection until the context ends.
func (c *Cassia) Run(ctx context.Context) {
	c.known, c.heard, c.refused = map[vitals.DeviceID]gateway.Handles{}, map[vitals.DeviceID]time.Time{}, map[vitals.DeviceID]time.Time{}
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longPause) {
		began := c.Now()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return
		}
		c.Log.WarnContext(ctx, "gateway is not connected", "gateway", c.Gateway.ID, "error", err)
		if c.Now().Sub(began) > longPause {
			pause = firstPause
		}
		wait(ctx, pause)
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// session is one event stream, with the devices looked after beside it.
func (c *Cassia) session(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := c.signIn(ctx); err != nil {
		return err
	}
	stream, err := c.call(ctx, http.MethodGet, "/gatt/nodes", nil)
	if err != nil {
		return err
	}
	defer stream.Body.Close() //nolint:errcheck // it was read
	var tending sync.WaitGroup
	defer tending.Wait()
	defer cancel(nil)
	tending.Go(func() { c.tend(ctx) })
	silence := time.AfterFunc(quiet, func() { cancel(errQuiet) })
	defer silence.Stop()
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		silence.Reset(quiet)
		if data, is := bytes.CutPrefix(lines.Bytes(), []byte("data:")); is {
			c.take(ctx, bytes.TrimSpace(data))
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return errors.Join(errEnded, lines.Err())
}

var (
	errQuiet = errors.New("nothing came, not even a sign of life")
	errEnded = errors.New("the event stream ended")
)

// base is where calls go: an access controller has them below /api.
func (c *Cassia) base() (address string, query url.Values) {
	u, err := url.Parse(c.Gateway.Address)
	if err != nil { // it was checked when it was registered
		return c.Gateway.Address, nil
	}
	query = u.Query() // an access controller wants to know which gateway: ?mac=…
	u.RawQuery = ""
	address = strings.TrimSuffix(u.String(), "/")
	if c.Gateway.Client != "" {
		address += "/api"
	}
	return address, query
}

// signIn gets a token of an access controller; a gateway by itself has none.
func (c *Cassia) signIn(ctx context.Context) error {
	if c.Gateway.Client == "" {
		return nil
	}
	address, _ := c.base()
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(c.Gateway.Client, c.Gateway.Secret)
	body, err := do(c.HTTP, request)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Token == "" {
		return errors.New("sign in: there is no token in the answer")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = answer.Token
	return nil
}

// call makes a call whose answer is read by the caller.
func (c *Cassia) call(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	address, query := c.base()
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Accept", "text/event-stream, application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	c.mu.Lock()
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	c.mu.Unlock()
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", request.URL.Host, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s answers %s to %s", request.URL.Host, answer.Status, path), answer.Body.Close())
	}
	return answer, nil
}

// ask makes a call and reads its answer.
func (c *Cassia) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	answer, err := c.call(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	return readAnswer(answer)
}

// take hands on what a device notified of. A value that cannot be read is told once a minute.
func (c *Cassia) take(ctx context.Context, event []byte) {
	n, err := gateway.ReadCassia(event)
	if err != nil {
		c.Log.WarnContext(ctx, "gateway sent what cannot be read", "gateway", c.Gateway.ID, "error", err)
		return
	}
	now := c.Now().UTC().Truncate(time.Microsecond)
	c.mu.Lock()
	handles := c.known[n.Device]
	c.heard[n.Device] = now
	c.mu.Unlock()
	if handles == nil {
		return // of somebody else's connection, or not yet discovered
	}
	part := gateway.Part{Payload: bytes.Clone(event)}
	if part.Batch, part.Err = n.Decode(devices.Frame{Received: now}, handles); part.Err != nil {
		if now.Sub(c.refused[n.Device]) < time.Minute {
			return
		}
		c.refused[n.Device] = now
	}
	if err := c.Sink.Relay(ctx, c.Gateway.ID, []gateway.Part{part}, true); err != nil && ctx.Err() == nil {
		c.Log.WarnContext(ctx, "a notification was lost", "gateway", c.Gateway.ID, "error", err)
	}
}

// tend connects the devices that are silent, now and again.
func (c *Cassia) tend(ctx context.Context) {
	every := lo.CoalesceOrEmpty(c.TendEvery, tendEvery)
	for ctx.Err() == nil {
		ids, err := c.Devices(ctx)
		if err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "devices of a gateway could not be read", "gateway", c.Gateway.ID, "error", err)
		}
		for _, id := range ids {
			c.mu.Lock()
			silent := c.known[id] == nil || c.Now().Sub(c.heard[id]) > tendEvery
			c.mu.Unlock()
			if !silent {
				continue
			}
			if err := c.connect(ctx, id); err != nil && ctx.Err() == nil {
				c.Log.InfoContext(ctx, "device is not connected", "gateway", c.Gateway.ID, "device", id, "error", err)
			}
		}
		wait(ctx, every)
	}
}

// connect has the gateway connect a device and switches on what Vigil reads of it. Connecting one that is
// connected changes nothing.
func (c *Cassia) connect(ctx context.Context, id vitals.DeviceID) error {
	node := addressOf(id)
	if err := c.order(ctx, node, "public"); err != nil {
		// Which kind of address it is cannot be told from the address.
		if err := c.order(ctx, node, "random"); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
	}
	answer, err := c.ask(ctx, http.MethodGet, "/gatt/nodes/"+node+"/services/characteristics/descriptors", nil)
	if err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	handles, notifying, err := gateway.Discover(answer)
	if err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	c.mu.Lock()
	c.known[id] = handles
	c.mu.Unlock()
	for _, characteristic := range notifying {
		if !gateway.Reads(characteristic.UUID) || characteristic.Switch == 0 {
			continue
		}
		value := lo.Ternary(characteristic.Indicate, "0200", "0100")
		path := fmt.Sprintf("/gatt/nodes/%s/handle/%d/value/%s", node, characteristic.Switch, value)
		if _, err := c.ask(ctx, http.MethodGet, path, nil); err != nil {
			return fmt.Errorf("switch on %s: %w", characteristic.UUID, err)
		}
	}
	return nil
}

// order has the gateway connect a device.
func (c *Cassia) order(ctx context.Context, node, kind string) error {
	body := fmt.Sprintf(`{"timeout":%d,"type":%q}`, connectWait.Milliseconds(), kind)
	_, err := c.ask(ctx, http.MethodPost, "/gap/nodes/"+node+"/connection", []byte(body))
	return err
}

// addressOf writes an address as Cassia does.
func addressOf(id vitals.DeviceID) string {
	pairs := lo.Map(lo.Chunk([]rune(strings.ToUpper(string(id))), 2), func(pair []rune, _ int) string { return string(pair) })
	return strings.Join(pairs, ":")
}
