package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/api"
	"vigil/server/store"
	"vigil/vitals"
)

func TestSigningIn(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	a := w.send("", http.MethodPost, "/api/v1/login", fields{"user": "nurse", "password": "secret"}).expect(t, http.StatusOK)
	if a.at("staff", "role") != "nurse" || a.at("staff", "units", 0, "zone") != "Europe/Vienna" || len(a.list("staff", "units")) != 1 {
		t.Errorf("%v", a.json)
	}
	cookie := a.Result().Cookies()[0]
	if cookie.Name != "vigil_session" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure || cookie.Path != "/" {
		t.Errorf("cookie %+v", cookie)
	}
	if got := w.get(cookie.Value, "/api/v1/me").expect(t, http.StatusOK).at("staff", "login"); got != "nurse" {
		t.Errorf("me: %v", got)
	}
	out := w.send("nurse", http.MethodPost, "/api/v1/logout", nil).expect(t, http.StatusNoContent)
	if c := out.Result().Cookies()[0]; c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("cookie after logout %+v", c)
	}
	w.get("nurse", "/api/v1/me").expect(t, http.StatusUnauthorized)
	w.send("", http.MethodPost, "/api/v1/logout", nil).expect(t, http.StatusNoContent)
}

func TestCookieUnderTLS(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(o *api.Options) { o.Secure = true })
	a := w.send("", http.MethodPost, "/api/v1/login", fields{"user": "nurse", "password": "secret"}).expect(t, http.StatusOK)
	if c := a.Result().Cookies()[0]; c.Name != "__Host-vigil_session" || !c.Secure || c.Domain != "" || c.Path != "/" {
		t.Errorf("cookie %+v", c)
	}
	if a.Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS under TLS")
	}
	w.send("", http.MethodGet, "/api/v1/me", nil, "Cookie", "__Host-vigil_session=nurse").expect(t, http.StatusOK)
}

func TestSignInsThatFail(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	for story, user := range map[string]string{"wrong password": "nurse", "unknown user": "nobody"} {
		a := w.send("", http.MethodPost, "/api/v1/login", fields{"user": user, "password": "wrong"}).expect(t, http.StatusUnauthorized)
		if a.at("code") != "unauthorized" || len(a.Result().Cookies()) > 0 {
			t.Errorf("%s: %v", story, a.json)
		}
	}
	locked := w.send("", http.MethodPost, "/api/v1/login", fields{"user": "locked", "password": "x"}).expect(t, http.StatusTooManyRequests)
	if locked.Header().Get("Retry-After") != "90" {
		t.Errorf("Retry-After %q", locked.Header().Get("Retry-After"))
	}
	wrong := w.send("", http.MethodPost, "/api/v1/login", fields{"user": "nurse", "password": []string{"hunter2"}}).expect(t, http.StatusUnprocessableEntity)
	if strings.Contains(wrong.Body.String(), "hunter2") {
		t.Errorf("the password was echoed: %s", wrong.Body)
	}
}

func TestOneAddressCannotTryForEver(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	refused := 0
	for range 40 {
		if w.send("", http.MethodPost, "/api/v1/login", fields{"user": "nurse", "password": "wrong"}).Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 40 refused", refused)
	}
}

