package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"vigil/devices/hub/link"
)

// settleSecret finds out which secret is good: that of the technician, or one that came after it.
func settleSecret(ctx context.Context, c *config) error {
	own, next := filepath.Join(c.Spool, secretName), filepath.Join(c.Spool, nextName)
	if newer(own, c.SecretFile) {
		secret, err := readSecret(own)
		if err != nil {
			return err
		}
		c.secret = secret
	}
	secret, err := readSecret(next)
	if err != nil || c.Server == "" {
		return nil //nolint:nilerr // there is none
	}
	return c.choose(ctx, secret, next, own)
}

// choosePatience bounds the wait for a server that does not answer: alarms at home begin behind it.
const choosePatience = 3 * time.Second

// choose finds out which of two secrets the server knows. Where it cannot tell now, the link tries both.
func (c *config) choose(ctx context.Context, secret, next, own string) error {
	address, err := serverURL(c.Server)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, choosePatience)
	defer cancel()
	known := func(secret string) error {
		return knock(ctx, address, c.CAFile, link.Credentials{Hub: c.Hub, Secret: secret})
	}
	switch err := known(secret); {
	case err == nil:
		c.secret = secret
		if err := os.Rename(next, own); err != nil {
			return fmt.Errorf("keep the new secret: %w", err)
		}
	case errors.Is(err, link.ErrTurnedAway) && known(c.secret) == nil: // the server never heard of it
		_ = os.Remove(next) // it is of no use either way
	default:
		c.spare = secret
	}
	return nil
}

// newer reports whether a file is there and was written after another.
func newer(path, other string) bool {
	a, err := os.Stat(path)
	b, otherErr := os.Stat(other)
	return err == nil && (otherErr != nil || a.ModTime().After(b.ModTime()))
}

// rotate gives the hub a new secret. It is on the disk before the server hears of it, so that neither
// side can be left with one that the other does not know; the link shows it from then on.
func (m manager) rotate(ctx context.Context) error {
	c := m.hub.config
	if c.Server == "" {
		return errors.New("a new secret goes over HTTPS: the configuration names no server")
	}
	address, err := serverURL(c.Server)
	if err != nil {
		return err
	}
	next := filepath.Join(c.Spool, nextName)
	secret, err := readSecret(next) // one that the server may know already is not thrown away
	if err != nil {
		secret = rand.Text() + rand.Text()
		if err := writeOwn(next, []byte(secret+"\n")); err != nil {
			return err
		}
	}
	body, err := json.Marshal(map[string]string{"secret": secret})
	if err != nil {
		return fmt.Errorf("write the new secret: %w", err)
	}
	desk := desk{address: address, ca: c.CAFile, credentials: m.hub.link.Credentials()}
	if _, err := desk.ask(ctx, http.MethodPost, "/ingest/v1/secret", body); err != nil {
		m.hub.link.Offer(secret) // the server may have taken it all the same
		return err
	}
	m.hub.link.Renew(secret)
	if err := os.Rename(next, filepath.Join(c.Spool, secretName)); err != nil {
		return fmt.Errorf("keep the new secret: %w", err)
	}
	return nil
}

// desk is where a hub asks the server about itself.
type desk struct {
	address     *url.URL
	ca          string
	credentials link.Credentials
}

// ask puts a question and returns the answer.
func (d desk) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	roots, err := trust(d.ca)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: enrollTimeout, Transport: &http.Transport{TLSClientConfig: roots}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, method, d.address.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	req.SetBasicAuth(string(d.credentials.Hub), d.credentials.Secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("ask the server: %s: %w", resp.Status, link.ErrNotAccepted)
	}
	const enough = 4 << 10
	answer, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	if err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	return answer, nil
}

// key asks for the key under which the server will sign what it wants of the hub.
func (d desk) key(ctx context.Context) (ed25519.PublicKey, error) {
	var answer struct {
		Key ed25519.PublicKey `json:"key"`
	}
	said, err := d.ask(ctx, http.MethodGet, "/ingest/v1/hub", nil)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(said, &answer); err != nil {
		return nil, fmt.Errorf("read the server's key: %w", err)
	}
	if len(answer.Key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("ask the server: %w", errUnpinned)
	}
	return answer.Key, nil
}
