package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// TestWhatAWebhookWasToldIsStoredIsStored kills the server with -9 as soon as a webhook has its answer: a
// value, a call for help and a fall that the patient may still cancel.
func TestWhatAWebhookWasToldIsStoredIsStored(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute, for a fall")
	}
	t.Parallel()
	const button vitals.DeviceID = "a09e1a0000b1"
	s := newServer(t, "server")
	s.start()
	s.ready()
	admin := s.admin()
	patient := admin.admit("fallen", button)
	var registered struct{ Secret, Webhook string }
	admin.must(http.MethodPost, "/api/v1/gateways", map[string]any{"id": "alarm-1", "kind": "json", "name": "Buttons"}, &registered)

	now := time.Now().UTC().Truncate(time.Microsecond)
	body := fmt.Sprintf(`{"device":%q,"readings":[{"kind":"weight","value":70.50,"unit":"kg","time":%q},{"kind":"spo2","value":97,"unit":"%%","time":%q}],
		"events":[{"code":"sos","time":%q},{"code":"fall","time":%q}]}`, button, rfc(now), rfc(now), rfc(now), rfc(now))
	for range 2 { // a repeat changes nothing
		if status, answer := s.post(registered.Webhook, registered.Secret, body); status != http.StatusOK || answer.Stored != 1 {
			t.Fatalf("%d %+v", status, answer)
		}
	}
	s.kill()
	s.start()
	s.watching()
	admin = s.admin()
	if n := admin.observations(patient); n != 2 {
		t.Errorf("%d observations are stored, want 2", n)
	}
	sos, err := admin.only(patient, alerts.SOS)
	if err != nil || !sos.Onset.Equal(now) || sos.State != "active_unack" {
		t.Errorf("%+v, %v", sos, err)
	}
	eventually(t, time.Minute, "the fall is told after its 30 s", func() error {
		_, err := admin.only(patient, alerts.Fall)
		return err
	})
	if fall, err := admin.only(patient, alerts.Fall); err != nil || fall.Raised.Sub(now) < 30*time.Second {
		t.Errorf("%+v, %v", fall, err)
	}
	if status, _ := s.post(registered.Webhook, "wrong", body); status != http.StatusUnauthorized {
		t.Errorf("a stranger is answered %d", status)
	}
}

func rfc(t time.Time) string { return t.Format(time.RFC3339Nano) }

type webhookAnswer struct{ Stored int }

func (s *server) post(path, secret, body string) (int, webhookAnswer) {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://"+s.http+path, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var answer webhookAnswer
	_ = json.Unmarshal(text, &answer) // the status says enough
	return res.StatusCode, answer
}

// observations counts what FHIR gives of a patient.
func (c *client) observations(patient vitals.PatientID) int {
	c.server.t.Helper()
	var bundle struct{ Entry []json.RawMessage }
	c.must(http.MethodGet, "/fhir/r4/Observation?patient="+string(patient), nil, &bundle)
	return len(bundle.Entry)
}
