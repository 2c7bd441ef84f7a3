package fhir_test

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"

	"vigil/fhir"
	"vigil/vitals"
)

// ask understands a query string for Observations of anna.
func ask(query string, strict bool) (fhir.Search, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	return fhir.ParseSearch(fhir.Observations, fhir.Request{Base: base, Values: values, Strict: strict})
}

func mustAsk(t *testing.T, query string) fhir.Search {
	t.Helper()
	s, err := ask(query, false)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

const ofAnna = "patient=" + string(anna)

func TestWhichKindsACodeSelects(t *testing.T) {
	t.Parallel()
	rates := []string{"heart_rate", "pulse_rate", "cuff_pulse_rate"}
	pressure := []string{"systolic", "diastolic", "mean_pressure"}
	leads := []string{"ecg", "ecg_i", "ecg_ii", "ecg_iii"}
	laboratory := []string{"glucose", "glucose_blood", "glucose_plasma", "glucose_interstitial"}
	for _, row := range []struct {
		story, query string
		want         []string
	}{
		{"LOINC with its system selects every kind of heart rate", "code=http://loinc.org|8867-4", rates},
		{"a code alone means any system", "code=8867-4", rates},
		{"MDC tells them apart", "code=urn:iso:std:iso:11073:10101|149530", []string{"pulse_rate"}},
		{"the wrong system selects nothing", "code=urn:iso:std:iso:11073:10101|8867-4", nil},
		{"no system selects nothing of ours", "code=|8867-4", nil},
		{"either code of SpO2", "code=59408-5", []string{"spo2"}},
		{"a comma is or", "code=2708-6,http://loinc.org|8310-5", []string{"spo2", "temperature"}},
		{"repeated is and", "code=8867-4&code=149530", []string{"pulse_rate"}},
		{"repeated that exclude each other", "code=8867-4&code=2708-6", nil},
		{"the panel brings its parts", "code=85354-9", pressure},
		{"the panel by MDC", "code=150020", pressure},
		{"a part is no code of an Observation", "code=8480-6", nil},
		{"a part by combo-code", "combo-code=8480-6", pressure},
		{"combo-code finds codes too", "combo-code=8867-4", rates},
		{"a part by component-code", "component-code=http://loinc.org|8462-4", pressure},
		{"component-code finds no codes", "component-code=8867-4", nil},
		{"an ECG brings its leads", "code=http://loinc.org|11524-6", leads},
		{"a lead by component-code", "component-code=131330", leads},
		{"a lead is no code of an Observation", "code=131330", nil},
		{"glucose is laboratory", "category=laboratory", laboratory},
		{"category with its system", "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory", laboratory},
		{"category and code", "category=vital-signs&code=41653-7", nil},
		{"all codes of a system", "code=http://loinc.org|&category=laboratory", laboratory},
		{"an unknown code selects nothing", "code=1234-5", nil},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			s := mustAsk(t, ofAnna+"&"+row.query)
			got := lo.Map(append(s.Readings(), s.Waves()...), func(k vitals.Kind, _ int) string { return k.String() })
			if s.Nothing {
				got = nil
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(row.want))
			if diff := cmp.Diff(want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryCodingThatIsShownCanBeSearched(t *testing.T) {
	t.Parallel()
	for _, kind := range vitals.Kinds() {
		lead := fhir.Leading(kind)
		var o *fhir.Observation
		if kind.Info().Shape == vitals.Sampled {
			o = study(lead, wave(kind, 0, hz250, 1))
		} else {
			o = one(t, reading(kind, "72", 0))
		}
		for _, code := range codes(encoded(t, o)["code"]) {
			s := mustAsk(t, ofAnna+"&code="+url.QueryEscape(code))
			if s.Nothing || !s.Matches(o) {
				t.Errorf("%s shows %s and is not found by it", kind, code)
			}
		}
	}
}

func TestWhomASearchIsAbout(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		story, query string
		want         vitals.PatientID
		nothing      bool
	}{
		{"an id", "patient=p1", "p1", false},
		{"a relative reference", "subject=Patient/p1", "p1", false},
		{"our full address", "patient=" + base + "/Patient/p1", "p1", false},
		{"with the type as modifier", "subject:Patient=p1", "p1", false},
		{"patient and subject agree", "patient=p1&subject=Patient/p1", "p1", false},
		{"patient and subject differ", "patient=p1&subject=p2", "p1", true},
		{"another server's patient", "patient=https://elsewhere.test/fhir/Patient/p1", "", true},
		{"another type", "subject=Group/p1", "", true},
		{"an id that cannot be one", "patient=a_b", "", true},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			s := mustAsk(t, row.query)
			if s.Nothing != row.nothing || s.Patient != row.want {
				t.Errorf("patient %q, nothing %v", s.Patient, s.Nothing)
			}
		})
	}
}

func TestWhatIsRefusedAndWhatIsIgnored(t *testing.T) {
	t.Parallel()
	const refused, ignored, taken = "refused", "ignored", "taken"
	for _, row := range []struct{ story, query, lenient, strict string }{
		{"a search about nobody", "code=8867-4", refused, refused},
		{"several patients", "patient=p1,p2", refused, refused},
		{"an unknown parameter", ofAnna + "&colour=red", ignored, refused},
		{"a known parameter of another resource", ofAnna + "&family=x", ignored, refused},
		{"an unknown modifier", ofAnna + "&code:text=heart", refused, refused},
		{"a modifier of an unknown parameter", ofAnna + "&colour:exact=red", ignored, refused},
		{"a parameter without a value", ofAnna + "&code=", ignored, refused},
		{"a bad date", ofAnna + "&date=tomorrow", refused, refused},
		{"a page size that is no number", ofAnna + "&_count=many", refused, refused},
		{"a negative page size", ofAnna + "&_count=-1", refused, refused},
		{"counting only", ofAnna + "&_count=0", refused, refused},
		{"a sort that is not offered", ofAnna + "&_sort=code", ignored, refused},
		{"a sort by date", ofAnna + "&_sort=-date", taken, taken},
		{"_format selects nothing", ofAnna + "&_format=json", taken, taken},
		{"final", ofAnna + "&status=final", taken, taken},
		{"a forged cursor", ofAnna + "&_page=AAAA", refused, refused},
		{"too many ids", "_id=" + strings.Repeat("a,", 200) + "a", refused, refused},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			for strict, want := range map[bool]string{false: row.lenient, true: row.strict} {
				s, err := ask(row.query, strict)
				got := taken
				if len(s.Warnings) > 0 {
					got = ignored
				}
				if err != nil {
					got = refused
					fault, _ := errors.AsType[*fhir.Error](err)
					if issue := fault.Issue; issue.Severity != fhir.Fault || issue.Text == "" || issue.Expression == "" {
						t.Errorf("issue %+v", issue)
					}
				}
				if got != want {
					t.Errorf("strict %v: %s, want %s (%v)", strict, got, want, err)
				}
			}
		})
	}
}

