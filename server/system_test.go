package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// noTraceOfTheWatchdog looks where its alarms and patients must not be: in the report, in the counts for Prometheus, among
// the alarms, and in the census.
func noTraceOfTheWatchdog(nurse *client) error {
	var report struct {
		Total struct {
			Raised int `json:"raised"`
		} `json:"total"`
	}
	now := time.Now().UTC()
	from, to := now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)
	if err := nurse.call(http.MethodGet, "/api/v1/reports/alarms?by=condition&from="+from+"&to="+to, nil, &report); err != nil {
		return err
	}
	if report.Total.Raised > 1 {
		return fmt.Errorf("%d alarms are reported, want one at most", report.Total.Raised)
	}
	for _, path := range []string{"/api/v1/alarms", "/api/v1/patients", "/fhir/r4/Patient", "/metrics"} {
		res, err := nurse.http.Get("http://" + nurse.server.http + path)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		for _, trace := range []string{"watchdog-", string(alerts.SpO2RapidDesat), `type="physiological"`} {
			if err != nil || res.StatusCode != http.StatusOK || bytes.Contains(body, []byte(trace)) {
				return fmt.Errorf("%s at %s: %d %s, %w", trace, path, res.StatusCode, body, err)
			}
		}
	}
	return nil
}

// A patient is admitted, and no screen of the ward is there: that is an alarm of nobody, which a nurse
// acknowledges and which survives the death of the server. A screen that can be heard ends it, and the nurse says what it
// was. What it was told of is in the audit, which is whole.
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
	eventually(t, readyLimit, "an alarm of each synthetic patient came through", func() error {
		n, err := s.metric("vigil_watchdog_seconds_count")
		if err == nil && n < vitals.Partitions {
			err = fmt.Errorf("%g came through", n)
		}
		return err
	})
	if err := noTraceOfTheWatchdog(nurse); err != nil {
		t.Error(err)
	}
	eventually(t, readyLimit, "it is said what it was, though it is over", func() error {
		return nurse.call(http.MethodPost, "/api/v1/alarms/"+string(told.ID)+"/explain", map[string]any{
			"cmd_id": "c-2", "seen_version": told.Version, "seen_priority": told.Priority, "station": "test", "ack_reason": "actioned",
		}, &struct{}{})
	})
	if over, err := nurse.only(alerts.Nobody, alerts.StationSilent); err != nil || over.State != "closed" || over.AckReason != alerts.Actioned {
		t.Errorf("afterwards it is %+v, %v", over, err)
	}
	if n, err := s.metric(`vigil_alarms_reasons_total{priority="medium",reason="actioned",type="system",unit=""}`); err != nil || n != 1 {
		t.Errorf("%v reasons are counted, %v", n, err)
	}
	s.kill()

	verify := exec.CommandContext(t.Context(), program(t), "audit", "verify")
	verify.Env = s.env
	said, err := verify.Output()
	if err != nil || !strings.HasPrefix(string(said), "1 alarms, 3 events, ") || !strings.Contains(string(said), "all is whole") {
		t.Errorf("vigil audit verify says %q, %v", said, err)
	}
}
