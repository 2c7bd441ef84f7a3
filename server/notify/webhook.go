package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"vigil/alerts"
)

// Webhook posts notices to the house's paging system, signed as Standard Webhooks 1.0 has it
// (standardwebhooks.com): HMAC-SHA256 over id, time and body, so that nobody else can call people, and an old
// call cannot be played again.
type Webhook struct {
	Secret []byte
	HTTP   *http.Client
	Now    func() time.Time
}

// pageOut is what is posted. It names whom to call, and no patient.
type pageOut struct {
	ID       string         `json:"id"` // the same in every attempt
	Alarm    alerts.AlarmID `json:"alarm"`
	Step     int            `json:"step"` // -1 for an alarm that is handed over
	Priority string         `json:"priority"`
	Staff    string         `json:"staff"`
	Text     string         `json:"text"`
	Made     time.Time      `json:"made"`
}

// Send posts the notice. Any answer but 2xx is a failure; redirects are not followed.
func (w Webhook) Send(ctx context.Context, n alerts.Notice) error {
	body, err := json.Marshal(pageOut{
		ID: n.ID(), Alarm: n.Step.Alarm, Step: n.Step.Step, Priority: n.Priority.String(), Staff: string(n.Contact.Staff),
		Text: n.Text, Made: n.Made,
	})
	if err != nil {
		return fmt.Errorf("encode a page: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.Contact.Address, bytes.NewReader(body))
	if err != nil {
		return hidden("make a page", err)
	}
	at := strconv.FormatInt(w.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", n.ID())
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", Sign(w.Secret, n.ID(), at, body))
	return send(w.HTTP, r)
}

// Sign is the signature of a body, as the receiver works it out, too.
func Sign(secret []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%s.%s.", id, at) // a hash never fails
	_, _ = mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
