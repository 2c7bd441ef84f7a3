package ingest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/vitals"
)

// assortment writes what a gateway brings at once: ten good pulses of 70 to 79, the last of them twice, and one each of
// what is refused.
type assortment struct {
	value   func(pulse string, at time.Time) string // one good value, but for the number and the time
	unknown string                                  // of a kind that is not known
	another func(pulse string, at time.Time) string // of a device that nobody wears; nil where all is of one
}

func (a assortment) items() (items []string) {
	for i := range 10 {
		items = append(items, a.value(strconv.Itoa(70+i), noon.Add(time.Duration(i-9)*time.Second)))
	}
	items = append(items, items[9], a.unknown, a.value("412", noon), a.value(`"high"`, noon), a.value("71", noon.AddDate(0, 0, -9)), a.value("72", noon.Add(time.Hour)))
	if a.another != nil {
		items = append(items, a.another("73", noon))
	}
	return items
}

func (a assortment) array() string { return "[" + strings.Join(a.items(), ",") + "]" }

var (
	tenovis = assortment{
		func(pulse string, at time.Time) string { return measured2("monitor", pulse, at) },
		measured("aura", "monitor", "1", noon),
		func(pulse string, at time.Time) string { return measured2("stranger", pulse, at) },
	}
	points = assortment{
		func(pulse string, at time.Time) string { return dataPoint("", "heart-rate", pulse, at) },
		dataPoint("", "mood", "1", noon),
		func(pulse string, at time.Time) string { return dataPoint(`"user_id":"joe",`, "heart-rate", pulse, at) },
	}
	exported = assortment{
		value: func(pulse string, at time.Time) string {
			return fmt.Sprintf(`{"qty":%s,"date":%q}`, pulse, at.Format("2006-01-02 15:04:05 -0700"))
		},
		unknown: `{"date":"2026-03-01 12:00:00 +0000"}`, // of a metric that is known, without a value
	}
	twins = assortment{
		value: func(pulse string, at time.Time) string {
			return fmt.Sprintf(`{"kind":"pulse_rate","value":%s,"unit":"/min","time":%q}`, pulse, at.Format(time.RFC3339))
		},
		unknown: `{"kind":"aura","value":1,"unit":"1","time":"2026-03-01T12:00:00Z"}`,
	}
	groups = assortment{
		value: func(pulse string, at time.Time) string {
			return fmt.Sprintf(`{"date":%d,"category":1,"measures":[{"value":%s,"type":11,"unit":0},{"value":1,"type":999,"unit":0}]}`, at.Unix(), pulse)
		},
		unknown: `{"category":1,"measures":[{"value":70,"type":11,"unit":0}]}`, // of no time; types that are not charted are passed over
	}
	samples = assortment{
		value: func(pulse string, at time.Time) string {
			return fmt.Sprintf(`{"heartRate":{"beatsPerMinute":%s,"sampleTime":{"physicalTime":%q}}}`, pulse, at.Format(time.RFC3339))
		},
		unknown: `{"mood":{}}`,
	}
)

func measured2(device, pulse string, at time.Time) string {
	return fmt.Sprintf(`{"metric":"pulse","hwi_device_id":%q,"value_1":%s,"timestamp":%q}`, device, pulse, at.Format(time.RFC3339))
}

func dataPoint(user, schema, pulse string, at time.Time) string {
	return fmt.Sprintf(`{"header":{%s"schema_id":{"name":%q}},"body":{"heart_rate":{"value":%s,"unit":"beats/min"},"effective_time_frame":{"date_time":%q}}}`,
		user, schema, pulse, at.Format(time.RFC3339))
}

// refusals are those of an assortment, at the places of its items.
func refusals(place func(int) string, unknown string, another bool) []string {
	at := func(i int, what string) string { return place(i) + " " + what }
	all := []string{
		at(11, "malformed "+unknown), at(12, "implausible "), at(13, "malformed "),
		at(14, "unbound "), at(15, "future "),
	}
	if another {
		all = append(all, at(16, "unbound device "))
	}
	return all
}

func element(i int) string { return fmt.Sprintf("[%d]", i) }

