package clouds_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vigil/devices/gateway"
	"vigil/server/clouds"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clinic is a clinic's records and the clouds that it fetches from, in memory.
type clinic struct {
	t       *testing.T
	mu      sync.Mutex
	gateway vitals.Gateway
	account vitals.Account
	saved   []vitals.Account
	refused []vitals.Account // moves of an account that is another now
	got     []string         // what was deposited
	asked   []string         // what the clouds were asked for
	answers map[string]string
	down    bool                               // the sink stores nothing
	each    func(c *clinic, f *clouds.Fetcher) // happens with each answer that is stored
	fetcher *clouds.Fetcher
	done    chan struct{}
}

var errDown = errors.New("nothing is stored")

func (c *clinic) Gateways(context.Context) ([]vitals.Gateway, error) {
	return []vitals.Gateway{c.gateway}, nil
}

func (c *clinic) Accounts(context.Context) ([]vitals.Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return []vitals.Account{c.account}, nil
}

func (c *clinic) DevicesOf(context.Context, vitals.HubID) ([]vitals.DeviceID, error) {
	return []vitals.DeviceID{clip}, nil
}

func (c *clinic) MoveAccount(_ context.Context, before, a vitals.Account) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.account.Refresh != before.Refresh {
		c.refused = append(c.refused, a)
		close(c.done)
		return vitals.ErrNotFound
	}
	c.account = a
	c.saved = append(c.saved, a)
	if !a.Fetched.Equal(noon.Add(-2*time.Hour)) || a.Fault != "" {
		close(c.done)
	}
	return nil
}

func (c *clinic) DepositParts(_ context.Context, sender vitals.HubID, parts []gateway.Part) error {
	if c.down {
		return errDown
	}
	if c.each != nil {
		c.each(c, c.fetcher)
	}
	for _, p := range parts {
		for _, r := range p.Batch.Readings {
			c.got = append(c.got, fmt.Sprintf("%s %s %s %s", sender, p.Batch.Device, r.Kind, r.Value))
		}
		for _, w := range p.Batch.Waveforms {
			c.got = append(c.got, fmt.Sprintf("%s %s %s of %d samples", sender, p.Batch.Device, w.Kind, len(w.Samples)))
		}
	}
	return nil
}

// ServeHTTP is a cloud: it answers by the action or address that it is asked for.
func (c *clinic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		c.t.Error(err)
	}
	words := []string{strings.TrimPrefix(r.URL.Path, "/v4/users/me/dataTypes/")}
	if action := r.Form.Get("action"); action != "" {
		words[0] = action
	}
	for _, detail := range []string{"refresh_token", "lastupdate", "offset", "signalid", "filter", "pageToken"} {
		if v := r.Form.Get(detail); v != "" {
			words = append(words, detail+"="+v)
		}
	}
	what := strings.Join(words, " ")
	c.asked = append(c.asked, what)
	if token := r.Header.Get("Authorization"); token != "" && token != "Bearer fresh" {
		c.t.Errorf("%s was asked for with %s", what, token)
	}
	answer, known := c.answers[what]
	if !known {
		http.Error(w, "no", http.StatusTeapot)
		return
	}
	_, _ = w.Write([]byte(answer))
}

// fetch lets the fetcher work until the account was saved with a new place or a fault.
func (c *clinic) fetch(kind string, answers map[string]string) {
	c.t.Helper()
	c.answers, c.done = answers, make(chan struct{})
	c.gateway = vitals.Gateway{ID: "cloud", Kind: kind, Client: "app", Secret: "s"}
	c.account = vitals.Account{Gateway: "cloud", Name: "12345", Refresh: "old", Fetched: noon.Add(-2 * time.Hour)}
	server := httptest.NewServer(c)
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	f := clouds.New(clouds.Options{
		Store: c, Sink: c, Owns: func(vitals.HubID) bool { return true }, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }, HTTP: client,
		Withings: server.URL, Google: server.URL, GoogleTokens: server.URL + "/token",
	})
	c.fetcher = f
	ctx, stop := context.WithCancel(c.t.Context())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	f.Notify(c.gateway, []gateway.Notification{{Account: "12345"}, {Account: "a stranger"}, {Account: "12345", Deleted: true}})
	<-c.done
	stop()
	running.Wait()
}

const (
	newTokens = `{"status":0,"body":{"access_token":"fresh","refresh_token":"new","expires_in":10800}}`
	since     = "1772359200" // noon, two hours ago
)

