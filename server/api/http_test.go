package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vigil/server/api"
	"vigil/vitals"
)

// plain is a foreign handler that only writes.
func plain(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
}

func mounted(o *api.Options) {
	o.Dashboard, o.Socket, o.Metrics = plain("dashboard"), plain("socket"), plain("metrics")
	o.IngestHTTP, o.IngestSocket = plain("batches"), plain("hub socket")
}

func TestEveryAddressHasItsOwner(t *testing.T) {
	t.Parallel()
	w := newWard(t, mounted)
	const problem, outcome = "application/problem+json", "application/fhir+json; charset=utf-8"
	for _, row := range []struct {
		method, path string
		status       int
		text         string // what it says, or its content type
	}{
		{http.MethodGet, "/", http.StatusOK, "dashboard"},
		{http.MethodGet, "/patients/7", http.StatusOK, "dashboard"},
		{http.MethodGet, "/assets/app.js", http.StatusOK, "dashboard"},
		{http.MethodGet, "/apiary", http.StatusOK, "dashboard"},
		{http.MethodGet, "/ws/v1", http.StatusOK, "socket"},
		{http.MethodPost, "/ingest/v1/batches", http.StatusOK, "batches"},
		{http.MethodGet, "/ingest/v1/socket", http.StatusOK, "hub socket"},
		{http.MethodGet, "/metrics", http.StatusOK, "metrics"},
		{http.MethodGet, "/api/v1/openapi.json", http.StatusOK, "application/openapi+json"},
		{http.MethodGet, "/api/v1/nothing", http.StatusNotFound, problem},
		{http.MethodGet, "/api", http.StatusNotFound, problem},
		{http.MethodPut, "/api/v1/patients", http.StatusMethodNotAllowed, problem},
		{http.MethodGet, "/ingest/v1/batches", http.StatusMethodNotAllowed, problem},
		{http.MethodGet, "/fhir/r4/Medication", http.StatusNotFound, outcome},
		{http.MethodPost, "/fhir/r4/Patient", http.StatusMethodNotAllowed, outcome},
		{http.MethodDelete, "/fhir/r4/Patient/x", http.StatusMethodNotAllowed, outcome},
		{http.MethodGet, "/.well-known/nothing", http.StatusNotFound, problem},
	} {
		a := w.send("nurse", row.method, row.path, nil)
		if a.Code != row.status || (a.Body.String() != row.text && a.Header().Get("Content-Type") != row.text) {
			t.Errorf("%s %s: %d %s %.100s", row.method, row.path, a.Code, a.Header().Get("Content-Type"), a.Body)
		}
		if a.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s may be sniffed", row.method, row.path)
		}
	}
}

func TestWithoutADashboardThereIsNothing(t *testing.T) {
	t.Parallel()
	newWard(t, nil).get("nurse", "/").expect(t, http.StatusNotFound)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWard(t, mounted)
	for _, path := range []string{"/", "/api/v1/me", "/fhir/r4/metadata", "/healthz"} {
		h := w.get("nurse", path).Header()
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
		if stored := h.Get("Cache-Control") != "no-store"; stored != (path == "/") {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS without TLS", path)
		}
	}
}

// TestPagesOfOthersCannotUseOurCookie: what another site's page makes a browser send is refused,
// before anything happens; hubs and programs, which send no Origin, are not.
func TestPagesOfOthersCannotUseOurCookie(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(o *api.Options) { mounted(o); leaving(t)(o); o.PublicURL = "https://vigil.example/" })
	discharge := "/api/v1/patients/" + string(ben) + "/discharge"
	for _, row := range []struct {
		story   string
		path    string
		headers []string
		want    int
	}{
		{"another site", discharge, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"a neighbour under the same domain", discharge, []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"another origin in an old browser", discharge, []string{"Origin", "https://evil.test"}, http.StatusForbidden},
		{"a sandboxed page", discharge, []string{"Origin", "null"}, http.StatusForbidden},
		{"a FHIR search by form", "/fhir/r4/Patient/_search", []string{"Origin", "https://evil.test"}, http.StatusForbidden},
		{"our own page", discharge, []string{"Sec-Fetch-Site", "same-origin"}, http.StatusNoContent},
		{"our own page behind a proxy", discharge, []string{"Origin", "https://vigil.example"}, http.StatusNoContent},
		{"a program", discharge, nil, http.StatusNoContent},
		{"a hub", "/ingest/v1/batches", nil, http.StatusOK},
	} {
		t.Run(row.story, func(t *testing.T) {
			w.send("charge", http.MethodPost, row.path, nil, row.headers...).expect(t, row.want)
		})
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	huge := strings.Repeat("a", 2<<20)
	w.send("nurse", http.MethodPost, "/api/v1/patients", fields{"family": huge}).expect(t, http.StatusRequestEntityTooLarge)
	w.send("nurse", http.MethodPost, "/fhir/r4/Patient/_search", "name="+huge,
		"Content-Type", "application/x-www-form-urlencoded").expect(t, http.StatusRequestEntityTooLarge)
}

// broken is a record that panics, or fails with something that must not be shown.
type broken struct {
	api.Records
	fault error
}

func (b broken) Patients(context.Context, vitals.Scope, vitals.UnitID) ([]vitals.Patient, error) {
	if b.fault == nil {
		panic("index of Anna Abel out of range")
	}
	return nil, b.fault
}

