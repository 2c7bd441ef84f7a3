package ward_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"vigil/devices/sim/fake"
	"vigil/devices/sim/ward"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var demo = ward.Unit{ID: "demo", Name: "Demo", Zone: "UTC"}

func homes(n int) []ward.Home {
	all := make([]ward.Home, n)
	for i := range all {
		all[i] = ward.Home{
			Hub: vitals.HubID(fmt.Sprintf("sim-%d", i)), HubName: "Home",
			Patient: ward.Patient{MRN: fmt.Sprintf("SIM-%d", i), Family: "Testalder", Given: "Ada", Birth: "1950-01-01", Sex: vitals.Female, Bed: "1"},
			Devices: []ward.Device{{ID: vitals.DeviceID(fmt.Sprintf("0200%06x01", i)), Model: "Patch"}},
		}
	}
	return all
}

func signedIn(t *testing.T, d *fake.Desk) *ward.Client {
	t.Helper()
	server := httptest.NewServer(d.Handler())
	t.Cleanup(func() {
		d.Close()
		server.Close()
	})
	c, err := ward.NewClient(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.SignIn(t.Context(), "admin", d.Password); err != nil {
		t.Fatal(err)
	}
	return c
}

func enrol(t *testing.T, c *ward.Client, n int, secrets ward.Secrets) map[vitals.HubID]vitals.PatientID {
	t.Helper()
	patients, err := c.Enrol(t.Context(), demo, homes(n), secrets)
	if err != nil {
		t.Fatal(err)
	}
	return patients
}

func TestEnrolmentMakesWhatIsMissingAndLeavesTheRest(t *testing.T) {
	desk := &fake.Desk{Password: "pw", NotReady: 2}
	c := signedIn(t, desk)
	secrets := ward.Secrets{}
	first := enrol(t, c, 20, secrets)
	again := enrol(t, c, 25, secrets)
	for collection, want := range map[string]int{"units": 1, "patients": 25, "hubs": 25, "devices": 25, "bindings": 25} {
		if got := desk.Count(collection); got != want {
			t.Errorf("%d %s, not %d", got, collection, want)
		}
	}
	for hub, patient := range first {
		if again[hub] != patient || secrets.Of(c.Base(), hub) != "sesame" {
			t.Errorf("%s: patient %s then %s, secret %q", hub, patient, again[hub], secrets.Of(c.Base(), hub))
		}
	}
	if desk.Rotated() != 0 {
		t.Errorf("%d secrets were renewed though they were known", desk.Rotated())
	}
}

func TestSecretThatIsLostOrNoLongerHoldsIsRenewed(t *testing.T) {
	desk := &fake.Desk{Password: "pw"}
	c := signedIn(t, desk)
	enrol(t, c, 3, ward.Secrets{})
	secrets := ward.Secrets{}
	secrets.Set(c.Base(), "sim-1", "renewed by somebody else meanwhile")
	secrets.Set(c.Base(), "sim-2", "sesame")
	enrol(t, c, 3, secrets)
	if desk.Rotated() != 2 || secrets.Of(c.Base(), "sim-1") != "sesame" || secrets.Of(c.Base(), "sim-2") == "" {
		t.Errorf("%d renewed, %v", desk.Rotated(), secrets)
	}
}

func TestServersAnswerIsToldWhenItRefuses(t *testing.T) {
	desk := &fake.Desk{Password: "pw"}
	c := signedIn(t, desk)
	err := c.SignIn(t.Context(), "admin", "wrong")
	status, ok := errors.AsType[*ward.StatusError](err)
	if !ok || status.Status != http.StatusUnauthorized {
		t.Errorf("%v", err)
	}
}

func TestWaitingForAServerEndsWithTheContext(t *testing.T) {
	c, err := ward.NewClient("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Ready(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for _, address := range []string{"", "127.0.0.1:8080", "ftp://x", "http://"} {
		if _, err := ward.NewClient(address); err == nil {
			t.Errorf("%q is taken for an address", address)
		}
	}
}

func TestSecretsAreKeptForTheirOwnerOnly(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state", "hubs.json")
	secrets, err := ward.LoadSecrets(name)
	if err != nil || len(secrets) != 0 {
		t.Fatalf("%v, %v", secrets, err)
	}
	secrets.Set("http://a", "sim-1", "x")
	secrets.Set("http://b", "sim-1", "y")
	if err := secrets.Save(name); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	again, err := ward.LoadSecrets(name)
	if err != nil || again.Of("http://a", "sim-1") != "x" || again.Of("http://b", "sim-1") != "y" || again.Of("http://c", "sim-1") != "" {
		t.Errorf("%v, %v", again, err)
	}
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ward.LoadSecrets(name); err == nil {
		t.Error("a broken file was read")
	}
}
