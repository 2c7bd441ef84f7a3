package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices/gateway"
	"vigil/server/ingest"
	"vigil/vitals"
)

// registry knows one gateway of each kind, with its kind as its id; the secret is "right".
type registry struct {
	down     bool
	keysAway bool
	touched  []vitals.HubID
	notified []gateway.Notification
}

func (r *registry) CheckGateway(_ context.Context, id vitals.HubID, s string) (vitals.Gateway, bool, error) {
	if r.down {
		return vitals.Gateway{}, false, errDown
	}
	_, known := gateway.Lookup(string(id))
	return vitals.Gateway{ID: id, Kind: string(id)}, known && s == secret, nil
}

func (r *registry) CheckSigned(_ context.Context, id vitals.HubID, signature string, payload []byte) (vitals.Gateway, bool, error) {
	if r.keysAway {
		return vitals.Gateway{}, false, errDown
	}
	return vitals.Gateway{ID: id, Kind: string(id)}, id == "google-health" && signature == "signed "+string(payload), nil
}

func (r *registry) TouchGateway(_ context.Context, id vitals.HubID) error {
	r.touched = append(r.touched, id)
	return nil
}

func (r *registry) Notify(_ vitals.Gateway, all []gateway.Notification) {
	r.notified = append(r.notified, all...)
}

// cloudWard has a Tenovi monitor, an iPhone and a button, which are bound, and one that is not.
func cloudWard() (*ward, *registry, http.Handler) {
	w := newWard()
	for _, d := range []vitals.DeviceID{cuffOfTenovi, iPhone} {
		w.bindings = append(w.bindings, vitals.Binding{Device: d, Patient: patient, From: noon.Add(-48 * time.Hour)})
	}
	r := &registry{}
	return w, r, w.handler().Webhooks(r)
}

var (
	cuffOfTenovi = vitals.DeriveDeviceID("tenovi", "monitor")
	iPhone       = vitals.DeriveDeviceID("health-auto-export", "health-auto-export")
)

func measured(metric, device, value string, at time.Time) string {
	return fmt.Sprintf(`{"metric":%q,"hwi_device_id":%q,"value_1":%q,"value_2":"79","timestamp":%q,"sensor_code":"10"}`,
		metric, device, value, at.Format(time.RFC3339))
}

// hook posts to a gateway's address as somebody.
func hook(h http.Handler, path, authorization, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, ingest.WebhookPath+path, strings.NewReader(body))
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer
}

type answered struct {
	Stored  int
	Passed  int
	Reason  string
	Refused []struct {
		Part         int
		Place        string
		Code, Reason string
		Kept         bool
	}
}

