package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/alerts"
	"vigil/server/api"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Nouns that the tests share: anna and ben are patients of cardio, carl of another unit.
const (
	anna  = vitals.PatientID("01JNM8Q0000000000000000001")
	ben   = vitals.PatientID("01JNM8Q0000000000000000002")
	carl  = vitals.PatientID("01JNM8Q0000000000000000003")
	strap = vitals.DeviceID("a09e1a000001")
	cuff  = vitals.DeviceID("a09e1a000002")
	patch = vitals.DeviceID("a09e1a000003") // carl's
)

var morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// people are who may sign in; the token is the login.
var people = map[string]vitals.Staff{
	"nurse":      {ID: "s-nurse", Login: "nurse", Name: "K. Lee", Role: vitals.Nurse, Units: []vitals.UnitID{"cardio"}},
	"charge":     {ID: "s-charge", Login: "charge", Name: "C. Harge", Role: vitals.Charge, Units: []vitals.UnitID{"cardio"}},
	"viewer":     {ID: "s-viewer", Login: "viewer", Name: "V. Iewer", Role: vitals.Viewer, Units: []vitals.UnitID{"cardio"}},
	"technician": {ID: "s-tech", Login: "technician", Name: "T. Ech", Role: vitals.Technician, Units: []vitals.UnitID{"cardio"}},
	"admin":      {ID: "s-admin", Login: "admin", Name: "A. Dmin", Role: vitals.Admin},
	"elsewhere":  {ID: "s-else", Login: "elsewhere", Name: "E. Lse", Role: vitals.Nurse, Units: []vitals.UnitID{"neuro"}},
}

// desk is a front desk without passwords' cost: the password of everybody is "secret".
type desk struct {
	store    *store.Store
	mu       sync.Mutex
	enrolled []vitals.Staff
	out      map[string]bool
	away     error // the database is away
}

func (d *desk) Login(_ context.Context, user, password string, _ time.Time) (string, vitals.Staff, error) {
	if user == "locked" {
		return "", vitals.Staff{}, api.TooManyRequests("too many failed sign-ins", 90*time.Second)
	}
	who, known := people[user]
	if !known || password != "secret" {
		return "", vitals.Staff{}, vitals.ErrNotFound
	}
	return user, who, nil
}

func (d *desk) Session(_ context.Context, token string, _ time.Time) (vitals.Staff, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	who, known := people[token]
	if d.away != nil {
		return vitals.Staff{}, d.away
	}
	if !known || d.out[token] {
		return vitals.Staff{}, vitals.ErrNotFound
	}
	return who, nil
}

func (d *desk) Logout(_ context.Context, token string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out = map[string]bool{token: true}
	return nil
}

func (d *desk) Enrol(_ context.Context, p vitals.Staff, password string) (vitals.Staff, error) {
	if len(password) < 12 {
		return p, errors.Join(api.ErrInvalid, errors.New("a password has at least 12 characters"))
	}
	p.ID = "s-new"
	d.enrolled = append(d.enrolled, p)
	return p, nil
}

// Change writes to the store, as the real desk does.
func (d *desk) Change(ctx context.Context, p vitals.Staff, password string) error {
	if password != "" && len(password) < 12 {
		return errors.Join(api.ErrInvalid, errors.New("a password has at least 12 characters"))
	}
	return d.store.ReplaceStaff(ctx, p, password)
}

func (d *desk) NewHubSecret() (string, []byte) {
	hash := sha256.Sum256([]byte("hub secret"))
	return "hub secret", hash[:]
}

// decider answers commands.
type decider func(vitals.PatientID, alerts.Command) (alerts.Answer, error)

func (d decider) Command(_ context.Context, p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
	return d(p, c)
}

// ward is the API over a real store with three patients.
type ward struct {
	*testing.T
	store   *store.Store
	desk    *desk
	handler http.Handler
	log     *bytes.Buffer
	changes int
}

