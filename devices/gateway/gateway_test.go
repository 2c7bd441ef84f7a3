package gateway_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/vitals"
)

const phone vitals.DeviceID = "02000000000000b1"

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func source(tb testing.TB, name string) gateway.Source {
	tb.Helper()
	s, known := gateway.Lookup(name)
	if !known {
		tb.Fatalf("no source %q", name)
	}
	return s
}

func read(t *testing.T, name, payload string) []gateway.Part {
	t.Helper()
	parts, err := source(t, name).Read(devices.Frame{Device: phone, Received: noon, Bytes: []byte(payload)})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// said is a part in a line: what was measured, or why it was refused.
func said(p gateway.Part) string {
	if p.Err != nil {
		return "refused: " + p.Err.Error()
	}
	words := []string{string(p.Batch.Device)}
	for _, r := range p.Batch.Readings {
		words = append(words, r.Kind.String()+" "+r.Value.String())
	}
	for _, w := range p.Batch.Waveforms {
		words = append(words, w.Kind.String())
	}
	for _, e := range p.Batch.Events {
		words = append(words, string(e.Code))
	}
	return strings.Join(words, " ")
}

func TestOneBadPartSpoilsNoOther(t *testing.T) {
	stories := map[string]struct {
		source, payload string
		want            []string
	}{
		"a blood pressure and its pulse in one array, with a metric nobody knows between them": {
			source: "tenovi",
			payload: `[{"metric":"blood_pressure","hwi_device_id":"a","value_1":"121","value_2":"79","timestamp":"2026-11-20T11:00:00Z"},
				{"metric":"aura","hwi_device_id":"a","value_1":"1","timestamp":"2026-11-20T11:00:00Z"},
				{"metric":"pulse","hwi_device_id":"a","sensor_code":"10","value_1":"72","timestamp":"2026-11-20T11:00:00Z"}]`,
			want: []string{
				string(vitals.DeriveDeviceID("tenovi", "a")) + " systolic 121 diastolic 79",
				`refused: metric "aura" is not one that Vigil reads: malformed`,
				string(vitals.DeriveDeviceID("tenovi", "a")) + " cuff_pulse_rate 72",
			},
		},
		"a phone's export of two days, in which steps are of no interest": {
			source: "health-auto-export",
			payload: `{"data":{"metrics":[
				{"name":"step_count","units":"count","data":[{"qty":8500,"date":"2026-11-20 08:00:00 +0100"}]},
				{"name":"heart_rate","units":"bpm","data":[{"Avg":61,"date":"2026-11-19 08:00:00 +0100"},{"Avg":63,"date":"soon"}]},
				{"name":"weight_body_mass","units":"kg","data":[{"qty":70.5,"date":"2026-11-20 08:00:00 +0100"}, 7]}]}}`,
			want: []string{
				string(phone) + " heart_rate 61", `refused: "soon" is not a time with its date and offset: malformed`,
				string(phone) + " weight 70.5", `refused: a number stands in field "": malformed`,
			},
		},
		"groups of a Withings account": {
			source: "withings",
			payload: `{"status":0,"body":{"updatetime":1,"measuregrps":[
				{"date":1530576000,"category":1,"measures":[{"value":70500,"type":1,"unit":-3}]},
				{"date":-1,"category":1,"measures":[{"value":70500,"type":1,"unit":-3}]}]}}`,
			want: []string{string(phone) + " weight 70.500", "refused: time -1 cannot be: malformed"},
		},
		"server-sent events of a Cassia gateway, kept alive by a comment": {
			source: "cassia",
			payload: `[{"uuid":"180d","characteristics":[{"uuid":"2a37","handle":52,"properties":16}]}]` + "\n" +
				`data: {"value":"08560000","handle":52,"id":"63:B4:C5:46:5C:A2","dataType":"notification"}` + "\n\n:keep-alive\n\n" +
				`data: {"value":"0857","handle":77,"id":"63:B4:C5:46:5C:A2","dataType":"notification"}` + "\n\n" +
				`data: {"value":"0058","handle":52,"id":"63:B4:C5:46:5C:A2","dataType":"notification"}` + "\n\n",
			want: []string{
				"refused: value ends", "refused: handle 77 is not among those that were discovered: malformed", "63b4c5465ca2 heart_rate 88",
			},
		},
		"a Minew gateway stands before its beacons": {
			source: "minew",
			payload: `[{"timestamp":"2026-11-20T11:00:00Z","type":"Gateway","mac":"AC233FC00001","battery":100},
				{"timestamp":"2026-11-20T11:00:00Z","type":"S1","mac":"AC233F000001","battery":50}]`,
			want: []string{"ac233f000001 battery"},
		},
		"a page of Google's data points": {
			source: "google-health",
			payload: `{"dataPoints":[{"heartRate":{"beatsPerMinute":"72","sampleTime":{"physicalTime":"2026-08-13T00:04:11Z"}}},
				{"steps":{"count":"5"}}],"nextPageToken":""}`,
			want: []string{string(phone) + " heart_rate 72", "refused: a data point is of no type that Vigil reads: malformed"},
		},
		"an empty page":            {source: "google-health", payload: `{"dataPoints":[]}`, want: nil},
		"an empty page, left out":  {source: "google-health", payload: `{}`, want: nil},
		"an empty page before one": {source: "google-health", payload: `{"nextPageToken":"2"}`, want: nil},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range read(t, story.source, story.payload) {
				got = append(got, said(p))
				if p.Err != nil && !errors.Is(p.Err, devices.ErrMalformed) {
					t.Errorf("%v does not wrap ErrMalformed", p.Err)
				}
			}
			if len(got) > 0 && story.source == "cassia" { // its first value is an encoding of its own
				story.want[0] = got[0]
				if !strings.Contains(got[0], "heart_rate 86") {
					t.Error(got[0])
				}
			}
			if diff := cmp.Diff(story.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPayloadThatIsNotUnderstoodIsRefusedWithAReason(t *testing.T) {
	stories := map[string]struct{ source, payload, want string }{
		"a web page in an array":  {"tenovi", "[<html>]", "invalid character '<' looking for beginning of value: malformed"},
		"an array cut short":      {"tenovi", `[{"metric":"pulse"}`, "the JSON ends too early: malformed"},
		"an export of nothing":    {"health-auto-export", `{"workouts":[]}`, "there is no data object: malformed"},
		"Withings is out of sort": {"withings", `{"status":401,"body":{}}`, "Withings answers with status 401: malformed"},
		"half a notification":     {"cassia", `[{"uuid":`, "the JSON ends too early: malformed"},
		"too much":                {"json", strings.Repeat(" ", gateway.MaxPayload+1), "payload of 8388609 bytes exceeds 8388608: malformed"},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			_, err := source(t, story.source).Read(devices.Frame{Device: phone, Received: noon, Bytes: []byte(story.payload)})
			if !errors.Is(err, devices.ErrMalformed) || err.Error() != story.want {
				t.Errorf("refused with %v, want %s", err, story.want)
			}
		})
	}
}

func TestNotificationsSayWhatIsToBeFetched(t *testing.T) {
	utc := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	stories := map[string]struct {
		source, payload string
		want            []gateway.Notification
		fault           string
	}{
		"Withings has a new weight": {
			source: "withings", payload: "userid=12345&appli=1&startdate=1530576000&enddate=1530698753",
			want: []gateway.Notification{{
				Account: "12345", What: gateway.WithingsWeight,
				Between: gateway.Between{From: utc("2018-07-03T00:00:00Z"), To: utc("2018-07-04T10:05:53Z")},
			}},
		},
		"a user leaves Withings": {
			source: "withings", payload: "userid=12345&appli=46&action=delete",
			want: []gateway.Notification{{Account: "12345", What: "46", Deleted: true}},
		},
		"a form of somebody else": {source: "withings", payload: "name=joe", fault: "userid or appli is missing: malformed"},
		"a date that is none":     {source: "withings", payload: "userid=1&appli=1&startdate=soon", fault: `startdate "soon" is no time: malformed`},
		"Google has a heart rate": {
			source: "google-health",
			payload: `{"data":{"version":"v4","healthUserId":"AbC123xyz","operation":"UPSERT","dataType":"heart-rate",
				"intervals":[{"physicalTimeInterval":{"startTime":"2026-08-13T00:00:00Z","endTime":"2026-08-13T00:05:00Z"}}]}}`,
			want: []gateway.Notification{{
				Account: "AbC123xyz", What: gateway.GoogleHeartRate,
				Between: gateway.Between{From: utc("2026-08-13T00:00:00Z"), To: utc("2026-08-13T00:05:00Z")},
			}},
		},
		"Google says what is gone, in an array": {
			source: "google-health",
			payload: `[{"data":{"healthUserId":"a","operation":"DELETE","dataType":"weight",
				"intervals":[{"physicalTimeInterval":{"startTime":"2026-08-13T00:00:00Z","endTime":"2026-08-13T00:05:00Z"}}]}}]`,
			want: []gateway.Notification{{
				Account: "a", What: gateway.GoogleWeight, Deleted: true,
				Between: gateway.Between{From: utc("2026-08-13T00:00:00Z"), To: utc("2026-08-13T00:05:00Z")},
			}},
		},
		"nobody's data": {source: "google-health", payload: `{"data":{}}`, fault: "healthUserId or dataType is missing: malformed"},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			got, err := source(t, story.source).Notifications([]byte(story.payload))
			if story.fault != "" {
				if !errors.Is(err, devices.ErrMalformed) || err.Error() != story.fault {
					t.Errorf("refused with %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(story.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if !gateway.GoogleVerification([]byte(`{"type":"verification"}`)) || gateway.GoogleVerification([]byte(`{"data":{}}`)) {
		t.Error("a verification is not told from a notification")
	}
}

func TestDiscoverySaysWhatToSwitchOn(t *testing.T) {
	handles, notifying, err := gateway.Discover([]byte(`[{"uuid":"0000180d-0000-1000-8000-00805f9b34fb","handle":50,"characteristics":[
		{"handle":52,"properties":16,"uuid":"00002A37-0000-1000-8000-00805F9B34FB","descriptors":[{"handle":53,"uuid":"00002902-0000-1000-8000-00805f9b34fb"}]},
		{"handle":55,"properties":2,"uuid":"2a38"},
		{"handle":57,"properties":32,"uuid":"2a1c","descriptors":[{"handle":58,"uuid":"2902"}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	const heartRate, thermometer = "00002a37-0000-1000-8000-00805f9b34fb", "00002a1c-0000-1000-8000-00805f9b34fb"
	want := []gateway.Characteristic{{UUID: heartRate, Switch: 53}, {UUID: thermometer, Switch: 58, Indicate: true}}
	if diff := cmp.Diff(want, notifying); diff != "" {
		t.Error(diff)
	}
	if handles[52] != heartRate || handles[57] != thermometer || !gateway.Reads(handles[52]) || gateway.Reads(handles[55]) {
		t.Errorf("handles %v", handles)
	}
}

// TestPublishedPayloads reads the payloads that vendors publish, where they are at hand.
func TestPublishedPayloads(t *testing.T) {
	folder := os.Getenv("VIGIL_VECTORS")
	if folder == "" {
		t.Skip("VIGIL_VECTORS names no folder with published payloads")
	}
	text, err := os.ReadFile(filepath.Join(folder, "gateways.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Payloads []struct {
			ID   string          `json:"id"`
			Body json.RawMessage `json:"body"`
			Text string          `json:"body_text"`
		} `json:"payloads"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	discovery := `[{"uuid":"180d","characteristics":[{"uuid":"2a37","handle":52,"properties":16}]}]` + "\n"
	readers := map[string]func(payload string) []string{}
	reads := func(name, before string) func(string) []string {
		return func(payload string) (lines []string) {
			for _, p := range read(t, name, before+payload) {
				lines = append(lines, said(p))
			}
			return lines
		}
	}
	notifies := func(name string) func(string) []string {
		return func(payload string) (lines []string) {
			all, err := source(t, name).Notifications([]byte(payload))
			if err != nil {
				t.Error(err)
			}
			for _, n := range all {
				lines = append(lines, n.Account+" "+n.What)
			}
			return lines
		}
	}
	readers["cassia-sse-notification"] = reads("cassia", discovery)
	readers["theengs"] = reads("theengs", "")
	readers["apple-ecg-csv"] = reads("apple-ecg", "")
	readers["health-auto-export-ecg"] = reads("health-auto-export", "")
	readers["tenovi-measurement"] = reads("tenovi", "")
	readers["withings-notify"] = notifies("withings")
	readers["google-health-webhook"] = notifies("google-health")
	want := map[string][]string{
		"cassia-sse-notification": {"63b4c5465ca2 heart_rate 86"},
		"theengs":                 {string(phone)},
		"apple-ecg-csv":           {string(phone) + " ecg_i"},
		"health-auto-export-ecg":  {string(phone) + " ecg_i"},
		"tenovi-measurement":      {string(vitals.DeriveDeviceID("tenovi", "e9c24a26-7d69-490f-9546-93c5a31486aa")) + " systolic 121 diastolic 79"},
		"withings-notify":         {"12345 1"},
		"google-health-webhook":   {"AbC123xyz heart-rate"},
	}
	got := map[string][]string{}
	for _, p := range file.Payloads {
		if reader, mine := readers[p.ID]; mine {
			got[p.ID] = reader(p.Text + string(p.Body))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzSources gives any payload to every source, whole: what is taken apart is decoded, or refused with
// ErrMalformed.
func FuzzSources(f *testing.F) {
	names := gateway.Names()
	for i, name := range names {
		paths, err := filepath.Glob(filepath.Join("..", "testdata", "gateway", name, "*.*"))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			payload, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), payload)
			f.Add(uint8(i), append(append([]byte("["), payload...), ']'))
		}
	}
	f.Add(uint8(0), []byte("userid=12345&appli=1&startdate=1530576000&enddate=1530698753"))
	f.Fuzz(func(t *testing.T, pick uint8, payload []byte) {
		s := source(t, names[int(pick)%len(names)])
		parts, err := s.Read(devices.Frame{Device: phone, Received: noon, Bytes: payload})
		if err != nil && !errors.Is(err, devices.ErrMalformed) {
			t.Fatalf("%s: %v", s.Name, err)
		}
		for _, p := range parts {
			partly, is := errors.AsType[*devices.ItemsError](p.Err)
			if p.Err != nil && (!errors.Is(p.Err, devices.ErrMalformed) || !is && !p.Batch.Empty()) {
				t.Fatalf("%s: %v with %+v", s.Name, p.Err, p.Batch)
			}
			if is && (len(partly.Faults) == 0 || p.At(partly.Faults[0].Item) != "" && !strings.HasPrefix(p.At(partly.Faults[0].Item), p.Place)) {
				t.Fatalf("%s: %v is not at a place of %q", s.Name, p.Err, p.Place)
			}
			if p.Err == nil && !json.Valid(gateway.Twin(p.Batch)) {
				t.Fatalf("%s: %+v has no twin", s.Name, p.Batch)
			}
		}
		if s.Notifies() {
			if _, err := s.Notifications(payload); err != nil && !errors.Is(err, devices.ErrMalformed) {
				t.Fatalf("%s: %v", s.Name, err)
			}
		}
	})
}

func frame(payload []byte) devices.Frame {
	return devices.Frame{Device: phone, Received: noon, Bytes: payload}
}
