package main_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	hub "vigil/devices/hub"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// office is a server that knows one secret of the hub and signs.
type office struct {
	*httptest.Server
	key ed25519.PrivateKey

	mu     sync.Mutex
	secret string
	deaf   bool // it takes a new secret and its answer is lost
}

func newOffice(t *testing.T) *office {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{key: key, secret: "sesame"}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if _, secret, _ := r.BasicAuth(); secret != o.secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/ingest/v1/secret" {
			var body struct{ Secret string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			o.secret = body.Secret
			if o.deaf {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *office) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// holds is the secret that the office knows.
func (o *office) holds() (secret string) {
	o.set(func() { secret = o.secret })
	return secret
}

// home is a hub that is enrolled at the office, and the path of its file.
func (o *office) home(t *testing.T) (hub.Hub, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), "sesame\n", 0o600)
	public, _ := o.key.Public().(ed25519.PublicKey)
	path := filepath.Join(dir, "hub.json")
	write(t, path, `{"hub":"home-1","mqtt":"mqtt://127.0.0.1:1","server":"`+o.URL+`","server_key":"`+base64.StdEncoding.EncodeToString(public)+
		`","devices":[{"address":"A0:9E:1A:00:00:01","read":["hr"],"passkey":7}]}`, 0o600)
	h, err := hub.NewHub(path, "unix:path=/nowhere", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h, path
}

func (o *office) desired(t *testing.T, version uint64, devices ...vitals.DeviceID) []byte {
	t.Helper()
	d := uplink.Desired{Hub: "home-1", Version: version}
	for _, id := range devices {
		d.Devices = append(d.Devices, uplink.Wanted{Device: id, Read: []string{"plx"}, Pair: true})
	}
	b, err := d.Sign(o.key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAHubBeginsAnewAsTheServerWantsIt(t *testing.T) {
	o := newOffice(t)
	h, path := o.home(t)
	if !h.Configure(o.desired(t, 3, "a09e1a000001", "a09e1a000002")) {
		t.Fatal("a newer state is not taken")
	}
	version, devices, _, err := hub.Settled(t.Context(), path)
	if err != nil || version != 3 || devices != 2 {
		t.Errorf("version %d with %d devices, %v", version, devices, err)
	}
	if s := h.Report(); s.Config != 0 || len(s.Devices) != 1 || s.Devices[0].Link != uplink.LinkOpen {
		t.Errorf("before it begins anew: %+v", s)
	}
}

func TestAHubKeepsItsStateWhereTheServersWillNotDo(t *testing.T) {
	o, stranger := newOffice(t), newOffice(t)
	for name, state := range map[string][]byte{
		"signed by somebody else": stranger.desired(t, 9, "a09e1a000002"),
		"nothing newer":           o.desired(t, 0, "a09e1a000002"),
		"a device twice":          o.desired(t, 4, "a09e1a000002", "a09e1a000002"),
		"bytes that are nothing":  []byte("hello"),
	} {
		h, path := o.home(t)
		if h.Configure(state) {
			t.Errorf("%s: taken", name)
		}
		if version, devices, _, err := hub.Settled(t.Context(), path); err != nil || version != 0 || devices != 1 {
			t.Errorf("%s: version %d with %d devices, %v", name, version, devices, err)
		}
	}
	h, path := o.home(t)
	if !h.Configure(o.desired(t, 1)) {
		t.Error("a state that names no devices, such as one for a version of the agent, is not taken")
	}
	if _, devices, _, err := hub.Settled(t.Context(), path); err != nil || devices != 1 {
		t.Errorf("%d devices, %v", devices, err)
	}
}

func TestCommandsAreDoneOnceAndInTime(t *testing.T) {
	o := newOffice(t)
	h, path := o.home(t)
	obey := func(what uplink.CommandKind, expires time.Time) uplink.Result {
		b, err := uplink.Command{Hub: "home-1", ID: "c-" + string(what), What: what, Expires: expires}.Sign(o.key)
		if err != nil {
			t.Fatal(err)
		}
		return h.Obey(t.Context(), b)
	}
	soon := time.Now().Add(time.Minute)
	for what, want := range map[uplink.CommandKind]uplink.Outcome{uplink.ReadNow: uplink.Done, uplink.Rescan: uplink.Done, "explode": uplink.Refused} {
		if r := obey(what, soon); r.Outcome != want || r.ID != "c-"+string(what) {
			t.Errorf("%s: %+v", what, r)
		}
	}
	if r := obey(uplink.Rescan, time.Now().Add(-time.Second)); r.Outcome != uplink.Expired {
		t.Errorf("late: %+v", r)
	}
	if r := h.Obey(t.Context(), []byte("hello")); r.Outcome != uplink.Refused {
		t.Errorf("not signed: %+v", r)
	}
	if r := obey(uplink.RotateKey, soon); r.Outcome != uplink.Done {
		t.Fatalf("%+v", r)
	}
	_, _, secret, err := hub.Settled(t.Context(), path)
	if err != nil || secret != o.secret || secret == "sesame" || h.Shows() != secret {
		t.Errorf("secret %q, shown %q, the server's %q, %v", secret, h.Shows(), o.secret, err)
	}
	if r := obey(uplink.RotateKey, soon); r.Outcome != uplink.Done || o.secret != secret {
		t.Errorf("told again, it was done again: %+v", r)
	}
}

func TestANewSecretWhoseAnswerIsLostIsFoundAgain(t *testing.T) {
	o := newOffice(t)
	h, path := o.home(t)
	o.deaf = true
	b, err := uplink.Command{Hub: "home-1", ID: "c", What: uplink.RotateKey, Expires: time.Now().Add(time.Minute)}.Sign(o.key)
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Obey(t.Context(), b); r.Outcome != uplink.Failed {
		t.Errorf("%+v", r)
	}
	_, _, secret, err := hub.Settled(t.Context(), path)
	if err != nil || secret != o.holds() || secret == "sesame" {
		t.Errorf("secret %q, the server's %q, %v", secret, o.holds(), err)
	}
}

func TestTheNextSecretIsTheOneThatTheServerMayKnowAlready(t *testing.T) {
	o := newOffice(t)
	h, path := o.home(t)
	rotate := func(id string) uplink.Result {
		b, err := uplink.Command{Hub: "home-1", ID: id, What: uplink.RotateKey, Expires: time.Now().Add(time.Minute)}.Sign(o.key)
		if err != nil {
			t.Fatal(err)
		}
		return h.Obey(t.Context(), b)
	}
	o.set(func() { o.deaf = true })
	rotate("c-1")
	taken := o.holds()
	o.set(func() { o.deaf = false })
	rotate("c-2") // with the old secret, which the server knows no more
	if _, _, secret, err := hub.Settled(t.Context(), path); err != nil || secret != taken || o.holds() != taken {
		t.Errorf("secret %q, the server's %q, %v", secret, o.holds(), err)
	}
}

func TestASecretIsKeptWhileNobodyCanTellWhetherItIsKnown(t *testing.T) {
	o := newOffice(t)
	_, path := o.home(t)
	o.secret = "neither of the two"
	next := filepath.Join(filepath.Dir(path), "spool", "secret.next")
	write(t, next, strings.Repeat("x", 52), 0o600)
	if _, _, secret, err := hub.Settled(t.Context(), path); err != nil || secret != "sesame" {
		t.Errorf("secret %q, %v", secret, err)
	}
	if _, err := os.Stat(next); err != nil {
		t.Error(err)
	}
}

func TestAServerThatDoesNotAnswerHoldsUpNoAlarmsAtHome(t *testing.T) {
	o := newOffice(t)
	_, path := o.home(t)
	write(t, filepath.Join(filepath.Dir(path), "spool", "secret.next"), strings.Repeat("x", 52), 0o600)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	o.set(func() { // which it waits for
		if _, _, secret, err := hub.Settled(ctx, path); err != nil || secret != "sesame" || ctx.Err() != nil {
			t.Errorf("secret %q, %v, %v", secret, err, ctx.Err())
		}
	})
}

func TestANewSecretThatNeverArrivedIsForgotten(t *testing.T) {
	o := newOffice(t)
	_, path := o.home(t)
	spool := filepath.Join(filepath.Dir(path), "spool")
	write(t, filepath.Join(spool, "secret.next"), strings.Repeat("x", 52), 0o600)
	if _, _, secret, err := hub.Settled(t.Context(), path); err != nil || secret != "sesame" {
		t.Errorf("secret %q, %v", secret, err)
	}
	if _, err := os.Stat(filepath.Join(spool, "secret.next")); err == nil {
		t.Error("kept")
	}
}
