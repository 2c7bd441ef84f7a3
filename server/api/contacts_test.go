package api_test

import (
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
