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
	"os/exec"
	"path/filepath"
	"time"

	"vigil/devices/hub/link"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// What the server may change is kept beside the spool, which is where a hub may write. The file of the
// technician stays as it is.
const (
	desiredName = "desired"     // the newest desired state, signed
	secretName  = "secret"      // one that came after that of the technician
	nextName    = "secret.next" // one of which the server may or may not know
)

// Reasons to be started anew, as systemd does.
var (
	errConfigured = errors.New("the server wants another configuration: start anew")
	errRotated    = errors.New("the hub has a new secret: start anew")
)

var errUnpinned = errors.New("no key of the server is known: enrol again")

// manager does what the server wants of the hub. It believes only what is signed by the key that was
// pinned at the enrolment.
type manager struct{ hub *hub }

// Configure takes a desired state that is newer than the one at work, keeps it, and has the hub begin
// anew with it.
func (m manager) Configure(b []byte) {
	h := m.hub
	d, err := uplink.OpenDesired(b, h.config.serverKey, h.config.Hub)
	if err == nil && d.Version <= h.config.desired {
		return // told again at each connect; an older one is never gone back to
	}
	if err == nil {
		_, err = withDesired(h.config, d)
	}
	if err == nil {
		err = writeOwn(filepath.Join(h.config.Spool, desiredName), b)
	}
	if err != nil {
		h.log.Error("configuration of the server is not taken", "error", err)
		return
	}
	h.log.Info("configuration of the server is taken", "version", d.Version)
	h.end(errConfigured)
}

// withDesired is the configuration in the state that the server wants. One that names no devices leaves
// those of the file.
func withDesired(c config, d uplink.Desired) (config, error) {
	c.desired, c.agent = d.Version, d.Agent
	if len(d.Devices) == 0 {
		return c, nil
	}
	passkeys := map[vitals.DeviceID]*uint32{} // a number printed on a device is known at home only
	for _, old := range c.Devices {
		passkeys[old.id] = old.Passkey
	}
	c.Devices = nil
	for _, w := range d.Devices {
		one := deviceConfig{Address: string(w.Device), Read: w.Read, Pair: w.Pair, Passkey: passkeys[w.Device]}
		c.Devices = append(c.Devices, one)
	}
	return c, c.check()
}

// settled is the configuration with what the server changed since the enrolment.
func settled(ctx context.Context, c config) (config, error) {
	if err := settleSecret(ctx, &c); err != nil {
		return c, err
	}
	b, err := os.ReadFile(filepath.Join(c.Spool, desiredName))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read the desired state: %w", err)
	}
	d, err := uplink.OpenDesired(b, c.serverKey, c.Hub)
	if err != nil {
		return c, fmt.Errorf("read the desired state: %w", err)
	}
	return withDesired(c, d)
}

// settleSecret finds out which secret is good: that of the technician, or one that came after it.
func settleSecret(ctx context.Context, c *config) error {
	own, next := filepath.Join(c.Spool, secretName), filepath.Join(c.Spool, nextName)
	if secret, err := readSecret(next); err == nil && c.Server != "" {
		address, err := serverURL(c.Server)
		if err != nil {
			return err
		}
		switch err := knock(ctx, address, c.CAFile, link.Credentials{Hub: c.Hub, Secret: secret}); {
		case err == nil:
			if err := os.Rename(next, own); err != nil {
				return fmt.Errorf("keep the new secret: %w", err)
			}
		case errors.Is(err, link.ErrNotAccepted): // the server never heard of it
			_ = os.Remove(next) // it is of no use either way
		}
	}
	if newer(own, c.SecretFile) {
		secret, err := readSecret(own)
		if err != nil {
			return err
		}
		c.secret = secret
	}
	return nil
}

// newer reports whether a file is there and was written after another.
func newer(path, other string) bool {
	a, err := os.Stat(path)
	b, otherErr := os.Stat(other)
	return err == nil && (otherErr != nil || a.ModTime().After(b.ModTime()))
}

