package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"vigil/alerts"
)

func TestTheReportIsOfWhatThePersonSees(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	over := alarm(ben, time.Minute)
	over.State, over.Reason = alerts.Closed, alerts.ClosedSelf
	for _, a := range []alerts.Alarm{alarm(anna, 0), over, alarm(carl, 0)} {
		w.raise(a)
	}
	const day = "/api/v1/reports/alarms?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"
	for path, want := range map[string]string{day: "2", day + "&by=bed": "2", day + "&unit=neuro": "0"} {
		if got := w.get("nurse", path).expect(t, http.StatusOK); fmt.Sprint(got.at("total", "raised")) != want {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
	got := w.get("nurse", day+"&by=bed").expect(t, http.StatusOK)
	if len(got.list("groups")) != 2 || got.at("groups", 0, "key") != "cardio/1" || fmt.Sprint(got.at("total", "self_cleared")) != "0.5" {
		t.Errorf("%s", got.Body)
	}
	if got := w.get("elsewhere", day).expect(t, http.StatusOK); fmt.Sprint(got.at("total", "raised")) != "1" {
		t.Errorf("%s", got.Body)
	}
	one := w.get("nurse", day+"&by=patient").expect(t, http.StatusOK)
	if one.at("groups", 0, "key") != string(anna) || one.at("total", "actionable") != nil || len(one.list("targets")) != 4 {
		t.Errorf("%s", one.Body)
	}
	if x := one.list("targets")[1]; fmt.Sprint(x) != "map[at_most:15 is:<nil> met:<nil> name:high_ack_p50_seconds]" { // nobody took any
		t.Errorf("%v", x)
	}
	for _, path := range []string{
		"", "?from=2026-03-01T00:00:00Z", "?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
		"?from=2026-03-01T00:00:00Z&to=2026-07-01T00:00:00Z", "?from=x&to=y",
	} {
		w.get("nurse", "/api/v1/reports/alarms"+path).expect(t, http.StatusUnprocessableEntity)
	}
	w.get("nurse", day+"&by=moon").expect(t, http.StatusUnprocessableEntity)
}
