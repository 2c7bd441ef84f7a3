package api_test

import (
	"net/http"
	"testing"

	"vigil/server/api"
	"vigil/server/store"
	"vigil/vitals"
)

func TestStaffChartWhatNoDeviceMeasures(t *testing.T) {
	t.Parallel()
	in := &intake{}
	w := newWard(t, func(o *api.Options) {
		in.Store = o.Records.(*store.Store)
		o.Intake = in
	})
	const path = "/api/v1/patients/" + string(anna) + "/observed"
	w.send("nurse", http.MethodPost, path, fields{"consciousness": "confusion", "oxygen_l_min": 2.5}).expect(t, http.StatusNoContent)
	all, err := w.store.Readings(t.Context(), vitals.Scope{All: true}, vitals.Query{
		Patient: anna, Kinds: []vitals.Kind{vitals.Consciousness, vitals.InhaledOxygen},
	})
	if err != nil || len(all) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	for _, c := range all {
		if want := map[vitals.Kind]string{vitals.Consciousness: "1", vitals.InhaledOxygen: "2.5"}[c.Kind]; c.Value.String() != want {
			t.Errorf("%s is %s, not %s", c.Kind, c.Value, want)
		}
		if by, err := w.store.Device(t.Context(), vitals.Scope{All: true}, c.Device); err != nil || by.Model != "K. Lee" {
			t.Errorf("observed by %q: %v", by.Model, err)
		}
	}
	for who, want := range map[string]int{
		"viewer": http.StatusForbidden, "technician": http.StatusForbidden, "elsewhere": http.StatusNotFound, "charge": http.StatusNoContent,
	} {
		w.send(who, http.MethodPost, path, fields{"oxygen_l_min": 0}).expect(t, want)
	}
	w.send("nurse", http.MethodPost, path, fields{}).expect(t, http.StatusUnprocessableEntity)
	w.send("nurse", http.MethodPost, path, fields{"oxygen_l_min": 90}).expect(t, http.StatusUnprocessableEntity)
	in.away = true
	w.send("nurse", http.MethodPost, path, fields{"consciousness": "alert"}).expect(t, http.StatusServiceUnavailable)
}
