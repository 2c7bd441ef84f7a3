package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
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

	"vigil/server/identity"
	"vigil/server/notify"
)

// config is everything that an operator can set, by environment variables only.
type config struct {
	HTTPAddr          string // VIGIL_HTTP_ADDR
	MQTTAddr          string // VIGIL_MQTT_ADDR
	MLLPAddr          string // VIGIL_MLLP_ADDR, empty: no such door
	MLLPClientCA      string // VIGIL_MLLP_CLIENT_CA, file: monitors must have a certificate of it
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
	NotifyWebhook     string // VIGIL_NOTIFY_WEBHOOK, the house's paging system; empty: none
	NotifySecret      string // VIGIL_NOTIFY_SECRET, signs what is posted there
	SMTPURL           string // VIGIL_SMTP_URL, where mail is handed in; empty: none
	SMTPFrom          string // VIGIL_SMTP_FROM
	NtfyURL           string // VIGIL_NTFY_URL; empty: none
	NtfyToken         string // VIGIL_NTFY_TOKEN
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
func readConfig(vars variables) (config, error) {
	e := environment{vars: vars}
	c := config{
		HTTPAddr:          cmp.Or(vars["VIGIL_HTTP_ADDR"], defaultHTTPAddr),
		MLLPAddr:          vars["VIGIL_MLLP_ADDR"],
		MLLPClientCA:      vars["VIGIL_MLLP_CLIENT_CA"],
		TLSCert:           vars["VIGIL_TLS_CERT"],
		TLSKey:            vars["VIGIL_TLS_KEY"],
		PublicURL:         vars["VIGIL_PUBLIC_URL"],
		Insecure:          e.boolean("VIGIL_INSECURE"),
		DataDir:           cmp.Or(vars["VIGIL_DATA_DIR"], defaultDataDir),
		DatabaseURL:       vars["VIGIL_DATABASE_URL"],
		NATSURL:           vars["VIGIL_NATS_URL"],
		AdminPassword:     vars["VIGIL_ADMIN_PASSWORD"],
		Demo:              e.boolean("VIGIL_DEMO"),
		SecurityContact:   vars["VIGIL_SECURITY_CONTACT"],
		NotifyWebhook:     vars["VIGIL_NOTIFY_WEBHOOK"],
		NotifySecret:      vars["VIGIL_NOTIFY_SECRET"],
		SMTPURL:           vars["VIGIL_SMTP_URL"],
		SMTPFrom:          vars["VIGIL_SMTP_FROM"],
		NtfyURL:           vars["VIGIL_NTFY_URL"],
		NtfyToken:         vars["VIGIL_NTFY_TOKEN"],
		RetentionWaveform: e.duration("VIGIL_RETENTION_WAVEFORM", defaultRetentionWaveform),
		RetentionSeries:   e.duration("VIGIL_RETENTION_SERIES", defaultRetentionSeries),
	}
	c.MQTTAddr = cmp.Or(vars["VIGIL_MQTT_ADDR"], defaultMQTT(c.TLSCert))
	return c, errors.Join(slices.Concat(e.faults, vars.unknown(), c.validate())...)
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
	if c.TLSCert != "" && c.TLSKey != "" {
		_, err := c.tls()
		check(err == nil, fmt.Sprintf("VIGIL_TLS_CERT, VIGIL_TLS_KEY: %v", err))
	}
	check(c.AdminPassword == "" || identity.LongEnough(c.AdminPassword),
		"VIGIL_ADMIN_PASSWORD: a password has at least 15 characters; leave it out and one is made")
	check(urlWith(c.PublicURL, "https", "http"), "VIGIL_PUBLIC_URL: want https://host without a path")
	check(databaseURL(c.DatabaseURL),
		"VIGIL_DATABASE_URL: want postgres://user:password@host/database, or nothing for SQLite")
	check(strings.HasPrefix(c.SecurityContact, "mailto:") || urlWith(c.SecurityContact, "https"),
		"VIGIL_SECURITY_CONTACT: want mailto:… or https://…")
	check(c.NATSURL == "" || !slices.ContainsFunc(strings.Split(c.NATSURL, ","), func(u string) bool {
		return u == "" || !urlWith(u, "nats", "tls")
	}), "VIGIL_NATS_URL: want nats://host:4222, several with commas between, or nothing for the embedded journal")
	return append(faults, c.checkAddr("VIGIL_HTTP_ADDR", c.HTTPAddr), c.checkAddr("VIGIL_MQTT_ADDR", c.MQTTAddr), c.checkMLLP(), c.checkWebhook(), c.checkWays())
}

// checkWebhook refuses calls that go out in clear, or that anybody could make.
func (c config) checkWebhook() error {
	if c.NotifyWebhook == "" {
		return nil
	}
	if !sealed(c.NotifyWebhook) {
		return errors.New("VIGIL_NOTIFY_WEBHOOK: want https://…")
	}
	if _, err := webhookSecret(c.NotifySecret); err != nil {
		return fmt.Errorf("VIGIL_NOTIFY_SECRET: %w", err)
	}
	return nil
}

// checkMLLP refuses a door for monitors that anybody could send through: HL7 knows no password, so a
// monitor from outside is known by its certificate.
func (c config) checkMLLP() error {
	if c.MLLPAddr == "" {
		if c.MLLPClientCA != "" {
			return errors.New("VIGIL_MLLP_CLIENT_CA: there is no such door without VIGIL_MLLP_ADDR")
		}
		return nil
	}
	if err := c.checkAddr("VIGIL_MLLP_ADDR", c.MLLPAddr); err != nil {
		return err
	}
	if c.MLLPClientCA != "" {
		if c.TLSCert == "" {
			return errors.New("VIGIL_MLLP_CLIENT_CA: certificates of monitors need VIGIL_TLS_CERT and VIGIL_TLS_KEY")
		}
		_, err := c.monitorsTLS()
		return err
	}
	if host, _, _ := net.SplitHostPort(c.MLLPAddr); !c.Insecure && !loopback(host) {
		return fmt.Errorf("VIGIL_MLLP_ADDR: anybody who reaches %s could send values: set VIGIL_MLLP_CLIENT_CA, or VIGIL_INSECURE=1 "+
			"in a network of monitors alone", c.MLLPAddr)
	}
	return nil
}

// sealed reports whether nobody on the way can read what is sent to an address.
func sealed(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

// checkWays refuses mail and messages that would not arrive.
func (c config) checkWays() error {
	var faults []error
	if c.SMTPURL != "" {
		if _, err := c.mail(); err != nil {
			faults = append(faults, fmt.Errorf("VIGIL_SMTP_URL, VIGIL_SMTP_FROM: %w", err))
		}
	}
	if c.NtfyURL != "" && !sealed(c.NtfyURL) {
		faults = append(faults, errors.New("VIGIL_NTFY_URL: want https://…"))
	}
	return errors.Join(faults...)
}

func (c config) mail() (notify.Mail, error) {
	return notify.NewMail(c.SMTPURL, c.SMTPFrom, c.PublicURL, loopback)
}

// pushContact is whom push services can ask about this installation, without which they take nothing from it;
// empty where nobody is named.
func (c config) pushContact() string {
	if c.SecurityContact != "" {
		return strings.TrimPrefix(c.SecurityContact, "mailto:")
	}
	if strings.HasPrefix(c.PublicURL, "https://") {
		return c.PublicURL
	}
	return ""
}

// checkAddr refuses a door that is open to others and not encrypted.
func (c config) checkAddr(name, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %q is not host:port", name, addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%s: %q is not a port from 0 to 65535", name, port)
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

// monitorsTLS is the TLS configuration of the door for monitors, which asks for their certificates; nil
// without a certificate of our own.
func (c config) monitorsTLS() (*tls.Config, error) {
	encryption, err := c.tls()
	if encryption == nil || err != nil || c.MLLPClientCA == "" {
		return encryption, err
	}
	text, err := os.ReadFile(filepath.Clean(c.MLLPClientCA))
	if err != nil {
		return nil, fmt.Errorf("VIGIL_MLLP_CLIENT_CA: %w", err)
	}
	encryption.ClientCAs = x509.NewCertPool()
	if !encryption.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("VIGIL_MLLP_CLIENT_CA: %s holds no certificate", c.MLLPClientCA)
	}
	encryption.ClientAuth = tls.RequireAndVerifyClientCert
	return encryption, nil
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