// TestEveryOperationAsksWhoIsThere walks what is registered, so that a new operation cannot be
// forgotten.
func TestEveryOperationAsksWhoIsThere(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	for path, operations := range described(t).Paths {
		for method, o := range operations {
			if o.OperationID == "login" || o.OperationID == "logout" {
				continue
			}
			path := strings.NewReplacer("{id}", "x", "{device}", "x").Replace(path)
			a := w.send("", strings.ToUpper(method), path, nil).expect(t, http.StatusUnauthorized)
			if got := a.Header().Get("Content-Type"); got != "application/problem+json" || a.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s %s: %s", method, path, got)
			}
			w.send("forged", strings.ToUpper(method), path, nil).expect(t, http.StatusUnauthorized)
		}
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	w := newWard(t, nil)
	for _, row := range []struct {
		method, path                             string
		viewer, nurse, charge, technician, admin bool
	}{
		{http.MethodGet, "/patients", yes, yes, yes, yes, yes},
		{http.MethodGet, "/alarms", yes, yes, yes, yes, yes},
		{http.MethodGet, "/units", yes, yes, yes, yes, yes},
		{http.MethodPost, "/patients", no, yes, yes, no, yes},
		{http.MethodPost, "/patients/x/discharge", no, no, yes, no, yes},
		{http.MethodGet, "/hubs", no, no, no, yes, yes},
		{http.MethodPost, "/hubs", no, no, no, yes, yes},
		{http.MethodPost, "/hubs/x/secret", no, no, no, yes, yes},
		{http.MethodGet, "/gateways", no, no, no, yes, yes},
		{http.MethodPost, "/gateways", no, no, no, no, yes},
		{http.MethodPost, "/gateways/x/secret", no, no, no, no, yes},
		{http.MethodDelete, "/gateways/x", no, no, no, no, yes},
		{http.MethodPut, "/gateways/x/accounts/1", no, no, no, no, yes},
		{http.MethodGet, "/devices", no, no, no, yes, yes},
		{http.MethodPost, "/devices", no, no, no, yes, yes},
		{http.MethodGet, "/bindings", no, yes, yes, yes, yes},
		{http.MethodPost, "/bindings", no, yes, yes, yes, yes},
		{http.MethodDelete, "/bindings/x", no, yes, yes, yes, yes},
		{http.MethodGet, "/quarantine", no, no, no, yes, yes},
		{http.MethodPost, "/units", no, no, no, no, yes},
		{http.MethodGet, "/staff", no, no, no, no, yes},
		{http.MethodPost, "/staff", no, no, no, no, yes},
		{http.MethodPatch, "/staff/x", no, no, no, no, yes},
	} {
		t.Run(row.method+" "+row.path, func(t *testing.T) {
			for who, may := range map[string]bool{
				"viewer": row.viewer, "nurse": row.nurse, "charge": row.charge, "technician": row.technician, "admin": row.admin,
			} {
				a := w.send(who, row.method, "/api/v1"+row.path, nil)
				if (a.Code != http.StatusForbidden) != may {
					t.Errorf("%s: %d %s", who, a.Code, a.Body)
				}
			}
		})
	}
}

func TestCensus(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	a := w.get("nurse", "/api/v1/patients").expect(t, http.StatusOK)
	if len(a.list("patients")) != 2 || len(a.list("patients", 0, "devices")) != 2 || a.at("patients", 0, "test") != true {
		t.Errorf("%s", a.Body)
	}
	if len(w.get("nurse", "/api/v1/patients?unit=neuro").list("patients")) != 0 {
		t.Error("another unit's patients were listed")
	}
	if len(w.get("admin", "/api/v1/patients").list("patients")) != 3 {
		t.Error("the administrator sees all units")
	}
	if strings.Contains(w.get("elsewhere", "/api/v1/patients").Body.String(), "Abel") {
		t.Error("a name got out of its unit")
	}
}

var newcomer = fields{"unit": "cardio", "mrn": "77", "family": "Dorn", "given": "Dora", "bed": ""}

func TestAdmitting(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		story string
		who   string
		body  fields
		want  int
	}{
		{"the least that is needed", "nurse", newcomer, http.StatusCreated},
		{"with everything", "nurse", change(change(change(newcomer, "birth", "1950-02-28"), "sex", "female"), "test", true), http.StatusCreated},
		{"a record number that is under care", "nurse", change(newcomer, "mrn", "1"), http.StatusConflict},
		{"a unit that is not mine", "nurse", change(newcomer, "unit", "neuro"), http.StatusNotFound},
		{"an unknown unit", "admin", change(newcomer, "unit", "nowhere"), http.StatusNotFound},
		{"an unknown field", "nurse", change(newcomer, "weight", 80), http.StatusUnprocessableEntity},
		{"no record number", "nurse", change(newcomer, "mrn", ""), http.StatusUnprocessableEntity},
		{"a day that does not exist", "nurse", change(newcomer, "birth", "1950-02-30"), http.StatusUnprocessableEntity},
		{"a sex that FHIR does not know", "nurse", change(newcomer, "sex", "f"), http.StatusUnprocessableEntity},
		{"a name that is a number", "nurse", change(newcomer, "family", 7), http.StatusUnprocessableEntity},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, nil)
			a := w.send(row.who, http.MethodPost, "/api/v1/patients", row.body).expect(t, row.want)
			if (a.Code == http.StatusCreated) != (w.changes == 1) {
				t.Errorf("%d changes were told", w.changes)
			}
			if a.Code >= 400 && (a.Header().Get("Content-Type") != "application/problem+json" || a.at("status") == nil || a.at("detail") == "") {
				t.Errorf("not a problem: %s", a.Body)
			}
		})
	}
}

