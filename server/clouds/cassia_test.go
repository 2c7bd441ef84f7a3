package clouds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices/gateway"
	"vigil/server/clouds"
	"vigil/vitals"
)

const clip vitals.DeviceID = "63b4c5465ca2"

// router is a Cassia gateway with one heart rate strap, behind an access controller that wants a token.
type router struct {
	t      *testing.T
	mu     sync.Mutex
	asked  []string
	events chan string // what the strap sends once it is switched on
	on     chan struct{}
	once   sync.Once
}

func (r *router) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	what := q.Method + " " + strings.TrimPrefix(q.URL.String(), "/api")
	if len(body) > 0 {
		what += " " + string(body)
	}
	r.mu.Lock()
	r.asked = append(r.asked, what)
	r.mu.Unlock()
	if q.URL.Path == "/api/oauth2/token" {
		if user, password, _ := q.BasicAuth(); user != "tester" || password != "s" {
			r.t.Errorf("signed in as %s", user)
		}
		_, _ = w.Write([]byte(`{"access_token":"t","expires_in":3600}`))
		return
	}
	if q.Header.Get("Authorization") != "Bearer t" || q.URL.Query().Get("mac") != "CC:1B:E0:E2:8F:2C" {
		r.t.Errorf("asked for %s without a token or a gateway", what)
	}
	switch {
	case q.URL.Path == "/api/gatt/nodes":
		r.stream(q.Context(), w)
	case strings.HasSuffix(q.URL.Path, "/connection"):
		if strings.Contains(string(body), "public") {
			http.Error(w, "chip is not available", http.StatusInternalServerError)
		}
	case strings.HasSuffix(q.URL.Path, "/descriptors"):
		_, _ = w.Write([]byte(`[{"uuid":"180d","characteristics":[
			{"handle":52,"properties":16,"uuid":"2a37","descriptors":[{"handle":53,"uuid":"2902"}]},
			{"handle":60,"properties":16,"uuid":"12345678-0000-0000-0000-000000000000","descriptors":[{"handle":61,"uuid":"2902"}]}]}]`))
	case strings.HasSuffix(q.URL.Path, "/handle/53/value/0100"):
		r.once.Do(func() { close(r.on) })
	default:
		r.t.Errorf("nobody knows %s", what)
	}
}

func (r *router) stream(ctx context.Context, w http.ResponseWriter) {
	flush := http.NewResponseController(w).Flush
	_, _ = w.Write([]byte(":keep-alive\n\n"))
	_ = flush()
	for {
		select {
		case <-ctx.Done():
			return
		case e, more := <-r.events:
			if !more {
				return
			}
			_, _ = fmt.Fprintf(w, "data: %s\n\n", e)
			_ = flush()
		}
	}
}

// relay hears what is handed on.
type relay chan string

var errFull = errors.New("nobody listens")

func (r relay) Relay(_ context.Context, sender vitals.HubID, parts []gateway.Part, live bool) error {
	words := []string{fmt.Sprintf("%s live %t", sender, live)}
	for _, p := range parts {
		if p.Err != nil {
			words = append(words, "refused: "+p.Err.Error())
		}
		for _, reading := range p.Batch.Readings {
			words = append(words, fmt.Sprintf("%s %s %s", p.Batch.Device, reading.Kind, reading.Value))
		}
	}
	select {
	case r <- strings.Join(words, " "):
		return nil
	default:
		return errFull
	}
}

func TestACassiaGatewayIsConnectedAndItsNotificationsAreHandedOn(t *testing.T) {
	r := &router{t: t, events: make(chan string), on: make(chan struct{})}
	server := httptest.NewServer(r)
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	heard := make(relay, 16)
	c := &clouds.Cassia{
		Gateway: vitals.Gateway{ID: "cassia-1", Address: server.URL + "?mac=CC%3A1B%3AE0%3AE2%3A8F%3A2C", Client: "tester", Secret: "s"},
		Devices: func(context.Context) ([]vitals.DeviceID, error) { return []vitals.DeviceID{clip}, nil },
		Sink:    heard, Log: slog.New(slog.DiscardHandler), Now: time.Now, HTTP: client, TendEvery: time.Hour,
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	<-r.on
	for _, e := range []string{
		`{"value":"08560000","handle":52,"id":"63:B4:C5:46:5C:A2","dataType":"notification"}`,
		`{"value":"00","handle":52,"id":"63:B4:C5:46:5C:A2","dataType":"notification"}`,
		`{"value":"0055","handle":52,"id":"AA:B4:C5:46:5C:A2","dataType":"notification"}`,
		`nonsense`,
		`{"value":"0058","handle":52,"device":"63:B4:C5:46:5C:A2","dataType":"notification"}`,
	} {
		r.events <- e
	}
	want := []string{
		"cassia-1 live true 63b4c5465ca2 heart_rate 86", "cassia-1 live true refused: heart rate needs 1 bytes, 0 are left: malformed",
		"cassia-1 live true 63b4c5465ca2 heart_rate 88",
	}
	if diff := cmp.Diff(want, []string{<-heard, <-heard, <-heard}); diff != "" {
		t.Error(diff)
	}
	stop()
	running.Wait()

	const mac, node = "?mac=CC%3A1B%3AE0%3AE2%3A8F%3A2C", "/nodes/63:B4:C5:46:5C:A2/"
	order := []string{
		"POST /oauth2/token grant_type=client_credentials", "GET /gatt/nodes" + mac,
		"POST /gap" + node + "connection" + mac + ` {"timeout":5000,"type":"public"}`,
		"POST /gap" + node + "connection" + mac + ` {"timeout":5000,"type":"random"}`,
		"GET /gatt" + node + "services/characteristics/descriptors" + mac, "GET /gatt" + node + "handle/53/value/0100" + mac,
	}
	if diff := cmp.Diff(order, r.asked); diff != "" {
		t.Error(diff)
	}
}

func TestAFetcherConnectsToTheGatewaysThatAreThisNodes(t *testing.T) {
	for name, owned := range map[string]bool{"its own": true, "another node's": false} {
		t.Run(name, func(t *testing.T) {
			r := &router{t: t, events: make(chan string), on: make(chan struct{})}
			server := httptest.NewServer(r)
			defer server.Close()
			client := server.Client()
			defer client.CloseIdleConnections()
			asked := make(chan struct{}, 16)
			here := &clinic{t: t, gateway: vitals.Gateway{
				ID: "cassia-1", Kind: "cassia", Address: server.URL + "?mac=CC%3A1B%3AE0%3AE2%3A8F%3A2C", Client: "tester", Secret: "s",
			}, account: vitals.Account{Fetched: noon}}
			f := clouds.New(clouds.Options{
				Store: here, Sink: here, Relay: make(relay, 1), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }, HTTP: client,
				Owns: func(vitals.HubID) bool { asked <- struct{}{}; return owned },
			})
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { f.Run(ctx) })
			<-asked
			if owned {
				<-r.on
			}
			stop()
			running.Wait()
			if connected := len(r.asked) > 0; connected != owned {
				t.Errorf("connected: %t", connected)
			}
		})
	}
}