// Command carries out a command that is signed and not late.
func (m manager) Command(ctx context.Context, b []byte) uplink.Result {
	c, err := uplink.OpenCommand(b, m.hub.config.serverKey, m.hub.config.Hub)
	if err != nil {
		m.hub.log.Error("command is not obeyed", "error", err)
		return uplink.Result{Outcome: uplink.Refused, Detail: err.Error()}
	}
	r := uplink.Result{ID: c.ID, Outcome: uplink.Done}
	if time.Now().After(c.Expires) {
		r.Outcome = uplink.Expired
		return r
	}
	m.hub.log.Info("command of the server", "command", c.What, "id", c.ID)
	switch c.What {
	case uplink.ReadNow, uplink.Rescan:
		// A device hands over what it has stored when it is connected.
		select {
		case m.hub.anew <- struct{}{}:
		default: // it is about to
		}
	case uplink.RotateKey:
		err = m.rotate(ctx)
	default:
		r.Outcome, r.Detail = uplink.Refused, fmt.Sprintf("version %s knows no command %q", version, c.What)
	}
	if err != nil {
		r.Outcome, r.Detail = uplink.Failed, err.Error()
	}
	return r
}

// rotate gives the hub a new secret. It is on the disk before the server hears of it, so that neither
// side can be left with one that the other does not know.
func (m manager) rotate(ctx context.Context) error {
	c := m.hub.config
	if c.Server == "" {
		return errors.New("a new secret goes over HTTPS: the configuration names no server")
	}
	address, err := serverURL(c.Server)
	if err != nil {
		return err
	}
	secret, next := rand.Text()+rand.Text(), filepath.Join(c.Spool, nextName)
	if err := writeOwn(next, []byte(secret+"\n")); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"secret": secret})
	if err != nil {
		return fmt.Errorf("write the new secret: %w", err)
	}
	desk := desk{address: address, ca: c.CAFile, credentials: link.Credentials{Hub: c.Hub, Secret: c.secret}}
	if _, err := desk.ask(ctx, http.MethodPost, "/ingest/v1/secret", body); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(c.Spool, secretName)); err != nil {
		return fmt.Errorf("keep the new secret: %w", err)
	}
	time.AfterFunc(restartAfter, func() { m.hub.end(errRotated) }) // the result goes out first
	return nil
}

// restartAfter is how long a result has to get away before the hub begins anew.
const restartAfter = 2 * time.Second

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

// Report tells in which state the hub is, and of its devices.
func (m manager) Report(s *uplink.Status) {
	h := m.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Config = h.config.desired
	for _, d := range h.config.Devices {
		state := h.state[d.id]
		report := uplink.DeviceStatus{Description: state.said, Device: d.id, Battery: state.Battery, Link: state.link}
		if !state.Heard.IsZero() {
			report.Heard = micros(state.Heard)
		}
		s.Devices = append(s.Devices, report)
	}
}

// update runs the installer's program where the server wants another version of the agent. What it does is
// the installer's: fetch, check, replace; the hub only says which version.
func (h *hub) update(ctx context.Context) {
	wanted := h.config.agent
	if wanted == "" || wanted == version || len(h.config.Update) == 0 {
		return
	}
	h.log.Info("another version is wanted", "wanted", wanted, "runs", version)
	ctx, cancel := context.WithTimeout(ctx, updateLimit)
	defer cancel()
	program := exec.CommandContext(ctx, h.config.Update[0], append(h.config.Update[1:], wanted)...) //nolint:gosec // the installer's own program
	if out, err := program.CombinedOutput(); err != nil {
		h.log.Error("the hub was not brought to the version that is wanted", "wanted", wanted, "error", err, "said", string(out[max(0, len(out)-200):]))
	}
}

// updateLimit is how long an update may take.
const updateLimit = 10 * time.Minute