func told(t *testing.T, r *httptest.ResponseRecorder) (a answered) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAWebhookIsAnsweredWhenItsValuesAreStored(t *testing.T) {
	w, r, h := cloudWard()
	body := "[" + measured("blood_pressure", "monitor", "121", noon) + "," + measured("pulse", "monitor", "72", noon) + "," +
		measured("pillbox_opened", "monitor", "1", noon) + "]"
	answer := hook(h, "tenovi", "Bearer right", body)
	if got := told(t, answer); answer.Code != http.StatusOK || got.Stored != 2 || got.Passed != 1 || len(got.Refused) != 0 {
		t.Errorf("%d %+v", answer.Code, got)
	}
	published, _ := w.seen()
	if len(published) != 1 || len(published[0].Batch.Readings) != 3 || published[0].Stream.Hub != "" || w.settled[patient] != 1 {
		t.Errorf("%+v, settled %v", published, w.settled)
	}
	if diff := cmp.Diff([]vitals.HubID{"tenovi"}, r.touched); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAWebhookBringsAndCannotBeChartedIsKeptForTheStaff(t *testing.T) {
	stories := map[string]struct {
		path, body  string
		status      int
		stored      int
		code        string // of the first refusal
		reason      string
		quarantined int
	}{
		"a device of nobody": {
			path: "tenovi", body: measured("blood_pressure", "stranger", "121", noon), status: http.StatusOK, code: "unbound",
			reason: fmt.Sprintf("device %s was bound to nobody at 2026-03-01T12:00:00Z", vitals.DeriveDeviceID("tenovi", "stranger")), quarantined: 1,
		},
		"a device that is registered to another hub": {
			path: "json", body: `{"device":"a09e1a0000fe","events":[{"code":"sos","time":"2026-03-01T12:00:00Z"}]}`, status: http.StatusOK,
			code: "unbound", reason: "device a09e1a0000fe belongs to another hub", quarantined: 1,
		},
		"a phone of nobody, with two days of values": {
			path:   "health-auto-export",
			body:   `{"data":{"metrics":[{"name":"weight_body_mass","units":"kg","data":[{"qty":70.5,"date":"2026-01-02 08:00:00 +0000"},{"qty":70.1,"date":"2026-01-01 08:00:00 +0000"}]}]}}`,
			status: http.StatusOK, code: "unbound", reason: fmt.Sprintf("device %s was bound to nobody at 2026-01-02T08:00:00Z", iPhone), quarantined: 1,
		},
		"a pressure of 500 beside a good one": {
			path: "tenovi", body: "[" + measured("blood_pressure", "monitor", "500", noon) + "," + measured("pulse", "monitor", "72", noon) + "]",
			status: http.StatusOK, stored: 1, code: "implausible", reason: "systolic 500 mmHg is outside 40 to 300: implausible value", quarantined: 1,
		},
		"a measurement of tomorrow": {
			path: "tenovi", body: measured("pulse", "monitor", "72", noon.Add(24*time.Hour)), status: http.StatusOK, code: "future",
			reason: "cuff_pulse_rate at 2026-03-02T12:00:00Z is more than 5m0s ahead of the server", quarantined: 1,
		},
		"a metric that nobody knows": {
			path: "tenovi", body: measured("aura", "monitor", "1", noon), status: http.StatusOK, code: "malformed",
			reason: `metric "aura" is not one that Vigil reads: malformed`, quarantined: 1,
		},
		"a payload that is not understood": {
			path: "tenovi", body: "[hello", status: http.StatusUnprocessableEntity,
			reason: "invalid character 'h' looking for beginning of value: malformed", quarantined: 1,
		},
		"what a phone measured in one day and another": {
			path:   "health-auto-export",
			body:   `{"data":{"metrics":[{"name":"weight_body_mass","units":"kg","data":[{"qty":70.5,"date":"2026-02-28 08:00:00 +0000"},{"qty":70.1,"date":"2026-01-01 08:00:00 +0000"}]}]}}`,
			status: http.StatusOK, stored: 1, code: "unbound", reason: fmt.Sprintf("device %s was bound to nobody at 2026-01-01T08:00:00Z", iPhone), quarantined: 1,
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w, _, h := cloudWard()
			answer := hook(h, story.path, "Bearer right", story.body)
			got := told(t, answer)
			if answer.Code != story.status || got.Stored != story.stored {
				t.Errorf("%d %+v", answer.Code, got)
			}
			if len(got.Refused) > 0 {
				if first := got.Refused[0]; first.Code != story.code || first.Reason != story.reason {
					t.Errorf("refused %+v", first)
				}
			} else if story.code != "" || got.Reason != story.reason {
				t.Errorf("%+v", got)
			}
			if _, quarantined := w.seen(); len(quarantined) != story.quarantined || quarantined[0].Stream.Hub != vitals.HubID(story.path) {
				t.Errorf("quarantine holds %+v", quarantined)
			}
		})
	}
}

func TestWhoeverCannotProveWhoTheyAreIsRefused(t *testing.T) {
	good := measured("pulse", "monitor", "72", noon)
	stories := map[string]struct {
		path, authorization string
		want                int
	}{
		"a bearer token":                   {"tenovi", "Bearer right", http.StatusOK},
		"id and secret":                    {"tenovi", basic("tenovi", "right"), http.StatusOK},
		"the bare secret":                  {"tenovi", "right", http.StatusOK},
		"a secret in the address":          {"tenovi/right", "", http.StatusOK},
		"nothing":                          {"tenovi", "", http.StatusUnauthorized},
		"a wrong token":                    {"tenovi", "Bearer wrong", http.StatusUnauthorized},
		"a wrong password":                 {"tenovi", basic("tenovi", "wrong"), http.StatusUnauthorized},
		"another gateway's name":           {"tenovi", basic("withings", "right"), http.StatusUnauthorized},
		"a wrong secret in the address":    {"tenovi/wrong", "", http.StatusUnauthorized},
		"a gateway that nobody registered": {"nest", "Bearer right", http.StatusUnauthorized},
		"no gateway":                       {"", "Bearer right", http.StatusUnauthorized},
		"an id that is none":               {"../x", "Bearer right", http.StatusUnauthorized},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w, r, h := cloudWard()
			if answer := hook(h, story.path, story.authorization, good); answer.Code != story.want {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
			if published, quarantined := w.seen(); story.want != http.StatusOK && len(published)+len(quarantined)+len(r.touched) > 0 {
				t.Error("something of it was kept")
			}
		})
	}
}

