package fhir_test

import (
	"strings"
	"testing"

	"vigil/fhir"
	"vigil/vitals"
)

// component is a value of a compound Observation.
func component(code, value, unit string) string {
	return `{"code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"` + code + `"}]},"valueQuantity":{"value":` + value +
		`,"system":"http://unitsofmeasure.org","code":"` + unit + `"}}`
}

// compound is a bundle of one Observation with components.
func compound(kind string, components ...string) string {
	body := strings.Replace(single("150364", "68220"), `"valueQuantity":{"value":36.60,"system":"http://unitsofmeasure.org","code":"Cel"}`,
		`"component":[`+strings.Join(components, ",")+`]`, 1)
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[{"resource":` + body + `,"request":{"method":"POST","url":"Observation"}}]}`
}

func TestABadComponentCostsNoOtherInABatchAndAllInATransaction(t *testing.T) {
	t.Parallel()
	mixed := []string{
		component("147842", "72", "/min"), component("150456", "97", "C"), component("999999", "1", "1"),
		component("151562", "1e99", "/min"), component("149530", "71", "/min"),
	}
	const why = `component[1]: 150456: spo2 in "C": not a unit of this kind; component[3]: 151562: "1e99" is no number that can be kept: not acceptable`

	e := upload(t, compound("batch", mixed...)).Entries[0]
	m := e.Measurement
	if e.Fault != nil || told(m) != "heart_rate 72 at 08:00:00, pulse_rate 71 at 08:00:00" || len(m.Unread) != 2 {
		t.Fatalf("%+v: %s, %+v", e.Fault, told(m), m.Unread)
	}
	for i, want := range []string{"component[0]", "component[4]"} {
		if got := m.At(vitals.Item{List: vitals.ReadingList, Index: i}); got != want {
			t.Errorf("reading %d is at %s", i, got)
		}
	}
	if m.At(m.Unread[1].Item) != "component[3]" || !strings.Contains(why, m.Unread[1].Reason) {
		t.Errorf("%+v", m.Unread[1])
	}
	first, second := m.Place(anna, strap), m.Place(anna, strap, vitals.Flaw{Item: vitals.Item{List: vitals.ReadingList}})
	if _, key, err := fhir.ParseObservationID(strings.TrimPrefix(second, "Observation/")); err != nil || first == second || key.Kind != vitals.PulseRate {
		t.Errorf("where the first is not charted it is found at %s", second)
	}

	e = upload(t, compound("transaction", mixed...)).Entries[0]
	if e.Fault == nil || e.Fault.Text != why || e.Fault.Expression != "Bundle.entry[0]" {
		t.Errorf("%+v", e.Fault)
	}
	e = upload(t, compound("batch", mixed[1], mixed[3])).Entries[0]
	if e.Fault == nil || !strings.Contains(e.Fault.Text, "component[0]: 150456") || !strings.Contains(e.Fault.Text, "component[1]: 151562") {
		t.Errorf("nothing of it can be read: %+v", e.Fault)
	}
}

func TestAnEntryThatCannotBeReadCostsNoOther(t *testing.T) {
	t.Parallel()
	good := `{"resource":` + single() + `,"request":{"method":"POST","url":"Observation"}}`
	bad := []string{"7", `{"fullUrl":7}`, `{"resource":` + single() + `,"request":"POST"}`, "null", `{"resource":{"resourceType":"Observation","status":7},"request":{"method":"POST","url":"Observation"}}`}
	u := upload(t, `{"resourceType":"Bundle","type":"batch","entry":[`+good+","+strings.Join(bad, ",")+","+good+`]}`)
	for i, e := range u.Entries {
		if fault := i > 0 && i <= len(bad); (e.Fault != nil) != fault || fault && e.Fault.Expression != fhir.EntryPath(i) {
			t.Errorf("entry %d: %+v", i, e.Fault)
		}
	}
	if told(u.Entries[len(bad)+1].Measurement) != "temperature 36.60 at 08:00:00" {
		t.Error("the last is lost")
	}
}

// What no database keeps and no message of the journal holds would be sent again for ever.
func TestWhatCannotBeStoredIsRefusedOrLeftOut(t *testing.T) {
	t.Parallel()
	d := upload(t, `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Device","manufacturer":"Ma\u0000ker","modelNumber":"M\n1",
		"serialNumber":"\u0007","version":[{"type":{"coding":[{"code":"531976"}]},"value":"1\u0000"}],"identifier":[{"value":"A0-9E-1A-00-00-99"}]},
		"request":{"method":"POST","url":"Device"}}]}`).Entries[0].Device
	if d.Manufacturer != "Maker" || d.Model != "M1" || d.Serial != "" || d.Firmware != "1" {
		t.Errorf("%+v", d.Device)
	}
	wave := strings.NewReplacer("1 2 3", "1"+strings.Repeat(" 1", 65_536), `"period":4`, `"period":1`).Replace(sampled)
	body := single("150364", "131328", "8310-5", "11524-6", `"valueQuantity":{"value":36.60,"system":"http://unitsofmeasure.org","code":"Cel"}`, wave)
	if e := fhir.ReadCreate([]byte(body), "").Entries[0]; e.Fault == nil || !strings.Contains(e.Fault.Text, "65537 samples at 1000 Hz, not up to 65536") {
		t.Errorf("%+v", e.Fault)
	}
}
