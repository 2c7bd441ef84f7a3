package api_test

import (
	"net/http"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func TestEvidenceIsShownToWhoeverSeesThePatient(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	a := alarm(anna, 0)
	w.raise(a)
	path := "/api/v1/alarms/" + string(a.ID) + "/evidence"
	w.get("nurse", path).expect(t, http.StatusNotFound) // not frozen yet

	var blocks []vitals.Block
	for _, start := range []time.Time{morning.Add(-20 * time.Second), morning.Add(-10 * time.Second), morning, morning.Add(15 * time.Second)} {
		data := codec.PackWave([]codec.Segment{{Start: start, Rate: vitals.Rate{Num: 100, Den: 1}, Scale: vitals.Int(5), Samples: make([]int16, 1000)}})
		blocks = append(blocks, vitals.Block{Patient: anna, Device: strap, Kind: vitals.ECG, Start: start.Truncate(vitals.WaveBlock), Count: 1000, Data: data})
	}
	if err := w.store.Commit(t.Context(), func(tx *store.Tx) error { return tx.SaveBlocks(blocks) }); err != nil {
		t.Fatal(err)
	}
	note := alerts.Note{Kind: alerts.Rendered, At: morning.Add(2 * time.Second), Alarm: a.ID, Version: 1, Unit: "cardio", Station: "desk-1"}
	if err := w.store.SaveNotes(t.Context(), []alerts.Note{note}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.FreezeEvidence(t.Context(), morning.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	got := w.get("nurse", path).expect(t, http.StatusOK)
	if n := len(got.list("waves")); n != 3 {
		t.Fatalf("%d pieces of waveform: %s", n, got.Body)
	}
	last, _ := got.at("waves", 2, "samples").([]any) // it begins 15 s behind the onset and is shown for 5 s of 10 s
	if len(last) != 500 || got.at("waves", 0, "start") != "2026-03-01T07:59:50Z" || got.at("waves", 0, "kind") != "ecg" {
		t.Errorf("%d samples from %v", len(last), got.at("waves", 0, "start"))
	}
	if got.at("stations", 0, "station") != "desk-1" || got.at("stations", 0, "kind") != "rendered" {
		t.Errorf("%v", got.at("stations"))
	}
	if limits, _ := got.at("limits").(map[string]any); len(limits) != len(alerts.Settings()) {
		t.Errorf("limits %v", limits)
	}
	w.get("elsewhere", path).expect(t, http.StatusNotFound)

	// Over FHIR the alarm refers to its waveforms, as long as they can be read there.
	issue := "/fhir/r4/DetectedIssue/" + string(a.ID)
	found := w.get("nurse", "/fhir/r4/DetectedIssue?patient="+string(anna)).expect(t, http.StatusOK)
	read := w.get("nurse", issue).expect(t, http.StatusOK)
	if n := len(read.list("evidence", 0, "detail")); n != 3 || len(read.list("evidence")) != 1 {
		t.Fatalf("%s", read.Body)
	}
	for i := range 3 {
		ref, _ := read.at("evidence", 0, "detail", i, "reference").(string)
		strip := w.get("nurse", "/fhir/r4/"+ref).expect(t, http.StatusOK)
		if strip.at("resourceType") != "Observation" || strip.at("subject", "reference") != "Patient/"+string(anna) {
			t.Errorf("%s", strip.Body)
		}
		if found.at("entry", 0, "resource", "evidence", 0, "detail", i, "reference") != ref {
			t.Errorf("a search says otherwise: %s", found.Body)
		}
	}
	if err := w.store.Prune(t.Context(), morning.Add(80*time.Hour), morning); err != nil {
		t.Fatal(err)
	}
	if gone := w.get("nurse", issue).expect(t, http.StatusOK); gone.at("evidence") != nil {
		t.Errorf("it refers to what is forgotten: %s", gone.Body)
	}
	if kept := w.get("nurse", path).expect(t, http.StatusOK); len(kept.list("waves")) != 3 {
		t.Errorf("the evidence went with it: %s", kept.Body)
	}
}
