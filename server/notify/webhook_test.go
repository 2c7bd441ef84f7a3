package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/notify"
)

// aNotice calls nora because of an alarm.
func aNotice(address string, channel alerts.Channel) alerts.Notice {
	return alerts.Notice{
		Step: alerts.StepID{Alarm: "alarm", Epoch: 1}, Patient: patient, Priority: alerts.High, Text: "HIGH alarm, Cardiology. Open Vigil.",
		Contact: alerts.Contact{ID: "house/nora", Staff: "nora", Channel: channel, Address: address}, Made: time.Unix(1_800_000_000, 0).UTC(),
	}
}

// listener keeps the last request, and answers with a status.
type listener struct {
	*httptest.Server

	status int
	header http.Header
	path   string
	body   []byte
}

func listen(t *testing.T, status int) *listener {
	t.Helper()
	l := &listener{status: status}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.header, l.path = r.Header, r.URL.Path
		l.body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "https://elsewhere.test/")
		w.WriteHeader(l.status)
	}))
	t.Cleanup(l.Close)
	return l
}

// client is one whose connections end with the test.
func client(t *testing.T) *http.Client {
	t.Helper()
	c := notify.HTTPClient()
	c.Transport = &http.Transport{}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestAPageIsSignedAndNamesNoPatient(t *testing.T) {
	l := listen(t, http.StatusOK)
	at := time.Unix(1_800_000_001, 0)
	hook := notify.Webhook{Secret: []byte("of the house"), HTTP: client(t), Now: func() time.Time { return at }}
	n := aNotice(l.URL+"/page", alerts.Webhook)
	if err := hook.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	// Worked out here from the published scheme, not by the code under test.
	mac := hmac.New(sha256.New, []byte("of the house"))
	mac.Write([]byte(n.ID() + ".1800000001." + string(l.body)))
	if got, want := l.header.Get("Webhook-Signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	var page map[string]any
	if err := json.Unmarshal(l.body, &page); err != nil {
		t.Fatal(err)
	}
	if page["id"] != n.ID() || l.header.Get("Webhook-Id") != n.ID() || page["staff"] != "nora" || page["priority"] != "high" {
		t.Errorf("%s", l.body)
	}
	if strings.Contains(string(l.body), string(patient)) {
		t.Errorf("%s names the patient", l.body)
	}
}

func TestAnAnswerThatIsNoYesIsSentAgain(t *testing.T) {
	for name, status := range map[string]int{"refused": 403, "moved": 302, "overloaded": 503, "gone": 410} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, status)
			err := notify.Webhook{HTTP: client(t), Now: time.Now}.Send(t.Context(), aNotice(l.URL, alerts.Webhook))
			if err == nil || errors.Is(err, alerts.ErrGone) {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), l.URL) {
				t.Errorf("%v tells the address", err)
			}
		})
	}
	l := listen(t, http.StatusOK)
	l.Close()
	err := notify.Webhook{HTTP: client(t), Now: time.Now}.Send(t.Context(), aNotice(l.URL+"/secret", alerts.Webhook))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v tells the address", err)
	}
}
