package ingest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vigil/devices/uplink"
	"vigil/server/ingest"
	"vigil/vitals"
)

// fleet keeps what hubs report and are to do.
type fleet struct {
	mu       sync.Mutex
	reports  map[vitals.HubID]vitals.HubReport
	desired  vitals.Desired
	pending  []vitals.HubCommand
	finished []vitals.HubCommand
	secret   string
	saved    int // reports
	away     bool
}

func (f *fleet) SaveHubReport(_ context.Context, hub vitals.HubID, r vitals.HubReport) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return errDown
	}
	f.reports[hub] = r
	f.saved++
	return nil
}

func (f *fleet) Wanted(context.Context, vitals.HubID) (vitals.Desired, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return vitals.Desired{}, errDown
	}
	return f.desired, nil
}

func (f *fleet) PendingCommands(context.Context, vitals.HubID) ([]vitals.HubCommand, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pending, nil
}

func (f *fleet) FinishCommand(_ context.Context, c vitals.HubCommand) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.ID != "c-1" {
		return vitals.ErrNotFound
	}
	f.finished, f.pending = append(f.finished, c), nil
	return nil
}

func (f *fleet) RenewHub(_ context.Context, _ vitals.HubID, secret string) error {
	if f.away {
		return errDown
	}
	f.secret = secret
	return nil
}

// managed is a handler that manages the hub at home.
func managed(t *testing.T) (*fleet, *ingest.Handler, ed25519.PublicKey) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	w, f := newWard(), &fleet{
		reports: map[vitals.HubID]vitals.HubReport{},
		desired: vitals.Desired{Hub: home, Version: 3, Devices: []vitals.WantedDevice{{Device: strap, Read: []string{"hr"}, Pair: true}}},
		pending: []vitals.HubCommand{{ID: "c-1", Hub: home, What: "rescan", Expires: noon.Add(time.Minute)}},
	}
	return f, ingest.New(ingest.Options{
		Store: w, Journal: w, Owner: w, Gate: w, Fleet: f, Key: key, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	}), public
}