func TestWithingsIsFetchedFromTheLastPlaceOn(t *testing.T) {
	c := &clinic{t: t}
	c.fetch("withings", map[string]string{
		"requesttoken refresh_token=old":            newTokens,
		"getmeas lastupdate=" + since:               `{"status":0,"body":{"updatetime":1772366000,"more":1,"offset":1,"measuregrps":[{"date":1772362800,"category":1,"measures":[{"value":70500,"type":1,"unit":-3}]}]}}`,
		"getmeas lastupdate=" + since + " offset=1": `{"status":0,"body":{"updatetime":1772366001,"more":0,"measuregrps":[{"date":1772362900,"category":1,"measures":[{"value":97,"type":54,"unit":0}]}]}}`,
		"list":           `{"status":0,"body":{"series":[{"timestamp":1772362900,"ecg":{"signalid":7}},{"timestamp":1772362901,"heart_rate":70}]}}`,
		"get signalid=7": `{"status":0,"body":{"signal":[1,2,3],"sampling_frequency":300}}`,
	})
	device := vitals.DeriveDeviceID("withings", "12345")
	want := []string{
		fmt.Sprintf("cloud %s weight 70.500", device), fmt.Sprintf("cloud %s spo2 97", device), fmt.Sprintf("cloud %s ecg of 3 samples", device),
	}
	if diff := cmp.Diff(want, c.got); diff != "" {
		t.Error(diff)
	}
	if first := c.saved[0]; first.Refresh != "new" || first.Access != "fresh" || !first.Fetched.Equal(noon.Add(-2*time.Hour)) {
		t.Errorf("the new tokens must be kept before anything else: %+v", first)
	}
	if a := c.account; !a.Fetched.Equal(time.Unix(1772366001, 0)) || !a.Expires.Equal(noon.Add(3*time.Hour)) || a.Fault != "" {
		t.Errorf("%+v", a)
	}
}

func TestAnECGThatCannotBeHadCostsNoOther(t *testing.T) {
	answers := map[string]string{
		"requesttoken refresh_token=old": newTokens,
		"getmeas lastupdate=" + since:    `{"status":0,"body":{"updatetime":1772366001,"measuregrps":[]}}`,
		"list":                           `{"status":0,"body":{"series":[{"timestamp":1,"ecg":{"signalid":6}},{"timestamp":1772362900,"ecg":{"signalid":7}}]}}`,
		"get signalid=6":                 `{"status":503}`,
		"get signalid=7":                 `{"status":0,"body":{"signal":[1,2,3],"sampling_frequency":300}}`,
	}
	ecg := fmt.Sprintf("cloud %s ecg of 3 samples", vitals.DeriveDeviceID("withings", "12345"))
	c := &clinic{t: t}
	c.fetch("withings", answers)
	if len(c.got) != 1 || c.got[0] != ecg || !strings.Contains(c.account.Fault, "status 503") {
		t.Errorf("%q, %+v", c.got, c.account)
	}
	answers["get signalid=6"] = `{"status":0}` // and nothing ever will be in it
	again := &clinic{t: t}
	again.fetch("withings", answers)
	if len(again.got) != 1 || again.got[0] != ecg || again.account.Fault != "" || !again.account.Fetched.Equal(time.Unix(1772366001, 0)) {
		t.Errorf("%q, %+v", again.got, again.account)
	}
}

func TestAnAccountThatIsTakenAwayWhileItIsFetchedStaysAway(t *testing.T) {
	c := &clinic{t: t}
	c.each = func(c *clinic, _ *clouds.Fetcher) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.account = vitals.Account{Gateway: "cloud", Name: "12345", Refresh: "somebody else's", Fetched: noon}
	}
	c.fetch("withings", map[string]string{
		"requesttoken refresh_token=old": newTokens,
		"getmeas lastupdate=" + since:    `{"status":0,"body":{"updatetime":1772366001,"measuregrps":[]}}`,
		"list":                           `{"status":0,"body":{}}`,
	})
	if a := c.account; a.Refresh != "somebody else's" || !a.Fetched.Equal(noon) || len(c.refused) != 1 {
		t.Errorf("%+v, refused %+v", a, c.refused)
	}
}

func TestAnAccountWithMorePagesThanOneAttemptTakesLosesNone(t *testing.T) {
	const pages = 150
	answers := map[string]string{"requesttoken refresh_token=old": newTokens, "list": `{"status":0,"body":{}}`}
	for i := range pages {
		ask, more := "getmeas lastupdate="+since, 1
		if i > 0 {
			ask += fmt.Sprintf(" offset=%d", i)
		}
		if i == pages-1 {
			more = 0
		}
		answers[ask] = fmt.Sprintf(`{"status":0,"body":{"updatetime":1772366001,"more":%d,"offset":%d,"measuregrps":[]}}`, more, i+1)
	}
	c, stored := &clinic{t: t}, 0
	c.each = func(c *clinic, f *clouds.Fetcher) {
		if stored++; stored == 1 {
			f.Notify(c.gateway, []gateway.Notification{{Account: "12345"}}) // or the next look finds that there is more
		}
	}
	c.fetch("withings", answers)
	if len(c.asked) != pages+2 || stored != pages || !c.account.Fetched.Equal(time.Unix(1772366001, 0)) {
		t.Errorf("%d pages are stored after %d questions: %+v", stored, len(c.asked), c.account)
	}
}

