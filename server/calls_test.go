package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// pager is the house's paging system: it writes down who was called because of what.
type pager struct {
	*httptest.Server

	mu    sync.Mutex
	calls map[alerts.AlarmID]map[string]map[string]bool // ids of the notices, by alarm, then by step and person
}

func newPager(t *testing.T) *pager {
	t.Helper()
	p := &pager{calls: map[alerts.AlarmID]map[string]map[string]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var page struct {
			ID    string         `json:"id"`
			Alarm alerts.AlarmID `json:"alarm"`
			Step  int            `json:"step"`
			Staff string         `json:"staff"`
		}
		if err := json.NewDecoder(r.Body).Decode(&page); err != nil || page.ID != r.Header.Get("Webhook-Id") {
			t.Errorf("a page that cannot be read: %v", err)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.calls[page.Alarm] == nil {
			p.calls[page.Alarm] = map[string]map[string]bool{}
		}
		what := fmt.Sprintf("step %d %s", page.Step, page.Staff)
		if p.calls[page.Alarm][what] == nil {
			p.calls[page.Alarm][what] = map[string]bool{}
		}
		p.calls[page.Alarm][what][page.ID] = true
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(p.Close)
	return p
}

// env sets a server up to call through it.
func (p *pager) env() []string {
	return []string{"VIGIL_NOTIFY_WEBHOOK=" + p.URL + "/page", "VIGIL_NOTIFY_SECRET=whsec_b25seSBmb3IgdGVzdHMsIG9ubHkgZm9yIHRlc3Rz"}
}

// called is how many people were called because of an alarm, and an error where one was called twice, other
// than by the same notice.
func (p *pager) called(a alerts.AlarmID) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for what, ids := range p.calls[a] {
		if len(ids) != 1 {
			return 0, fmt.Errorf("%s was called by %d notices", what, len(ids))
		}
	}
	return len(p.calls[a]), nil
}

// callKills is how often the server is killed while it calls; VIGIL_KILLS says otherwise, and make kills says 50.
func callKills(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("VIGIL_KILLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 2
	}
	return 10
}

// quickly lets the unit's alarms of HIGH priority call everybody three times, a second apart, and never again.
func (c *client) quickly() {
	c.server.t.Helper()
	path := "/api/v1/units/" + demoUnit + "/escalation"
	var now struct {
		InForce struct {
			Policy map[string]any `json:"policy"`
		} `json:"in_force"`
	}
	c.must(http.MethodGet, path, nil, &now)
	policy := now.InForce.Policy
	steps := []map[string]any{}
	for after := range 3 {
		steps = append(steps, map[string]any{"after_s": after, "call": []alerts.Duty{alerts.WholeUnit}})
	}
	policy["escalations"].(map[string]any)["physiological/high"] = map[string]any{"repeat_s": 0, "steps": steps}
	var proposed struct {
		Version int `json:"version"`
	}
	c.server.person("charge").must(http.MethodPut, path, map[string]any{"policy": policy, "reason": "for a test"}, &proposed)
	c.must(http.MethodPost, path+"/"+strconv.Itoa(proposed.Version)+"/approve", nil, nil)
}

// TestEveryoneIsCalledOnceHoweverOftenTheServerIsKilled: a patient presses the button, and at any time within the
// moment that it takes to raise, to write down and to call, the server dies; or within the seconds of the steps that
// follow, and is away while others become due. Each step calls each person once, before it died or afterwards.
func TestEveryoneIsCalledOnceHoweverOftenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	p := newPager(t)
	s := newServer(t, "server", p.env()...)
	s.start()
	s.watching()
	admin := s.admin()
	admin.quickly()
	h := newHub(t, "home", admin.enrolHub("home"), s.mqtt)
	var early int
	for k := range callKills(t) {
		name := fmt.Sprintf("call-%d", k)
		device := deviceNamed(name)
		patient := admin.admit("MRN-"+name, device)
		passes(300 * time.Millisecond) // until the binding is known
		pressed := time.Now().UTC().Truncate(time.Microsecond)
		call := vitals.Batch{Device: device, Events: []vitals.Event{{Code: vitals.SOS, Time: pressed}}}
		if err := h.send(call); err != nil {
			t.Fatal(err)
		}
		if k%2 == 0 {
			passes(upTo(random, 20*time.Millisecond)) // what is between takes some 10 ms
			s.kill()
		} else {
			passes(upTo(random, 2500*time.Millisecond))
			s.kill()
			passes(upTo(random, 2500*time.Millisecond))
		}
		if n, _ := p.called(alerts.NewAlarmID(patient, alerts.SOS, "", pressed)); n == 0 {
			early++
		}
		s.start()
		admin = s.admin()
		var raised alerts.View
		eventually(t, readyLimit, "the call for help is raised", func() (err error) {
			raised, err = admin.only(patient, alerts.SOS)
			return err
		})
		eventually(t, readyLimit, "the whole unit is called at each step", func() error {
			const all = 3 * 3 // the demo's nurse, charge nurse and physician
			n, err := p.called(raised.ID)
			if err == nil && n < all {
				err = fmt.Errorf("only %d of %d calls", n, all)
			}
			return err
		})
	}
	t.Logf("%d times the server died before anybody was called", early)
	s.kill()
	stored := s.stored()
	for a := range p.calls {
		notices, err := stored.Notices(t.Context(), vitals.Scope{All: true}, a)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, n := range notices {
			what := fmt.Sprint(n.Step.Step, n.Step.Round, n.Contact.Staff)
			if seen[what] {
				t.Errorf("alarm %s: %s is written twice", a, what)
			}
			seen[what] = true
		}
	}
}