func TestPageSizeIsBounded(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]int{"": 100, "&_count=7": 7, "&_count=1000": 1000, "&_count=100000": 1000} {
		if got := mustAsk(t, ofAnna+query).Count; got != want {
			t.Errorf("%q: %d", query, got)
		}
	}
}

func TestStatusOtherThanFinalMatchesNothing(t *testing.T) {
	t.Parallel()
	if !mustAsk(t, ofAnna+"&status=preliminary").Nothing || mustAsk(t, ofAnna+"&status=preliminary,final").Nothing {
		t.Error("status")
	}
}

func TestIDsNameTheirPlaces(t *testing.T) {
	t.Parallel()
	early := fhir.ObservationID(anna, vitals.Key{Time: morning, Kind: vitals.HeartRate, Device: strap})
	late := fhir.ObservationID("other", vitals.Key{Time: morning.Add(time.Hour), Kind: vitals.SpO2, Device: strap})
	for _, row := range []struct {
		story, query string
		want         []string
	}{
		{"newest first", "_id=" + early + "," + late, []string{late, early}},
		{"oldest first when asked", "_sort=date&_id=" + early + "," + late, []string{early, late}},
		{"only those of the patient", ofAnna + "&_id=" + early + "," + late, []string{early}},
		{"only those of the code", "code=8867-4&_id=" + early + "," + late, []string{early}},
		{"strangers match nothing", "_id=abc", nil},
		{"repeated is and", "_id=" + early + "&_id=" + late, nil},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			s := mustAsk(t, row.query)
			var got []string
			for _, o := range s.Keys() {
				got = append(got, o.ID())
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPanelWithoutMeanIsNotFoundByIt(t *testing.T) {
	t.Parallel()
	with, without := one(t, pressures(cuff, 0, "120", "80", "93")...), one(t, pressures(cuff, 0, "120", "80", "")...)
	for query, want := range map[string][2]bool{
		"component-code=8478-0": {true, false}, "combo-code=8478-0": {true, false},
		"component-code=8480-6": {true, true}, "combo-code=85354-9": {true, true},
	} {
		s := mustAsk(t, ofAnna+"&"+query)
		if got := [2]bool{s.Matches(with), s.Matches(without)}; got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// linksOf finishes an empty page of the search and reads its links.
func linksOf(t *testing.T, s *fhir.Search, next *fhir.Cursor) map[string]string {
	t.Helper()
	o := decode(t, fhir.NewBundle(s, nil).Finish(next))
	links := map[string]string{}
	for _, l := range o["link"].([]any) {
		links[at(l, "relation").(string)] = at(l, "url").(string)
	}
	return links
}

func TestNextLinkGoesOnWhereThePageEnded(t *testing.T) {
	t.Parallel()
	s := mustAsk(t, ofAnna+"&code=8867-4,2708-6&date=ge2026&date=lt2027&_sort=date&_count=5&colour=red&_format=json")
	place := vitals.Key{Time: morning.Add(1234 * time.Microsecond), Kind: vitals.Systolic, Device: cuff}
	links := linksOf(t, &s, fhir.CursorAt(place))
	if strings.Contains(links["self"], "colour") || strings.Contains(links["self"], "_page") {
		t.Errorf("self %s", links["self"])
	}
	u, err := url.Parse(links["next"])
	if err != nil || !strings.HasPrefix(links["next"], base+"/Observation?") {
		t.Fatalf("next %q: %v", links["next"], err)
	}
	again := mustAsk(t, u.RawQuery)
	if got, paging := again.Place(); !paging || got != place {
		t.Errorf("place %v", got)
	}
	if again.Count != 5 || again.Descending || again.Patient != anna || len(again.Dates) != 2 {
		t.Errorf("%+v", again)
	}
	if self := linksOf(t, &again, nil)["self"]; self != links["next"] {
		t.Errorf("self of the second page\n%s\n%s", self, links["next"])
	}
	another := u.Query()
	another.Set("code", "8310-5")
	if _, err := ask(another.Encode(), false); err == nil {
		t.Error("the cursor was taken for another search")
	}
	for i := range u.Query().Get("_page") {
		damaged := []byte(u.Query().Get("_page"))
		damaged[i] ^= 1
		values := u.Query()
		values.Set("_page", string(damaged))
		if _, err := ask(values.Encode(), false); err == nil {
			t.Errorf("a cursor damaged at %d was taken", i)
		}
	}
}

func TestIgnoredParametersAreToldInTheBundle(t *testing.T) {
	t.Parallel()
	s := mustAsk(t, ofAnna+"&colour=red")
	o := decode(t, fhir.NewBundle(&s, nil).Finish(nil))
	entry := at(o, "entry", 0)
	if at(entry, "search", "mode") != "outcome" || at(entry, "resource", "issue", 0, "severity") != "warning" ||
		at(entry, "resource", "issue", 0, "expression", 0) != "http.colour" {
		t.Errorf("%v", entry)
	}
}

func TestEmptyBundleHasNoEntry(t *testing.T) {
	t.Parallel()
	s := mustAsk(t, ofAnna)
	o := decode(t, fhir.NewBundle(&s, nil).Finish(nil))
	if _, present := o["entry"]; present || o["type"] != "searchset" {
		t.Errorf("%v", o)
	}
}

func TestEntriesHaveTheirFullAddress(t *testing.T) {
	t.Parallel()
	s := mustAsk(t, ofAnna)
	b := fhir.NewBundle(&s, nil)
	o := one(t, reading(vitals.HeartRate, "72", 0))
	b.AddObservation(o)
	b.AddObservation(o)
	bundle := decode(t, b.Finish(nil))
	for i := range 2 {
		entry := at(bundle, "entry", i)
		if at(entry, "fullUrl") != base+"/Observation/"+o.ID() || at(entry, "resource", "id") != o.ID() || at(entry, "search", "mode") != "match" {
			t.Errorf("%v", entry)
		}
	}
}

func TestWhatClientsAccept(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		accept, format string
		want           bool
	}{
		{"", "", true},
		{"application/fhir+json", "", true},
		{"application/fhir+json; fhirVersion=4.0", "", true},
		{"application/fhir+json; fhirVersion=5.0", "", false},
		{"application/json", "", true},
		{"text/html,application/xhtml+xml,*/*;q=0.8", "", true},
		{"application/fhir+xml", "", false},
		{"application/fhir+xml, application/fhir+json;q=0.5", "", true},
		{"application/fhir+json;q=0", "", false},
		{"text/turtle", "", false},
		{"application/fhir+xml", "json", true},
		{"application/fhir+json", "xml", false},
		{"", "application/fhir json", true}, // + not escaped
		{"", "application/fhir+xml", false},
		{"garbage;;;", "", false},
	} {
		if got := fhir.AcceptsJSON(row.accept, row.format); got != row.want {
			t.Errorf("Accept %q, _format %q: %v", row.accept, row.format, got)
		}
	}
}

func TestPreferStrict(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"handling=strict": true, "return=minimal; handling=strict": true, "respond-async, Handling=Strict": true,
		"handling=lenient": false, "": false, "handling=strictly": false,
	} {
		if got := fhir.Strict([]string{header}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func FuzzParseSearch(f *testing.F) {
	f.Add(ofAnna+"&code=http://loinc.org|8867-4&date=ge2026", true)
	f.Add("patient:Patient=x&_page=AQ&_sort=-date&_count=1&combo-code=a\\,b|c", false)
	f.Fuzz(func(t *testing.T, query string, strict bool) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, r := range fhir.Catalog() {
			s, err := fhir.ParseSearch(r, fhir.Request{Base: base, Values: maps.Clone(values), Strict: strict})
			if err != nil {
				if _, ok := errors.AsType[*fhir.Error](err); !ok {
					t.Fatalf("%q: %v is not a FHIR error", query, err)
				}
				continue
			}
			decode(t, fhir.NewBundle(&s, nil).Finish(fhir.CursorAt(vitals.Key{Time: morning, Kind: vitals.SpO2, Device: strap})))
		}
	})
}
