package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vigil/devices/hub/link"
	"vigil/devices/uplink"
	"vigil/vitals"
)

const (
	enrollTimeout = 20 * time.Second
	// Where the systemd unit has its configuration, and where it lets the hub write.
	installed = "/etc/vigil-hub"
	state     = "/var/lib/vigil-hub"
)

// enroll checks id and secret with the server and stores them. The secret comes from the technician
// who enrolled the hub on the server, where it is shown once.
func enroll(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("enroll", flag.ContinueOnError)
	flags.SetOutput(out)
	server := flags.String("server", "", "server's address, https://…")
	hub := flags.String("hub", "", "the hub's id")
	secret := flags.String("secret", "-", "the hub's secret; - reads it from the input, where no other program sees it")
	mqtt := flags.String("mqtt", "", "MQTT address; empty: port 8883 (1883 without TLS) of the server")
	ca := flags.String("ca", "", "file with the authority that signed the server's certificate; empty: the system's")
	path := flags.String("config", installed+"/hub.json", "file to write")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	if *secret == "-" {
		if _, err := fmt.Fprint(out, "Secret: "); err != nil {
			return fmt.Errorf("enroll: %w", err)
		}
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("enroll: read the secret: %w", err)
		}
		*secret = strings.TrimSpace(line)
	}
	address, err := serverURL(*server)
	if err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	if id := vitals.HubID(*hub); !uplink.ValidHub(id) || *secret == "" {
		return fmt.Errorf("enroll: hub %q: id and secret are needed", *hub)
	}
	credentials := link.Credentials{Hub: vitals.HubID(*hub), Secret: *secret}
	if err := knock(ctx, address, *ca, credentials); err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	key, err := desk{address: address, ca: *ca, credentials: credentials}.key(ctx)
	if err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	file := settings{server: *server, mqtt: cmp.Or(*mqtt, mqttOf(address)), ca: *ca, key: key}
	if err := store(*path, file, credentials); err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	_, err = fmt.Fprintf(out, "The server knows this hub. Now list its devices in %s and start it.\n", *path)
	return err
}

// knock asks the server for the hub's positions, which only the hub may.
func knock(ctx context.Context, server *url.URL, ca string, c link.Credentials) error {
	roots, err := trust(ca)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: enrollTimeout, Transport: &http.Transport{TLSClientConfig: roots}}
	defer client.CloseIdleConnections()
	_, _, err = link.Post(ctx, client, server.JoinPath("/ingest/v1/batches").String(), c, nil)
	return err
}

func mqttOf(server *url.URL) string {
	if server.Scheme == "https" {
		return "mqtts://" + net.JoinHostPort(server.Hostname(), "8883")
	}
	return "mqtt://" + net.JoinHostPort(server.Hostname(), "1883")
}

// settings are what the enrolment finds out.
type settings struct {
	server, mqtt, ca string
	key              []byte
}

// store writes the secret and, keeping what else stands in it, the configuration.
func store(path string, s settings, c link.Credentials) error {
	all := map[string]any{"status": "127.0.0.1:8089", "devices": []any{}}
	if filepath.Dir(path) == installed {
		all["spool"] = state
	}
	content, err := os.ReadFile(path) //nolint:gosec // chosen by who enrolls the hub
	switch {
	case err == nil:
		if err := json.Unmarshal(content, &all); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("read %s: %w", path, err)
	}
	all["hub"], all["server"], all["mqtt"], all["server_key"] = c.Hub, s.server, s.mqtt, s.key
	if s.ca != "" {
		if all["ca_file"], err = filepath.Abs(s.ca); err != nil {
			return fmt.Errorf("find the authority: %w", err)
		}
	}
	if content, err = json.MarshalIndent(all, "", "  "); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	secretFile, named := all["secret_file"].(string)
	if !named {
		secretFile = "secret"
	}
	if !filepath.IsAbs(secretFile) {
		secretFile = filepath.Join(filepath.Dir(path), secretFile)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	if err := writeOwn(secretFile, []byte(c.Secret+"\n")); err != nil {
		return err
	}
	return writeOwn(path, append(content, '\n'))
}

// writeOwn replaces a file as a whole, for its owner only.
func writeOwn(path string, content []byte) error {
	next := path + ".new"
	_ = os.Remove(next) // an old one might be open to others
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
