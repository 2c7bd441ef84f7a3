package ingest_test

import (
	"errors"
	"testing"
	"time"

	"vigil/server/ingest"
	"vigil/vitals"
)

const (
	cuff   vitals.DeviceID  = "a09e1a000002" // bound to another, made-up patient
	tester vitals.PatientID = "p2"
	clinic vitals.HubID     = "clinic"
)

// clinicWard has two patients; the strap is heard through any gateway.
func clinicWard() *ward {
	w := newWard()
	w.bindings[0].Hub = ""
	w.bindings = append(w.bindings, vitals.Binding{Device: cuff, Patient: tester, From: noon.Add(-time.Hour), Record: "4712", Test: true})
	return w
}

func deposit(device vitals.DeviceID, readings ...vitals.Reading) vitals.Deposit {
	return vitals.Deposit{Source: clinic, Batch: vitals.Batch{Device: device, Readings: readings}, Payload: []byte("as it came")}
}

func TestADepositIsAnsweredWhenItIsStored(t *testing.T) {
	w := clinicWard()
	h := w.handler()
	answers, err := h.Deposit(t.Context(), []vitals.Deposit{
		deposit(strap, reading(vitals.HeartRate, 73, noon)),
		deposit(cuff, reading(vitals.Systolic, 120, noon)),
		deposit(strap, reading(vitals.HeartRate, 72, noon.Add(-time.Second))),
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []vitals.PatientID{patient, tester, patient} {
		if a := answers[i]; a.Patient != want || !a.Kept || a.Code != "" {
			t.Errorf("deposit %d: %+v", i, a)
		}
	}
	published, refused := w.seen()
	if len(published) != 2 || len(refused) != 0 {
		t.Fatalf("%d deliveries, %d refusals; one delivery for each device was expected", len(published), len(refused))
	}
	if d := published[0]; d.Stream.Hub != "" || len(d.Batch.Readings) != 2 || d.Batch.Readings[0].Value != vitals.Int(72) {
		t.Errorf("the strap's values in the order of their time, without a hub that could be missed: %+v", d)
	}
	if w.settled[patient] != 1 || w.settled[tester] != 2 {
		t.Errorf("answered before it was stored: %v", w.settled)
	}
}

func TestADepositThatContradictsTheBindingIsRefused(t *testing.T) {
	stories := map[string]struct {
		change   func(*vitals.Deposit)
		wantCode string
	}{
		"nobody is named":                 {func(*vitals.Deposit) {}, ""},
		"the patient is named by number":  {func(d *vitals.Deposit) { d.Records = []string{"visit-9", "4711"} }, ""},
		"the patient is named by id":      {func(d *vitals.Deposit) { d.Patient = patient }, ""},
		"another number is named":         {func(d *vitals.Deposit) { d.Records = []string{"4712"} }, "other_patient"},
		"another id is named":             {func(d *vitals.Deposit) { d.Patient = tester }, "other_patient"},
		"test data for a real patient":    {func(d *vitals.Deposit) { d.Test = true }, "test"},
		"test data for a made-up patient": {func(d *vitals.Deposit) { d.Test, d.Batch.Device = true, cuff }, ""},
		"nobody wears the device":         {func(d *vitals.Deposit) { d.Batch.Device = stray }, "unbound"},
		"the device is another hub's":     {func(d *vitals.Deposit) { d.Batch.Device = foreign }, "unbound"},
		"a heart rate of 412":             {func(d *vitals.Deposit) { d.Batch.Readings[0].Value = vitals.Int(412) }, "implausible"},
		"a value of tomorrow":             {func(d *vitals.Deposit) { d.Batch.Readings[0].Time = noon.AddDate(0, 0, 1) }, "future"},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w := clinicWard()
			d := deposit(strap, reading(vitals.HeartRate, 72, noon))
			story.change(&d)
			answers, err := w.handler().Deposit(t.Context(), []vitals.Deposit{d}, false)
			if err != nil {
				t.Fatal(err)
			}
			a := answers[0]
			published, refused := w.seen()
			if kept := story.wantCode == ""; a.Code != story.wantCode || a.Kept != kept || len(published) == 0 == kept {
				t.Errorf("%+v, %d deliveries", a, len(published))
			}
			if story.wantCode != "" && (len(refused) != 1 || refused[0].Reason != a.Reason || refused[0].Stream.Hub != clinic || string(refused[0].Payload) != "as it came") {
				t.Errorf("in quarantine: %+v", refused)
			}
		})
	}
}

func TestOneBadDepositOfManyKeepsOrRefusesTheRest(t *testing.T) {
	both := []vitals.Deposit{deposit(strap, reading(vitals.HeartRate, 72, noon)), deposit(stray, reading(vitals.HeartRate, 72, noon))}
	for all, deliveries := range map[bool]int{true: 0, false: 1} {
		w := clinicWard()
		answers, err := w.handler().Deposit(t.Context(), both, all)
		if err != nil {
			t.Fatal(err)
		}
		published, refused := w.seen()
		if len(published) != deliveries || len(refused) != 1 || answers[0].Kept == all || answers[1].Code != "unbound" {
			t.Errorf("all or nothing %t: %d deliveries, %d refusals, %+v", all, len(published), len(refused), answers)
		}
	}
}

func TestADepositThatIsNotStoredIsToBeBroughtAgain(t *testing.T) {
	for name, breakdown := range map[string]func(*ward){
		"the journal is away":  func(w *ward) { w.journalDown = true },
		"the database is away": func(w *ward) { w.storeDown = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := clinicWard()
			h := w.handler()
			one := []vitals.Deposit{deposit(strap, reading(vitals.HeartRate, 72, noon))}
			if _, err := h.Deposit(t.Context(), one, false); err != nil { // the bindings are known from here on
				t.Fatal(err)
			}
			w.set(func() { breakdown(w) })
			if _, err := h.Deposit(t.Context(), one, false); !errors.Is(err, ingest.ErrUnavailable) {
				t.Errorf("answered %v", err)
			}
		})
	}
}

func TestWhatStaffObserveIsAnsweredWhenItIsStored(t *testing.T) {
	w := clinicWard()
	observed := vitals.Batch{Device: cuff, Readings: []vitals.Reading{reading(vitals.Consciousness, 1, noon)}}
	if err := w.handler().Enter(t.Context(), patient, observed); err != nil {
		t.Fatal(err)
	}
	published, _ := w.seen()
	if len(published) != 1 || published[0].Patient != patient || published[0].Stream.Hub != "" || w.settled[patient] != 1 {
		t.Errorf("in the record of whom staff name, without a hub that could be missed: %+v, settled %v", published, w.settled)
	}
}