func TestFaultsOfOursAreNotShown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		story string
		fault error
		want  int
	}{
		{"a panic", nil, http.StatusInternalServerError},
		{"an unknown error", errors.New("column of Anna Abel"), http.StatusInternalServerError},
		{"the database takes too long", context.DeadlineExceeded, http.StatusServiceUnavailable},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, func(o *api.Options) { o.Records = broken{o.Records, row.fault} })
			for path, contentType := range map[string]string{
				"/api/v1/patients": "application/problem+json", "/fhir/r4/Patient": "application/fhir+json; charset=utf-8",
			} {
				a := w.send("nurse", http.MethodGet, path, nil, "X-Request-Id", "r-17").expect(t, row.want)
				if a.Header().Get("Content-Type") != contentType || strings.Contains(a.Body.String(), "Abel") {
					t.Errorf("%s: %s", path, a.Body)
				}
				if (row.want == http.StatusServiceUnavailable) != (a.Header().Get("Retry-After") != "") {
					t.Errorf("%s: Retry-After %q", path, a.Header().Get("Retry-After"))
				}
				if row.want == http.StatusInternalServerError && !strings.Contains(w.log.String(), "request_id=r-17") {
					t.Errorf("nothing in the log: %s", w.log)
				}
			}
		})
	}
}

func TestTheDatabaseBeingAwayIsNotBeingSignedOut(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.desk.away = context.DeadlineExceeded
	w.get("nurse", "/api/v1/me").expect(t, http.StatusServiceUnavailable)
	w.get("nurse", "/fhir/r4/Patient").expect(t, http.StatusServiceUnavailable)
}

// TestTheLogKnowsNoPatient: one line per request, with the route and without ids, names or queries.
func TestTheLogKnowsNoPatient(t *testing.T) {
	t.Parallel()
	w := newWard(t, mounted)
	w.get("nurse", "/fhir/r4/Patient/"+string(anna))
	w.get("nurse", "/fhir/r4/Observation?patient="+string(anna))
	w.get("nurse", "/patients/"+string(anna))
	w.send("nurse", "AB\nC"[:2]+string(anna), "/", nil)
	w.send("nurse", http.MethodPost, "/api/v1/login", fields{"user": "Anna Abel", "password": "hunter2"}, "X-Request-Id", "a b\nlevel=ERROR")
	log := w.log.String()
	if n := strings.Count(log, "msg=request "); n != 5 {
		t.Errorf("%d lines:\n%s", n, log)
	}
	for _, secret := range []string{string(anna), "Abel", "hunter2", "level=ERROR"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	for _, want := range []string{"route=/fhir/r4/Patient/:id", "route=other", "route=/api/v1/login", "status=401", "duration_ms=0"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log:\n%s", want, log)
		}
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var fault error
	w := newWard(t, func(o *api.Options) {
		o.Ready = []api.Check{
			{Name: "database", Run: func(context.Context) error { return nil }},
			{Name: "journal", Run: func(context.Context) error { return fault }},
		}
	})
	if a := w.get("", "/readyz").expect(t, http.StatusOK); a.at("ready") != true || len(a.list("checks")) != 2 {
		t.Errorf("%s", a.Body)
	}
	fault = errors.New("no leader")
	a := w.get("", "/readyz").expect(t, http.StatusServiceUnavailable)
	if a.at("ready") != false || a.at("checks", 0, "ok") != true || a.at("checks", 1, "reason") != "no leader" {
		t.Errorf("%s", a.Body)
	}
	if w.get("", "/healthz").expect(t, http.StatusOK).at("status") != "alive" {
		t.Error("not alive")
	}
}

func TestSecurityText(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(o *api.Options) {
		o.SecurityContact = "mailto:security@vigil.example"
		o.PublicURL = "https://vigil.example"
	})
	a := w.get("", "/.well-known/security.txt").expect(t, http.StatusOK)
	lines := map[string]string{}
	for line := range strings.Lines(a.Body.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		lines[name] = value
	}
	expires, err := time.Parse(time.RFC3339, lines["Expires"])
	if now := morning.Add(time.Hour); err != nil || !expires.After(now.AddDate(0, 3, 0)) || !expires.Before(now.AddDate(1, 0, 0)) {
		t.Errorf("Expires %q: %v", lines["Expires"], err)
	}
	if lines["Contact"] != "mailto:security@vigil.example" || lines["Canonical"] != "https://vigil.example/.well-known/security.txt" ||
		a.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%s", a.Body)
	}
	newWard(t, nil).get("", "/.well-known/security.txt").expect(t, http.StatusNotFound)
}

func TestWhoseTokenARequestBrings(t *testing.T) {
	t.Parallel()
	for want, headers := range map[string]http.Header{
		"bearer": {"Authorization": {"Bearer bearer"}, "Cookie": {"vigil_session=cookie"}},
		"lower":  {"Authorization": {"bearer lower"}},
		"cookie": {"Cookie": {"vigil_session=cookie"}},
		"host":   {"Cookie": {"vigil_session=cookie; __Host-vigil_session=host"}},
		"":       {"Authorization": {"Basic aHVi"}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header = headers
		if got := api.TokenOf(r); got != want {
			t.Errorf("%v: %q", headers, got)
		}
	}
}

// slow is a record that tells how long it may take.
type slow struct {
	api.Records
	allowed chan time.Duration
}

func (s slow) Patients(ctx context.Context, _ vitals.Scope, _ vitals.UnitID) ([]vitals.Patient, error) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		deadline = time.Now().Add(time.Hour)
	}
	s.allowed <- time.Until(deadline)
	return nil, nil
}

func TestNoRequestMayTakeForEver(t *testing.T) {
	t.Parallel()
	allowed := make(chan time.Duration, 2)
	w := newWard(t, func(o *api.Options) { o.Records = slow{o.Records, allowed} })
	w.get("nurse", "/api/v1/patients").expect(t, http.StatusOK)
	w.get("nurse", "/fhir/r4/Patient").expect(t, http.StatusOK)
	for range 2 {
		if d := <-allowed; d > 30*time.Second {
			t.Errorf("%s were allowed", d)
		}
	}
}
