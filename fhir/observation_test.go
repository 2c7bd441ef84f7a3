package fhir_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/fhir"
	"vigil/vitals"
)

// TestEveryKindFollowsTheVitalSignsRules holds every kind to the R4 vital-signs profile: status,
// one category, code with LOINC where there is one and MDC, subject, effective time to the
// microsecond, device, and a value with unit, system and code, or a reason why there is none.
func TestEveryKindFollowsTheVitalSignsRules(t *testing.T) {
	t.Parallel()
	for _, kind := range vitals.Kinds() {
		info := kind.Info()
		if info.Shape == vitals.Sampled || fhir.Leading(kind) != kind || kind == vitals.Systolic {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			o := encoded(t, one(t, reading(kind, "72", 0)))
			checkHead(t, o, string(info.Category))
			var want []string
			for _, loinc := range info.LOINC {
				want = append(want, "http://loinc.org|"+loinc)
			}
			got := codes(o["code"])
			if mdc := got[len(got)-1]; !strings.HasPrefix(mdc, "urn:iso:std:iso:11073:10101|1") {
				t.Errorf("last coding %q is not MDC", mdc)
			}
			if diff := cmp.Diff(want, slices.Clip(got[:len(got)-1]), cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("LOINC codings (-want +got):\n%s", diff)
			}
			quantity := at(o, "valueQuantity")
			if at(quantity, "system") != "http://unitsofmeasure.org" || at(quantity, "code") != info.UCUM {
				t.Errorf("quantity %v is not in %s", quantity, info.UCUM)
			}
			if o["dataAbsentReason"] != nil || o["component"] != nil {
				t.Errorf("a value stands beside what excludes it: %v", o)
			}
		})
	}
}

// checkHead asserts what every Observation has.
func checkHead(t *testing.T, o object, category string) {
	t.Helper()
	if o["resourceType"] != "Observation" || o["status"] != "final" {
		t.Errorf("type or status: %v %v", o["resourceType"], o["status"])
	}
	if !fhir.ValidID(o["id"].(string)) {
		t.Errorf("id %q is not a FHIR id", o["id"])
	}
	categories, _ := o["category"].([]any)
	if len(categories) != 1 || !slices.Equal(codes(categories[0]), []string{"http://terminology.hl7.org/CodeSystem/observation-category|" + category}) {
		t.Errorf("category %v", o["category"])
	}
	if at(o, "subject", "reference") != "Patient/"+string(anna) {
		t.Errorf("subject %v", o["subject"])
	}
	if !strings.HasPrefix(at(o, "device", "reference").(string), "Device/") {
		t.Errorf("device %v", o["device"])
	}
}

func TestSpO2CarriesBothCodesOfUSCore(t *testing.T) {
	t.Parallel()
	want := []string{"http://loinc.org|2708-6", "http://loinc.org|59408-5", "urn:iso:std:iso:11073:10101|150456"}
	if diff := cmp.Diff(want, codes(encoded(t, one(t, reading(vitals.SpO2, "97", 0)))["code"])); diff != "" {
		t.Error(diff)
	}
}

func TestDecimalsAreKeptAsTheDeviceSentThem(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"36.60", "36.6", "37", "0.5", "-0.25", "100", "0.000"} {
		o := encoded(t, one(t, reading(vitals.Temperature, text, 0)))
		if got := at(o, "valueQuantity", "value"); toString(got) != text {
			t.Errorf("%s became %v", text, got)
		}
	}
}

func toString(v any) string {
	s, ok := v.(interface{ String() string })
	if !ok {
		return ""
	}
	return s.String()
}