// leaving lets everybody be discharged but Anna, of whom an alarm waits.
func leaving(t *testing.T) func(*api.Options) {
	t.Helper()
	return func(o *api.Options) {
		o.Alarms = decider(func(p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
			switch {
			case c.Kind != alerts.Leave || c.Role != vitals.Charge:
				return alerts.Answer{}, errors.New("want to be asked for a discharge")
			case p == anna:
				return alerts.Answer{}, &alerts.RefusedError{Code: alerts.HighWaits, Current: alarm(anna, 0)}
			default:
				records, _ := o.Fleet.(*store.Store)
				return alerts.Answer{}, records.Discharge(t.Context(), p, morning)
			}
		})
	}
}

func TestDischarging(t *testing.T) {
	t.Parallel()
	w := newWard(t, leaving(t))
	a := w.send("charge", http.MethodPost, "/api/v1/patients/"+string(anna)+"/discharge", nil).expect(t, http.StatusConflict)
	if a.at("code") != "conflict" {
		t.Errorf("%s", a.Body)
	}
	w.send("charge", http.MethodPost, "/api/v1/patients/"+string(carl)+"/discharge", nil).expect(t, http.StatusNotFound)
	w.send("charge", http.MethodPost, "/api/v1/patients/"+string(ben)+"/discharge", nil).expect(t, http.StatusNoContent)
	if n := len(w.get("nurse", "/api/v1/patients").list("patients")); n != 1 || w.changes != 1 {
		t.Errorf("%d patients, %d changes", n, w.changes)
	}
}

