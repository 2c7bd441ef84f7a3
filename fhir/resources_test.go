package fhir_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/fhir"
	"vigil/vitals"
)

var annaRecord = vitals.Patient{
	ID: anna, Unit: "cardio", MRN: "4711", Family: "Müller", Given: "Anna Maria", Sex: vitals.Female,
	Birth: time.Date(1950, 2, 28, 0, 0, 0, 0, time.UTC), Test: true, Admitted: morning,
}

func TestPatient(t *testing.T) {
	t.Parallel()
	o := decode(t, fhir.AppendPatient(nil, annaRecord))
	want := object{
		"resourceType": "Patient", "id": string(anna), "active": true, "gender": "female", "birthDate": "1950-02-28",
		"meta": object{"security": []any{object{
			"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test health data",
		}}},
		"identifier": []any{object{
			"use": "usual", "system": "urn:vigil:mrn", "value": "4711",
			"type": object{"coding": []any{object{
				"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR", "display": "Medical record number",
			}}},
		}},
		"name":                 []any{object{"use": "official", "family": "Müller", "given": []any{"Anna", "Maria"}}},
		"managingOrganization": object{"identifier": object{"system": "urn:vigil:unit", "value": "cardio"}},
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDischargedPatientIsNotActive(t *testing.T) {
	t.Parallel()
	p := annaRecord
	p.Discharged = morning
	if decode(t, fhir.AppendPatient(nil, p))["active"] != false {
		t.Error("active")
	}
}

func TestDevicesAreNamedByTheirAddress(t *testing.T) {
	t.Parallel()
	for id, want := range map[vitals.DeviceID][2]string{
		strap: {"http://hl7.org/fhir/sid/eui-48/bluetooth", "A0-9E-1A-00-00-01"},
		cuff:  {"urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680", "A0-9E-1A-00-00-02-00-FF"},
	} {
		o := decode(t, fhir.AppendDevice(nil, fhir.Device{
			Device: vitals.Device{ID: id, Manufacturer: "Polar", Model: "H10", Serial: "1", Firmware: "5.0"}, Patient: anna,
		}))
		if got := [2]string{at(o, "identifier", 0, "system").(string), at(o, "identifier", 0, "value").(string)}; got != want {
			t.Errorf("%v", got)
		}
		if at(o, "patient", "reference") != "Patient/"+string(anna) || at(o, "version", 0, "value") != "5.0" || o["status"] != "active" {
			t.Errorf("%v", o)
		}
	}
}

// asystole is an episode as it was raised.
var asystole = alerts.Alarm{
	ID: "01JNM8Q0000000000000000ALM", Patient: anna, Condition: alerts.Asystole, Priority: alerts.High,
	State: alerts.ActiveUnack, Truth: alerts.True, Version: 1, Onset: morning, Raised: morning.Add(time.Second),
	Changed: morning.Add(time.Second), Count: 1, Detail: "no beat for 4 s",
}

func acknowledged(a alerts.Alarm) alerts.Alarm {
	a.State, a.Version = alerts.ActiveAck, 2
	a.AckedBy, a.AckedName, a.AckedAt = "n1", "K. Lee", morning.Add(time.Minute)
	a.Changed = a.AckedAt
	return a
}

func closed(a alerts.Alarm) alerts.Alarm {
	a.State, a.Version, a.Ended = alerts.Closed, 3, morning.Add(4*time.Minute)
	a.Changed = a.Ended.Add(5 * time.Second)
	return a
}

func TestAlarmEpisodeAsDetectedIssue(t *testing.T) {
	t.Parallel()
	open := decode(t, fhir.AppendDetectedIssue(nil, fhir.Episode{Alarm: asystole, Test: true}))
	if open["status"] != "preliminary" || open["severity"] != "high" || open["mitigation"] != nil || open["implicated"] != nil {
		t.Errorf("open: %v", open)
	}
	if at(open, "identifiedPeriod", "start") != "2026-03-01T08:00:00.000Z" || at(open, "identifiedPeriod", "end") != nil {
		t.Errorf("period of an open episode: %v", open["identifiedPeriod"])
	}
	if diff := cmp.Diff([]string{"urn:iso:std:iso:11073:10101|199684", "urn:vigil:alarm-condition|ASYSTOLE"}, codes(open["code"])); diff != "" {
		t.Error(diff)
	}
	if at(open, "meta", "security", 0, "code") != "HTEST" || at(open, "meta", "versionId") != "1" {
		t.Errorf("%v", open["meta"])
	}
	done := decode(t, fhir.AppendDetectedIssue(nil, fhir.Episode{Alarm: closed(acknowledged(asystole))}))
	if done["status"] != "final" || at(done, "identifiedPeriod", "end") != "2026-03-01T08:04:00.000Z" || at(done, "meta", "versionId") != "3" {
		t.Errorf("closed: %v", done)
	}
	who := at(done, "mitigation", 0)
	if at(who, "date") != "2026-03-01T08:01:00.000Z" || at(who, "author", "display") != "K. Lee" ||
		at(who, "author", "identifier", "value") != "n1" || at(who, "action", "text") != "Acknowledged" {
		t.Errorf("mitigation: %v", who)
	}
}

// Two leads of an ECG and the pulse wave, in two blocks: three Observations show them.
func TestWhatAnAlarmRestsOnIsReferredTo(t *testing.T) {
	t.Parallel()
	next := morning.Add(10 * time.Second)
	o := decode(t, fhir.AppendDetectedIssue(nil, fhir.Episode{Alarm: asystole, Strips: []vitals.Key{
		{Time: morning, Kind: vitals.ECG, Device: strap},
		{Time: morning, Kind: vitals.ECGII, Device: strap},
		{Time: morning, Kind: vitals.Pleth, Device: cuff},
		{Time: next, Kind: vitals.ECG, Device: strap},
	}}))
	observation := func(k vitals.Key) any { return object{"reference": "Observation/" + fhir.ObservationID(anna, k)} }
	ecg := vitals.Key{Time: morning, Kind: vitals.ECG, Device: strap}
	later := vitals.Key{Time: next, Kind: vitals.ECG, Device: strap}
	want := []any{
		object{"code": []any{object{"text": vitals.ECG.Info().Label}}, "detail": []any{observation(ecg), observation(later)}},
		object{"code": []any{object{"text": vitals.Pleth.Info().Label}}, "detail": []any{observation(vitals.Key{Time: morning, Kind: vitals.Pleth, Device: cuff})}},
	}
	if diff := cmp.Diff(any(want), o["evidence"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEveryConditionIsAValidDetectedIssue: severity and status are bound to FHIR's own lists.
func TestEveryConditionIsAValidDetectedIssue(t *testing.T) {
	t.Parallel()
	for _, condition := range alerts.Conditions() {
		for _, priority := range []alerts.Priority{alerts.Info, alerts.Low, alerts.Medium, alerts.High} {
			a := asystole
			a.Condition, a.Priority, a.Site = condition, priority, string(strap)
			o := decode(t, fhir.AppendDetectedIssue(nil, fhir.Episode{Alarm: a}))
			severity, given := o["severity"].(string)
			if given != (priority != alerts.Info) || (given && !slices.Contains([]string{"high", "moderate", "low"}, severity)) {
				t.Errorf("%s: severity %q", condition, severity)
			}
			if at(o, "code", "text") == "" || !slices.Contains(codes(o["code"]), "urn:vigil:alarm-condition|"+string(condition)) {
				t.Errorf("%s: code %v", condition, o["code"])
			}
			about := at(o, "implicated", 0, "reference")
			technical := condition.Spec().Type == alerts.Technical && !condition.OfHub()
			if (about == "Device/"+string(strap)) != technical {
				t.Errorf("%s: implicated %v", condition, about)
			}
		}
	}
}

// find understands a search of another resource.
func find(t *testing.T, r *fhir.Resource, query string) fhir.Search {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	s, err := fhir.ParseSearch(r, fhir.Request{Base: base, Values: values, Strict: true})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func TestFindingPatients(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"":                                true,
		"_id=" + string(anna):             true,
		"_id=x":                           false,
		"identifier=4711":                 true,
		"identifier=urn:vigil:mrn|4711":   true,
		"identifier=urn:other|4711":       false,
		"family=m%C3%BC":                  true,
		"family=ller":                     false,
		"given=maria":                     true,
		"given=anna+maria":                true,
		"name=MARIA":                      true,
		"name=x,m%C3%BCl":                 true,
		"name=anna&name=m%C3%BC":          true,
		"name=anna&name=x":                false,
		"gender=female":                   true,
		"gender=male,female":              true,
		"gender=male":                     false,
		"birthdate=1950-02-28":            true,
		"birthdate=1950":                  true,
		"birthdate=ge1950-03":             false,
		"birthdate=lt1960&birthdate=ge19": false,
	} {
		if strings.HasSuffix(query, "ge19") {
			if _, err := fhir.ParseSearch(fhir.Patients, fhir.Request{Base: base, Values: url.Values{"birthdate": {"ge19"}}}); err == nil {
				t.Error("ge19 is not a date")
			}
			continue
		}
		s := find(t, fhir.Patients, query)
		if got := s.MatchesPatient(annaRecord); got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	unborn := annaRecord
	unborn.Birth = time.Time{}
	if s := find(t, fhir.Patients, "birthdate=lt2000"); s.MatchesPatient(unborn) {
		t.Error("an unknown day of birth is before no day")
	}
}

func TestFindingAlarms(t *testing.T) {
	t.Parallel()
	open, over := asystole, closed(acknowledged(asystole))
	for query, want := range map[string][2]bool{
		ofAnna:                         {true, true},
		"patient=other":                {false, false},
		ofAnna + "&status=preliminary": {true, false},
		ofAnna + "&status=final":       {false, true},
		"status=preliminary":           {true, false},
		ofAnna + "&code=199684":        {true, true},
		ofAnna + "&code=urn:vigil:alarm-condition|VF":        {false, false},
		"_id=" + string(asystole.ID):                         {true, true},
		ofAnna + "&identifier=" + string(asystole.ID):        {true, true},
		ofAnna + "&identifier=x":                             {false, false},
		ofAnna + "&identified=2026-03-01":                    {false, true}, // an open end reaches beyond the day
		ofAnna + "&identified=ge2026-03-01":                  {true, true},
		ofAnna + "&identified=gt2026-03-01T08:10Z":           {true, false},
		ofAnna + "&identified=lt2026-03-01T08:00Z":           {false, false},
		ofAnna + "&identified=lt2026-03-01T08:02Z":           {true, true},
		ofAnna + "&identified=eb2026-03-01T08:30Z":           {false, true},
		ofAnna + "&identified=sa2026-03-01T07:59Z":           {true, true},
		ofAnna + "&code=199684&identified=2026&status=final": {false, true},
	} {
		s := find(t, fhir.DetectedIssues, query)
		if got := [2]bool{s.MatchesAlarm(open), s.MatchesAlarm(over)}; got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	pending := asystole
	pending.State = alerts.Pending
	if s := find(t, fhir.DetectedIssues, ofAnna); s.MatchesAlarm(pending) {
		t.Error("a pending alarm was shown")
	}
	if _, err := fhir.ParseSearch(fhir.DetectedIssues, fhir.Request{Base: base, Values: url.Values{"status": {"final"}}}); err == nil {
		t.Error("all closed alarms of everybody were allowed")
	}
}

func TestPagesOfMatchesHoldEachOnce(t *testing.T) {
	t.Parallel()
	var all []int
	for i := range 23 {
		all = append(all, i)
	}
	cursor := func(i int) fhir.Cursor { // several share an instant
		return fhir.Cursor{Time: morning.Add(time.Duration(i/4) * time.Second), ID: string(rune('a' + i))}
	}
	for _, order := range []string{"identified", "-identified"} {
		s := find(t, fhir.DetectedIssues, ofAnna+"&_count=5&_sort="+order)
		var got []int
		for range 10 {
			page, next := fhir.Page(&s, slices.Clone(all), cursor)
			got = append(got, page...)
			if next == nil {
				break
			}
			u, err := url.Parse(linksOf(t, &s, next)["next"])
			if err != nil {
				t.Fatal(err)
			}
			s = find(t, fhir.DetectedIssues, u.RawQuery)
		}
		want := slices.Clone(all)
		if order[0] == '-' {
			slices.Reverse(want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", order, diff)
		}
	}
}

func TestCapabilityStatementNamesWhatTheCatalogDoes(t *testing.T) {
	t.Parallel()
	o := decode(t, fhir.AppendCapability(nil, fhir.Service{Base: base, Version: "1.2.3", Started: morning}))
	if o["kind"] != "instance" || at(o, "implementation", "url") != base || o["date"] == nil || o["fhirVersion"] != "4.0.1" {
		t.Errorf("%v", o)
	}
	resources := at(o, "rest", 0, "resource").([]any)
	for i, r := range fhir.Catalog() {
		if at(resources[i], "type") != r.Type {
			t.Fatalf("%v is not %s", at(resources[i], "type"), r.Type)
		}
		seen := map[string]bool{}
		for _, p := range at(resources[i], "searchParam").([]any) {
			name := at(p, "name").(string)
			if seen[name] {
				t.Errorf("%s.%s twice", r.Type, name)
			}
			seen[name] = true
			values := url.Values{"patient": {string(anna)}, "_id": {"x"}}
			if r == fhir.Patients {
				values.Del("patient")
			}
			values[name] = []string{map[string]string{"date": "2026"}[at(p, "type").(string)]}
			if values[name][0] == "" {
				values[name][0] = "final"
			}
			if _, err := fhir.ParseSearch(r, fhir.Request{Base: base, Values: values, Strict: true}); err != nil {
				t.Errorf("%s.%s is declared and not understood: %v", r.Type, name, err)
			}
		}
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	o := decode(t, fhir.AppendOutcome(nil, fhir.Issue{Severity: fhir.Fault, Code: fhir.Invalid, Text: `<script>"`, Expression: "http.date"}))
	want := object{"resourceType": "OperationOutcome", "issue": []any{object{
		"severity": "error", "code": "invalid", "diagnostics": `<script>"`, "expression": []any{"http.date"},
	}}}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Error(diff)
	}
}