// newWard builds the API; options are changed by with before.
func newWard(t *testing.T, with func(*api.Options)) *ward {
	t.Helper()
	records := storetest.SQLite(t)
	w := &ward{T: t, store: records, desk: &desk{store: records}, log: &bytes.Buffer{}}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.store.SaveUnit(ctx, vitals.Unit{ID: "cardio", Name: "Cardiology", Zone: "Europe/Vienna"}))
	must(w.store.SaveUnit(ctx, vitals.Unit{ID: "neuro", Name: "Neurology", Zone: "Europe/Vienna"}))
	for _, p := range []vitals.Patient{
		{ID: anna, Unit: "cardio", MRN: "1", Family: "Abel", Given: "Anna", Sex: vitals.Female, Bed: "1", Test: true, Admitted: morning},
		{ID: ben, Unit: "cardio", MRN: "2", Family: "Beck", Given: "Ben", Sex: vitals.Male, Bed: "2", Admitted: morning},
		{ID: carl, Unit: "neuro", MRN: "3", Family: "Cole", Given: "Carl", Sex: vitals.Male, Bed: "1", Admitted: morning},
	} {
		must(w.store.Admit(ctx, p))
	}
	for device, patient := range map[vitals.DeviceID]vitals.PatientID{strap: anna, cuff: anna, patch: carl} {
		must(w.store.SaveDevice(ctx, vitals.Device{ID: device, Manufacturer: "Maker", Model: "M1", Serial: "7"}))
		must(w.store.Bind(ctx, vitals.Binding{Device: device, Patient: patient, From: morning}))
	}
	o := api.Options{
		Records: w.store, Fleet: w.store, Identity: w.desk, Started: morning, Version: "1.2.3",
		Now:     func() time.Time { return morning.Add(time.Hour) },
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
		Changed: func(context.Context) { w.changes++ },
		Alarms: decider(func(vitals.PatientID, alerts.Command) (alerts.Answer, error) {
			t.Error("nobody should have been asked")
			return alerts.Answer{}, nil
		}),
	}
	if with != nil {
		with(&o)
	}
	w.handler = api.New(o)
	return w
}

// answer is what came back, decoded where it is JSON.
type answer struct {
	*httptest.ResponseRecorder
	json map[string]any
}

// send makes a request as somebody; nobody for "". A body that is not a string is sent as JSON.
func (w *ward) send(who, method, path string, body any, headers ...string) answer {
	w.Helper()
	var content io.Reader
	var contentType string
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			w.Fatal(err)
		}
		content, contentType = bytes.NewReader(text), "application/json"
	}
	r := httptest.NewRequestWithContext(w.Context(), method, "http://vigil.test"+path, content)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if who != "" {
		r.AddCookie(&http.Cookie{Name: "vigil_session", Value: who})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	w.handler.ServeHTTP(a, r)
	if strings.Contains(a.Header().Get("Content-Type"), "json") {
		decoder := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
		decoder.UseNumber()
		if err := decoder.Decode(&a.json); err != nil {
			w.Fatalf("%s %s: not JSON: %v\n%s", method, path, err, a.Body)
		}
	}
	return a
}

func (w *ward) get(who, path string) answer {
	w.Helper()
	return w.send(who, http.MethodGet, path, nil)
}

// expect fails unless the answer has the status.
func (a answer) expect(t *testing.T, status int) answer {
	t.Helper()
	if a.Code != status {
		t.Errorf("status %d, want %d: %.300s", a.Code, status, a.Body)
	}
	return a
}

// at walks into the decoded answer: names and indices.
func (a answer) at(path ...any) any {
	var v any = a.json
	for _, step := range path {
		switch s := step.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

func (a answer) list(path ...any) []any {
	list, _ := a.at(path...).([]any)
	return list
}

type fields = map[string]any

// change is a copy of the fields with one replaced.
func change(f fields, name string, value any) fields {
	f = maps.Clone(f)
	f[name] = value
	return f
}

// raise writes alarms as they are.
func (w *ward) raise(all ...alerts.Alarm) {
	w.Helper()
	var raised []alerts.Transition
	for _, a := range all {
		raised = append(raised, alerts.Transition{Change: alerts.Raised, Alarm: a, At: a.Changed})
	}
	if err := w.store.Commit(w.Context(), func(tx *store.Tx) error { return tx.SaveTransitions(raised) }); err != nil {
		w.Fatal(err)
	}
}

// chart writes readings.
func (w *ward) chart(readings ...vitals.Charted) {
	w.Helper()
	if err := w.store.Commit(w.Context(), func(tx *store.Tx) error { return tx.SaveReadings(readings) }); err != nil {
		w.Fatal(err)
	}
}

// alarm is an asystole of a patient, raised a while after morning.
func alarm(p vitals.PatientID, after time.Duration) alerts.Alarm {
	onset := morning.Add(after)
	return alerts.Alarm{
		ID: alerts.NewAlarmID(p, alerts.Asystole, "", onset), Patient: p, Condition: alerts.Asystole, Priority: alerts.High,
		State: alerts.ActiveUnack, Truth: alerts.True, Version: 1, Onset: onset, Evidence: onset,
		Raised: onset.Add(time.Second), Changed: onset.Add(time.Second), Count: 1, Detail: "no beat for 4 s",
	}
}
