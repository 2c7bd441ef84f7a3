package ingest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vigil/server/ingest"
)

// TestWhatACloudSignedIsBelieved tells who is heard with a signature of the payload, whether the secret is there or not.
func TestWhatACloudSignedIsBelieved(t *testing.T) {
	const (
		news = `{"data":{"healthUserId":"A","dataType":"weight","operation":"UPSERT","intervals":[{"physicalTimeInterval":{"startTime":"2026-03-01T11:00:00Z","endTime":"2026-03-01T12:00:00Z"}}]}}`
		look = `{"type":"verification"}`
	)
	stories := map[string]struct {
		header, signature, secret, path, body string
		keysAway                              bool
		want                                  int
	}{
		"signed, and no secret":                       {signature: "signed " + news, want: http.StatusOK},
		"signed under the header's newer name":        {header: "GOOGLE-HEALTH-API-SIGNATURE", signature: "signed " + news, want: http.StatusOK},
		"signed, with the secret":                     {signature: "signed " + news, secret: "right", want: http.StatusOK},
		"the secret alone":                            {secret: "Bearer right", want: http.StatusOK},
		"neither":                                     {want: http.StatusUnauthorized},
		"a wrong signature":                           {signature: "signed something else", want: http.StatusUnauthorized},
		"a wrong signature beside the right secret":   {signature: "signed something else", secret: "right", want: http.StatusUnauthorized},
		"signed, for a gateway of another kind":       {path: "tenovi", signature: "signed " + news, want: http.StatusUnauthorized},
		"signed, for no gateway":                      {path: "../x", signature: "signed " + news, want: http.StatusUnauthorized},
		"no keys to judge by":                         {signature: "signed " + news, keysAway: true, want: http.StatusServiceUnavailable},
		"no keys to judge by, but the secret":         {signature: "signed " + news, secret: "right", keysAway: true, want: http.StatusOK},
		"a look at the address by a stranger, signed": {body: look, signature: "signed " + look, want: http.StatusUnauthorized},
		"a look at the address, signed":               {body: look, signature: "signed " + look, secret: "right", want: http.StatusCreated},
		"longer than a notification":                  {body: strings.Repeat(" ", 65_537), signature: "signed", want: http.StatusRequestEntityTooLarge},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			_, r, h := cloudWard()
			r.keysAway = story.keysAway
			body, path, header := story.body, story.path, story.header
			if body == "" {
				body = news
			}
			if path == "" {
				path = "google-health"
			}
			if header == "" {
				header = "X-HEALTHAPI-SIGNATURE"
			}
			request := httptest.NewRequest(http.MethodPost, ingest.WebhookPath+path, strings.NewReader(body))
			for name, value := range map[string]string{header: story.signature, "Authorization": story.secret} {
				if value != "" {
					request.Header.Set(name, value)
				}
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, request)
			if answer.Code != story.want {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
			if heard := len(r.notified) > 0; heard != (story.want == http.StatusOK) {
				t.Errorf("notified of %+v", r.notified)
			}
		})
	}
}
