package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"vigil/alerts"
	"vigil/server/api"
)

func TestHowPeopleWantToBeCalled(t *testing.T) {
	t.Parallel()
	w := staffed(t, func(o *api.Options) {
		o.Reach = api.Reach{Channels: []alerts.Channel{alerts.Mail, alerts.Ntfy}, PushKey: "the public key"}
	})
	const path = "/api/v1/me/contacts"
	mail := fields{"channel": "mail", "address": "lee@example.org"}
	added := w.send("nurse", http.MethodPost, path, mail).expect(t, 201)
	again := w.send("nurse", http.MethodPost, path, mail).expect(t, 201)
	if added.at("id") != again.at("id") {
		t.Error("whoever says it twice is called twice")
	}
	w.send("nurse", http.MethodPost, path, fields{"channel": "mail", "address": "lee"}).expect(t, 422)
	w.send("nurse", http.MethodPost, path, fields{"channel": "push", "address": "https://push.example.org/x"}).expect(t, 422) // not set up
	w.send("nurse", http.MethodPost, path, fields{"channel": "webhook", "address": "https://in.the.house/"}).expect(t, 422)
	for i := range 9 {
		w.send("nurse", http.MethodPost, path, fields{"channel": "ntfy", "address": fmt.Sprint("topic-", i)}).expect(t, 201)
	}
	w.send("nurse", http.MethodPost, path, fields{"channel": "ntfy", "address": "one-too-many"}).expect(t, 409)

	mine := w.get("nurse", path).expect(t, 200)
	if len(mine.list("contacts")) != 10 || len(mine.list("channels")) != 2 || mine.at("push_key") != "the public key" {
		t.Errorf("%s", mine.Body)
	}
	if others := w.get("charge", path).expect(t, 200); len(others.list("contacts")) != 0 {
		t.Errorf("contacts of somebody else: %s", others.Body)
	}
	one := path + "/" + fmt.Sprint(added.at("id"))
	w.send("charge", http.MethodDelete, one, nil).expect(t, 404)
	w.send("nurse", http.MethodDelete, one, nil).expect(t, 204)
	w.send("nurse", http.MethodDelete, one, nil).expect(t, 404)
}

// TestWhetherAContactCanBeReached: the first test arrives, then the push service is away, then the browser has ended
// its subscription.
func TestWhetherAContactCanBeReached(t *testing.T) {
	t.Parallel()
	answers := []error{nil, errors.New("answer is 503 Service Unavailable"), fmt.Errorf("push: %w", alerts.ErrGone)}
	var tried []string
	w := staffed(t, func(o *api.Options) {
		o.Reach = api.Reach{Channels: []alerts.Channel{alerts.Ntfy}, Try: func(_ context.Context, c alerts.Contact) error {
			tried = append(tried, string(c.Staff)+" "+c.Address)
			return answers[len(tried)-1]
		}}
	})
	const path = "/api/v1/me/contacts"
	added := w.send("nurse", http.MethodPost, path, fields{"channel": "ntfy", "address": "lees-topic"}).expect(t, 201)
	test := path + "/" + fmt.Sprint(added.at("id")) + "/test"
	w.send("charge", http.MethodPost, test, nil).expect(t, 404) // not hers
	w.send("nurse", http.MethodPost, test, nil).expect(t, 204)
	w.send("nurse", http.MethodPost, test, nil).expect(t, 502)
	w.send("nurse", http.MethodPost, test, nil).expect(t, 409)
	w.send("nurse", http.MethodPost, test, nil).expect(t, 404) // forgotten
	if mine := w.get("nurse", path).expect(t, 200); len(mine.list("contacts")) != 0 {
		t.Errorf("%s", mine.Body)
	}
	again := w.send("nurse", http.MethodPost, path, fields{"channel": "ntfy", "address": "lees-topic"}).expect(t, 201)
	w.send("nurse", http.MethodPost, path+"/"+fmt.Sprint(again.at("id"))+"/test", nil).expect(t, 429)
	if len(tried) != 3 || tried[0] != "s-nurse lees-topic" {
		t.Errorf("%v", tried)
	}
}
