package main

import (
	"strings"
	"testing"
	"time"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func TestAnEmptyEnvironmentRunsAWardOnALaptop(t *testing.T) {
	c, err := readConfig(env())
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != "127.0.0.1:8080" || c.MQTTAddr != "127.0.0.1:1883" || c.DataDir != "./data" {
		t.Errorf("addresses and folder = %s %s %s", c.HTTPAddr, c.MQTTAddr, c.DataDir)
	}
	if c.RetentionWaveform != 72*time.Hour || c.RetentionSeries != 5*365*24*time.Hour {
		t.Errorf("retention = %s and %s", c.RetentionWaveform, c.RetentionSeries)
	}
}

func TestWithACertificateHubsUseTheirOwnPort(t *testing.T) {
	c, err := readConfig(env("VIGIL_TLS_CERT", "cert.pem", "VIGIL_TLS_KEY", "key.pem", "VIGIL_HTTP_ADDR", "0.0.0.0:443"))
	if err != nil {
		t.Fatal(err)
	}
	if c.MQTTAddr != "127.0.0.1:8883" {
		t.Errorf("MQTT address = %s, want port 8883", c.MQTTAddr)
	}
}

func TestFaultsAreReportedAllAtOnce(t *testing.T) {
	stories := map[string]struct {
		env  []string
		want []string
	}{
		"in clear beyond loopback": {
			[]string{"VIGIL_HTTP_ADDR", "0.0.0.0:8080", "VIGIL_MQTT_ADDR", ":1883"},
			[]string{"VIGIL_HTTP_ADDR: 0.0.0.0:8080 is reachable", "VIGIL_MQTT_ADDR: :1883 is reachable"},
		},
		"half a certificate": {[]string{"VIGIL_TLS_CERT", "cert.pem"}, []string{"belong together"}},
		"no port":            {[]string{"VIGIL_HTTP_ADDR", "localhost"}, []string{"not host:port"}},
		"nonsense everywhere": {
			[]string{
				"VIGIL_DEMO", "yes", "VIGIL_RETENTION_WAVEFORM", "soon", "VIGIL_DATABASE_URL", "mysql://x",
				"VIGIL_NATS_URL", "nats://a:4222,http://b", "VIGIL_PUBLIC_URL", "vigil.example", "VIGIL_SECURITY_CONTACT", "me",
			},
			[]string{"VIGIL_DEMO", "VIGIL_RETENTION_WAVEFORM", "VIGIL_DATABASE_URL", "VIGIL_NATS_URL", "VIGIL_PUBLIC_URL", "VIGIL_SECURITY_CONTACT"},
		},
		"negative retention": {[]string{"VIGIL_RETENTION_SERIES", "-5h"}, []string{"VIGIL_RETENTION_SERIES"}},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			_, err := readConfig(env(story.env...))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range story.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the fault %q is not reported in:\n%v", want, err)
				}
			}
		})
	}
}

func TestInClearOnPurposeAndInACluster(t *testing.T) {
	c, err := readConfig(env(
		"VIGIL_INSECURE", "1", "VIGIL_HTTP_ADDR", "0.0.0.0:8080", "VIGIL_MQTT_ADDR", "0.0.0.0:1883",
		"VIGIL_NATS_URL", "nats://a:4222,nats://b:4222", "VIGIL_DATABASE_URL", "postgres://vigil@db/vigil",
		"VIGIL_RETENTION_SERIES", "10y", "VIGIL_RETENTION_WAVEFORM", "30d",
	))
	if err != nil {
		t.Fatal(err)
	}
	if c.RetentionSeries != 10*365*24*time.Hour || c.RetentionWaveform != 30*24*time.Hour {
		t.Errorf("retention = %s and %s", c.RetentionSeries, c.RetentionWaveform)
	}
}

func TestADatabaseIsNamedByItsHostOrByItsSocket(t *testing.T) {
	stories := map[string]bool{
		"postgres://vigil@db/vigil":                        true,
		"postgresql://vigil:secret@db:5432/vigil":          true,
		"postgres:///vigil?host=/run/postgresql":           true,
		"postgres://vigil@/vigil?host=%2Frun%2Fpostgresql": true,
		"postgres:///vigil":                                false,
		"mysql:///vigil?host=/run/mysql":                   false,
	}
	for address, want := range stories {
		c, err := readConfig(env("VIGIL_DATABASE_URL", address))
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if c.alone() {
			t.Errorf("%s: a node with a shared database believes that it is alone", address)
		}
	}
}
