package main_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// revive starts the hub again when it has ended, as systemd does.
func (a *agent) revive() {
	a.t.Helper()
	select {
	case <-a.ended:
		a.strap.Drop()
		a.start()
	default:
	}
}

// withoutMQTT enrols the hub by its own command, and then closes the way over MQTT.
func (a *agent) withoutMQTT(s *server, secret string) {
	a.t.Helper()
	path := filepath.Join(a.folder, "hub.json")
	enrol := exec.Command(a.program, "enroll", "-server", "http://"+s.http, "-hub", "home-1", "-mqtt", "mqtt://127.0.0.1:1", "-config", path)
	enrol.Stdin = strings.NewReader(secret + "\n")
	if out, err := enrol.CombinedOutput(); err != nil {
		a.t.Fatalf("enrol: %v: %s", err, out)
	}
}

// remote is what the registry shows of a hub.
type remote struct {
	Config   uint64
	Version  string
	Commands []struct{ What, Outcome, Detail string }
}

func (c *client) sees(what string, each func(), is func(remote) bool) {
	c.server.t.Helper()
	eventually(c.server.t, storedWithin, what, func() error {
		each()
		var r remote
		if err := c.call(http.MethodGet, "/api/v1/hubs/home-1", nil, &r); err != nil || is(r) {
			return err
		}
		return fmt.Errorf("%+v", r)
	})
}

// knock is how the server answers a hub with the secret.
func (s *server) knock(hub, secret string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.http+"/ingest/v1/batches", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(hub, secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestAHubThatOnlyHTTPSReachesIsManaged runs the real hub where no MQTT comes through, and has a technician at
// the real server configure it, command it and give it another secret.
func TestAHubThatOnlyHTTPSReachesIsManaged(t *testing.T) {
	t.Parallel()
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	device := deviceNamed("strap")
	admin.admit("MRN-remote", device)
	secret := admin.enrolHub("home-1")
	a := newAgent(t, s, "home-1", secret, device)
	a.withoutMQTT(s, secret)
	a.start()
	a.until("messages take the way over HTTPS", func(s state) bool { return s.Door == "https" })
	a.notify(20, time.Second)

	// A technician wants the strap to be paired before it is read, and the hub begins anew with that.
	wanted := []map[string]any{{"device": device, "read": []string{"hr"}, "pair": true}}
	admin.must(http.MethodPut, "/api/v1/hubs/home-1/devices", map[string]any{"devices": wanted}, nil)
	admin.sees("the hub is in the state that is wanted", a.revive, func(r remote) bool { return r.Config == 1 && r.Version != "" })
	a.notify(20, time.Second)
	if !a.strap.Flag("Paired") {
		t.Error("the strap is read without being paired")
	}

	// Commands are done and answered, also the one for another secret, with which the hub goes on.
	for _, what := range []string{"rescan", "rotate_key"} {
		admin.must(http.MethodPost, "/api/v1/hubs/home-1/commands", map[string]any{"what": what}, nil)
	}
	admin.sees("the commands are done", func() {}, func(r remote) bool {
		return len(r.Commands) == 2 && r.Commands[0].Outcome == "done" && r.Commands[1].Outcome == "done"
	})
	if code := s.knock("home-1", secret); code != http.StatusUnauthorized {
		t.Errorf("the old secret is answered with %d", code)
	}
	a.notify(20, time.Second)
	a.until("all is stored with the new secret", func(s state) bool { return s.Door == "https" && s.Queue == 0 })
	a.kill()
	a.start()
	a.notify(20, time.Second)
	a.until("and after a restart", func(s state) bool { return s.Door == "https" && s.Queue == 0 })
}
