package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/server/api"
	"vigil/vitals"
)

// unreadable is a database in which as many notices as are wanted cannot be read.
type unreadable struct {
	api.Records

	faults int
}

func (u *unreadable) NoticeTo(ctx context.Context, id string, to vitals.StaffID) (alerts.Notice, error) {
	if u.faults > 0 {
		u.faults--
		return alerts.Notice{}, errors.New("the database is away")
	}
	return u.Records.NoticeTo(ctx, id, to)
}

// TestWhetherACallReachedAnybody: the nurse is called, cannot go, and says so. Nothing stops by that.
func TestWhetherACallReachedAnybody(t *testing.T) {
	t.Parallel()
	var notes []string
	var records *unreadable
	w := staffed(t, func(o *api.Options) {
		records = &unreadable{Records: o.Records}
		o.Records = records
		o.Note = func(all ...alerts.Note) {
			for _, n := range all {
				notes = append(notes, fmt.Sprintf("%s %s version %d %s %s", n.Kind, n.Alarm, n.Version, n.Actor, n.Detail))
			}
		}
	})
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

	mine := w.get("nurse", "/api/v1/notices/"+n.ID()).expect(t, 200)
	if mine.at("text") != n.Text || mine.at("alarm", "id") != string(a.ID) || mine.at("patient", "family") != "Abel" || mine.at("seen") != nil || mine.at("offer") != false {
		t.Errorf("%s", mine.Body)
	}
	w.get("charge", "/api/v1/notices/"+n.ID()).expect(t, 404) // it was not to her
	w.get("", "/api/v1/notices/"+n.ID()).expect(t, 401)

	receipts := "/api/v1/notices/" + n.ID() + "/receipts"
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "seen"}).expect(t, 204)
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "seen"}).expect(t, 204)
	records.faults = 1
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "declined"}).expect(t, 500)
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "declined"}).expect(t, 204) // noted, though the first try failed
	w.send("nurse", http.MethodPost, receipts, fields{"receipt": "ignored"}).expect(t, 422)
	w.send("charge", http.MethodPost, receipts, fields{"receipt": "seen"}).expect(t, 404)
	said := " " + string(a.ID) + " version 1 s-nurse step 0 round 0"
	if diff := cmp.Diff([]string{"seen" + said, "declined" + said}, notes); diff != "" {
		t.Errorf("the audit is told each once (-want +got):\n%s", diff)
	}
	if mine := w.get("nurse", "/api/v1/notices/"+n.ID()).expect(t, 200); mine.at("seen") == nil || mine.at("declined") == nil {
		t.Errorf("%s", mine.Body)
	}
	if open := w.get("nurse", "/api/v1/alarms?state=open").expect(t, 200); open.at("alarms", 0, "state") != "active_unack" {
		t.Errorf("a receipt has changed the alarm: %s", open.Body)
	}
}
