package fhir_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"vigil/fhir"
	"vigil/vitals"
)

// gateway is what a gateway sends after some seconds of an oximeter, a cuff, a thermometer and a strap.
func gateway(tb testing.TB) string {
	tb.Helper()
	body, err := os.ReadFile("testdata/upload/gateway.json")
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

func upload(t *testing.T, body string) fhir.Upload {
	t.Helper()
	u, err := fhir.ReadUpload([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// told is a measurement as text.
func told(m fhir.Measurement) string {
	var parts []string
	for _, r := range m.Batch.Readings {
		value := r.Value.String()
		if r.Absent != vitals.Present {
			value = string(r.Absent)
		}
		parts = append(parts, fmt.Sprintf("%s %s at %s", r.Kind, value, r.Time.Format("15:04:05")))
	}
	for _, w := range m.Batch.Waveforms {
		parts = append(parts, fmt.Sprintf("%s %v × %s at %d/%d Hz from %s", w.Kind, w.Samples, w.Scale, w.Rate.Num, w.Rate.Den, w.Start.Format("15:04:05")))
	}
	for _, e := range m.Batch.Events {
		parts = append(parts, fmt.Sprintf("%s %s", e.Code, e.Value))
	}
	if m.Ignored != "" {
		parts = append(parts, "ignored")
	}
	return strings.Join(parts, ", ")
}

func TestABundleOfAGatewayIsTakenApart(t *testing.T) {
	t.Parallel()
	u := upload(t, gateway(t))
	if !u.All {
		t.Error("a transaction is all or nothing")
	}
	want := []string{
		"", "", "", "ignored",
		"spo2 98 at 08:00:01", "pulse_rate 53 at 08:00:01", "spo2 not-a-number at 08:00:02",
		"systolic 120 at 08:00:03, diastolic 80 at 08:00:03, mean_pressure not-a-number at 08:00:03",
		"temperature 36.60 at 08:00:04", "ignored",
		"ecg_ii [12 15 -3 -32768 20] × 2.5 at 250/1 Hz from 08:00:05", "battery 85",
	}
	for i, e := range u.Entries {
		if e.Fault != nil {
			t.Errorf("entry %d: %s", i, e.Fault.Text)
		}
		if got := told(e.Measurement); got != want[i] {
			t.Errorf("entry %d: %s, want %s", i, got, want[i])
		}
		if m := e.Measurement; !m.Batch.Empty() && (len(m.Devices) != 2 || m.Devices[1] != strap || m.Subject.Records[0] != "1") {
			t.Errorf("entry %d: %v measured %+v", i, m.Devices, m.Subject)
		}
	}
	if d := u.Entries[2].Device; d.Gateway || d.Firmware != "1.4" || d.Model != "M1" || !u.Entries[1].Device.Gateway {
		t.Errorf("devices: %+v, %+v", u.Entries[1].Device, d)
	}
	e := u.Entries[4]
	if e.Wanted != e.Names[0] || e.Wanted != "identifier=http://hl7.org/fhir/uv/phd/StructureDefinition/PhdBaseObservation|strap-1-150456-20260301090001" {
		t.Errorf("asked for as %q, known as %q", e.Wanted, e.Names)
	}
	place := e.Measurement.Place(anna, strap)
	if _, key, err := fhir.ParseObservationID(strings.TrimPrefix(place, "Observation/")); err != nil || key.Kind != vitals.SpO2 {
		t.Errorf("found at %s: %v", place, err)
	}
}

// single is an Observation by itself; change replaces text in it.
func single(change ...string) string {
	return strings.NewReplacer(change...).Replace(`{"resourceType":"Observation","status":"final",
		"code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"150364"},{"system":"http://loinc.org","code":"8310-5"}]},
		"subject":{"reference":"Patient/` + string(anna) + `"},"device":{"reference":"Device/a09e1a000001"},
		"effectiveDateTime":"2026-03-01T08:00:00Z",
		"valueQuantity":{"value":36.60,"system":"http://unitsofmeasure.org","code":"Cel"}}`)
}

const sampled = `"valueSampledData":{"origin":{"value":0,"system":"http://unitsofmeasure.org","code":"uV"},"period":4,"factor":1,"dimensions":1,"data":"1 2 3"}`

func TestOneObservationByItself(t *testing.T) {
	t.Parallel()
	ecg := single("150364", "131328", "8310-5", "11524-6", `"valueQuantity":{"value":36.60,"system":"http://unitsofmeasure.org","code":"Cel"}`, sampled)
	change := func(body string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(body) }
	for name, story := range map[string]struct{ body, want string }{
		"every digit is kept":                {single(), "temperature 36.60 at 08:00:00"},
		"a number with an exponent":          {single("36.60", "3.66e1"), "temperature 36.6 at 08:00:00"},
		"fahrenheit":                         {single("36.60", "98.6", "Cel", "[degF]"), "temperature 37.00 at 08:00:00"},
		"a temperature taken in the ear":     {single("150364", "188428"), "temperature 36.60 at 08:00:00"},
		"a LOINC code only":                  {single("urn:iso:std:iso:11073:10101", "urn:of:somebody"), "temperature 36.60 at 08:00:00"},
		"a period ends with the value":       {single(`"effectiveDateTime":"2026-03-01T08:00:00Z"`, `"effectivePeriod":{"start":"2026-03-01T07:59:00Z","end":"2026-03-01T08:00:00.5Z"}`), "temperature 36.60 at 08:00:00"},
		"an instant":                         {single("effectiveDateTime", "effectiveInstant"), "temperature 36.60 at 08:00:00"},
		"a code that is known to be another": {single("150364", "999999"), "ignored"},
		"a wave of steps that are fractions": {change(ecg, `"1 2 3"`, `"0.5 1 -2.25"`), "ecg [50 100 -225] × 0.01 at 250/1 Hz from 08:00:00"},
		"a wave around a middle":             {change(ecg, `"value":0`, `"value":-2048`, "1 2 3", "2047 2048 2049"), "ecg [-1 0 1] × 1 at 250/1 Hz from 08:00:00"},
		"a wave at 130 Hz":                   {change(ecg, `"period":4`, `"period":7.6923`), "ecg [1 2 3] × 1 at 10000000/76923 Hz from 08:00:00"},
		"a wave with a no-break space":       {change(ecg, "1 2 3", "1\u00a02 3"), "ecg [1 2 3] × 1 at 250/1 Hz from 08:00:00"},
		"a wave without a factor":            {change(ecg, `"factor":1,`, ""), "ecg [1 2 3] × 1 at 250/1 Hz from 08:00:00"},
		"a wave with lost samples":           {change(ecg, "1 2 3", "E U L"), "ecg [-32768 -32768 -32768] × 1 at 250/1 Hz from 08:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := fhir.ReadCreate([]byte(story.body), "").Entries[0]
			if e.Fault != nil || told(e.Measurement) != story.want {
				t.Errorf("%s, want %s; %+v", told(e.Measurement), story.want, e.Fault)
			}
		})
	}
}

func TestAnObservationThatCannotBeChartedIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	ecg := single("150364", "131328", `"valueQuantity":{"value":36.60,"system":"http://unitsofmeasure.org","code":"Cel"}`, sampled)
	change := func(body string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(body) }
	for name, story := range map[string]struct{ body, want string }{
		"not JSON":                             {`{"resourceType":`, "no JSON"},
		"a number where a text belongs":        {single(`"status":"final"`, `"status":1`), "status has the wrong type"},
		"it was an error":                      {single("final", "entered-in-error"), "entered-in-error"},
		"nobody is named":                      {single("subject", "performer"), "subject is missing"},
		"no device is named":                   {single(`"device"`, `"focus"`), "device is missing"},
		"the subject leads nowhere":            {single("Patient/", "Group/"), "leads to no Patient"},
		"a urn that is in no entry":            {single("Device/a09e1a000001", "urn:uuid:1"), "leads to no Device"},
		"a device without an address":          {single("a09e1a000001", "my-device"), "leads to no Device"},
		"a time without an offset":             {single("08:00:00Z", "08:00:00"), "no time with an offset"},
		"a day only":                           {single("T08:00:00Z", ""), "no time with an offset"},
		"no time":                              {single("effectiveDateTime", "issued"), "no time with an offset"},
		"another unit's value":                 {single(`"code":"Cel"`, `"code":"C"`), "not a unit of this kind"},
		"a unit of another system":             {single("http://unitsofmeasure.org", "urn:own"), "not UCUM"},
		"a value without digits":               {single(`"value":36.60,`, ""), "no number"},
		"a number beyond all":                  {single("36.60", "1e300"), "no number"},
		"numbers where a wave belongs":         {single("150364", "131328"), "valueSampledData"},
		"a wave where a number belongs":        {change(ecg, "131328", "150364"), "not a sampled signal"},
		"a wave of two dimensions":             {change(ecg, `"dimensions":1`, `"dimensions":2`), "dimensions"},
		"a wave without a period":              {change(ecg, `"period":4,`, ""), "period"},
		"a period of nothing":                  {change(ecg, `"period":4`, `"period":0`), "period"},
		"a wave without samples":               {change(ecg, "1 2 3", " "), "0 samples"},
		"a wave of words":                      {change(ecg, "1 2 3", "1 x 3"), "sample 1"},
		"a sample beyond 16 bits":              {change(ecg, "1 2 3", "1 40000 3"), "more than 16 bits"},
		"a sample beyond 64 bits":              {change(ecg, "1 2 3", "1 40000000000000000000000 3"), "sample 1"},
		"a wave that steps backwards":          {change(ecg, `"factor":1`, `"factor":-1`), "no step"},
		"a wave of an hour":                    {change(ecg, `"period":4`, `"period":100000`, "1 2 3", strings.Repeat("1 ", 36)), "up to 10m"},
		"a wave in a unit of something else":   {change(ecg, `"uV"`, `"Cel"`), "not a unit"},
		"a conditional create that is no name": {"", "only identifier="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, wanted := story.body, ""
			if body == "" {
				body, wanted = single(), "code=150364"
			}
			e := fhir.ReadCreate([]byte(body), wanted).Entries[0]
			if e.Fault == nil || !strings.Contains(e.Fault.Text, story.want) || e.Fault.Expression != "Bundle.entry[0]" {
				t.Errorf("%+v, want …%s…; %s", e.Fault, story.want, told(e.Measurement))
			}
		})
	}
}

func TestABodyThatIsNoUploadIsRefusedWhole(t *testing.T) {
	t.Parallel()
	many := `{"resourceType":"Bundle","type":"batch","entry":[` + strings.TrimSuffix(strings.Repeat("{},", fhir.MaxEntries+1), ",") + `]}`
	for body, want := range map[string]string{
		"":                               "no JSON",
		"[]":                             "wrong type",
		`{"resourceType":"Observation"}`: "a Bundle belongs here",
		`{"resourceType":"Bundle","type":"searchset"}`: "searchset",
		many: "send several",
	} {
		if _, err := fhir.ReadUpload([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want …%s…", body, err, want)
		}
	}
	refused := upload(t, `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Observation"},"request":{"method":"DELETE","url":"Observation/1"}},
		{"resource":{"resourceType":"Medication"},"request":{"method":"POST","url":"Medication"}},{}]}`)
	for i, e := range refused.Entries {
		if e.Fault == nil || e.Fault.Expression != fmt.Sprintf("Bundle.entry[%d]", i) {
			t.Errorf("entry %d: %+v", i, e.Fault)
		}
	}
}

func TestReferencesByIdentifierAreResolved(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a conditional reference": single("Patient/"+string(anna), "Patient?identifier=urn:oid:1|4711", "Device/a09e1a000001", "Device?identifier=urn:x|A0-9E-1A-00-00-01"),
		"an identifier":           single(`{"reference":"Patient/`+string(anna)+`"}`, `{"identifier":{"value":"4711"}}`, `{"reference":"Device/a09e1a000001"}`, `{"identifier":{"value":"A0-9E-1A-00-00-01"}}`),
		"a name that gateways use": single(`{"reference":"Patient/`+string(anna)+`"}`, `{"identifier":{"value":"4711"}}`,
			"Device/a09e1a000001", "https://elsewhere.example/fhir/Device/phd-A09E1AFFFE000001.A09E1A000001"),
	} {
		e := fhir.ReadCreate([]byte(body), "").Entries[0]
		if e.Fault != nil || len(e.Measurement.Devices) == 0 || e.Measurement.Devices[len(e.Measurement.Devices)-1] != strap || e.Measurement.Subject.Records[0] != "4711" {
			t.Errorf("%s: %+v, %+v", name, e.Fault, e.Measurement)
		}
	}
}

func TestWavesThatFollowEachOtherInTimeDoSoInNumber(t *testing.T) {
	t.Parallel()
	ecg := single("150364", "131328", `"valueQuantity":{"value":36.60,"system":"http://unitsofmeasure.org","code":"Cel"}`, sampled)
	var next uint64
	for i := range 10 {
		start := morning.Add(time.Duration(i) * 12 * time.Millisecond) // three samples of 4 ms
		body := strings.ReplaceAll(ecg, "2026-03-01T08:00:00Z", start.Format(time.RFC3339Nano))
		w := fhir.ReadCreate([]byte(body), "").Entries[0].Measurement.Batch.Waveforms[0]
		if i > 0 && w.First != next {
			t.Fatalf("piece %d begins with sample %d, not %d", i, w.First, next)
		}
		next = w.First + uint64(len(w.Samples))
	}
}

func TestAnAnswerSaysWhatBecameOfEachEntry(t *testing.T) {
	t.Parallel()
	got := string(fhir.AppendAnswers(nil, true, []fhir.Answer{
		{Status: 201, Location: "Observation/1"},
		{Status: 200, Issue: &fhir.Issue{Severity: fhir.Information, Code: fhir.Informed, Text: "ignored"}},
	}))
	want := `{"resourceType":"Bundle","type":"transaction-response","entry":[{"response":{"status":"201 Created","location":"Observation/1"}},` +
		`{"response":{"status":"200 OK","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","diagnostics":"ignored"}]}}}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzUpload gives any bytes to the reader of bundles: it never panics, and what it makes can be charted.
func FuzzUpload(f *testing.F) {
	f.Add([]byte(gateway(f)))
	f.Add([]byte(`{"resourceType":"Bundle","type":"batch","entry":[{"resource":` + single() + `,"request":{"method":"POST","url":"Observation"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		u, err := fhir.ReadUpload(body)
		if err != nil {
			return
		}
		for i, e := range u.Entries {
			b := e.Measurement.Batch
			if e.Fault == nil && e.Type == "Observation" && e.Measurement.Ignored == "" && (b.Empty() || len(e.Measurement.Devices) == 0) {
				t.Errorf("entry %d: neither refused nor charted", i)
			}
			for _, r := range b.Readings {
				if !r.Kind.Valid() || r.Kind.Info().Shape == vitals.Sampled || r.Time.IsZero() {
					t.Errorf("entry %d: reading of %s at %s", i, r.Kind, r.Time)
				}
			}
			for _, w := range b.Waveforms {
				if w.Rate.Num == 0 || w.Rate.Den == 0 || len(w.Samples) > len(body) || w.Kind.Info().Shape != vitals.Sampled {
					t.Errorf("entry %d: %d samples of %s at %d/%d Hz", i, len(w.Samples), w.Kind, w.Rate.Num, w.Rate.Den)
				}
			}
		}
	})
}
