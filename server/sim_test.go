package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vigil/server/porttest"
	"vigil/vitals"
)

var errNotYet = errors.New("asked a moment ago")

// simulator builds vigil-sim.
func simulator(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vigil-sim")
	if out, err := exec.Command("go", "build", "-o", path, "../devices/sim").CombinedOutput(); err != nil {
		t.Fatalf("build the simulator: %v: %s", err, out)
	}
	return path
}

// TestWhatIsSimulatedOfOthersIsCharted runs those who speak to no hub of Vigil against the real doors: a
// webhook, apps, a relay over MQTT, a FHIR gateway, a monitor and a Cassia router, half of whose messages come twice.
func TestWhatIsSimulatedOfOthersIsCharted(t *testing.T) {
	t.Parallel()
	mllp := porttest.New(t).String()
	s := newServer(t, "server", "VIGIL_MLLP_ADDR="+mllp)
	s.start()
	s.ready()
	said := &transcript{}
	sim := exec.Command(simulator(t), "-url", "http://"+s.http, "-mqtt", s.mqtt, "-mllp", mllp, "-cassia", porttest.New(t).String(), "-others", "-homes", "1", "-faults", "duplicate 50%")
	sim.Env, sim.Stdout, sim.Stderr = append(s.env, "VIGIL_ADMIN_PASSWORD="+adminPassword), said, said
	if err := startTied(sim); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sim.Process.Kill()
		_ = sim.Wait()
		if t.Failed() {
			t.Logf("the simulator said:\n%s", said.tail(4<<10))
		}
	})
	admin := s.admin()
	for mrn, want := range map[string][]string{
		"SIM-F0001": {"85354-9", "8867-4"}, "SIM-F0002": {"29463-7", "8867-4"}, "SIM-F0003": {"29463-7"}, "SIM-F0004": {"8310-5"},
		"SIM-F0005": {"8867-4"}, "SIM-F0006": {"11524-6", "8867-4"}, "SIM-F0008": {"2708-6", "8867-4", "9279-1"}, "SIM-F0009": {"8867-4"},
	} {
		var asked time.Time
		eventually(t, 2*time.Minute, "values of "+mrn+" are charted", func() error {
			if time.Since(asked) < time.Second { // the others need the computer, too
				return errNotYet
			}
			asked = time.Now()
			patient, err := admin.patientOf(mrn)
			if err != nil {
				return err
			}
			if got := admin.codes(patient); !slices.Equal(got, want) {
				return fmt.Errorf("%q, want %q", got, want)
			}
			return nil
		})
	}
	// A repeat is no second measurement: these measure every five minutes.
	for _, mrn := range []string{"SIM-F0002", "SIM-F0004"} {
		patient, err := admin.patientOf(mrn)
		if err != nil {
			t.Fatal(err)
		}
		if n, kinds := admin.observations(patient), len(admin.codes(patient)); n != kinds {
			t.Errorf("%s: %d observations of %d kinds", mrn, n, kinds)
		}
	}
}

// patientOf finds an admitted patient by the record number.
func (c *client) patientOf(mrn string) (vitals.PatientID, error) {
	c.server.t.Helper()
	var census struct {
		Patients []struct {
			ID  vitals.PatientID `json:"id"`
			MRN string           `json:"mrn"`
		} `json:"patients"`
	}
	c.must(http.MethodGet, "/api/v1/patients", nil, &census)
	for _, p := range census.Patients {
		if p.MRN == mrn {
			return p.ID, nil
		}
	}
	return "", errors.New("not admitted yet")
}

// codes are the first codes of what FHIR gives of a patient, each once.
func (c *client) codes(patient vitals.PatientID) []string {
	c.server.t.Helper()
	var bundle struct {
		Entry []struct {
			Resource struct {
				Code struct {
					Coding []struct{ Code string } `json:"coding"`
				} `json:"code"`
			} `json:"resource"`
		} `json:"entry"`
	}
	c.must(http.MethodGet, "/fhir/r4/Observation?patient="+string(patient), nil, &bundle)
	var all []string
	for _, e := range bundle.Entry {
		all = append(all, e.Resource.Code.Coding[0].Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