func TestGoogleIsFetchedTypeByType(t *testing.T) {
	c := &clinic{t: t}
	filter := func(kind string) string {
		return " filter=" + kind + `.sample_time.physical_time >= "2026-02-28T10:00:00Z"`
	}
	c.fetch("google-health", map[string]string{
		"/token refresh_token=old":                                      `{"access_token":"fresh","expires_in":3600}`,
		"heart-rate/dataPoints" + filter("heart_rate"):                  `{"dataPoints":[{"heartRate":{"beatsPerMinute":"72","sampleTime":{"physicalTime":"2026-03-01T11:00:00Z"}}}],"nextPageToken":"2"}`,
		"heart-rate/dataPoints" + filter("heart_rate") + " pageToken=2": `{"dataPoints":[]}`,
		"weight/dataPoints" + filter("weight"):                          `{"dataPoints":[{"weight":{"weightGrams":70500,"sampleTime":{"physicalTime":"2026-03-01T11:00:00Z"}}}]}`,
		"body-fat/dataPoints" + filter("body_fat"):                      `{}`,
	})
	device := vitals.DeriveDeviceID("google-health", "12345")
	want := []string{fmt.Sprintf("cloud %s heart_rate 72", device), fmt.Sprintf("cloud %s weight 70.500", device)}
	if diff := cmp.Diff(want, c.got); diff != "" {
		t.Error(diff)
	}
	if a := c.account; !a.Fetched.Equal(noon) || a.Refresh != "old" || a.Fault != "" {
		t.Errorf("%+v", a)
	}
}

func TestAKindOfGooglesThatMayNotBeReadCostsNoOther(t *testing.T) {
	c := &clinic{t: t}
	c.fetch("google-health", map[string]string{
		"/token refresh_token=old": `{"access_token":"fresh","expires_in":3600}`, // heart rates are answered with 418
		`weight/dataPoints filter=weight.sample_time.physical_time >= "2026-02-28T10:00:00Z"`:     `{"dataPoints":[{"weight":{"weightGrams":70500,"sampleTime":{"physicalTime":"2026-03-01T11:00:00Z"}}}]}`,
		`body-fat/dataPoints filter=body_fat.sample_time.physical_time >= "2026-02-28T10:00:00Z"`: `{}`,
	})
	if len(c.got) != 1 || !strings.HasSuffix(c.got[0], "weight 70.500") {
		t.Errorf("%q", c.got)
	}
	if a := c.account; !strings.Contains(a.Fault, "418") || !a.Fetched.Equal(noon.Add(-2*time.Hour)) {
		t.Errorf("%+v", a)
	}
}

func TestAnAccountThatCannotBeFetchedSaysWhyAndKeepsItsPlace(t *testing.T) {
	stories := map[string]struct {
		answers map[string]string
		down    bool
		fault   string
	}{
		"the patient has withdrawn the consent": {
			answers: map[string]string{"requesttoken refresh_token=old": `{"status":401,"body":{}}`},
			fault:   "refresh the access: requesttoken: Withings answers with status 401",
		},
		"the cloud is out of order": {
			answers: map[string]string{"requesttoken refresh_token=old": newTokens}, fault: "answers 418 I'm a teapot",
		},
		"the database is away": {
			answers: map[string]string{
				"requesttoken refresh_token=old": newTokens,
				"getmeas lastupdate=" + since:    `{"status":0,"body":{"updatetime":1772366001,"measuregrps":[{"date":1772362900,"category":1,"measures":[]}]}}`,
			},
			down: true, fault: "store what was fetched: nothing is stored",
		},
		"the answer is a web page": {
			answers: map[string]string{"requesttoken refresh_token=old": "<html>"}, fault: "read Withings' answer",
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			c := &clinic{t: t, down: story.down}
			c.fetch("withings", story.answers)
			if a := c.account; !strings.Contains(a.Fault, story.fault) || !a.Fetched.Equal(noon.Add(-2*time.Hour)) {
				t.Errorf("%+v", a)
			}
		})
	}
}
