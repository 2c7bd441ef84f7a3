// Package ward enrols simulated homes with a server through its REST interface, as a technician
// and a ward clerk would: a unit, made-up patients marked as test, hubs, devices and bindings.
package ward

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"vigil/vitals"
)

// Client speaks to one server.
type Client struct {
	base string
	http *http.Client
}

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 64 << 20 // bytes; a list of thousands of patients is a few megabytes
	readyEvery     = 300 * time.Millisecond
	maxConns       = 16
)

// NewClient is a client of the server at the base address, which is not asked yet.
func NewClient(base string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("server address %q: %w", base, errAddress)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	return &Client{
		base: strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/"),
		http: &http.Client{
			Jar: jar, Timeout: requestTimeout,
			Transport: &http.Transport{MaxIdleConnsPerHost: maxConns, MaxConnsPerHost: maxConns},
		},
	}, nil
}

var errAddress = errors.New("must be http://host:port")

// Base is the server's address without a slash at its end.
func (c *Client) Base() string { return c.base }

// Cookies are what the server gave at sign-in.
func (c *Client) Cookies() []*http.Cookie {
	u, err := url.Parse(c.base)
	if err != nil {
		return nil // the address was read before
	}
	return c.http.Jar.Cookies(u)
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Ready waits until the server is fit to serve.
func (c *Client) Ready(ctx context.Context) error {
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for {
		err := c.call(ctx, http.MethodGet, "/readyz", nil, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server at %s: %w", c.base, errors.Join(ctx.Err(), err))
		case <-ticker.C:
		}
	}
}

// SignIn begins a session.
func (c *Client) SignIn(ctx context.Context, user, password string) error {
	return c.call(ctx, http.MethodPost, "/api/v1/login", map[string]string{"user": user, "password": password}, nil)
}

// StatusError is an answer that is not a success.
type StatusError struct {
	Method, Path string
	Status       int
	Detail       string
}

// Error says what was asked and what was answered.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: %d %s: %s", e.Method, e.Path, e.Status, http.StatusText(e.Status), e.Detail)
}

// isConflict reports whether the thing exists already.
func isConflict(err error) bool {
	status, ok := errors.AsType[*StatusError](err)
	return ok && status.Status == http.StatusConflict
}

// call sends a request and reads the answer into result, where one is wanted.
func (c *Client) call(ctx context.Context, method, path string, body, result any) error {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode request to %s: %w", path, err)
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return fmt.Errorf("prepare %s %s: %w", method, path, err)
	}
	req.Header.Set("Origin", c.base)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }() // the answer was read to its end
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read answer to %s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		const enough = 300
		return &StatusError{Method: method, Path: path, Status: resp.StatusCode, Detail: string(answer[:min(len(answer), enough)])}
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("read answer to %s %s: %w", method, path, err)
	}
	return nil
}

// holds reports whether the server still takes the hub's secret: somebody may have renewed it. It
// sends no messages through the hubs' HTTPS door, which answers with the hub's positions.
func (c *Client) holds(ctx context.Context, hub vitals.HubID, secret string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/ingest/v1/batches", http.NoBody)
	if err != nil {
		return false, fmt.Errorf("prepare to try the secret of %s: %w", hub, err)
	}
	req.SetBasicAuth(string(hub), secret)
	resp, err := c.http.Do(req)
	if err != nil {
		return false, fmt.Errorf("try the secret of %s: %w", hub, err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection serves again
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return false, fmt.Errorf("try the secret of %s: %w", hub, err)
	}
	return resp.StatusCode != http.StatusUnauthorized, nil
}

// list reads a list that the server answers as an object with one named field.
func list[T any](ctx context.Context, c *Client, path, field string) ([]T, error) {
	var answer map[string]json.RawMessage
	if err := c.call(ctx, http.MethodGet, path, nil, &answer); err != nil {
		return nil, err
	}
	var items []T
	if raw, ok := answer[field]; ok {
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, fmt.Errorf("read %s from %s: %w", field, path, err)
		}
	}
	return items, nil
}