func TestABadValueThatAGatewayBringsCostsNoOther(t *testing.T) {
	stories := map[string]struct {
		source, body string
		stored       int
		refused      []string
	}{
		"Tenovi":       {"tenovi", tenovis.array(), 11, refusals(element, `metric "aura"`, true)},
		"Open mHealth": {"open-mhealth", points.array(), 11, refusals(element, `schema "mood"`, true)},
		"Vigil's own, each": {"json", "[{\"readings\":[" + strings.Join(twins.items(), "]},{\"readings\":[") + "]}]", 11, refusals(func(i int) string {
			if i == 14 { // a batch of which nothing is of a time at which somebody wore the device
				return "[14]"
			}
			return fmt.Sprintf("[%d].readings[0]", i)
		}, `"aura" is not a kind`, false)},
		"Vigil's own, together": {"json", `{"readings":` + twins.array() + `}`, 0, refusals(func(i int) string { return fmt.Sprintf("readings[%d]", i) }, `"aura" is not a kind`, false)},
		"Health Auto Export": {
			"health-auto-export",
			`{"data":{"metrics":[{"name":"sleep_analysis","data":{"nobody":"knows"}},{"name":"heart_rate","units":"count/min","data":` + exported.array() + `},
				{"name":"height","units":"m","data":7}]}}`,
			11, append(refusals(func(i int) string { return fmt.Sprintf("data.metrics[1].data[%d]", i) }, "heart_rate has no value", false),
				"data.metrics[2] malformed the data of height is no array"),
		},
		"Withings, fetched":      {"withings", `{"status":0,"body":{"measuregrps":` + groups.array() + `}}`, 0, nil},
		"Google Health, fetched": {"google-health", `{"dataPoints":` + samples.array() + `}`, 0, nil},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w, _, _ := cloudWard()
			for _, source := range []string{"json", "open-mhealth", "withings", "google-health"} {
				w.bindings = append(w.bindings, vitals.Binding{Device: vitals.DeriveDeviceID(source, source), Patient: patient, From: noon.Add(-48 * time.Hour)})
			}
			h := w.handler()
			for range 2 { // the second time it is answered likewise
				switch source, _ := gateway.Lookup(story.source); {
				case source.Notifies(): // its values are fetched, and nobody hears what is refused but the staff
					parts, err := source.Read(devices.Frame{Device: source.DeviceOf(vitals.HubID(story.source), ""), Received: noon, Bytes: []byte(story.body)})
					if err == nil {
						err = h.DepositParts(t.Context(), vitals.HubID(story.source), parts)
					}
					if err != nil {
						t.Fatalf("it is fetched again for ever: %v", err)
					}
				default:
					answer := hook(h.Webhooks(&registry{}), story.source, "Bearer right", story.body)
					got := told(t, answer)
					if answer.Code != http.StatusOK || got.Stored != story.stored {
						t.Errorf("%d, %d stored", answer.Code, got.Stored)
					}
					var refused []string
					for i, r := range got.Refused {
						said := r.Place + " " + r.Code + " " + r.Reason
						if i < len(story.refused) && strings.HasPrefix(said, story.refused[i]) && r.Reason != "" {
							said = story.refused[i]
						}
						refused = append(refused, said)
					}
					if diff := cmp.Diff(story.refused, refused); diff != "" {
						t.Errorf("refused (-want +got):\n%s", diff)
					}
				}
			}
			published, aside := w.seen()
			var charted vitals.Batch
			for _, d := range published[:len(published)/2] {
				charted.Readings = append(charted.Readings, d.Batch.Readings...)
			}
			if got := rates(charted); got != "70 71 72 73 74 75 76 77 78 79 79" {
				t.Errorf("charted %s", got)
			}
			if len(aside) == 0 || h.Counts().Refused+h.Counts().Partial == 0 {
				t.Errorf("kept aside %d, counted %+v", len(aside), h.Counts())
			}
		})
	}
}

// What is good is on its way before what is refused is written down: a database that is away holds up no alarm.
func TestWhatIsRefusedHoldsUpNothingWhileTheDatabaseIsAway(t *testing.T) {
	w, _, _ := cloudWard()
	h := w.handler()
	if a := hook(h.Webhooks(&registry{}), "tenovi", "Bearer right", measured2("monitor", "70", noon)); a.Code != http.StatusOK {
		t.Fatal(a.Code) // the bindings are known now
	}
	w.set(func() { w.storeDown = true })
	bad := []string{measured("aura", "monitor", "1", noon), measured2("stranger", "71", noon), measured2("monitor", "412", noon), measured2("monitor", "72", noon)}
	if a := hook(h.Webhooks(&registry{}), "tenovi", "Bearer right", "["+strings.Join(bad, ",")+"]"); a.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d", a.Code)
	}
	if published, _ := w.seen(); len(published) != 2 || rates(published[1].Batch) != "72" {
		t.Errorf("%+v", published)
	}
}

