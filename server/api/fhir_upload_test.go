package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"vigil/devices/uplink"
	"vigil/server/api"
	"vigil/server/store"
	"vigil/vitals"
)

// intake charts what is deposited by the bindings of the store, as the real one does.
type intake struct {
	*store.Store
	taken int // deposits that were charted
	aside []string
	away  bool
}

func (i *intake) Refuse(_ context.Context, source vitals.HubID, payload []byte, why error) error {
	i.aside = append(i.aside, fmt.Sprintf("%s: %v (%d bytes)", source, why, len(payload)))
	return nil
}

func (i *intake) CheckHub(_ context.Context, hub vitals.HubID, secret string) error {
	switch {
	case i.away:
		return errors.New("the database is away")
	case hub != "home-1" || secret != "right":
		return fmt.Errorf("check %s: %w", hub, vitals.ErrNotFound)
	}
	return nil
}

func (i *intake) Enter(ctx context.Context, p vitals.PatientID, b vitals.Batch) error {
	if i.away {
		return errors.New("the journal is away")
	}
	return i.Commit(ctx, func(tx *store.Tx) error {
		for _, r := range b.Readings {
			if err := tx.SaveReadings([]vitals.Charted{{Patient: p, Device: b.Device, Reading: r}}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (i *intake) Deposit(ctx context.Context, deposits []vitals.Deposit, all bool) ([]vitals.Deposited, error) {
	if i.away {
		return nil, errors.New("the journal is away")
	}
	bindings, err := i.Bindings(ctx)
	if err != nil {
		return nil, err
	}
	answers := make([]vitals.Deposited, len(deposits))
	refused := false
	for n, d := range deposits {
		answers[n] = vitals.Deposited{Code: uplink.CodeUnbound, Reason: "bound to nobody"}
		for _, b := range bindings {
			if b.Device == d.Batch.Device && (len(d.Records) == 0 || d.Records[0] == b.Record) {
				answers[n] = vitals.Deposited{Patient: b.Patient, Kept: true, Flaws: d.Unread}
				for _, f := range d.Unread {
					answers[n].Code, answers[n].Reason = f.Code, d.Place(f.Item)+": "+f.Reason
				}
			}
		}
		refused = refused || answers[n].Code != ""
	}
	for n, d := range deposits {
		if all && refused {
			answers[n].Kept = false
		}
		if !answers[n].Kept {
			continue
		}
		i.taken++
		for _, r := range d.Batch.Readings {
			if r.Kind.Info().Shape != vitals.Spot {
				continue
			}
			err := i.Commit(ctx, func(tx *store.Tx) error {
				return tx.SaveReadings([]vitals.Charted{{Patient: answers[n].Patient, Device: d.Batch.Device, Reading: r}})
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

// newDoor is a ward that takes uploads.
func newDoor(t *testing.T) (*ward, *intake) {
	t.Helper()
	in := &intake{}
	w := newWard(t, func(o *api.Options) {
		in.Store = o.Records.(*store.Store)
		o.Intake = in
	})
	return w, in
}

func gatewayBundle(t *testing.T, change ...string) string {
	t.Helper()
	body, err := os.ReadFile("../../fhir/testdata/upload/gateway.json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(change...).Replace(string(body))
}

// post uploads as a hub.
func (w *ward) post(path, body string, headers ...string) answer {
	w.Helper()
	return w.send("", http.MethodPost, path, body, append([]string{
		"Content-Type", "application/fhir+json", "Authorization", "Basic aG9tZS0xOnJpZ2h0", // home-1:right
	}, headers...)...)
}

func TestABundleIsTakenTwiceAndTheSecondTimeCreatesNothing(t *testing.T) {
	w, in := newDoor(t)
	first := w.post("/fhir/r4", gatewayBundle(t)).expect(t, http.StatusOK)
	if first.at("type") != "transaction-response" || len(first.list("entry")) != 12 {
		t.Fatalf("%.400s", first.Body)
	}
	want := []string{
		"200 OK", "200 OK", "200 OK", "200 OK", "201 Created", "201 Created", "201 Created",
		"201 Created", "201 Created", "200 OK", "201 Created", "200 OK",
	}
	for i, status := range want {
		if got := first.at("entry", i, "response", "status"); got != status {
			t.Errorf("entry %d: %v, want %s", i, got, status)
		}
	}
	if got := first.at("entry", 2, "response", "location"); got != "Device/"+string(strap) {
		t.Errorf("the strap is known under its Bluetooth address: %v", got)
	}
	temperature, _ := first.at("entry", 8, "response", "location").(string)
	got := w.get("nurse", "/fhir/r4/"+temperature).expect(t, http.StatusOK)
	if !strings.Contains(got.Body.String(), `"value":36.60,`) {
		t.Errorf("36.60 became %s", got.Body)
	}
	taken := in.taken
	again := w.post("/fhir/r4", gatewayBundle(t)).expect(t, http.StatusOK)
	for _, i := range []int{4, 5, 6, 7, 8, 10} {
		if status, place := again.at("entry", i, "response", "status"), again.at("entry", i, "response", "location"); status != "200 OK" ||
			place != first.at("entry", i, "response", "location") {
			t.Errorf("entry %d the second time: %v at %v", i, status, place)
		}
	}
	if in.taken != taken+1 { // the charge of the battery has no identifier
		t.Errorf("%d deposits the second time", in.taken-taken)
	}
}

func TestOneBadEntryRefusesATransactionAndNotABatch(t *testing.T) {
	bad := []string{`"code": "Cel"`, `"code": "C"`}
	w, in := newDoor(t)
	refused := w.post("/fhir/r4", gatewayBundle(t, bad...)).expect(t, http.StatusUnprocessableEntity)
	if in.taken != 0 || refused.at("issue", 0, "expression", 0) != "Bundle.entry[8]" || !strings.Contains(refused.Body.String(), "not a unit") {
		t.Errorf("%d taken: %s", in.taken, refused.Body)
	}
	stray := w.post("/fhir/r4", gatewayBundle(t, "A0-9E-1A", "A0-9E-1B")).expect(t, http.StatusUnprocessableEntity)
	if in.taken != 0 || stray.at("issue", 0, "diagnostics") != "bound to nobody" {
		t.Errorf("%d taken: %s", in.taken, stray.Body)
	}

	kept := w.post("/fhir/r4", gatewayBundle(t, append(bad, `"transaction"`, `"batch"`)...)).expect(t, http.StatusOK)
	if in.taken != 6 || kept.at("type") != "batch-response" ||
		kept.at("entry", 8, "response", "status") != "422 Unprocessable Entity" || kept.at("entry", 7, "response", "status") != "201 Created" {
		t.Errorf("%d taken: %s", in.taken, kept.Body)
	}
}

// A resource is all or nothing in a transaction and by itself; in a batch what can be charted of it is.
func TestABadComponentIsNamedWithTheEntryThatIsCharted(t *testing.T) {
	value := func(code, value string) string {
		return `{"code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"` + code + `"}]},
			"valueQuantity":{"value":` + value + `,"system":"http://unitsofmeasure.org","code":"kg"}}`
	}
	observation := `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"1"}]},
		"subject":{"identifier":{"value":"1"}},"device":{"reference":"Device/` + string(strap) + `"},"effectiveDateTime":"2026-03-01T08:30:00Z",
		"component":[` + value("188740", "170") + "," + value("188736", "70.1") + `]}`
	bundle := func(kind string) string {
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[{"resource":` + observation + `,"request":{"method":"POST","url":"Observation"}},7]}`
	}
	w, in := newDoor(t)
	const why = `component[0]: 188740: height in "kg": not a unit of this kind`
	got := w.post("/fhir/r4", bundle("batch")).expect(t, http.StatusOK)
	place, _ := got.at("entry", 0, "response", "location").(string)
	if got.at("entry", 0, "response", "status") != "201 Created" || got.at("entry", 0, "response", "outcome", "issue", 0, "severity") != "warning" ||
		got.at("entry", 0, "response", "outcome", "issue", 0, "diagnostics") != "charted, but for "+why ||
		got.at("entry", 1, "response", "status") != "422 Unprocessable Entity" {
		t.Errorf("%s", got.Body)
	}
	w.get("nurse", "/fhir/r4/"+place).expect(t, http.StatusOK)
	if len(in.aside) != 1 || !strings.HasPrefix(in.aside[0], "home-1: the entry cannot be read") {
		t.Errorf("kept aside: %q", in.aside)
	}
	if got := w.post("/fhir/r4", bundle("transaction")).expect(t, http.StatusUnprocessableEntity); in.taken != 1 ||
		got.at("issue", 0, "diagnostics") != why || got.at("issue", 1, "expression", 0) != "Bundle.entry[1]" || len(in.aside) != 3 {
		t.Errorf("%d taken, %d aside: %s", in.taken, len(in.aside), got.Body)
	}
	if got := w.post("/fhir/r4/Observation", observation).expect(t, http.StatusUnprocessableEntity); in.taken != 1 || got.at("issue", 0, "diagnostics") != why {
		t.Errorf("%d taken: %s", in.taken, got.Body)
	}
	w.post("/fhir/r4", "hello").expect(t, http.StatusBadRequest)
	if last := in.aside[len(in.aside)-1]; !strings.Contains(last, "the Bundle cannot be read") || !strings.Contains(last, "(5 bytes)") {
		t.Errorf("kept aside: %s", last)
	}
}

func TestADeviceOfABundleBecomesKnownAndIsBoundToNobody(t *testing.T) {
	w, _ := newDoor(t)
	body := `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Device","manufacturer":"Maker","modelNumber":"M2",
		"serialNumber":"9","identifier":[{"value":"A0-9E-1A-00-00-99"}]},"request":{"method":"POST","url":"Device"}}]}`
	if got := w.post("/fhir/r4", body).expect(t, http.StatusOK).at("entry", 0, "response", "status"); got != "201 Created" {
		t.Errorf("%v", got)
	}
	if got := w.post("/fhir/r4", body).at("entry", 0, "response", "status"); got != "200 OK" {
		t.Errorf("the second time: %v", got)
	}
	d, err := w.store.Device(t.Context(), vitals.Scope{All: true}, "a09e1a000099")
	if err != nil || d.Model != "M2" || d.Serial != "9" {
		t.Errorf("%+v %v", d, err)
	}
}

func TestAnObservationByItselfIsCreatedOnce(t *testing.T) {
	w, in := newDoor(t)
	body := `{"resourceType":"Observation","status":"final","identifier":[{"system":"urn:x","value":"7"}],
		"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},"subject":{"identifier":{"value":"1"}},
		"device":{"reference":"Device/` + string(strap) + `"},"effectiveDateTime":"2026-03-01T08:30:00Z",
		"valueQuantity":{"value":70.1,"system":"http://unitsofmeasure.org","code":"kg"}}`
	created := w.post("/fhir/r4/Observation", body, "If-None-Exist", "identifier=urn:x|7").expect(t, http.StatusCreated)
	place := created.Header().Get("Location")
	w.get("nurse", strings.TrimPrefix(place, "http://vigil.test")).expect(t, http.StatusOK)
	again := w.post("/fhir/r4/Observation", body, "If-None-Exist", "identifier=urn:x|7").expect(t, http.StatusOK)
	if again.Header().Get("Location") != place || in.taken != 1 {
		t.Errorf("the second time at %s, %d taken", again.Header().Get("Location"), in.taken)
	}
	w.post("/fhir/r4/Observation", strings.Replace(body, `"value":"1"`, `"value":"2"`, 1)).expect(t, http.StatusUnprocessableEntity)
	w.post("/fhir/r4/Observation", strings.Replace(body, "29463-7", "1-1", 1)).expect(t, http.StatusOK) // charted nowhere, and said so
}

func TestWhoMayUpload(t *testing.T) {
	w, in := newDoor(t)
	json := []string{"Content-Type", "application/fhir+json"}
	w.send("", http.MethodPost, "/fhir/r4", gatewayBundle(t), json...).expect(t, http.StatusUnauthorized)
	w.send("nurse", http.MethodPost, "/fhir/r4", gatewayBundle(t), json...).expect(t, http.StatusForbidden)
	w.send("", http.MethodPost, "/fhir/r4", gatewayBundle(t), append(json, "Authorization", "Basic aG9tZS0xOndyb25n")...).expect(t, http.StatusUnauthorized)
	if in.taken != 0 {
		t.Fatal("taken from somebody who may not")
	}
	w.send("technician", http.MethodPost, "/fhir/r4", gatewayBundle(t), json...).expect(t, http.StatusOK)

	before := in.taken // the patch is worn in another unit
	other := w.send("technician", http.MethodPost, "/fhir/r4", gatewayBundle(t, "A0-9E-1A-00-00-01", "A0-9E-1A-00-00-03"), json...)
	if other.expect(t, http.StatusUnprocessableEntity); in.taken != before {
		t.Error("a technician of one unit charted in another")
	}
}

func TestATransactionThatNamesAnotherUnitsDeviceChartsNothing(t *testing.T) {
	w, in := newDoor(t)
	bundle := func(kind string) string {
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[
			{"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
				"subject":{"identifier":{"value":"1"}},"device":{"reference":"Device/` + string(strap) + `"},
				"effectiveDateTime":"2026-03-01T08:30:00Z","valueQuantity":{"value":70.1,"system":"http://unitsofmeasure.org","code":"kg"}},
				"request":{"method":"POST","url":"Observation"}},
			{"resource":{"resourceType":"Device","identifier":[{"value":"A0-9E-1A-00-00-03"}]},"request":{"method":"POST","url":"Device"}}]}`
	}
	upload := func(kind string) answer {
		return w.send("technician", http.MethodPost, "/fhir/r4", bundle(kind), "Content-Type", "application/fhir+json")
	}
	if got := upload("transaction").expect(t, http.StatusUnprocessableEntity); in.taken != 0 || got.at("issue", 0, "expression", 0) != "Bundle.entry[1]" {
		t.Errorf("%d taken: %s", in.taken, got.Body)
	}
	got := upload("batch").expect(t, http.StatusOK)
	if in.taken != 1 || got.at("entry", 0, "response", "status") != "201 Created" || got.at("entry", 1, "response", "status") != "422 Unprocessable Entity" {
		t.Errorf("%d taken: %s", in.taken, got.Body)
	}
}

func TestABodyThatIsNoBundleIsRefusedInFHIRsWords(t *testing.T) {
	w, in := newDoor(t)
	for name, story := range map[string]struct {
		body   string
		kind   string
		status int
	}{
		"not JSON":        {"{", "application/fhir+json", http.StatusBadRequest},
		"a search set":    {`{"resourceType":"Bundle","type":"searchset"}`, "application/json", http.StatusBadRequest},
		"XML":             {"<Bundle/>", "application/fhir+xml", http.StatusUnsupportedMediaType},
		"more than 1 MiB": {strings.Repeat(" ", 1<<20+1), "application/fhir+json", http.StatusRequestEntityTooLarge},
		"nothing at all":  {"", "application/fhir+json", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.post("/fhir/r4", story.body, "Content-Type", story.kind).expect(t, story.status).at("resourceType"); got != "OperationOutcome" {
				t.Errorf("answered %v", got)
			}
		})
	}
	in.away = true
	w.post("/fhir/r4", gatewayBundle(t)).expect(t, http.StatusServiceUnavailable) // who it is cannot be looked up
	busy := w.send("technician", http.MethodPost, "/fhir/r4", gatewayBundle(t), "Content-Type", "application/fhir+json").
		expect(t, http.StatusServiceUnavailable)
	if busy.Header().Get("Retry-After") == "" || busy.at("issue", 0, "code") != "transient" {
		t.Errorf("%v %s", busy.Header(), busy.Body)
	}
}