func TestValuesThatAreMissingOrDoubtful(t *testing.T) {
	t.Parallel()
	plain := reading(vitals.HeartRate, "72", 0)
	because := func(reason string) func(object) bool {
		return func(o object) bool {
			return o["valueQuantity"] == nil &&
				slices.Equal(codes(o["dataAbsentReason"]), []string{"http://terminology.hl7.org/CodeSystem/data-absent-reason|" + reason})
		}
	}
	noted := func(o object) bool { return at(o, "note", 0, "text") != nil && o["valueQuantity"] != nil }
	for _, row := range []struct {
		story  string
		change func(*vitals.Charted)
		holds  func(object) bool
	}{
		{"a sensor error has a reason and no value", func(c *vitals.Charted) { c.Absent = vitals.DeviceError }, because("error")},
		{"not-a-number keeps its own reason", func(c *vitals.Charted) { c.Absent = vitals.NotANumber }, because("not-a-number")},
		{"a doubtful value is interpreted as questionable", func(c *vitals.Charted) { c.Quality = vitals.Questionable }, func(o object) bool {
			return slices.Equal(codes(at(o, "interpretation", 0)), []string{"http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status|questionable"})
		}},
		{"a good value is not interpreted", func(*vitals.Charted) {}, func(o object) bool {
			return o["interpretation"] == nil && o["note"] == nil && o["meta"] == nil
		}},
		{"an unset hub clock is noted", func(c *vitals.Charted) { c.TimeQuality = vitals.TimeUnsynced }, noted},
		{"an unchecked device clock is noted", func(c *vitals.Charted) { c.TimeQuality = vitals.TimeDeviceUnverified }, noted},
	} {
		t.Run(row.story, func(t *testing.T) {
			t.Parallel()
			c := plain
			row.change(&c)
			o := encoded(t, one(t, c))
			checkHead(t, o, "vital-signs")
			if !row.holds(o) {
				t.Errorf("%v", o)
			}
		})
	}
}

func TestTimeIsWrittenInUTCWithItsMicroseconds(t *testing.T) {
	t.Parallel()
	vienna := time.FixedZone("", 3600)
	for at, want := range map[time.Time]string{
		morning:                                         "2026-03-01T08:00:00.000Z",
		morning.Add(250 * time.Millisecond):             "2026-03-01T08:00:00.250Z",
		morning.Add(1250 * time.Microsecond):            "2026-03-01T08:00:00.001250Z",
		time.Date(2026, 3, 1, 9, 0, 0, 0, vienna):       "2026-03-01T08:00:00.000Z",
		time.Date(987, 12, 31, 23, 59, 59, 0, time.UTC): "0987-12-31T23:59:59.000Z",
	} {
		c := reading(vitals.HeartRate, "72", 0)
		c.Time = at
		if got := encoded(t, one(t, c))["effectiveDateTime"]; got != want {
			t.Errorf("%v was written as %v", at, got)
		}
	}
}

func TestMadeUpPatientsAreMarked(t *testing.T) {
	t.Parallel()
	o := one(t, reading(vitals.HeartRate, "72", 0))
	o.Test = true
	if at(encoded(t, o), "meta", "security", 0, "code") != "HTEST" {
		t.Error("no HTEST")
	}
}

// pressures are the parts of one measurement with a cuff.
func pressures(device vitals.DeviceID, after time.Duration, sys, dia, mean string) []vitals.Charted {
	var all []vitals.Charted
	for kind, value := range map[vitals.Kind]string{vitals.Systolic: sys, vitals.Diastolic: dia, vitals.MeanPressure: mean} {
		if value != "" {
			c := reading(kind, value, after)
			c.Device = device
			all = append(all, c)
		}
	}
	return all
}

func TestBloodPressureOfOneInstantIsOnePanel(t *testing.T) {
	t.Parallel()
	o := encoded(t, one(t, pressures(cuff, 0, "128", "82", "97")...))
	checkHead(t, o, "vital-signs")
	if diff := cmp.Diff([]string{"http://loinc.org|85354-9", "urn:iso:std:iso:11073:10101|150020"}, codes(o["code"])); diff != "" {
		t.Error(diff)
	}
	if o["valueQuantity"] != nil || o["dataAbsentReason"] != nil {
		t.Errorf("a panel has no value of its own: %v", o)
	}
	for i, want := range []struct{ loinc, mdc, value string }{
		{"8480-6", "150021", "128"}, {"8462-4", "150022", "82"}, {"8478-0", "150023", "97"},
	} {
		part := at(o, "component", i)
		if !slices.Equal(codes(at(part, "code")), []string{"http://loinc.org|" + want.loinc, "urn:iso:std:iso:11073:10101|" + want.mdc}) ||
			toString(at(part, "valueQuantity", "value")) != want.value || at(part, "valueQuantity", "code") != "mm[Hg]" {
			t.Errorf("component %d: %v", i, part)
		}
	}
}

func TestPanelWithoutDiastolicSaysSo(t *testing.T) {
	t.Parallel()
	o := encoded(t, one(t, pressures(cuff, 0, "128", "", "")...))
	parts, _ := o["component"].([]any)
	if len(parts) != 2 || codes(at(parts[1], "dataAbsentReason"))[0] != "http://terminology.hl7.org/CodeSystem/data-absent-reason|unknown" {
		t.Errorf("%v", parts)
	}
}