func TestABadValueInAnAdvertisementCostsNoCallForHelp(t *testing.T) {
	const (
		ours       = "D43A2C000003"
		neighbours = "AC233F000009"
	)
	stories := map[string]struct {
		source, topic, payload string
		code                   byte // over MQTT
		passed                 int  // over HTTP, or of the parts
		refused                []string
		events                 string
		aside                  int
	}{
		"a press with a battery of 300 %": {
			source: "theengs", topic: "home/theengs/BTtoMQTT/" + ours, payload: `{"id":"D4:3A:2C:00:00:03","model_id":"SBBT-002C","button":1,"batt":300,"act_bpm":"?"}`,
			code: 0x99, refused: []string{" malformed batt: battery of 300 %: malformed", ` malformed act_bpm: "?" is not a number: malformed`}, events: "sos", aside: 1,
		},
		"a battery of 300 % of the neighbours' button": {
			source: "theengs", topic: "home/theengs/BTtoMQTT/" + neighbours, payload: `{"id":"AC:23:3F:00:00:09","batt":300}`, passed: 1,
		},
		"beacons that are good, unreadable, of the future, of the neighbours and of nobody": {
			source: "minew", topic: "/gw/minew/status", payload: `[{"type":"Gateway","mac":"AC233FC00001"},{"mac":"` + ours + `","battery":50},{"mac":"` + ours + `","battery":500},
				{"mac":"` + ours + `","battery":51,"timestamp":"2026-03-01T13:00:00Z"},{"mac":"` + neighbours + `","battery":500},{"mac":"?","battery":5},{"mac":"` + ours + `","battery":50}]`,
			passed: 3, refused: []string{"[2] malformed battery of 500 %: malformed", "[3] future battery at", `[5] malformed "?": device id`}, events: "battery battery", aside: 3,
		},
		"what is no array": {source: "minew", topic: "/gw/minew/status", payload: `[{"mac":`, code: 0x99, aside: 1},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w := relayWard()
			h := w.handler()
			client, err := dial(t, listen(t, h), credentials{client: story.source, user: story.source, secret: secret})
			if err != nil {
				t.Fatal(err)
			}
			if code, reason := client.publish(t, story.topic, []byte(story.payload)); code != story.code || code == 0x99 && reason == "" {
				t.Errorf("%#x %q", code, reason)
			}
			published, aside := w.seen()
			var events []string
			for _, d := range published {
				for _, e := range d.Batch.Events {
					events = append(events, string(e.Code))
				}
			}
			if got := strings.Join(events, " "); got != story.events || len(aside) != story.aside || int(h.Counts().Refused+h.Counts().Partial) != story.aside {
				t.Errorf("taken %q, %d aside, %+v", got, len(aside), h.Counts())
			}
			if story.source != "minew" || story.refused == nil {
				return
			}
			got := told(t, hook(h.Webhooks(&registry{}), story.source, "Bearer right", story.payload))
			for i, want := range story.refused {
				if i >= len(got.Refused) || !strings.HasPrefix(got.Refused[i].Place+" "+got.Refused[i].Code+" "+got.Refused[i].Reason, want) {
					t.Errorf("over HTTP: %+v, want %s", got.Refused, want)
				}
			}
			if got.Passed != story.passed || len(got.Refused) != len(story.refused) {
				t.Errorf("over HTTP: %+v", got)
			}
		})
	}
}

// A Cassia gateway holds connections and hears no answer.
func TestABadNotificationOfACassiaGatewayCostsNoOther(t *testing.T) {
	w := relayWard()
	h := w.handler()
	source, _ := gateway.Lookup("cassia")
	notified := func(device, value string) string {
		return fmt.Sprintf("data: {\"value\":%q,\"handle\":52,\"id\":%q}\n", value, device)
	}
	lines := `[{"uuid":"180d","characteristics":[{"uuid":"2a37","handle":52,"properties":16}]}]` + "\n" +
		notified("d43a2c000003", "0046") + notified("d43a2c000003", "00") + notified("d43a2c000003", "00ff") +
		notified("ac233f000009", "0047") + notified("ac233f000009", "00") + notified("?", "0048") + notified("d43a2c000003", "0049") + "data: {\"value\":"
	parts, err := source.Read(devices.Frame{Received: noon, Bytes: []byte(lines)})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Relay(t.Context(), "cassia", parts, true); err != nil {
		t.Fatal(err)
	}
	published, aside := w.seen()
	var charted vitals.Batch
	for _, d := range published {
		charted.Readings = append(charted.Readings, d.Batch.Readings...)
	}
	if got := rates(charted); got != "70 255 73" {
		t.Errorf("charted %s", got)
	}
	var reasons []string
	for _, a := range aside {
		reasons = append(reasons, a.Reason)
	}
	if diff := cmp.Diff([]string{ // and nothing of the neighbours
		"heart rate needs 1 bytes, 0 are left: malformed", `"?": device id must be 12 or 16 hexadecimal digits: malformed`, "the JSON ends too early: malformed",
	}, reasons); diff != "" {
		t.Error(diff)
	}
	if last := parts[len(parts)-1]; last.Place != "notifications[7]" || !errors.Is(last.Err, devices.ErrMalformed) {
		t.Errorf("%+v", last)
	}
}
