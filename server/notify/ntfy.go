package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"vigil/alerts"
)

// Ntfy publishes notices to people's topics at an ntfy server (docs.ntfy.sh/publish, "publish as JSON").
type Ntfy struct {
	URL   string
	Token string // empty: none
	Click string // where Vigil is; empty: not known
	HTTP  *http.Client
}

// published is one message. Priorities are ntfy's: 5 rings through "do not disturb", 3 is that of any message.
type published struct {
	Topic    string `json:"topic"`
	Message  string `json:"message"`
	Priority int    `json:"priority"`
	Click    string `json:"click,omitempty"`
}

// Send publishes the notice.
func (y Ntfy) Send(ctx context.Context, n alerts.Notice) error {
	priority := map[alerts.Priority]int{alerts.High: 5, alerts.Medium: 4}[n.Priority]
	body, err := json.Marshal(published{Topic: n.Contact.Address, Message: n.Text, Priority: max(priority, 3), Click: link(y.Click, n)})
	if err != nil {
		return fmt.Errorf("encode a message for ntfy: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, y.URL, bytes.NewReader(body))
	if err != nil {
		return hidden("make a message for ntfy", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if y.Token != "" {
		r.Header.Set("Authorization", "Bearer "+y.Token)
	}
	return send(y.HTTP, r)
}
