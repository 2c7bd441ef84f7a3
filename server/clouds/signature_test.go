package clouds_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/signature"
	"github.com/tink-crypto/tink-go/v2/tink"

	"vigil/server/clouds"
	"vigil/vitals"
)

// mint is a key as Google signs with, and the key set that it publishes of it.
func mint(t *testing.T) (tink.Signer, string) {
	t.Helper()
	private, err := keyset.NewHandle(signature.ECDSAP256KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	public, err := private.Public()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := public.WriteWithNoSecrets(keyset.NewJSONWriter(&text)); err != nil {
		t.Fatal(err)
	}
	signer, err := signature.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, text.String()
}

func TestGooglesSignatureIsChecked(t *testing.T) {
	first, firstKeys := mint(t)
	second, secondKeys := mint(t)
	published, asked := firstKeys, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if published == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(published))
	}))
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	now := noon
	f := clouds.New(clouds.Options{
		Store: &clinic{t: t, gateway: vitals.Gateway{ID: "cloud", Kind: "google-health"}}, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now }, HTTP: client, GoogleKeys: server.URL,
	})
	payload := []byte(`{"data":{"healthUserId":"A"}}`)
	signed := func(by tink.Signer, payload []byte) string {
		s, err := by.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(s)
	}
	sayer := signed(first, payload)
	for _, step := range []struct {
		story     string
		after     time.Duration
		published string
		id        vitals.HubID
		signature string
		valid     bool
		fails     bool
		asked     int // how often Google was asked for its keys so far
	}{
		{"the keys cannot be had", 0, "", "cloud", sayer, false, true, 1},
		{"nor are they asked for again at once", time.Second, firstKeys, "cloud", sayer, false, true, 1},
		{"a minute later they are there", time.Minute, firstKeys, "cloud", sayer, true, false, 2},
		{"and are kept", time.Hour, firstKeys, "cloud", sayer, true, false, 2},
		{"another payload's signature", 0, firstKeys, "cloud", signed(first, []byte("{}")), false, false, 3},
		{"no base64", 0, firstKeys, "cloud", "%", false, false, 3},
		{"a gateway that nobody registered", 0, firstKeys, "other", sayer, false, false, 3},
		{"a key that Google does not have", time.Hour, firstKeys, "cloud", signed(second, payload), false, false, 4},
		{"Google changes its key", time.Hour, secondKeys, "cloud", signed(second, payload), true, false, 5},
		{"a key that was taken back", time.Second, secondKeys, "cloud", sayer, false, false, 5},
		{"keys of yesterday are not believed", 25 * time.Hour, "", "cloud", signed(second, payload), false, true, 6},
	} {
		now, published = now.Add(step.after), step.published
		g, valid, err := f.CheckSigned(t.Context(), step.id, step.signature, payload)
		if valid != step.valid || (err != nil) != step.fails || asked != step.asked || valid && g.ID != "cloud" {
			t.Errorf("%s: %t %v, asked %d times", step.story, valid, err, asked)
		}
	}
}