func TestAHubIsToldWhatIsWantedOfItAndAnswers(t *testing.T) {
	f, h, key := managed(t)
	door, err := ingest.ListenMQTT("127.0.0.1:0", nil, h, &registry{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	hub := connect(t, door.Addr())
	for _, topic := range []string{uplink.AckTopic(home), uplink.ConfigTopic(home), uplink.CommandTopic(home)} {
		if code := hub.subscribe(t, topic); code != 1 {
			t.Fatalf("%s: reason %#x", topic, code)
		}
	}
	next := func(topic string) []byte {
		t.Helper()
		for {
			if p := hub.down(t); p.Topic == topic {
				return p.Payload
			}
		}
	}
	desired, err := uplink.OpenDesired(next(uplink.ConfigTopic(home)), key, home)
	if err != nil || desired.Version != 3 || desired.Devices[0].Device != strap || !desired.Devices[0].Pair {
		t.Errorf("%+v %v", desired, err)
	}
	command, err := uplink.OpenCommand(next(uplink.CommandTopic(home)), key, home)
	if err != nil || command.ID != "c-1" || command.What != uplink.Rescan {
		t.Errorf("%+v %v", command, err)
	}
	for _, r := range []uplink.Result{{ID: "c-1", Outcome: uplink.Done}, {ID: "of somebody else", Outcome: uplink.Done}} {
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if code, _ := hub.publish(t, uplink.ResultTopic(home), b); code != 0 {
			t.Errorf("answer %s: reason %#x", r.ID, code)
		}
	}
	if code, _ := hub.publish(t, uplink.ResultTopic(home), []byte("hello")); code != 0x99 {
		t.Errorf("an answer that is none: reason %#x", code)
	}
	status := uplink.Status{
		Online: true, Version: "1.2.3", Config: 3, Clock: uplink.ClockQuality{Source: uplink.ClockNTP},
		Devices: []uplink.DeviceStatus{{Device: strap, Description: vitals.Description{Model: "H10"}, Battery: new(uint8(80)), Heard: noon, Link: uplink.LinkBonded}},
	}
	b, err := status.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := hub.publish(t, uplink.StatusTopic(home), b); code != 0 {
		t.Errorf("status: reason %#x", code)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.finished) != 1 || f.finished[0].Outcome != "done" {
		t.Errorf("answers %+v", f.finished)
	}
	if r := f.reports[home]; r.Version != "1.2.3" || r.Clock != "ntp" || r.Config != 3 || r.Devices[0].Model != "H10" || *r.Devices[0].Battery != 80 || r.Devices[0].Link != "bonded" {
		t.Errorf("report %+v", r)
	}
}

func TestAHubThatIsBackIsToldTheCommandThatItsDeadLineWasTold(t *testing.T) {
	_, h, key := managed(t)
	addr := listen(t, h)
	command := func(hub *hub) string {
		t.Helper()
		for _, topic := range []string{uplink.AckTopic(home), uplink.CommandTopic(home)} {
			hub.subscribe(t, topic)
		}
		for {
			if p := hub.down(t); p.Topic == uplink.CommandTopic(home) {
				c, err := uplink.OpenCommand(p.Payload, key, home)
				if err != nil {
					t.Fatal(err)
				}
				return c.ID
			}
		}
	}
	for _, line := range []string{"its line, which is dead before it has read that", "the next one"} {
		if id := command(connect(t, addr)); id != "c-1" {
			t.Errorf("on %s: told %q", line, id)
		}
	}
}

func TestAReportIsKeptWhenItSaysSomethingNew(t *testing.T) {
	f, h, _ := managed(t)
	now := noon
	ingest.SetClock(h, func() time.Time { return now })
	status := uplink.Status{Online: true, Version: "1.2.3", Devices: []uplink.DeviceStatus{{Device: strap, Heard: noon}}}
	kept := func() int {
		ingest.Reported(t.Context(), h, home, status)
		return f.saved
	}
	if n := kept(); n != 1 {
		t.Errorf("the first: %d", n)
	}
	status.Devices[0].Heard, status.Queue = noon.Add(time.Second), 7
	if n := kept(); n != 1 {
		t.Errorf("the same again: %d", n)
	}
	status.Devices[0].Battery = new(uint8(20))
	if n := kept(); n != 2 {
		t.Errorf("a battery: %d", n)
	}
	now = noon.Add(3 * time.Minute)
	if n := kept(); n != 3 {
		t.Errorf("three minutes later: %d", n)
	}
	if r := f.reports[home]; r.Ahead != nil {
		t.Errorf("a clock of which the hub has said nothing is %s ahead", *r.Ahead)
	}
	for i, step := range []struct {
		ahead time.Duration
		saved int
	}{{-3 * time.Minute, 4}, {-3*time.Minute + time.Second, 4}, {time.Minute, 5}} {
		status.Time = now.Add(step.ahead)
		if n := kept(); n != step.saved {
			t.Errorf("clock %d: kept %d times, want %d", i, n, step.saved)
		}
	}
	if r := f.reports[home]; r.Ahead == nil || *r.Ahead != time.Minute {
		t.Errorf("kept as %v, want a minute ahead", r.Ahead)
	}
}

func TestAHubLearnsTheKeyAndTakesANewSecret(t *testing.T) {
	f, h, key := managed(t)
	call := func(handler http.Handler, method, body, password string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
		r.SetBasicAuth(string(home), password)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer
	}
	var introduced struct{ Key []byte }
	if err := json.Unmarshal(call(h.Introduce(), http.MethodGet, "", secret).Body.Bytes(), &introduced); err != nil || !bytes.Equal(introduced.Key, key) {
		t.Errorf("key %x, %v", introduced.Key, err)
	}
	if code := call(h.Introduce(), http.MethodGet, "", "wrong").Code; code != http.StatusUnauthorized {
		t.Errorf("introduced to a stranger: %d", code)
	}
	long := strings.Repeat("s", 52)
	for name, story := range map[string]struct {
		body, password string
		away           bool
		status         int
	}{
		"a short secret":       {`{"secret":"short"}`, secret, false, http.StatusBadRequest},
		"no JSON":              {`secret`, secret, false, http.StatusBadRequest},
		"a stranger":           {`{"secret":"` + long + `"}`, "wrong", false, http.StatusUnauthorized},
		"the database is away": {`{"secret":"` + long + `"}`, secret, true, http.StatusServiceUnavailable},
	} {
		f.away = story.away
		if code := call(h.Renew(), http.MethodPost, story.body, story.password).Code; code != story.status || f.secret != "" {
			t.Errorf("%s: %d, secret %q", name, code, f.secret)
		}
	}
	f.away = false
	if code := call(h.Renew(), http.MethodPost, `{"secret":"`+long+`"}`, secret).Code; code != http.StatusNoContent || f.secret != long {
		t.Errorf("%d, secret %q", code, f.secret)
	}
}

func TestAHubIsToldOverHTTPSWhatIsWantedOfItAndAnswers(t *testing.T) {
	f, h, key := managed(t)
	call := func(handler http.Handler, body []byte, password string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		r.SetBasicAuth(string(home), password)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer
	}
	status, err := uplink.Status{Online: true, Version: "1.2.3", Config: 2}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	told, err := uplink.Split(call(h.Status(), status, secret).Body.Bytes())
	if err != nil || len(told) != 2 {
		t.Fatalf("%d directives, %v", len(told), err)
	}
	if desired, err := uplink.OpenDesired(told[0], key, home); err != nil || desired.Version != 3 {
		t.Errorf("%+v %v", desired, err)
	}
	if command, err := uplink.OpenCommand(told[1], key, home); err != nil || command.ID != "c-1" {
		t.Errorf("%+v %v", command, err)
	}
	if f.reports[home].Version != "1.2.3" {
		t.Errorf("%+v", f.reports)
	}
	inState, err := uplink.Status{Online: true, Version: "1.2.3", Config: 3}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if again := call(h.Status(), inState, secret); again.Code != http.StatusOK || again.Body.Len() > 0 {
		t.Errorf("told a moment later, and in the state that is wanted: %d, %d bytes", again.Code, again.Body.Len())
	}
	done, err := uplink.Result{ID: "c-1", Outcome: uplink.Done}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, story := range map[string]struct {
		handler  http.Handler
		body     []byte
		password string
		away     bool
		status   int
	}{
		"a stranger's status":  {h.Status(), status, "wrong", false, http.StatusUnauthorized},
		"a stranger's answer":  {h.Results(), done, "wrong", false, http.StatusUnauthorized},
		"no status":            {h.Status(), []byte("hello"), secret, false, http.StatusBadRequest},
		"no answer":            {h.Results(), []byte("hello"), secret, false, http.StatusBadRequest},
		"far too much":         {h.Status(), make([]byte, uplink.MaxMessage+1), secret, false, http.StatusRequestEntityTooLarge},
		"the database is away": {h.Status(), status, secret, true, http.StatusServiceUnavailable},
		"its answer":           {h.Results(), done, secret, false, http.StatusOK},
	} {
		f.away = story.away
		if code := call(story.handler, story.body, story.password).Code; code != story.status {
			t.Errorf("%s: %d", name, code)
		}
	}
	if len(f.finished) != 1 || f.finished[0].ID != "c-1" || f.finished[0].Hub != home {
		t.Errorf("answers %+v", f.finished)
	}
}

func TestAHubOnAWebSocketFindsACommandWhenItAsks(t *testing.T) {
	f, h, _ := managed(t)
	conn := onSocket(t, h)
	down(t, conn)             // its positions: it is connected
	h.Push(t.Context(), home) // a technician asks for something
	status, err := uplink.Status{Online: true, Config: f.desired.Version}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(status))
	r.SetBasicAuth(string(home), secret)
	answer := httptest.NewRecorder()
	h.Status().ServeHTTP(answer, r)
	if told, err := uplink.Split(answer.Body.Bytes()); err != nil || len(told) != 1 {
		t.Errorf("%d directives, %v", len(told), err)
	}
}

func TestAReportThatWasNotKeptIsKeptWithTheNextStatus(t *testing.T) {
	f, h, _ := managed(t)
	status := uplink.Status{Online: true, Version: "1.2.3"}
	f.away = true
	ingest.Reported(t.Context(), h, home, status)
	f.away = false
	if ingest.Reported(t.Context(), h, home, status); f.reports[home].Version != "1.2.3" {
		t.Error("the report is lost until it says something new")
	}
}
