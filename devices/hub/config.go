package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/hub/strap"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// config is the hub's file.
type config struct {
	Hub        vitals.HubID   `json:"hub"`
	Server     string         `json:"server"`      // https://…; the way where MQTT does not come through
	MQTT       string         `json:"mqtt"`        // mqtts://host:8883
	CAFile     string         `json:"ca_file"`     // empty: the system's authorities
	SecretFile string         `json:"secret_file"` // readable by its owner only
	Spool      string         `json:"spool"`       // folder
	SpoolBytes int64          `json:"spool_bytes"` // 0: 1 GiB
	Adapter    string         `json:"adapter"`     // empty: hci0
	Status     string         `json:"status"`      // loopback address of the status page; empty: none
	Zone       string         `json:"zone"`        // of the home's clocks, such as Europe/Berlin; empty: this computer's
	Alarm      []string       `json:"alarm"`       // program and arguments to run for a high alarm
	ServerKey  []byte         `json:"server_key"`  // Ed25519, pinned at the enrolment; empty: nothing is taken from the server
	Update     []string       `json:"update"`      // program and arguments that bring the hub to the version that follows them
	Devices    []deviceConfig `json:"devices"`

	zone      *time.Location
	secret    string
	spare     string // another that may be the good one
	serverKey ed25519.PublicKey
	desired   uint64 // version of the server's configuration that is at work; zero: that of the file
	agent     string // version of this program that the server wants; empty: any
	bus       string // of Bluetooth; empty is the system's
}

type deviceConfig struct {
	Address string   `json:"address"`
	Read    []string `json:"read"` // profiles
	Pair    bool     `json:"pair"`
	Passkey *uint32  `json:"passkey"`

	id vitals.DeviceID
}

// profile is what can be read of a device: a characteristic and its decoder, or an ECG, which is
// started and stopped.
type profile struct {
	uuid, decoder string
	ecg           func() *strap.ECG
}

var profiles = map[string]profile{
	"hr":          {uuid: short("2a37"), decoder: "gatt/2a37"},
	"plx":         {uuid: short("2a5f"), decoder: "gatt/2a5f"},
	"plx-spot":    {uuid: short("2a5e"), decoder: "gatt/2a5e"},
	"bp":          {uuid: short("2a35"), decoder: "gatt/2a35"},
	"thermometer": {uuid: short("2a1c"), decoder: "gatt/2a1c"},
	"glucose":     {uuid: short("2a18"), decoder: "gatt/2a18"},
	"cgm":         {uuid: cgmMeasurement, decoder: "gatt/2aa7"},
	"scale":       {uuid: short("2a9d"), decoder: "gatt/2a9d"},
	"body":        {uuid: short("2a9c"), decoder: "gatt/2a9c"},
	"button":      {uuid: short("2a56"), decoder: "gatt/2a56"},
	"fob":         {uuid: short("ffe1"), decoder: "gatt/ffe1"},
	"pmd":         {decoder: "gatt/pmd", ecg: strap.Polar},
	"movesense":   {decoder: "gatt/movesense", ecg: strap.Movesense},
}

var batteryLevel = short("2a19") // read of whatever has one

// short is an assigned UUID of 16 bits in full.
func short(uuid string) string { return "0000" + uuid + "-0000-1000-8000-00805f9b34fb" }

// loadConfig reads and checks the file. Paths in it are relative to it.
func loadConfig(path string) (config, error) {
	c := config{SecretFile: "secret", Spool: "spool"}
	content, err := os.ReadFile(path) //nolint:gosec // chosen by who starts the hub
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("read configuration %s: %w", path, err)
	}
	for _, p := range []*string{&c.SecretFile, &c.Spool, &c.CAFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(path), *p)
		}
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	c.serverKey = c.ServerKey
	c.secret, err = readSecret(c.SecretFile)
	return c, err
}

func (c *config) check() error {
	if !uplink.ValidHub(c.Hub) {
		return fmt.Errorf("hub %q: 1 to 64 letters, digits, '-' or '_' are needed", c.Hub)
	}
	if u, err := url.Parse(c.MQTT); err != nil || u.Host == "" || u.Scheme != "mqtt" && u.Scheme != "mqtts" {
		return fmt.Errorf("mqtt %q: mqtts://host:port is needed", c.MQTT)
	}
	if c.Server != "" {
		if _, err := serverURL(c.Server); err != nil {
			return err
		}
	}
	if len(c.ServerKey) != 0 && len(c.ServerKey) != ed25519.PublicKeySize {
		return errors.New("server_key: not a key; enrol again")
	}
	if c.Status != "" && !strings.HasPrefix(c.Status, "127.0.0.1:") && !strings.HasPrefix(c.Status, "[::1]:") {
		return fmt.Errorf("status %q: the page is for this computer only, 127.0.0.1:port", c.Status)
	}
	var err error
	if c.zone, err = zoneOf(c.Zone); err != nil {
		return err
	}
	return c.checkDevices()
}

func (c *config) checkDevices() error {
	for i := range c.Devices {
		if err := c.Devices[i].check(); err != nil {
			return err
		}
	}
	ids := lo.Map(c.Devices, func(d deviceConfig, _ int) vitals.DeviceID { return d.id })
	if twice := lo.FindDuplicates(ids); len(twice) > 0 {
		return fmt.Errorf("device %s stands twice", twice[0])
	}
	return nil
}

func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	return zone, nil
}

func (d *deviceConfig) check() error {
	id, err := vitals.ParseDeviceID(d.Address)
	if err != nil {
		return fmt.Errorf("device %q: %w", d.Address, err)
	}
	d.id = id
	if len(d.Read) == 0 {
		return fmt.Errorf("device %s: nothing is read of it", d.Address)
	}
	ecgs := 0
	for _, name := range d.Read {
		p, known := profiles[name]
		if !known {
			return fmt.Errorf("device %s: there is no profile %q", d.Address, name)
		}
		if _, known := devices.Lookup(p.decoder); !known {
			return fmt.Errorf("device %s: this version cannot read %q", d.Address, name)
		}
		if p.ecg != nil {
			ecgs++
		}
	}
	if ecgs > 1 {
		return fmt.Errorf("device %s: a device has one ECG", d.Address)
	}
	return nil
}

func serverURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("server %q: https://host is needed", s)
	}
	return u, nil
}

var errSecretOpen = errors.New("others may read the secret: chmod 600")

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the secret (vigil-hub enroll stores it): %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("read the secret %s: %w", path, errSecretOpen)
	}
	content, err := os.ReadFile(path) //nolint:gosec // chosen by who starts the hub
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// trust is whom the hub believes to be the server.
func trust(caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	content, err := os.ReadFile(caFile) //nolint:gosec // chosen by who starts the hub
	if err != nil {
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("read the authority %s: no certificate in it", caFile)
	}
	return c, nil
}
