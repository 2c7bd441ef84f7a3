package main_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	hub "vigil/devices/hub"
)

func write(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func TestConfigurationSaysWhatIsWrong(t *testing.T) {
	const rest = `"hub":"home-1","mqtt":"mqtts://vigil.example:8883"`
	for name, c := range map[string]struct{ content, want string }{
		"complete":               {`{` + rest + `,"devices":[{"address":"A0:9E:1A:00:00:01","read":["hr","pmd"]}]}`, ""},
		"no hub":                 {`{"mqtt":"mqtts://vigil.example:8883"}`, "hub"},
		"no MQTT address":        {`{"hub":"home-1"}`, "mqtts://host:port"},
		"unknown word":           {`{` + rest + `,"patient":"x"}`, "unknown field"},
		"unknown profile":        {`{` + rest + `,"devices":[{"address":"A0:9E:1A:00:00:01","read":["eeg"]}]}`, `no profile "eeg"`},
		"nothing read":           {`{` + rest + `,"devices":[{"address":"A0:9E:1A:00:00:01"}]}`, "nothing is read"},
		"no address":             {`{` + rest + `,"devices":[{"address":"strap","read":["hr"]}]}`, "hexadecimal"},
		"device twice":           {`{` + rest + `,"devices":[{"address":"A0:9E:1A:00:00:01","read":["hr"]},{"address":"a09e1a000001","read":["hr"]}]}`, "twice"},
		"status page for others": {`{` + rest + `,"status":"0.0.0.0:80"}`, "this computer only"},
		"server by another name": {`{` + rest + `,"server":"ftp://x"}`, "https://host"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "secret"), "sesame\n", 0o600)
			write(t, filepath.Join(dir, "hub.json"), c.content, 0o600)
			switch _, err := hub.LoadConfig(filepath.Join(dir, "hub.json")); {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSecretThatOthersMayReadIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), "sesame\n", 0o644)
	write(t, filepath.Join(dir, "hub.json"), `{"hub":"home-1","mqtt":"mqtts://vigil.example:8883"}`, 0o600)
	if _, err := hub.LoadConfig(filepath.Join(dir, "hub.json")); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("%v", err)
	}
}

func run(t *testing.T, in string, args ...string) error {
	t.Helper()
	var out bytes.Buffer
	return hub.Command(context.Background(), args, strings.NewReader(in), &out, slog.New(slog.DiscardHandler))
}

func TestEnrolledHubIsReadyToRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != "home-1" || secret != "sesame" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/ingest/v1/hub" {
			_ = json.NewEncoder(w).Encode(map[string]any{"key": make([]byte, ed25519.PublicKeySize)})
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "etc", "hub.json")
	if err := run(t, "wrong\n", "enroll", "-server", server.URL, "-hub", "home-1", "-config", path); err == nil {
		t.Error("a wrong secret was stored")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := run(t, "sesame\n", "enroll", "-server", server.URL, "-hub", "home-1", "-config", path); err != nil {
		t.Fatal(err)
	}
	c, err := hub.LoadConfig(path)
	if err != nil || c.Hub != "home-1" || len(c.ServerKey) != ed25519.PublicKeySize || !strings.HasPrefix(c.MQTT, "mqtt://127.0.0.1:1883") {
		t.Errorf("%+v, %v", c, err)
	}
	// What was written by hand survives another secret.
	write(t, path, strings.Replace(read(t, path), `"devices": []`,
		`"devices": [{"address":"A0:9E:1A:00:00:01","read":["hr"]}]`, 1), 0o600)
	if err := run(t, "", "enroll", "-server", server.URL, "-hub", "home-1", "-secret", "sesame", "-config", path); err != nil {
		t.Fatal(err)
	}
	if c, err := hub.LoadConfig(path); err != nil || len(c.Devices) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