func basic(user, password string) string {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.SetBasicAuth(user, password)
	return request.Header.Get("Authorization")
}

// endless is a body without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestABodyOfFiftyMegabytesIsRefusedUnread(t *testing.T) {
	for name, length := range map[string]int64{"which it says": 50 << 20, "which it does not say": -1} {
		t.Run(name, func(t *testing.T) {
			_, _, h := cloudWard()
			body := &endless{}
			request := httptest.NewRequest(http.MethodPost, ingest.WebhookPath+"tenovi/right", io.LimitReader(body, 50<<20))
			request.ContentLength = length
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, request)
			if got := told(t, answer); answer.Code != http.StatusRequestEntityTooLarge || got.Reason != "the body is larger than 8388608 bytes" {
				t.Errorf("%d %+v", answer.Code, got)
			}
			if body.read > 17<<20 || length > 0 && body.read > 0 {
				t.Errorf("%d bytes were read", body.read)
			}
		})
	}
}

func TestMoreValuesThanOneBodyMayHoldAreTakenInParts(t *testing.T) {
	w, _, h := cloudWard()
	answer := hook(h, "tenovi", "Bearer right", "["+strings.Repeat(measured("pulse", "monitor", "72", noon)+",", 10_000)+measured("pulse", "monitor", "72", noon)+"]")
	got := told(t, answer)
	if answer.Code != http.StatusRequestEntityTooLarge || !strings.HasPrefix(got.Reason, "10001 parts are more than 10000, send them in several payloads") {
		t.Errorf("%d %+v", answer.Code, got)
	}
	if published, refused := w.seen(); len(published)+len(refused) > 0 {
		t.Errorf("%d taken, %d kept aside", len(published), len(refused))
	}
}

func TestAWebhookIsToldToTryAgain(t *testing.T) {
	good := measured("pulse", "monitor", "72", noon)
	for name, breaks := range map[string]func(*ward, *registry){
		"nobody can look up who it is": func(_ *ward, r *registry) { r.down = true },
		"the journal takes nothing":    func(w *ward, _ *registry) { w.journalDown = true },
		"the database does not answer": func(w *ward, _ *registry) { w.storeDown = true },
	} {
		t.Run(name, func(t *testing.T) {
			w, r, h := cloudWard()
			breaks(w, r)
			answer := hook(h, "tenovi", "Bearer right", good)
			if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
				t.Errorf("%d %v", answer.Code, answer.Header())
			}
			if strings.Contains(answer.Body.String(), "down") {
				t.Errorf("the sender hears what is none of its business: %s", answer.Body)
			}
		})
	}
}

func TestANotificationIsAHintToFetch(t *testing.T) {
	w, r, h := cloudWard()
	looked := httptest.NewRecorder()
	h.ServeHTTP(looked, httptest.NewRequest(http.MethodHead, ingest.WebhookPath+"withings/right", nil))
	if looked.Code != http.StatusOK {
		t.Errorf("a look at the address: %d", looked.Code)
	}
	if a := hook(h, "withings/right", "", "userid=12345&appli=1&startdate=1530576000&enddate=1530698753"); a.Code != http.StatusOK {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := hook(h, "withings/right", "", "hello=1"); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	// Google looks twice: once as itself and once as a stranger.
	const look = `{"type":"verification"}`
	if known, stranger := hook(h, "google-health", "right", look), hook(h, "google-health", "", look); known.Code != http.StatusCreated || stranger.Code != http.StatusUnauthorized {
		t.Errorf("%d and %d", known.Code, stranger.Code)
	}
	if len(r.notified) != 1 || r.notified[0].Account != "12345" {
		t.Errorf("notified of %+v", r.notified)
	}
	if published, _ := w.seen(); len(published) > 0 {
		t.Error("a hint was charted")
	}
}
