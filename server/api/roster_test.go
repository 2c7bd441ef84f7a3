package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vigil/server/api"
	"vigil/vitals"
)

// staffed is a ward whose people are in the records.
func staffed(t *testing.T, with func(*api.Options)) *ward {
	t.Helper()
	w := newWard(t, with)
	for _, p := range people {
		if err := w.store.SaveStaff(t.Context(), p, "hash"); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestPuttingPeopleOnDuties(t *testing.T) {
	t.Parallel()
	w := staffed(t, nil)
	yesterday := morning.Add(-24 * time.Hour).Format(time.RFC3339)
	for _, row := range []struct {
		story, who, unit string
		body             fields
		want             int
		says             string
	}{
		{"a nurse takes a patient", "nurse", "cardio", fields{"patient": anna, "duty": "nurse", "staff": "s-nurse"}, 201, ""},
		{"and hands her on to the charge nurse", "nurse", "cardio", fields{"patient": anna, "duty": "nurse", "staff": "s-charge"}, 201, ""},
		{"nobody is the buddy", "nurse", "cardio", fields{"patient": anna, "duty": "buddy"}, 201, ""},
		{"a nurse does not lead the shift", "nurse", "cardio", fields{"duty": "charge", "staff": "s-nurse"}, 403, "role"},
		{"whoever leads it names the technician", "charge", "cardio", fields{"duty": "technician", "staff": "s-tech"}, 201, ""},
		{"a viewer decides nothing", "viewer", "cardio", fields{"patient": anna, "duty": "nurse", "staff": "s-nurse"}, 403, "role"},
		{"a technician does not nurse", "charge", "cardio", fields{"patient": anna, "duty": "nurse", "staff": "s-tech"}, 422, "role"},
		{"somebody of another unit", "charge", "cardio", fields{"patient": anna, "duty": "nurse", "staff": "s-else"}, 404, "person of the unit"},
		{"a patient of another unit", "charge", "cardio", fields{"patient": carl, "duty": "nurse", "staff": "s-nurse"}, 404, "patient of the unit"},
		{"another unit", "charge", "neuro", fields{"duty": "charge", "staff": "s-else"}, 404, "unit"},
		{"a unit that there is not", "admin", "nowhere", fields{"duty": "charge"}, 404, "unit"},
		{"a nurse for the whole unit", "charge", "cardio", fields{"duty": "nurse", "staff": "s-nurse"}, 422, "for a patient"},
		{"a charge nurse for a patient", "charge", "cardio", fields{"patient": anna, "duty": "charge", "staff": "s-charge"}, 422, "for a patient"},
		{"in the past", "charge", "cardio", fields{"duty": "charge", "from": yesterday}, 422, "begins now"},
		{"a duty that there is not", "charge", "cardio", fields{"duty": "porter"}, 422, ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			a := w.send(row.who, http.MethodPost, "/api/v1/units/"+row.unit+"/posts", row.body).expect(t, row.want)
			if detail, _ := a.at("detail").(string); !strings.Contains(detail, row.says) {
				t.Errorf("%q does not speak of %q", detail, row.says)
			}
		})
	}
	roster := w.get("viewer", "/api/v1/units/cardio/roster").expect(t, 200)
	if roster.at("at") != "2026-03-01T09:00:00Z" {
		t.Errorf("server time %v, want 09:00: by it a post holds or is planned", roster.at("at"))
	}
	if n := len(roster.list("posts")); n != 3 || roster.at("posts", 2, "staff") != "s-charge" {
		t.Errorf("%d posts: %s", n, roster.Body)
	}
	if n := len(roster.list("people")); n != 4 {
		t.Errorf("%d people: %s", n, roster.Body)
	}
	w.get("viewer", "/api/v1/units/neuro/roster").expect(t, 404)
	if w.changes != 4 {
		t.Errorf("told of %d changes, want 4", w.changes)
	}
}

// TestTheNewNurseIsOfferedWhatIsOpen: the patient is handed on while an alarm is open.
func TestTheNewNurseIsOfferedWhatIsOpen(t *testing.T) {
	t.Parallel()
	now := morning.Add(time.Hour)
	w := staffed(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	hand := func(to vitals.StaffID) {
		t.Helper()
		now = now.Add(time.Minute)
		w.send("nurse", http.MethodPost, "/api/v1/units/cardio/posts", fields{"patient": anna, "duty": "nurse", "staff": to}).expect(t, 201)
	}
	offers := func(who string) int {
		t.Helper()
		return len(w.get(who, "/api/v1/offers").expect(t, 200).list("offers"))
	}
	hand("s-nurse")
	open := alarm(anna, 2*time.Hour) // raised while it is the nurse's patient
	now = morning.Add(3 * time.Hour)
	w.raise(open)
	if n := offers("nurse"); n != 0 {
		t.Errorf("%d offers to whom the alarm came anyway", n)
	}
	hand("s-charge")
	if a, b := offers("charge"), offers("nurse"); a != 1 || b != 0 {
		t.Errorf("%d offers to the new nurse and %d to the old one", a, b)
	}
	accept := "/api/v1/alarms/" + string(open.ID) + "/accept"
	w.send("nurse", http.MethodPost, accept, nil).expect(t, 404) // it is not offered to her
	w.send("viewer", http.MethodPost, accept, nil).expect(t, 403)
	w.send("charge", http.MethodPost, accept, nil).expect(t, 204)
	w.send("charge", http.MethodPost, accept, nil).expect(t, 204) // a repeat changes nothing
	if n := offers("charge"); n != 0 {
		t.Errorf("%d offers after they were accepted", n)
	}
	hand("s-nurse")
	hand("s-charge")
	if n := offers("charge"); n != 1 {
		t.Error("the patient came back, and with her what is open")
	}
}

// gentle is the default policy with another repeat, as it is proposed.
func gentle(w *ward) any {
	w.Helper()
	policy, _ := w.get("charge", "/api/v1/units/cardio/escalation").at("in_force", "policy").(map[string]any)
	high, _ := policy["escalations"].(map[string]any)["physiological/high"].(map[string]any)
	high["repeat_s"] = 90
	return policy
}

func TestAPolicyNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	w := staffed(t, nil)
	const path = "/api/v1/units/cardio/escalation"
	repeat := func() any {
		return w.get("viewer", path).expect(t, 200).at("in_force", "policy", "escalations", "physiological/high", "repeat_s")
	}
	w.send("nurse", http.MethodPut, path, fields{"policy": gentle(w), "reason": "quieter"}).expect(t, 403)
	w.send("charge", http.MethodPut, "/api/v1/units/neuro/escalation", fields{"policy": gentle(w), "reason": ""}).expect(t, 404)
	proposed := w.send("charge", http.MethodPut, path, fields{"policy": gentle(w), "reason": "quieter"}).expect(t, 201)
	if got := w.get("viewer", path).at("proposed", "by"); got != "C. Harge" || fmt.Sprint(proposed.at("version")) != "1" || fmt.Sprint(repeat()) != "60" {
		t.Errorf("proposed by %v: %s, in force %v", got, proposed.Body, repeat())
	}
	w.send("charge", http.MethodPost, path+"/1/approve", nil).expect(t, 409) // her own
	w.send("nurse", http.MethodPost, path+"/1/approve", nil).expect(t, 403)
	w.send("admin", http.MethodPost, path+"/2/approve", nil).expect(t, 404)
	w.send("admin", http.MethodPost, path+"/1/approve", nil).expect(t, 204)
	if fmt.Sprint(repeat()) != "90" {
		t.Errorf("in force: %v", repeat())
	}
	bad, _ := gentle(w).(map[string]any)
	bad["failsafe"] = []string{}
	a := w.send("charge", http.MethodPut, path, fields{"policy": bad, "reason": ""}).expect(t, 422)
	if detail, _ := a.at("detail").(string); !strings.Contains(detail, "failsafe") {
		t.Errorf("%s", a.Body)
	}
}

func TestWhoWouldBeCalledNow(t *testing.T) {
	t.Parallel()
	w := staffed(t, nil)
	path := "/api/v1/patients/" + string(anna) + "/calls"
	first := func(query string) (step, name any) {
		a := w.get("viewer", path+query).expect(t, 200)
		return a.at("steps", 0, "step"), a.at("steps", 0, "to", 0, "name")
	}
	if step, name := first(""); fmt.Sprint(step) != "2" || name == nil {
		t.Errorf("without a nurse it begins with step %v and %v", step, name)
	}
	w.send("nurse", http.MethodPost, "/api/v1/units/cardio/posts", fields{"patient": anna, "duty": "nurse", "staff": "s-nurse"}).expect(t, 201)
	if step, name := first("?priority=medium"); fmt.Sprint(step) != "0" || name != "K. Lee" {
		t.Errorf("it begins with step %v and %v", step, name)
	}
	w.get("viewer", "/api/v1/patients/"+string(carl)+"/calls").expect(t, 404)
	w.get("viewer", path+"?priority=info").expect(t, 422)
}
