package clouds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"vigil/vitals"
)

// withings: OAuth 2 with answers in an envelope of its own, measures by the time at which the cloud got to
// know them, ECGs by the time at which they were recorded (developer.withings.com, read 2026-11).
type withings struct{ *Fetcher }

type withingsAnswer[B any] struct {
	Status int `json:"status"`
	Body   B   `json:"body"`
}

// ask posts to an action and reads the body of a good answer. The whole answer is returned, too.
func askWithings[B any](ctx context.Context, w withings, path string, form url.Values, bearer string) (body B, whole []byte, err error) {
	whole, err = w.post(ctx, w.Withings+path, form, bearer)
	if err != nil {
		return body, nil, err
	}
	var answer withingsAnswer[B]
	if err := json.Unmarshal(whole, &answer); err != nil {
		return body, nil, fmt.Errorf("read Withings' answer: %w", err)
	}
	if answer.Status != 0 {
		return body, nil, fmt.Errorf("%s: Withings answers with status %d", form.Get("action"), answer.Status)
	}
	return answer.Body, whole, nil
}

func (w withings) refresh(ctx context.Context, g vitals.Gateway, a vitals.Account) (vitals.Account, error) {
	type tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Seconds int64  `json:"expires_in"`
	}
	t, _, err := askWithings[tokens](ctx, w, "/v2/oauth2", url.Values{
		"action": {"requesttoken"}, "grant_type": {"refresh_token"},
		"client_id": {g.Client}, "client_secret": {g.Secret}, "refresh_token": {a.Refresh},
	}, "")
	if err != nil {
		return a, err
	}
	a.Access, a.Refresh, a.Expires = t.Access, t.Refresh, expiry(w.Now(), t.Seconds)
	return a, nil
}

// expiry is when a token ends.
func expiry(now time.Time, seconds int64) time.Time {
	return now.Add(time.Duration(min(max(seconds, 0), 1<<30)) * time.Second).UTC().Truncate(time.Microsecond)
}

func (w withings) pages(ctx context.Context, a vitals.Account, at walk, take func([]byte) error) (walk, error) {
	type measures struct {
		Updated int64 `json:"updatetime"`
		More    int   `json:"more"`
		Offset  int64 `json:"offset"`
	}
	for range maxPages {
		form := url.Values{"action": {"getmeas"}, "lastupdate": {unix(at.since)}}
		if at.page != "" {
			form.Set("offset", at.page)
		}
		m, whole, err := askWithings[measures](ctx, w, "/measure", form, a.Access)
		if err != nil {
			return at, err
		}
		if err := take(whole); err != nil {
			return at, err
		}
		at.until, at.page = time.Unix(m.Updated, 0).UTC(), strconv.FormatInt(m.Offset, 10)
		if at.done = m.More == 0; at.done {
			return at, w.ecgs(ctx, a, take)
		}
	}
	return at, nil
}

func unix(t time.Time) string { return strconv.FormatInt(max(t.Unix(), 0), 10) }

// ecgs hands over the recordings of the last day and what came since.
func (w withings) ecgs(ctx context.Context, a vitals.Account, take func([]byte) error) error {
	type list struct {
		Series []struct {
			Timestamp int64 `json:"timestamp"`
			ECG       struct {
				Signal int64 `json:"signalid"`
			} `json:"ecg"`
		} `json:"series"`
	}
	recordings, _, err := askWithings[list](ctx, w, "/v2/heart",
		url.Values{"action": {"list"}, "startdate": {unix(a.Fetched.Add(-overlap))}, "enddate": {unix(w.Now())}}, a.Access)
	if err != nil {
		return err
	}
	var faults error // one that cannot be had costs no other
	for _, recording := range recordings.Series {
		if recording.ECG.Signal == 0 || ctx.Err() != nil {
			continue
		}
		faults = errors.Join(faults, w.recording(ctx, a, recording.Timestamp, recording.ECG.Signal, take))
	}
	return faults
}

// recording hands over one ECG.
func (w withings) recording(ctx context.Context, a vitals.Account, at, id int64, take func([]byte) error) error {
	signal, _, err := askWithings[map[string]json.RawMessage](ctx, w, "/v2/heart",
		url.Values{"action": {"get"}, "signalid": {strconv.FormatInt(id, 10)}}, a.Access)
	if err != nil {
		return err
	}
	if signal == nil { // nothing is in the answer, and nothing will be: it is kept aside as an ECG without samples
		signal = map[string]json.RawMessage{}
	}
	signal["timestamp"] = json.RawMessage(strconv.FormatInt(at, 10))
	part, err := json.Marshal(signal)
	if err != nil {
		return fmt.Errorf("put an ECG together: %w", err)
	}
	return take(part)
}
