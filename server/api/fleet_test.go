package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"vigil/server/api"
	"vigil/vitals"
)

// newFleet is a ward with two hubs: one of cardio, whose strap anna wears, and one of neuro.
func newFleet(t *testing.T) (w *ward, told *[]vitals.HubID) {
	t.Helper()
	told = &[]vitals.HubID{}
	w = newWard(t, func(o *api.Options) {
		o.Told = func(_ context.Context, hub vitals.HubID) { *told = append(*told, hub) }
	})
	ctx := t.Context()
	for hub, device := range map[vitals.HubID]vitals.DeviceID{"home-1": strap, "home-2": patch} {
		if err := w.store.SaveHub(ctx, vitals.Hub{ID: hub, Name: "Hub " + string(hub)}, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := w.store.SaveDevice(ctx, vitals.Device{ID: device, Model: "M1", Hub: hub}); err != nil {
			t.Fatal(err)
		}
	}
	err := w.store.SaveHubReport(ctx, "home-1", vitals.HubReport{
		Version: "1.0", Queue: 2, Oldest: morning, Clock: "ntp", Config: 1, At: morning,
		Devices: []vitals.DeviceReport{{
			Device: strap, Battery: new(80), Heard: morning, Link: "bonded",
			Description: vitals.Description{
				Model: "H10", Serial: "7A", Firmware: "5.0", Hardware: "39044024.10", Software: "3.1.1", SystemID: "a09e1afffe000001", Read: morning,
				UDI: vitals.UDI{Label: "(01)00844588003288(21)7A", Identifier: "00844588003288", Issuer: "2.51", Authority: "no OID"},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, told
}

func TestTheRegistryShowsWhatHubsReport(t *testing.T) {
	w, _ := newFleet(t)
	w.send("technician", http.MethodPut, "/api/v1/devices/"+string(strap)+"/support", fields{"until": "2031-12-31"}).expect(t, http.StatusNoContent)
	devices := w.get("technician", "/api/v1/devices").expect(t, http.StatusOK)
	var shown fields
	for _, d := range devices.list("devices") {
		if d.(fields)["id"] == string(strap) {
			shown = d.(fields)
		}
		if d.(fields)["id"] == string(patch) {
			t.Error("a device of another unit is shown")
		}
	}
	want := fields{
		"model": "H10", "serial": "7A", "firmware": "5.0", "hardware": "39044024.10", "software": "3.1.1", "udi": "(01)00844588003288(21)7A",
		"system_id": "a09e1afffe000001", "read": morning.Format(time.RFC3339), "link": "bonded", "clock": "ntp", "through": "home-1", "support": "2031-12-31", "hub": "home-1",
	}
	for name, want := range want {
		if shown[name] != want {
			t.Errorf("%s is %v, want %v", name, shown[name], want)
		}
	}
	w.send("technician", http.MethodPut, "/api/v1/devices/"+string(strap)+"/support", fields{"until": "soon"}).expect(t, http.StatusUnprocessableEntity)
	w.send("technician", http.MethodPut, "/api/v1/devices/"+string(patch)+"/support", fields{"until": "2031-12-31"}).expect(t, http.StatusNotFound)
}

func TestCliniciansReadInFHIRWhatADeviceSaysOfItself(t *testing.T) {
	w, _ := newFleet(t)
	d := w.get("nurse", "/fhir/r4/Device/"+string(strap)).expect(t, http.StatusOK)
	for what, got := range map[string]any{
		"7A": d.at("serialNumber"), "H10": d.at("modelNumber"), "5.0": d.at("version", 0, "value"), "39044024.10": d.at("version", 1, "value"),
		"3.1.1": d.at("version", 2, "value"), "00844588003288": d.at("udiCarrier", 0, "deviceIdentifier"),
		"urn:oid:2.51": d.at("udiCarrier", 0, "issuer"), "(01)00844588003288(21)7A": d.at("udiCarrier", 0, "carrierHRF"),
		"A0-9E-1A-FF-FE-00-00-01": d.at("identifier", 1, "value"),
	} {
		if got != what {
			t.Errorf("%v, want %s", got, what)
		}
	}
	if stray := d.at("udiCarrier", 0, "jurisdiction"); stray != nil {
		t.Errorf("what is no OID became the URI %v", stray)
	}
	for identifier, want := range map[string]int{"A0-9E-1A-FF-FE-00-00-01": 1, "A0-9E-1A-FF-FE-00-00-02": 0} {
		found := w.get("nurse", "/fhir/r4/Device?identifier="+identifier).expect(t, http.StatusOK)
		if n := len(found.list("entry")); n != want {
			t.Errorf("%d devices are found by the system id %s, want %d: %s", n, identifier, want, found.Body)
		}
	}
}

func TestAHubIsConfiguredAndCommandedByThoseWhoMay(t *testing.T) {
	w, told := newFleet(t)
	devices := fields{"devices": []any{fields{"device": "A0:9E:1A:00:00:01", "read": []any{"hr", "pmd"}, "pair": true}}}
	shown := w.send("technician", http.MethodPut, "/api/v1/hubs/home-1/devices", devices).expect(t, http.StatusOK)
	if shown.at("devices", 0, "device") != string(strap) || shown.at("devices", 0, "pair") != true || shown.at("version") != "1.0" || shown.at("clock") != "ntp" {
		t.Errorf("%s", shown.Body)
	}
	command := w.send("technician", http.MethodPost, "/api/v1/hubs/home-1/commands", fields{"what": "rescan"}).expect(t, http.StatusCreated)
	if command.at("outcome") != "waiting" || command.at("by") != "T. Ech" || len(*told) != 2 {
		t.Errorf("%s, told %v", command.Body, *told)
	}
	id, _ := command.at("id").(string)
	err := w.store.FinishCommand(t.Context(), vitals.HubCommand{ID: id, Hub: "home-1", Outcome: "done", Ended: morning})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.get("technician", "/api/v1/hubs/home-1").at("commands", 0, "outcome"); got != "done" {
		t.Errorf("answered %v", got)
	}
	for name, r := range map[string]struct {
		who, method, path string
		body              any
		status            int
	}{
		"a nurse":                           {"nurse", http.MethodPost, "/api/v1/hubs/home-1/commands", fields{"what": "rescan"}, http.StatusForbidden},
		"the hub of another unit":           {"technician", http.MethodPost, "/api/v1/hubs/home-2/commands", fields{"what": "rescan"}, http.StatusNotFound},
		"the hub of another unit, to look":  {"technician", http.MethodGet, "/api/v1/hubs/home-2", nil, http.StatusNotFound},
		"a hub that is not there":           {"admin", http.MethodGet, "/api/v1/hubs/home-9", nil, http.StatusNotFound},
		"a command that is none":            {"admin", http.MethodPost, "/api/v1/hubs/home-1/commands", fields{"what": "explode"}, http.StatusUnprocessableEntity},
		"a device of another unit":          {"technician", http.MethodPut, "/api/v1/hubs/home-1/devices", fields{"devices": []any{fields{"device": string(patch), "read": []any{"hr"}}}}, http.StatusNotFound},
		"a device twice":                    {"admin", http.MethodPut, "/api/v1/hubs/home-1/devices", fields{"devices": []any{fields{"device": string(strap), "read": []any{"hr"}}, fields{"device": string(strap), "read": []any{"pmd"}}}}, http.StatusUnprocessableEntity},
		"a device of which nothing is read": {"admin", http.MethodPut, "/api/v1/hubs/home-1/devices", fields{"devices": []any{fields{"device": string(strap), "read": []any{}}}}, http.StatusUnprocessableEntity},
		"a technician starts a campaign":    {"technician", http.MethodPost, "/api/v1/campaigns", fields{"version": "2", "percent": 10, "most": 1}, http.StatusForbidden},
		"a campaign of no unit":             {"admin", http.MethodPost, "/api/v1/campaigns", fields{"version": "2", "percent": 10, "most": 1, "unit": "x"}, http.StatusUnprocessableEntity},
		"a campaign that is not there":      {"admin", http.MethodPatch, "/api/v1/campaigns/x", fields{"percent": 10}, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) { w.send(r.who, r.method, r.path, r.body).expect(t, r.status) })
	}
}

func TestACampaignShowsWhoIsBehind(t *testing.T) {
	w, _ := newFleet(t)
	started := w.send("admin", http.MethodPost, "/api/v1/campaigns", fields{"version": "1.1", "percent": 100, "most": 2, "unit": "cardio"}).expect(t, http.StatusCreated)
	id, _ := started.at("id").(string)
	for _, hub := range []vitals.HubID{"home-1", "home-2"} { // both connect
		if _, err := w.store.Wanted(t.Context(), hub); err != nil {
			t.Fatal(err)
		}
	}
	listed := w.get("admin", "/api/v1/campaigns").expect(t, http.StatusOK)
	if listed.at("campaigns", 0, "behind", 0, "hub") != "home-1" || listed.at("campaigns", 0, "behind", 0, "runs") != "1.0" || len(listed.list("campaigns", 0, "behind")) != 1 {
		t.Errorf("%s", listed.Body)
	}
	halted := w.send("admin", http.MethodPatch, "/api/v1/campaigns/"+id, fields{"halted": true}).expect(t, http.StatusOK)
	if halted.at("halted") != true || halted.at("reason") != "halted by A. Dmin" {
		t.Errorf("%s", halted.Body)
	}
	if err := w.store.SaveHubReport(t.Context(), "home-1", vitals.HubReport{Version: "1.1", At: morning.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if behind := w.send("admin", http.MethodPatch, "/api/v1/campaigns/"+id, fields{"halted": false}).list("behind"); len(behind) != 0 {
		t.Errorf("behind: %v", behind)
	}
}
