package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func env(pairs ...string) variables {
	environ := []string{"HOME=/nowhere", "VIGILANCE=1"}
	for i := 0; i < len(pairs); i += 2 {
		environ = append(environ, pairs[i]+"="+pairs[i+1])
	}
	return variablesOf(environ)
}

// certificate makes the files of one that signs itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1)}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	coded, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", signed), write("key.pem", "PRIVATE KEY", coded)
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
	cert, key := certificate(t)
	c, err := readConfig(env("VIGIL_TLS_CERT", cert, "VIGIL_TLS_KEY", key, "VIGIL_HTTP_ADDR", "0.0.0.0:443"))
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
		"monitors that anybody could pretend to be": {
			[]string{"VIGIL_MLLP_ADDR", "0.0.0.0:2575"},
			[]string{"VIGIL_MLLP_ADDR: 0.0.0.0:2575 is reachable from outside and not encrypted"},
		},
		"certificates of monitors without our own": {
			[]string{"VIGIL_MLLP_ADDR", "127.0.0.1:2575", "VIGIL_MLLP_CLIENT_CA", "ca.pem"},
			[]string{"VIGIL_MLLP_CLIENT_CA: certificates of monitors need VIGIL_TLS_CERT"},
		},
		"certificates of monitors without a door for them": {[]string{"VIGIL_MLLP_CLIENT_CA", "ca.pem"}, []string{"no such door"}},
		"a paging system in clear": {
			[]string{"VIGIL_NOTIFY_WEBHOOK", "http://pager.example/", "VIGIL_NOTIFY_SECRET", "whsec_"},
			[]string{"VIGIL_NOTIFY_WEBHOOK: want https"},
		},
		"a paging system that anybody may use": {
			[]string{"VIGIL_NOTIFY_WEBHOOK", "https://pager.example/", "VIGIL_NOTIFY_SECRET", "secret"},
			[]string{"VIGIL_NOTIFY_SECRET: want whsec_"},
		},
		"mail without a sender, and messages in clear": {
			[]string{"VIGIL_SMTP_URL", "smtp://u:hush@mail.example", "VIGIL_NTFY_URL", "http://ntfy.example"},
			[]string{"VIGIL_SMTP_URL, VIGIL_SMTP_FROM", "VIGIL_NTFY_URL: want https"},
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
		"a certificate that is not there": {
			[]string{"VIGIL_TLS_CERT", "/nowhere/cert.pem", "VIGIL_TLS_KEY", "/nowhere/key.pem", "VIGIL_DEMO", "yes"},
			[]string{"VIGIL_TLS_CERT, VIGIL_TLS_KEY", "/nowhere/cert.pem", "VIGIL_DEMO"},
		},
		"ports that do not exist": {
			[]string{"VIGIL_HTTP_ADDR", "localhost:80800", "VIGIL_MQTT_ADDR", "localhost:mqtt"},
			[]string{`VIGIL_HTTP_ADDR: "80800" is not a port`, `VIGIL_MQTT_ADDR: "mqtt" is not a port`},
		},
		"misspelt names": {
			[]string{"VIGIL_HTTP_ADDRESS", ":80", "VIGIL_NAT_URL", "nats://a:4222"},
			[]string{"VIGIL_HTTP_ADDRESS: there is no such variable", "VIGIL_NAT_URL: there is no such variable"},
		},
		"a short password":   {[]string{"VIGIL_ADMIN_PASSWORD", "fourteen chars"}, []string{"VIGIL_ADMIN_PASSWORD: a password has at least 15"}},
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

func TestMonitorsFromOutsideNeedACertificate(t *testing.T) {
	cert, key := certificate(t)
	outside := []string{"VIGIL_TLS_CERT", cert, "VIGIL_TLS_KEY", key, "VIGIL_MLLP_ADDR", "0.0.0.0:2575"}
	if _, err := readConfig(env(outside...)); err == nil || !strings.Contains(err.Error(), "set VIGIL_MLLP_CLIENT_CA") {
		t.Errorf("a door for anybody: %v", err)
	}
	if _, err := readConfig(env(append(outside, "VIGIL_MLLP_CLIENT_CA", key)...)); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("a key in place of a certificate: %v", err)
	}
	c, err := readConfig(env(append(outside, "VIGIL_MLLP_CLIENT_CA", cert)...))
	if err != nil {
		t.Fatal(err)
	}
	if encryption, err := c.monitorsTLS(); err != nil || encryption.ClientAuth != tls.RequireAndVerifyClientCert || encryption.ClientCAs == nil {
		t.Errorf("%+v %v", encryption, err)
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

func TestVariablesOfOthersAreLeftAlone(t *testing.T) {
	_, err := readConfig(env(
		"VIGIL_PHYSIONET", "/data", "VIGIL_KILLS", "3", "VIGIL_PICTURE", "x.png", // of the tests
		"VIGIL_SERVICE_HOST", "10.0.0.1", "VIGIL_SERVICE_PORT_MQTT", "1883", "VIGIL_PORT", "tcp://10.0.0.1:8080", // of Kubernetes
		"VIGIL_PORT_8080_TCP_ADDR", "10.0.0.1", "VIGIL_POSTGRES_SERVICE_HOST", "10.0.0.2",
	))
	if err != nil {
		t.Error(err)
	}
}

func TestTheAdministratorIsLetInAgain(t *testing.T) {
	vars := env("VIGIL_DATA_DIR", t.TempDir())
	said := func() string {
		var out strings.Builder
		if err := run(t.Context(), []string{"reset-admin"}, vars, &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first, second := said(), said()
	if !strings.HasPrefix(first, "administrator: user admin, password ") || first == second {
		t.Errorf("said %q, then %q", first, second)
	}
}

func TestTheAuditIsVerifiedByACommand(t *testing.T) {
	vars, elsewhere := env("VIGIL_DATA_DIR", t.TempDir()), env("VIGIL_DATA_DIR", filepath.Join(t.TempDir(), "mistyped"))
	if err := run(t.Context(), []string{"reset-admin"}, vars, io.Discard, io.Discard); err != nil { // makes the database
		t.Fatal(err)
	}
	if exit := exitCode(run(t.Context(), []string{"audit", "verify"}, elsewhere, io.Discard, io.Discard)); exit != 1 {
		t.Errorf("where there is no database the exit code is %d", exit)
	}
	for _, row := range []struct {
		story string
		args  []string
		says  string
		exit  int
	}{
		{"help", []string{"audit", "-h"}, "usage: vigil audit verify", 0},
		{"help of the command", []string{"audit", "verify", "-h"}, "usage: vigil audit verify", 0},
		{"nothing was recorded yet", []string{"audit", "verify"}, "0 alarms, 0 events, 0 entries in 0 chains\nall is whole", 0},
		{"what was witnessed is gone", []string{"audit", "verify", "-witness", "7:abcd"}, "the witness 7:abcd that was kept elsewhere is not here", 2},
		{"no witness", []string{"audit", "verify", "-witness", "seven"}, "", 1},
		{"something else", []string{"audit", "erase"}, "", 1},
		{"too much", []string{"audit", "verify", "everything"}, "", 1},
	} {
		t.Run(row.story, func(t *testing.T) {
			var out strings.Builder
			if exit := exitCode(run(t.Context(), row.args, vars, &out, io.Discard)); exit != row.exit || !strings.Contains(out.String(), row.says) {
				t.Errorf("exit code %d, said %q", exit, out.String())
			}
		})
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
