package clouds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"vigil/devices/gateway"
	"vigil/vitals"
)

// google: OAuth 2, and data points of one type by the time of the sample
// (developers.google.com/health, users.dataTypes.dataPoints.list, read 2026-11).
type google struct{ *Fetcher }

const googleHealth = "google-health" // kind of gateway

func (c google) refresh(ctx context.Context, g vitals.Gateway, a vitals.Account) (vitals.Account, error) {
	answer, err := c.post(ctx, c.GoogleTokens, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {g.Client}, "client_secret": {g.Secret}, "refresh_token": {a.Refresh},
	}, "")
	if err != nil {
		return a, err
	}
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"` // only where it changes
		Seconds int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(answer, &tokens); err != nil {
		return a, fmt.Errorf("read Google's tokens: %w", err)
	}
	a.Access, a.Expires = tokens.Access, expiry(c.Now(), tokens.Seconds)
	if tokens.Refresh != "" {
		a.Refresh = tokens.Refresh
	}
	return a, nil
}

// googleKinds are asked for one after another.
var googleKinds = []string{gateway.GoogleHeartRate, gateway.GoogleWeight, gateway.GoogleBodyFat}

func (c google) pages(ctx context.Context, a vitals.Account, w walk, take func([]byte) error) (walk, error) {
	if w.until.IsZero() {
		w.until = c.Now().UTC().Truncate(time.Second)
	}
	var faults error // a kind that the patient did not consent to costs no other
	for range maxPages {
		if err := c.page(ctx, a, &w, take); err != nil {
			faults = errors.Join(faults, err)
			w.next()
		}
		if w.done || ctx.Err() != nil {
			break
		}
	}
	return w, faults
}

// next goes on with the next kind.
func (w *walk) next() {
	w.kind, w.page = w.kind+1, ""
	w.done = w.kind == len(googleKinds)
}

// page takes one page, and leads to the next.
func (c google) page(ctx context.Context, a vitals.Account, w *walk, take func([]byte) error) error {
	kind := googleKinds[w.kind]
	since := w.since.Add(-overlap).UTC().Format(time.RFC3339)
	query := url.Values{
		"filter":   {fmt.Sprintf(`%s.sample_time.physical_time >= "%s"`, strings.ReplaceAll(kind, "-", "_"), since)},
		"pageSize": {"1000"},
	}
	if w.page != "" {
		query.Set("pageToken", w.page)
	}
	answer, err := c.get(ctx, c.Google+"/v4/users/me/dataTypes/"+kind+"/dataPoints?"+query.Encode(), a.Access)
	if err != nil {
		return err
	}
	var page struct {
		Next string `json:"nextPageToken"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return fmt.Errorf("read Google's answer: %w", err)
	}
	if err := take(answer); err != nil {
		return err
	}
	if w.page = page.Next; w.page == "" {
		w.next()
	}
	return nil
}