func TestListingAlarms(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	over := alarm(ben, time.Minute)
	over.State, over.Ended, over.Reason = alerts.Closed, morning.Add(2*time.Minute), alerts.ClosedSelf
	for _, a := range []alerts.Alarm{alarm(anna, 0), over, alarm(carl, 0)} {
		w.raise(a)
	}
	for path, want := range map[string]int{
		"": 1, "?state=open": 1, "?state=closed": 1, "?state=all": 2, "?state=all&limit=1": 1, "?unit=neuro": 0,
		"?suppressed_by=01SITE": 0, "?suppressed_by=none": 1,
		"?state=all&patient=" + string(ben): 1, "?state=all&patient=" + string(carl): 0,
	} {
		if a := w.get("nurse", "/api/v1/alarms"+path).expect(t, http.StatusOK); len(a.list("alarms")) != want {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	for _, path := range []string{"?state=half", "?limit=0", "?limit=1001", "?limit=x"} {
		w.get("nurse", "/api/v1/alarms"+path).expect(t, http.StatusUnprocessableEntity)
	}
	if a := w.get("nurse", "/api/v1/alarms"); a.at("alarms", 0, "state") != "active_unack" || a.at("alarms", 0, "label") != "ASYSTOLE" {
		t.Errorf("%s", a.Body)
	}
}

var seen = fields{"cmd_id": "c1", "seen_version": 1, "seen_priority": "high", "station": "desk-1"}

func TestAcknowledging(t *testing.T) {
	t.Parallel()
	raised := alarm(anna, 0)
	acked := raised
	acked.State, acked.Version, acked.AckedName, acked.AckedAt = alerts.ActiveAck, 2, "K. Lee", morning
	for _, row := range []struct {
		story  string
		who    string
		body   fields
		answer alerts.Alarm
		fault  error
		want   int
		code   string
	}{
		{"a nurse takes it", "nurse", seen, acked, nil, http.StatusOK, ""},
		{"version zero is a number like others", "nurse", change(seen, "seen_version", 0), alerts.Alarm{}, &alerts.RefusedError{Code: alerts.Worse, Current: raised}, http.StatusConflict, "worse"},
		{"and says what it was", "nurse", change(seen, "ack_reason", "artefact"), acked, nil, http.StatusOK, ""},
		{"somebody was faster", "nurse", seen, alerts.Alarm{}, &alerts.RefusedError{Code: alerts.AlreadyAcked, Current: acked}, http.StatusConflict, "already_acked"},
		{"it is over", "nurse", seen, alerts.Alarm{}, &alerts.RefusedError{Code: alerts.ClosedAlarm, Current: acked}, http.StatusConflict, "closed"},
		{"the owner does not know it", "nurse", seen, alerts.Alarm{}, &alerts.RefusedError{Code: alerts.UnknownAlarm}, http.StatusNotFound, "not_found"},
		{"nobody owns the patient now", "nurse", seen, alerts.Alarm{}, api.Unavailable("not acknowledged: try again"), http.StatusServiceUnavailable, "unavailable"},
		{"something broke", "nurse", seen, alerts.Alarm{}, errors.New("disk of Anna Abel is full"), http.StatusInternalServerError, "internal"},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			asked := 0
			w := newWard(t, func(o *api.Options) {
				o.Alarms = decider(func(p vitals.PatientID, a alerts.Command) (alerts.Answer, error) {
					asked++
					if p != anna || a.Kind != alerts.Acknowledge || a.Role != vitals.Nurse || a.Alarm != raised.ID || a.Actor != "s-nurse" || a.ActorName != "K. Lee" || a.Station != "desk-1" || a.SeenPriority != alerts.High ||
						row.body["ack_reason"] != nil && a.AckReason != alerts.Artefact {
						t.Errorf("%v %+v", p, a)
					}
					return alerts.Answer{Alarm: row.answer}, row.fault
				})
			})
			w.raise(raised)
			a := w.send(row.who, http.MethodPost, "/api/v1/alarms/"+string(raised.ID)+"/ack", row.body).expect(t, row.want)
			switch {
			case row.want == http.StatusOK && (a.at("alarm", "state") != "active_ack" || a.at("alarm", "acked_by") != "K. Lee"):
				t.Errorf("%s", a.Body)
			case row.want == http.StatusConflict && a.at("alarm", "id") != string(raised.ID):
				t.Errorf("the present alarm is missing: %s", a.Body)
			case row.code != "" && a.at("code") != row.code:
				t.Errorf("code %v", a.at("code"))
			case row.want == http.StatusServiceUnavailable && a.Header().Get("Retry-After") == "":
				t.Error("no Retry-After")
			case strings.Contains(a.Body.String(), "Abel"):
				t.Errorf("a fault of ours was shown: %s", a.Body)
			case asked != 1:
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func TestAnAlarmThatItsOwnerHasForgottenIsOver(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(o *api.Options) {
		o.Alarms = decider(func(vitals.PatientID, alerts.Command) (alerts.Answer, error) {
			return alerts.Answer{}, &alerts.RefusedError{Code: alerts.UnknownAlarm}
		})
	})
	over := alarm(anna, 0)
	over.State, over.Version, over.Ended, over.Reason = alerts.Closed, 3, morning, alerts.ClosedResolved
	w.raise(over)
	a := w.send("nurse", http.MethodPost, "/api/v1/alarms/"+string(over.ID)+"/ack", seen).expect(t, http.StatusConflict)
	if a.at("code") != "closed" || a.at("alarm", "state") != "closed" {
		t.Errorf("%s", a.Body)
	}
}

func TestAcknowledgementsThatNeverReachTheOwner(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil) // whose decider fails the test when asked
	mine, theirs := alarm(anna, 0), alarm(carl, 0)
	w.raise(mine)
	w.raise(theirs)
	for _, row := range []struct {
		story, who string
		id         alerts.AlarmID
		body       any
		want       int
	}{
		{"a viewer may not", "viewer", mine.ID, seen, http.StatusForbidden},
		{"a technician may not, it is physiological", "technician", mine.ID, seen, http.StatusForbidden},
		{"an administrator is no nurse", "admin", mine.ID, seen, http.StatusForbidden},
		{"another unit's alarm is not there", "nurse", theirs.ID, seen, http.StatusNotFound},
		{"no such alarm", "nurse", "x", seen, http.StatusNotFound},
		{"no command id", "nurse", mine.ID, change(seen, "cmd_id", ""), http.StatusUnprocessableEntity},
		{"no such priority", "nurse", mine.ID, change(seen, "seen_priority", "urgent"), http.StatusUnprocessableEntity},
		{"a reason that is none", "nurse", mine.ID, change(seen, "ack_reason", "bored"), http.StatusUnprocessableEntity},
		{"an unknown field", "nurse", mine.ID, change(seen, "force", true), http.StatusUnprocessableEntity},
		{"no body", "nurse", mine.ID, nil, http.StatusBadRequest},
		{"not JSON", "nurse", mine.ID, "{", http.StatusBadRequest},
	} {
		t.Run(row.story, func(t *testing.T) {
			w.send(row.who, http.MethodPost, "/api/v1/alarms/"+string(row.id)+"/ack", row.body).expect(t, row.want)
		})
	}
}

func TestEnrolment(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	post := func(path string, body any) answer {
		t.Helper()
		return w.send("technician", http.MethodPost, "/api/v1"+path, body)
	}
	a := post("/hubs", fields{"id": "hub-1", "name": "Home of A."}).expect(t, http.StatusCreated)
	if a.at("secret") != "hub secret" || a.at("id") != "hub-1" {
		t.Errorf("%s", a.Body)
	}
	post("/hubs", fields{"id": "hub-1", "name": "again"}).expect(t, http.StatusConflict)
	post("/hubs", fields{"id": "hub/+/#", "name": ""}).expect(t, http.StatusUnprocessableEntity)
	post("/hubs/hub-1/secret", nil).expect(t, http.StatusOK)
	post("/hubs/hub-2/secret", nil).expect(t, http.StatusNotFound)
	if hubs := w.get("technician", "/api/v1/hubs"); len(hubs.list("hubs")) != 1 || hubs.at("hubs", 0, "online") != false || strings.Contains(hubs.Body.String(), "secret") {
		t.Errorf("%s", hubs.Body)
	}
	device := fields{"id": "A0:9E:1A:00:00:09", "manufacturer": "M", "model": "X", "serial": "1"}
	if a := post("/devices", device).expect(t, http.StatusCreated); a.at("id") != "a09e1a000009" {
		t.Errorf("%s", a.Body)
	}
	post("/devices", change(device, "id", "nonsense")).expect(t, http.StatusUnprocessableEntity)
	if a := post("/devices", change(device, "model", "with\x00a NUL")).expect(t, http.StatusBadRequest); !strings.Contains(a.Body.String(), "NUL") {
		t.Errorf("%s", a.Body)
	}
	post("/bindings", fields{"device": "a09e1a000009", "patient": ben}).expect(t, http.StatusCreated)
	if n := len(w.get("technician", "/api/v1/bindings").list("bindings")); n != 3 { // carl's is not theirs
		t.Errorf("%d bindings", n)
	}
	for _, d := range w.get("technician", "/api/v1/devices").list("devices") {
		if d.(fields)["id"] == string(patch) {
			t.Error("another unit's device was listed")
		}
	}
	w.send("technician", http.MethodDelete, "/api/v1/bindings/a09e1a000009", nil).expect(t, http.StatusNoContent)
	w.send("technician", http.MethodDelete, "/api/v1/bindings/nonsense", nil).expect(t, http.StatusNotFound)
	w.get("technician", "/api/v1/quarantine").expect(t, http.StatusOK)
}

func TestBindingsKeepToTheirUnit(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	for _, row := range []struct {
		story string
		body  fields
		want  int
	}{
		{"another unit's patient", fields{"device": strap, "patient": carl}, http.StatusNotFound},
		{"another unit's device", fields{"device": patch, "patient": anna}, http.StatusNotFound},
		{"an unknown device", fields{"device": "a09e1affffff", "patient": anna}, http.StatusNotFound},
		{"tomorrow", fields{"device": strap, "patient": ben, "from": morning.Add(24 * time.Hour)}, http.StatusUnprocessableEntity},
		{"before the present binding", fields{"device": strap, "patient": ben, "from": morning.Add(-time.Hour)}, http.StatusConflict},
	} {
		t.Run(row.story, func(t *testing.T) {
			w.send("technician", http.MethodPost, "/api/v1/bindings", row.body).expect(t, row.want)
		})
	}
	w.send("technician", http.MethodDelete, "/api/v1/bindings/"+string(patch), nil).expect(t, http.StatusNotFound)
}

func TestUnitsAndStaff(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	unit := fields{"id": "onco", "name": "Oncology", "zone": "Europe/Vienna"}
	w.send("admin", http.MethodPost, "/api/v1/units", unit).expect(t, http.StatusCreated)
	w.send("admin", http.MethodPost, "/api/v1/units", change(unit, "zone", "Middle/Earth")).expect(t, http.StatusUnprocessableEntity)
	if n := len(w.get("nurse", "/api/v1/units").list("units")); n != 1 {
		t.Errorf("a nurse sees %d units", n)
	}
	person := fields{"login": "new", "name": "N. Ew", "role": "nurse", "units": []string{"cardio"}, "password": "long enough for all"}
	a := w.send("admin", http.MethodPost, "/api/v1/staff", person).expect(t, http.StatusCreated)
	if a.at("id") != "s-new" || len(a.list("units")) != 1 || strings.Contains(a.Body.String(), "password") {
		t.Errorf("%s", a.Body)
	}
	short := w.send("admin", http.MethodPost, "/api/v1/staff", change(person, "password", "short")).expect(t, http.StatusUnprocessableEntity)
	if !strings.Contains(short.Body.String(), "12 characters") {
		t.Errorf("%s", short.Body)
	}
	w.send("admin", http.MethodPost, "/api/v1/staff", change(person, "role", "king")).expect(t, http.StatusUnprocessableEntity)
	w.get("admin", "/api/v1/staff").expect(t, http.StatusOK)
}

func TestAnAdministratorRegistersTheGatewaysOfOthers(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	const gateways = "/api/v1/gateways"
	cloud := fields{"id": "withings-1", "kind": "withings", "name": "Clinic's Withings", "client": "app", "client_secret": "hidden"}
	a := w.send("admin", http.MethodPost, gateways, cloud).expect(t, http.StatusCreated)
	if a.at("secret") != "hub secret" || a.at("webhook") != "/ingest/v1/gateways/withings-1" {
		t.Errorf("%s", a.Body)
	}
	w.send("admin", http.MethodPost, gateways, cloud).expect(t, http.StatusConflict)
	w.send("admin", http.MethodPost, gateways, change(cloud, "kind", "nest")).expect(t, http.StatusUnprocessableEntity)
	w.send("admin", http.MethodPost, gateways, change(cloud, "address", "ftp://x")).expect(t, http.StatusUnprocessableEntity)
	w.send("technician", http.MethodPost, "/api/v1/hubs", fields{"id": "withings-1", "name": "Home"}).expect(t, http.StatusConflict)
	w.send("technician", http.MethodPost, "/api/v1/devices",
		fields{"id": strap, "manufacturer": "M", "model": "X", "serial": "1", "hub": "withings-1"}).expect(t, http.StatusCreated)

	device := string(vitals.DeriveDeviceID("withings", "12345"))
	if a := w.send("admin", http.MethodPut, gateways+"/withings-1/accounts/12345", fields{"refresh_token": "r"}).expect(t, http.StatusOK); a.at("device") != device {
		t.Errorf("%s", a.Body)
	}
	if a := w.get("technician", gateways+"/withings-1/device?key=12345"); a.at("device") != device {
		t.Errorf("%s", a.Body)
	}
	w.send("admin", http.MethodPut, gateways+"/nobody/accounts/12345", fields{"refresh_token": "r"}).expect(t, http.StatusNotFound)
	w.send("admin", http.MethodPost, gateways, fields{"id": "tenovi-1", "kind": "tenovi", "name": "Tenovi"}).expect(t, http.StatusCreated)
	w.send("admin", http.MethodPut, gateways+"/tenovi-1/accounts/1", fields{"refresh_token": "r"}).expect(t, http.StatusUnprocessableEntity)

	list := w.get("technician", gateways)
	if len(list.list("gateways")) != 2 || list.at("gateways", 0, "accounts", 0, "device") != device || strings.Contains(list.Body.String(), "hidden") {
		t.Errorf("%s", list.Body)
	}
	w.send("admin", http.MethodPost, gateways+"/tenovi-1/secret", nil).expect(t, http.StatusOK)
	w.send("admin", http.MethodPost, gateways+"/nobody/secret", nil).expect(t, http.StatusNotFound)
	w.send("admin", http.MethodDelete, gateways+"/withings-1/accounts/12345", nil).expect(t, http.StatusNoContent)
	w.send("admin", http.MethodDelete, gateways+"/tenovi-1", nil).expect(t, http.StatusNoContent)
	w.send("admin", http.MethodDelete, gateways+"/tenovi-1", nil).expect(t, http.StatusNotFound)
}

func TestAlarmsOfLowPriorityAreAcknowledgedTogetherOverREST(t *testing.T) {
	t.Parallel()
	warm := alarm(anna, 0)
	warm.ID, warm.Priority, warm.State, warm.AckedName = "01LOW", alerts.Low, alerts.ActiveAck, "K. Lee"
	w := newWard(t, func(o *api.Options) {
		o.Alarms = decider(func(p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
			if p != anna || c.Kind != alerts.AcknowledgeLow || c.Role != vitals.Nurse || len(c.Seen) != 2 || c.Seen[0] != (alerts.SeenAlarm{Alarm: "01LOW", Version: 3}) {
				t.Errorf("%v %+v", p, c)
			}
			return alerts.Answer{Each: []alerts.Each{{ID: "01LOW", Alarm: warm}, {ID: "01SOS", Refused: alerts.Worse}}}, nil
		})
	})
	body := fields{"cmd_id": "c1", "station": "desk-1", "seen": []fields{{"alarm": "01LOW", "version": 3}, {"alarm": "01SOS", "version": 1}}}
	path := "/api/v1/patients/" + string(anna) + "/ack-low"
	a := w.send("nurse", http.MethodPost, path, body).expect(t, http.StatusOK)
	if a.at("each", 0, "now", "acked_by") != "K. Lee" || a.at("each", 1, "code") != "worse" || len(a.list("each")) != 2 {
		t.Errorf("%s", a.Body)
	}
	w.send("viewer", http.MethodPost, path, body).expect(t, http.StatusForbidden)
	w.send("nurse", http.MethodPost, "/api/v1/patients/"+string(carl)+"/ack-low", body).expect(t, http.StatusNotFound)
	w.send("nurse", http.MethodPost, path, change(body, "seen", []fields{})).expect(t, http.StatusUnprocessableEntity)
}

func TestScreensAreToldWhatMayBeDecidedAboutEachCondition(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	off, single := map[any]bool{}, map[any]bool{}
	for _, c := range w.get("nurse", "/api/v1/conditions").expect(t, http.StatusOK).list("conditions") {
		f := c.(fields)
		off[f["condition"]], single[f["condition"]] = f["can_be_off"] == true, f["single"] == true
	}
	for _, c := range []string{"ASYSTOLE", "SOS", "HUB_OFFLINE", "DETECTOR_LAG"} {
		if known := off[c]; known {
			t.Errorf("%s can be off", c)
		}
	}
	if !off["HR_HIGH"] || !single["BP_HIGH"] || single["HR_HIGH"] || len(off) != len(alerts.Conditions()) {
		t.Errorf("off %v, single %v", off, single)
	}
}

func TestWhatPeopleMayWantOfAPatient(t *testing.T) {
	t.Parallel()
	off := fields{"cmd_id": "c1", "station": "desk-1", "condition": "SPO2_LOW", "seconds": 3600, "reason": "palliative"}
	for _, row := range []struct {
		story, who, path string
		patient          vitals.PatientID
		body             fields
		want             int
		kind             alerts.CommandKind
	}{
		{"a nurse pauses the audio", "nurse", "audio-pause", anna, fields{"cmd_id": "c1", "station": "", "seconds": 120}, http.StatusOK, alerts.PauseAudio},
		{"for two minutes and a second: the owner refuses", "nurse", "audio-pause", anna, fields{"cmd_id": "c1", "station": "", "seconds": 121}, http.StatusBadRequest, alerts.PauseAudio},
		{"and ends the pause", "nurse", "audio-pause", anna, fields{"cmd_id": "c1", "station": "", "seconds": 0}, http.StatusOK, alerts.PauseAudio},
		{"a nurse sends the patient to X-ray", "nurse", "standby", anna, fields{"cmd_id": "c1", "station": "", "seconds": 600, "where": "X-ray"}, http.StatusOK, alerts.Standby},
		{"and has them back", "nurse", "resume", anna, fields{"cmd_id": "c1", "station": ""}, http.StatusOK, alerts.Resume},
		{"a nurse may not switch an alarm off", "nurse", "alarm-off", anna, off, http.StatusForbidden, ""},
		{"a charge nurse may", "charge", "alarm-off", anna, off, http.StatusOK, alerts.AlarmOff},
		{"and on", "charge", "alarm-on", anna, fields{"cmd_id": "c1", "station": "", "condition": "SPO2_LOW"}, http.StatusOK, alerts.AlarmOn},
		{"a viewer may nothing", "viewer", "audio-pause", anna, fields{"cmd_id": "c1", "station": "", "seconds": 60}, http.StatusForbidden, ""},
		{"another unit's patient is not there", "nurse", "resume", carl, fields{"cmd_id": "c1", "station": ""}, http.StatusNotFound, ""},
		{"a time that is none", "charge", "alarm-off", anna, change(off, "seconds", -5), http.StatusUnprocessableEntity, ""},
		{"a reason that no database stores", "charge", "alarm-off", anna, change(off, "reason", "\x00"), http.StatusBadRequest, ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			var asked alerts.CommandKind
			w := newWard(t, func(o *api.Options) {
				o.Alarms = decider(func(p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
					asked = c.Kind
					if p != anna || c.ID != "c1" || c.Actor == "" || c.Role == "" {
						t.Errorf("%v %+v", p, c)
					}
					_, a, err := alerts.NewEngine(p).Command(c, morning)
					return a, err
				})
			})
			a := w.send(row.who, http.MethodPost, "/api/v1/patients/"+string(row.patient)+"/"+row.path, row.body).expect(t, row.want)
			if asked != row.kind {
				t.Errorf("the owner was asked for %q, want %q", asked, row.kind)
			}
			if row.want == http.StatusOK && a.at("care", "patient") != string(anna) {
				t.Errorf("%s", a.Body)
			}
		})
	}
}

func TestSayingWhatAnAlarmWas(t *testing.T) {
	t.Parallel()
	acked := alarm(anna, 0)
	acked.State, acked.Version, acked.AckReason = alerts.ActiveAck, 3, alerts.Artefact
	var asked alerts.Command
	w := newWard(t, func(o *api.Options) {
		o.Alarms = decider(func(_ vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
			asked = c
			return alerts.Answer{Alarm: acked}, nil
		})
	})
	w.raise(alarm(anna, 0))
	path := "/api/v1/alarms/" + string(acked.ID) + "/explain"
	w.send("nurse", http.MethodPost, path, seen).expect(t, http.StatusUnprocessableEntity) // says nothing
	w.send("viewer", http.MethodPost, path, change(seen, "ack_reason", "artefact")).expect(t, http.StatusForbidden)
	if asked.Kind != "" {
		t.Fatalf("asked for %+v", asked)
	}
	a := w.send("nurse", http.MethodPost, path, change(seen, "ack_reason", "artefact")).expect(t, http.StatusOK)
	if a.at("alarm", "ack_reason") != "artefact" || asked.Kind != alerts.Explain || asked.AckReason != alerts.Artefact || asked.Alarm != acked.ID {
		t.Errorf("%s, asked for %+v", a.Body, asked)
	}
}
