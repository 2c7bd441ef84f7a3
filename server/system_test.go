package main_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"vigil/alerts"
)

// A patient is admitted, and no screen of the ward is there: that is an alarm of nobody, which a nurse
// acknowledges and which survives the death of the server. A screen that can be heard ends it. What it was told
// of is in the audit, which is whole.
func TestAWardThatNobodyCanHear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	s := newServer(t, "server")
	s.start()
	s.ready()
	s.admin().admit("MRN-alone")
	nurse := s.nurse()
	is := func(state string) func() error {
		return func() error {
			a, err := nurse.only(alerts.Nobody, alerts.StationSilent)
			if err == nil && a.State != state {
				err = fmt.Errorf("the alarm is %s", a.State)
			}
			return err
		}
	}
	eventually(t, readyLimit, "the silence is told", is("active_unack"))
	told, err := nurse.only(alerts.Nobody, alerts.StationSilent)
	if err != nil || told.Site != demoUnit || told.Type != "system" {
		t.Fatalf("%+v, %v", told, err)
	}
	if _, err := nurse.acknowledge(told, "c-1"); err != nil {
		t.Fatal(err)
	}
	s.kill()
	s.start()
	s.ready()
	eventually(t, readyLimit, "it is acknowledged still", is("active_ack"))
	board := nurse.screen()
	eventually(t, readyLimit, "the screen lives", board.alive)
	eventually(t, readyLimit, "a station ends it", is("closed"))
	s.kill()

	verify := exec.CommandContext(t.Context(), program(t), "audit", "verify")
	verify.Env = s.env
	said, err := verify.Output()
	if err != nil || !strings.HasPrefix(string(said), "1 alarms, 3 events, ") || !strings.Contains(string(said), "all is whole") {
		t.Errorf("vigil audit verify says %q, %v", said, err)
	}
}
