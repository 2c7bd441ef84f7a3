package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config is everything that an operator can set, by environment variables only.
type config struct {
	HTTPAddr          string // VIGIL_HTTP_ADDR
	MQTTAddr          string // VIGIL_MQTT_ADDR
	TLSCert           string // VIGIL_TLS_CERT, file
	TLSKey            string // VIGIL_TLS_KEY, file
	PublicURL         string // VIGIL_PUBLIC_URL
	Insecure          bool   // VIGIL_INSECURE
	DataDir           string // VIGIL_DATA_DIR
	DatabaseURL       string // VIGIL_DATABASE_URL
	NATSURL           string // VIGIL_NATS_URL
	AdminPassword     string // VIGIL_ADMIN_PASSWORD
	Demo              bool   // VIGIL_DEMO
	SecurityContact   string // VIGIL_SECURITY_CONTACT, for /.well-known/security.txt
	RetentionWaveform time.Duration
	RetentionSeries   time.Duration
}

// Defaults of config.
const (
	defaultHTTPAddr          = "127.0.0.1:8080"
	defaultMQTTAddr          = "127.0.0.1:1883"
	defaultTLSMQTTAddr       = "127.0.0.1:8883"
	defaultDataDir           = "./data"
	defaultRetentionWaveform = 72 * time.Hour
	defaultRetentionSeries   = 5 * 365 * 24 * time.Hour
)

// readConfig reads the environment and reports everything that is wrong with it at once.
func readConfig(getenv func(string) string) (config, error) {
	e := environment{getenv: getenv}
	c := config{
		HTTPAddr:          cmp.Or(getenv("VIGIL_HTTP_ADDR"), defaultHTTPAddr),
		TLSCert:           getenv("VIGIL_TLS_CERT"),
		TLSKey:            getenv("VIGIL_TLS_KEY"),
		PublicURL:         getenv("VIGIL_PUBLIC_URL"),
		Insecure:          e.boolean("VIGIL_INSECURE"),
		DataDir:           cmp.Or(getenv("VIGIL_DATA_DIR"), defaultDataDir),
		DatabaseURL:       getenv("VIGIL_DATABASE_URL"),
		NATSURL:           getenv("VIGIL_NATS_URL"),
		AdminPassword:     getenv("VIGIL_ADMIN_PASSWORD"),
		Demo:              e.boolean("VIGIL_DEMO"),
		SecurityContact:   getenv("VIGIL_SECURITY_CONTACT"),
		RetentionWaveform: e.duration("VIGIL_RETENTION_WAVEFORM", defaultRetentionWaveform),
		RetentionSeries:   e.duration("VIGIL_RETENTION_SERIES", defaultRetentionSeries),
	}
	c.MQTTAddr = cmp.Or(getenv("VIGIL_MQTT_ADDR"), defaultMQTT(c.TLSCert))
	return c, errors.Join(append(e.faults, c.validate()...)...)
}

func defaultMQTT(cert string) string {
	if cert != "" {
		return defaultTLSMQTTAddr
	}
	return defaultMQTTAddr
}

func (c config) validate() []error {
	var faults []error
	check := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, errors.New(fault))
		}
	}
	check((c.TLSCert == "") == (c.TLSKey == ""), "VIGIL_TLS_CERT and VIGIL_TLS_KEY belong together: set both or none")
	check(urlWith(c.PublicURL, "https", "http"), "VIGIL_PUBLIC_URL: want https://host without a path")
	check(databaseURL(c.DatabaseURL),
		"VIGIL_DATABASE_URL: want postgres://user:password@host/database, or nothing for SQLite")
	check(strings.HasPrefix(c.SecurityContact, "mailto:") || urlWith(c.SecurityContact, "https"),
		"VIGIL_SECURITY_CONTACT: want mailto:… or https://…")
	check(c.NATSURL == "" || !slices.ContainsFunc(strings.Split(c.NATSURL, ","), func(u string) bool {
		return u == "" || !urlWith(u, "nats", "tls")
	}), "VIGIL_NATS_URL: want nats://host:4222, several with commas between, or nothing for the embedded journal")
	return append(faults, c.checkAddr("VIGIL_HTTP_ADDR", c.HTTPAddr), c.checkAddr("VIGIL_MQTT_ADDR", c.MQTTAddr))
}

// checkAddr refuses a door that is open to others and not encrypted.
func (c config) checkAddr(name, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %q is not host:port", name, addr)
	}
	if c.TLSCert == "" && !c.Insecure && !loopback(host) {
		return fmt.Errorf("%s: %s is reachable from outside and not encrypted: set VIGIL_TLS_CERT and VIGIL_TLS_KEY, "+
			"or VIGIL_INSECURE=1 behind a proxy that encrypts", name, addr)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// urlWith reports whether s is empty or a URL with one of the schemes and a host.
func urlWith(s string, schemes ...string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return false
	}
	return slices.Contains(schemes, u.Scheme)
}

// databaseURL reports whether s is empty or names a PostgreSQL server, by its host or, as in
// postgres:///database?host=/run/postgresql, by the folder of its socket.
func databaseURL(s string) bool {
	if u, err := url.Parse(s); err == nil && u.Host == "" && u.Query().Get("host") != "" {
		u.Host = "socket"
		s = u.String()
	}
	return urlWith(s, "postgres", "postgresql")
}

// tls is the TLS configuration of all doors; nil without a certificate. The key exchange is Go's
// default, hybrid post-quantum X25519MLKEM768. Tickets are off so that a revoked session cannot
// return by resumption.
func (c config) tls() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true,
	}, nil
}

// journalDir is where the embedded journal lives.
func (c config) journalDir() string { return filepath.Join(c.DataDir, "journal") }

// alone reports whether no other node can share this one's patients: its database and its journal,
// which one process at a time can open, are in its own folder.
func (c config) alone() bool { return c.DatabaseURL == "" && c.NATSURL == "" }

// makeDataDir makes the data folder, readable by the owner only.
func (c config) makeDataDir() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.Chmod(c.DataDir, 0o700); err != nil { //nolint:gosec // a folder needs the execute bit
		return fmt.Errorf("close the data folder to others: %w", err)
	}
	return nil
}

// environment reads typed variables and collects what is wrong.
type environment struct {
	getenv func(string) string
	faults []error
}

func (e *environment) boolean(name string) bool {
	switch v := e.getenv(name); v {
	case "", "0":
		return false
	case "1":
		return true
	default:
		e.faults = append(e.faults, fmt.Errorf("%s: want 0 or 1, not %q", name, v))
		return false
	}
}

// duration reads Go's durations and, for years of retention, whole days "d" and years "y".
func (e *environment) duration(name string, otherwise time.Duration) time.Duration {
	v := e.getenv(name)
	if v == "" {
		return otherwise
	}
	d, err := parseDuration(v)
	if err != nil || d <= 0 {
		e.faults = append(e.faults, fmt.Errorf("%s: want a duration such as 72h, 30d or 5y, not %q", name, v))
		return otherwise
	}
	return d
}

func parseDuration(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	units := map[byte]time.Duration{'d': day, 'y': 365 * day}
	unit, long := units[s[len(s)-1]]
	if !long {
		return time.ParseDuration(s)
	}
	const most = 200 * 365
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n > most {
		return 0, fmt.Errorf("parse %q: not a number of days or years", s)
	}
	return time.Duration(n) * unit, nil
}
