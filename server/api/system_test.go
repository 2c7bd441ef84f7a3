package api_test

import (
	"net/http"
	"testing"

	"vigil/alerts"
)

func TestAlarmsAboutVigilItselfAreNoPatientsRecord(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	own := alarm(alerts.Nobody, 0)
	own.Condition = alerts.DetectorLag
	w.raise(own, alarm(anna, 0))
	if a := w.get("nurse", "/api/v1/alarms").expect(t, http.StatusOK); len(a.list("alarms")) != 2 {
		t.Errorf("%s", a.Body)
	}
	if a := w.get("nurse", "/fhir/r4/DetectedIssue?status=preliminary").expect(t, http.StatusOK); len(a.list("entry")) != 1 {
		t.Errorf("%s", a.Body)
	}
	w.get("nurse", "/fhir/r4/DetectedIssue/"+string(own.ID)).expect(t, http.StatusNotFound)
}