func TestReadingsAreGroupedByDeviceAndInstant(t *testing.T) {
	t.Parallel()
	rows := append(pressures(cuff, 0, "128", "82", "97"), pressures(strap, 0, "140", "90", "")...)
	rows = append(rows, pressures(cuff, time.Second, "126", "81", "")...)
	rows = append(rows, reading(vitals.HeartRate, "72", 0), reading(vitals.Weight, "80.5", 0))
	for _, descending := range []bool{false, true} {
		all := fhir.Group(slices.Clone(rows), descending)
		if len(all) != 5 {
			t.Fatalf("%d observations", len(all))
		}
		ordered := slices.IsSortedFunc(all, func(a, b fhir.Observation) int {
			if descending {
				a, b = b, a
			}
			return a.Key.Compare(b.Key)
		})
		if !ordered {
			t.Errorf("not in order, descending %v", descending)
		}
	}
}

func TestObservationIDsCanBeReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := vitals.Key{
			Time:   time.UnixMicro(rapid.Int64Range(-62135596800000000, 69486107042267135).Draw(t, "time")).UTC(),
			Kind:   fhir.Leading(rapid.SampledFrom(vitals.Kinds()).Draw(t, "kind")),
			Device: vitals.DeviceID(rapid.StringMatching(`[0-9a-f]{12}([0-9a-f]{4})?`).Draw(t, "device")),
		}
		patient := vitals.PatientID(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9.-]{0,25}`).Draw(t, "patient"))
		id := fhir.ObservationID(patient, key)
		if !fhir.ValidID(id) {
			t.Fatalf("%q is not a FHIR id", id)
		}
		gotPatient, gotKey, err := fhir.ParseObservationID(id)
		if err != nil || gotPatient != patient || gotKey != key {
			t.Fatalf("%q: %v %v %v", id, gotPatient, gotKey, err)
		}
	})
}

func TestForeignIDsAreRefused(t *testing.T) {
	t.Parallel()
	good := fhir.ObservationID(anna, vitals.Key{Time: morning, Kind: vitals.HeartRate, Device: strap})
	for story, id := range map[string]string{
		"empty":                      "",
		"another server's uuid":      "8a7f2c1e-1111-4222-8333-444455556666",
		"upper case would be a twin": strings.ToUpper(good[:11]) + good[11:],
		"unknown code":               strings.Replace(good, "147842", "147843", 1),
		"a component's code":         strings.Replace(good, "147842", "150021", 1),
		"a lead's code":              strings.Replace(good, "147842", "131330", 1),
		"leading zero":               strings.Replace(good, "147842", "0147842", 1),
		"no patient":                 strings.TrimSuffix(good, string(anna)),
		"markup":                     good[:len(good)-3] + "<b>",
		"too long":                   good + strings.Repeat("0", 10),
	} {
		if _, _, err := fhir.ParseObservationID(id); err == nil {
			t.Errorf("%s: %q was taken", story, id)
		}
	}
}

func FuzzParseObservationID(f *testing.F) {
	f.Add(fhir.ObservationID(anna, vitals.Key{Time: morning, Kind: vitals.Systolic, Device: cuff}))
	f.Add("00000000000-147842--x")
	f.Fuzz(func(t *testing.T, id string) {
		patient, key, err := fhir.ParseObservationID(id)
		if err == nil && fhir.ObservationID(patient, key) != id {
			t.Fatalf("%q has a twin", id)
		}
	})
}

func TestTextOfOthersCannotBreakOut(t *testing.T) {
	t.Parallel()
	c := reading(vitals.HeartRate, "72", 0)
	c.Device, c.Patient = `"},"x":"<script>`, "a\\\"\x01\xff"
	text := fhir.AppendObservation(nil, one(t, c))
	o := decode(t, text)
	if o["x"] != nil || strings.Contains(string(text), "<") {
		t.Errorf("%s", text)
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	panel, plain := one(t, pressures(cuff, 0, "128", "82", "97")...), one(t, reading(vitals.SpO2, "97.5", 0))
	absent := one(t, func() vitals.Charted { c := reading(vitals.HeartRate, "1", 0); c.Absent = vitals.DeviceError; return c }())
	buffer := make([]byte, 0, 8192)
	allocations := testing.AllocsPerRun(100, func() {
		buffer = fhir.AppendObservation(buffer[:0], panel)
		buffer = fhir.AppendObservation(buffer, plain)
		buffer = fhir.AppendObservation(buffer, absent)
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
