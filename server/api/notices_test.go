package api_test

import (
	"net/http"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// TestWhetherACallReachedAnybody: the nurse is called, cannot go, and says so. Nothing stops by that.
func TestWhetherACallReachedAnybody(t *testing.T) {
	t.Parallel()
	w := staffed(t, nil)
	a := alarm(anna, time.Minute)
	w.raise(a)
	id := alerts.StepID{Alarm: a.ID, Epoch: 1}
	n := alerts.Notice{
		Step: id, Patient: anna, Contact: alerts.Contact{ID: "house/s-nurse", Staff: "s-nurse", Channel: alerts.Webhook, Address: "https://pager.test/secret"},
		Priority: alerts.High, Text: "HIGH alarm, Cardiology. Open Vigil.", State: alerts.Waiting, Made: morning, Next: morning,
	}
	if _, err := w.store.SaveCalled(t.Context(), []alerts.Called{{ID: id, Patient: anna, At: morning, To: []vitals.StaffID{"s-nurse"}, Notices: []alerts.Notice{n}}}); err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/alarms/" + string(a.ID) + "/notices"
	got := w.get("viewer", path).expect(t, 200)
	if got.at("notices", 0, "name") != "K. Lee" || got.at("notices", 0, "state") != "waiting" || got.at("notices", 0, "address") != nil {
		t.Errorf("%s", got.Body)
	}
	w.get("elsewhere", path).expect(t, 404)

	receipts := "/api/v1/notices/" + n.ID() + "/receipts"
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "declined"}).expect(t, 204)
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "ignored"}).expect(t, 422)
	w.send("charge", http.MethodPost, receipts, fields{"receipt": "seen"}).expect(t, 404) // it was not to her
	if open := w.get("nurse", "/api/v1/alarms?state=open").expect(t, 200); open.at("alarms", 0, "state") != "active_unack" {
		t.Errorf("a receipt has changed the alarm: %s", open.Body)
	}
}
