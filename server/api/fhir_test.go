package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/fhir"
	"vigil/server/api"
	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func reading(p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, after time.Duration, value int64) vitals.Charted {
	return vitals.Charted{Patient: p, Device: d, Reading: vitals.Reading{Kind: k, Time: morning.Add(after), Value: vitals.Int(value)}}
}

// block writes packed blocks.
func (w *ward) block(blocks ...vitals.Block) {
	w.Helper()
	if err := w.store.Commit(w.Context(), func(tx *store.Tx) error { return tx.SaveBlocks(blocks) }); err != nil {
		w.Fatal(err)
	}
}

// series is a packed minute of heart rates, one per second.
func series(w *ward, p vitals.PatientID, d vitals.DeviceID, minute int) vitals.Block {
	w.Helper()
	start := morning.Add(time.Duration(minute) * time.Minute)
	var minuteSeries codec.Series
	for i := range 60 {
		err := minuteSeries.Add(codec.Point{Time: start.Add(time.Duration(i) * time.Second), Value: vitals.Int(int64(60 + i))})
		if err != nil {
			w.Fatal(err)
		}
	}
	return minuteSeries.Block(p, d, vitals.HeartRate, start)
}

// ecg is a packed slot of ten seconds of one lead at 10 Hz.
func ecg(w *ward, p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, slot int) vitals.Block {
	w.Helper()
	start := morning.Add(time.Duration(slot) * vitals.WaveBlock)
	var wave codec.Wave
	err := wave.Add(vitals.Waveform{
		Kind: k, Start: start, Rate: vitals.Rate{Num: 10, Den: 1}, Scale: vitals.Int(1), First: uint64(slot) * 100, Samples: make([]int16, 100),
	})
	if err != nil {
		w.Fatal(err)
	}
	return wave.Block(p, d, k, start)
}

// bundle is one page of a search.
func (w *ward) bundle(who, path string) (ids []string, next string) {
	w.Helper()
	a := w.get(who, path).expect(w.T, http.StatusOK)
	for _, e := range a.list("entry") {
		entry := e.(fields)
		if entry["search"].(fields)["mode"] == "match" {
			ids = append(ids, entry["resource"].(fields)["id"].(string))
		}
	}
	for _, l := range a.list("link") {
		if link := l.(fields); link["relation"] == "next" {
			next = strings.TrimPrefix(link["url"].(string), "http://vigil.test")
		}
	}
	return ids, next
}

// all follows the next links.
func (w *ward) all(who, path string, between func(page int)) (ids []string) {
	w.Helper()
	for page := 0; path != ""; page++ {
		var some []string
		some, path = w.bundle(who, path)
		ids = append(ids, some...)
		if page > 1000 {
			w.Fatal("paging never ends")
		}
		if between != nil {
			between(page)
		}
	}
	return ids
}

const search = "/fhir/r4/Observation?patient=" + string(anna)

func TestReadingAnObservation(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.block(series(w, anna, strap, 0))
	w.chart(reading(anna, cuff, vitals.Systolic, 0, 128), reading(anna, cuff, vitals.Diastolic, 0, 82), reading(carl, patch, vitals.Weight, 0, 80))
	w.block(ecg(w, anna, strap, vitals.ECGI, 0), ecg(w, anna, strap, vitals.ECGII, 0))
	for story, row := range map[string]struct {
		key  vitals.Key
		what []any
		want any
	}{
		"a streamed value":   {vitals.Key{Time: morning.Add(7 * time.Second), Kind: vitals.HeartRate, Device: strap}, []any{"valueQuantity", "code"}, "/min"},
		"a blood pressure":   {vitals.Key{Time: morning, Kind: vitals.Systolic, Device: cuff}, []any{"component", 1, "code", "coding", 0, "code"}, "8462-4"},
		"ten seconds of ECG": {vitals.Key{Time: morning, Kind: vitals.ECG, Device: strap}, []any{"component", 1, "code", "coding", 0, "code"}, "131330"},
	} {
		a := w.get("nurse", "/fhir/r4/Observation/"+fhir.ObservationID(anna, row.key)).expect(t, http.StatusOK)
		if a.at(row.what...) != row.want || a.at("meta", "security", 0, "code") != "HTEST" || a.Header().Get("Content-Type") != "application/fhir+json; charset=utf-8" {
			t.Errorf("%s: %.600s", story, a.Body)
		}
	}
	for story, id := range map[string]string{
		"no value at that time":  fhir.ObservationID(anna, vitals.Key{Time: morning.Add(time.Hour), Kind: vitals.HeartRate, Device: strap}),
		"another device":         fhir.ObservationID(anna, vitals.Key{Time: morning, Kind: vitals.HeartRate, Device: cuff}),
		"another unit's patient": fhir.ObservationID(carl, vitals.Key{Time: morning, Kind: vitals.Weight, Device: patch}),
		"not an id of ours":      "abc",
		"markup":                 url.PathEscape("<script>alert(1)</script>"),
	} {
		a := w.get("nurse", "/fhir/r4/Observation/"+id).expect(t, http.StatusNotFound)
		if a.at("resourceType") != "OperationOutcome" || a.at("issue", 0, "code") != "not-found" || strings.Contains(a.Body.String(), "<script>") {
			t.Errorf("%s: %s", story, a.Body)
		}
	}
}

func TestUnchangedResourcesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	raised := alarm(anna, 0)
	w.raise(raised)
	for _, path := range []string{"/fhir/r4/Patient/" + string(anna), "/fhir/r4/Device/" + string(strap), "/fhir/r4/DetectedIssue/" + string(raised.ID)} {
		tag := w.get("nurse", path).expect(t, http.StatusOK).Header().Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) {
			t.Errorf("%s: ETag %q", path, tag)
		}
		for header, want := range map[string]int{
			tag: http.StatusNotModified, `"x", ` + tag: http.StatusNotModified, "*": http.StatusNotModified,
			strings.TrimPrefix(tag, "W/"): http.StatusNotModified, `W/"x"`: http.StatusOK, "": http.StatusOK,
		} {
			a := w.send("nurse", http.MethodGet, path, nil, "If-None-Match", header).expect(t, want)
			if want == http.StatusNotModified && (a.Body.Len() > 0 || a.Header().Get("ETag") != tag) {
				t.Errorf("%s: %q", path, a.Body)
			}
		}
	}
	if got := w.get("nurse", "/fhir/r4/DetectedIssue/"+string(raised.ID)).Header().Get("ETag"); got != `W/"1"` {
		t.Errorf("the tag of an alarm is its version: %s", got)
	}
}

func TestRefusalsAreOperationOutcomes(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	for _, row := range []struct {
		story, who, method, path string
		headers                  []string
		want                     int
		code                     string
	}{
		{"nobody", "", http.MethodGet, search, nil, http.StatusUnauthorized, "login"},
		{"XML by Accept", "nurse", http.MethodGet, search, []string{"Accept", "application/fhir+xml"}, http.StatusNotAcceptable, "not-supported"},
		{"XML by _format", "nurse", http.MethodGet, search + "&_format=xml", nil, http.StatusNotAcceptable, "not-supported"},
		{"XML of the statement", "", http.MethodGet, "/fhir/r4/metadata?_format=xml", nil, http.StatusNotAcceptable, "not-supported"},
		{"a date that is none", "nurse", http.MethodGet, search + "&date=today", nil, http.StatusBadRequest, "value"},
		{"about nobody", "nurse", http.MethodGet, "/fhir/r4/Observation?code=8867-4", nil, http.StatusBadRequest, "required"},
		{"an unknown parameter, strictly", "nurse", http.MethodGet, search + "&colour=red", []string{"Prefer", "handling=strict"}, http.StatusBadRequest, "not-supported"},
		{"a damaged page", "nurse", http.MethodGet, search + "&_page=xyz", nil, http.StatusBadRequest, "value"},
		{"a POST that is no form", "nurse", http.MethodPost, "/fhir/r4/Observation/_search", []string{"Content-Type", "application/json"}, http.StatusUnsupportedMediaType, "not-supported"},
		{"an unreadable query", "nurse", http.MethodGet, search + "&code=%zz", nil, http.StatusBadRequest, "invalid"},
		{"no such patient", "nurse", http.MethodGet, "/fhir/r4/Patient/x", nil, http.StatusNotFound, "not-found"},
		{"another unit's patient", "nurse", http.MethodGet, "/fhir/r4/Patient/" + string(carl), nil, http.StatusNotFound, "not-found"},
		{"another unit's device", "nurse", http.MethodGet, "/fhir/r4/Device/" + string(patch), nil, http.StatusNotFound, "not-found"},
		{"all alarms of everybody", "nurse", http.MethodGet, "/fhir/r4/DetectedIssue", nil, http.StatusBadRequest, "required"},
	} {
		t.Run(row.story, func(t *testing.T) {
			a := w.send(row.who, row.method, row.path, nil, row.headers...).expect(t, row.want)
			if a.at("resourceType") != "OperationOutcome" || a.at("issue", 0, "code") != row.code || a.at("issue", 0, "severity") != "error" {
				t.Errorf("%s", a.Body)
			}
			if (row.want == http.StatusUnauthorized) != (a.Header().Get("WWW-Authenticate") == "Bearer") {
				t.Errorf("WWW-Authenticate %q", a.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestABearerIsAsGoodAsACookie(t *testing.T) {
	t.Parallel()
	newWard(t, nil).send("", http.MethodGet, "/fhir/r4/Patient", nil, "Authorization", "Bearer nurse").expect(t, http.StatusOK)
}

func TestScopeOfSearches(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.chart(reading(anna, cuff, vitals.Weight, 0, 60), reading(carl, patch, vitals.Weight, 0, 80))
	w.raise(alarm(anna, 0))
	w.raise(alarm(carl, 0))
	carls := fhir.ObservationID(carl, vitals.Key{Time: morning, Kind: vitals.Weight, Device: patch})
	for path, want := range map[string][2]int{ // cardio, neuro
		"/fhir/r4/Patient": {2, 1},
		"/fhir/r4/Patient?_id=" + string(anna) + "," + string(carl): {1, 1},
		"/fhir/r4/Device":                                         {2, 1},
		"/fhir/r4/Device?patient=" + string(carl):                 {0, 1},
		"/fhir/r4/DetectedIssue?status=preliminary":               {1, 1},
		"/fhir/r4/DetectedIssue?patient=" + string(carl):          {0, 1},
		"/fhir/r4/DetectedIssue?_id=" + string(alarm(carl, 0).ID): {0, 1},
		"/fhir/r4/Observation?patient=" + string(carl):            {0, 1},
		"/fhir/r4/Observation?_id=" + carls:                       {0, 1},
	} {
		for i, who := range []string{"nurse", "elsewhere"} {
			if ids := w.all(who, path, nil); len(ids) != want[i] {
				t.Errorf("%s %s: %v", who, path, ids)
			}
		}
	}
}

func TestSearchByPostIsTheSameSearch(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.chart(reading(anna, cuff, vitals.Weight, 0, 60), reading(anna, cuff, vitals.Glucose, 0, 100))
	a := w.send("nurse", http.MethodPost, "/fhir/r4/Observation/_search", "code=29463-7&patient="+string(anna),
		"Content-Type", "application/x-www-form-urlencoded").expect(t, http.StatusOK)
	got := w.get("nurse", search+"&code=29463-7").expect(t, http.StatusOK)
	if diff := cmp.Diff(got.Body.String(), a.Body.String()); diff != "" || len(a.list("entry")) != 1 {
		t.Error(diff)
	}
}

func TestSearchingOneRecord(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.block(series(w, anna, strap, 0), series(w, anna, strap, 1))
	w.chart(reading(anna, cuff, vitals.Systolic, 30*time.Second, 128), reading(anna, cuff, vitals.Diastolic, 30*time.Second, 82),
		reading(anna, cuff, vitals.Weight, 90*time.Second, 60), reading(anna, cuff, vitals.Glucose, 100*time.Second, 110))
	for slot := range 3 {
		w.block(ecg(w, anna, strap, vitals.ECGI, slot), ecg(w, anna, strap, vitals.ECGII, slot))
	}
	for query, want := range map[string]int{
		"":                    126,
		"&code=8867-4":        120,
		"&code=147842":        120,
		"&code=85354-9":       1,
		"&code=8480-6":        0,
		"&combo-code=8480-6":  1,
		"&code=11524-6":       3,
		"&category=procedure": 3,
		"&category=vital-signs&date=ge2026-03-01T08:01:30Z":           31,
		"&category=laboratory":                                        1,
		"&date=2026-03-01T08:00:30Z":                                  2, // a heart rate and the pressure; ECG reaches out of it
		"&code=11524-6&date=2026-03-01T08:00Z":                        3,
		"&code=11524-6&date=gt2026-03-01T08:00:15Z":                   2,
		"&code=11524-6&date=lt2026-03-01T08:00:15Z":                   2,
		"&code=11524-6&date=sa2026-03-01T08:00:15Z":                   1,
		"&code=11524-6&date=eb2026-03-01T08:00:15Z":                   1,
		"&code=8867-4&date=ne2026-03-01T08:00Z":                       60,
		"&code=8867-4&date=2026-03-01T08:00:01Z,2026-03-01T08:00:03Z": 2,
		"&date=ge2026-03-02":                                          0,
		"&date=2025":                                                  0,
		"&status=preliminary":                                         0,
	} {
		for _, paging := range []string{"&_count=31", "&_count=17&_sort=date", "&_count=1000"} {
			if ids := w.all("nurse", search+query+paging, nil); len(ids) != want {
				t.Errorf("%s%s: %d", query, paging, len(ids))
			}
		}
	}
	oldest, newest := w.all("nurse", search+"&_sort=date&_count=50", nil), w.all("nurse", search+"&_sort=-date&_count=13", nil)
	for i := range oldest {
		if oldest[i] != newest[len(newest)-1-i] {
			t.Fatalf("ascending and descending differ at %d", i)
		}
	}
	byID, _ := w.bundle("nurse", "/fhir/r4/Observation?_count=2&_id="+strings.Join(oldest[:5], ","))
	if len(byID) != 2 || len(w.all("nurse", "/fhir/r4/Observation?_count=2&_id="+strings.Join(oldest[:5], ","), nil)) != 5 {
		t.Errorf("by id: %v", byID)
	}
}

// TestPagingWhileDataArrives: between any two pages values arrive everywhere: before the place of the
// reader, behind it and at the very instant where the page ended. What was there at the start is seen
// once and in order, whatever comes.
func TestPagingWhileDataArrives(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"date", "-date"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, nil)
			for minute := range 3 {
				w.block(series(w, anna, strap, minute))
			}
			var spots []vitals.Charted
			for i := range 40 {
				at := time.Duration(i) * 4 * time.Second
				spots = append(spots, reading(anna, cuff, vitals.Systolic, at, 120), reading(anna, cuff, vitals.Diastolic, at, 80), reading(anna, cuff, vitals.Weight, at, 60))
			}
			w.chart(spots...)
			var slots []vitals.Block
			for slot := range 9 {
				slots = append(slots, ecg(w, anna, strap, vitals.ECGII, slot), ecg(w, anna, cuff, vitals.ECG, slot))
			}
			w.block(slots...)
			path := search + "&_count=11&_sort=" + order
			before := w.all("nurse", search+"&_count=1000&_sort="+order, nil)
			if len(before) != 180+80+18 {
				t.Fatalf("%d at the start", len(before))
			}
			seen := w.all("nurse", path, func(page int) {
				var late []vitals.Charted
				for i := range 3 { // spread over the whole time, odd microseconds
					at := time.Duration((page*37+i*71)%180)*time.Second + time.Duration(page)*time.Microsecond
					late = append(late, reading(anna, patch, vitals.Glucose, at, int64(100+page)), reading(anna, patch, vitals.Systolic, at, 130))
				}
				w.chart(late...)
			})
			count := map[string]int{}
			for _, id := range seen {
				count[id]++
			}
			for id, n := range count {
				if n > 1 {
					t.Errorf("%s was repeated", id)
				}
			}
			var kept []string
			start := map[string]bool{}
			for _, id := range before {
				start[id] = true
				if count[id] == 0 {
					t.Errorf("%s was skipped", id)
				}
			}
			for _, id := range seen {
				if start[id] {
					kept = append(kept, id)
				}
			}
			if diff := cmp.Diff(before, kept); diff != "" {
				t.Errorf("order changed:\n%s", diff)
			}
		})
	}
}

func TestPagesOfECGEndEarlyAndGoOn(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	var blocks []vitals.Block
	for slot := range 150 { // about 30 kB each
		start := morning.Add(time.Duration(slot) * vitals.WaveBlock)
		var wave codec.Wave
		samples := make([]int16, 5000)
		for i := range samples {
			samples[i] = int16(20000 + i)
		}
		if err := wave.Add(vitals.Waveform{Kind: vitals.ECG, Start: start, Rate: vitals.Rate{Num: 500, Den: 1}, Scale: vitals.Int(1), Samples: samples}); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, wave.Block(anna, strap, vitals.ECG, start))
	}
	w.block(blocks...)
	pages := 0
	if n := len(w.all("nurse", search+"&_count=1000", func(int) { pages++ })); n != 150 || pages < 2 {
		t.Errorf("%d in %d pages", n, pages)
	}
}

func TestPagesOfAlarms(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	var episodes []alerts.Alarm
	for i := range 25 {
		a := alarm(anna, time.Duration(i)*time.Minute)
		if i < 24 {
			a.State, a.Ended, a.Reason = alerts.Closed, a.Onset.Add(time.Second), alerts.ClosedSelf
		}
		episodes = append(episodes, a)
	}
	w.raise(episodes...)
	for _, order := range []string{"identified", "-identified"} {
		ids := w.all("nurse", "/fhir/r4/DetectedIssue?_count=4&_sort="+order+"&patient="+string(anna), nil)
		if len(ids) != 25 || (ids[0] < ids[24]) != (order == "identified") {
			t.Errorf("%s: %v", order, ids)
		}
	}
	if ids := w.all("nurse", "/fhir/r4/DetectedIssue?status=final&patient="+string(anna), nil); len(ids) != 24 {
		t.Errorf("%d final", len(ids))
	}
}

func TestUnknownParametersAreToldLeniently(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	a := w.get("nurse", search+"&colour=%3Cscript%3E").expect(t, http.StatusOK)
	if a.at("entry", 0, "search", "mode") != "outcome" || a.at("entry", 0, "resource", "issue", 0, "severity") != "warning" {
		t.Errorf("%s", a.Body)
	}
}

// TestTheStatementAndTheRoutesAgree walks the CapabilityStatement: every interaction is there, and
// every search parameter is taken strictly.
func TestTheStatementAndTheRoutesAgree(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(o *api.Options) {
		o.PublicURL, o.Intake = "https://vigil.example", &intake{Store: o.Records.(*store.Store)}
	})
	w.raise(alarm(anna, 0))
	w.chart(reading(anna, cuff, vitals.Weight, 0, 60))
	statement := w.get("", "/fhir/r4/metadata").expect(t, http.StatusOK)
	if statement.at("implementation", "url") != "https://vigil.example/fhir/r4" || statement.at("software", "version") != "1.2.3" {
		t.Errorf("%.300s", statement.Body)
	}
	examples := map[string]string{
		"Observation": fhir.ObservationID(anna, vitals.Key{Time: morning, Kind: vitals.Weight, Device: cuff}),
		"Patient":     string(anna), "Device": string(cuff), "DetectedIssue": string(alarm(anna, 0).ID),
	}
	if diff := cmp.Diff([]any{fields{"code": "transaction"}, fields{"code": "batch"}}, statement.list("rest", 0, "interaction")); diff != "" {
		t.Error(diff)
	}
	for _, r := range statement.list("rest", 0, "resource") {
		resource := answer{json: r.(fields)}
		kind := resource.at("type").(string)
		interactions := []any{fields{"code": "read"}, fields{"code": "search-type"}}
		created := w.post("/fhir/r4/"+kind, "{}").Code
		if kind == "Observation" {
			interactions = append(interactions, fields{"code": "create"})
		}
		if diff := cmp.Diff(interactions, resource.list("interaction")); diff != "" || (created == http.StatusMethodNotAllowed) == (kind == "Observation") {
			t.Error(kind, created, diff)
		}
		w.get("nurse", "/fhir/r4/"+kind+"/"+examples[kind]).expect(t, http.StatusOK)
		for _, p := range resource.list("searchParam") {
			name, value := p.(fields)["name"].(string), "x"
			if p.(fields)["type"] == "date" {
				value = "2026"
			}
			path := fmt.Sprintf("/fhir/r4/%s?_id=%s&%s=%s", kind, examples[kind], name, value)
			w.send("nurse", http.MethodGet, path, nil, "Prefer", "handling=strict").expect(t, http.StatusOK)
		}
	}
}

// TestManyDevicesInOneSlot: more blocks begin at one instant than are asked for at once.
func TestManyDevicesInOneSlot(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	blocks := []vitals.Block{ecg(w, anna, strap, vitals.ECG, 1)}
	for i := range 70 {
		blocks = append(blocks, ecg(w, anna, vitals.DeviceID(fmt.Sprintf("b0000000%04x", i)), vitals.ECG, 0))
	}
	w.block(blocks...)
	for _, order := range []string{"date", "-date"} {
		if n := len(w.all("nurse", search+"&code=11524-6&_count=29&_sort="+order, nil)); n != 71 {
			t.Errorf("%s: %d", order, n)
		}
	}
}
