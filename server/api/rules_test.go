package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vigil/server/api"
	"vigil/vitals"
)

func TestRefusalsSayWhichThing(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	for _, row := range []struct {
		story, who, path string
		body             fields
		want             int
		says             string
	}{
		{"a bed that is taken", "nurse", "/patients", change(newcomer, "bed", "1"), http.StatusConflict, "bed"},
		{"a record number that is under care", "nurse", "/patients", change(newcomer, "mrn", "1"), http.StatusConflict, "record number"},
		{"a unit that is not mine", "nurse", "/patients", change(newcomer, "unit", "neuro"), http.StatusNotFound, "unit"},
		{"an unknown unit", "admin", "/patients", change(newcomer, "unit", "nowhere"), http.StatusNotFound, "unit"},
		{"another's device", "technician", "/bindings", fields{"device": strap, "patient": ben}, http.StatusConflict, "another patient"},
		{"a device that nobody knows", "technician", "/bindings", fields{"device": "a09e1affffff", "patient": ben}, http.StatusNotFound, "device"},
		{"a patient that nobody knows", "technician", "/bindings", fields{"device": strap, "patient": "nobody"}, http.StatusNotFound, "patient"},
		{"an unknown hub of a device", "technician", "/devices", fields{"id": strap, "manufacturer": "", "model": "", "serial": "", "hub": "nowhere"}, http.StatusUnprocessableEntity, "hub"},
		{"a device of another unit's patient", "technician", "/devices", fields{"id": patch, "manufacturer": "", "model": "", "serial": ""}, http.StatusNotFound, "device"},
	} {
		t.Run(row.story, func(t *testing.T) {
			a := w.send(row.who, http.MethodPost, "/api/v1"+row.path, row.body).expect(t, row.want)
			if detail, _ := a.at("detail").(string); !strings.Contains(detail, row.says) || strings.Contains(detail, "Abel") {
				t.Errorf("%q does not speak of %q", detail, row.says)
			}
		})
	}
	w.send("technician", http.MethodPost, "/api/v1/bindings", fields{"device": strap, "patient": ben, "move": true}).expect(t, http.StatusCreated)
}

func TestADeviceKeepsItsHubUntilToldOtherwise(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.send("technician", http.MethodPost, "/api/v1/hubs", fields{"id": "hub-1", "name": "Home"}).expect(t, http.StatusCreated)
	described := fields{"id": strap, "manufacturer": "M", "model": "X", "serial": "1"}
	for _, row := range []struct {
		story string
		body  fields
		want  any
	}{
		{"registered", change(described, "hub", "hub-1"), "hub-1"},
		{"described anew", change(described, "model", "Y"), "hub-1"},
		{"released", change(described, "hub", ""), nil},
	} {
		a := w.send("technician", http.MethodPost, "/api/v1/devices", row.body).expect(t, http.StatusCreated)
		if a.at("hub") != row.want {
			t.Errorf("%s: hub %v, want %v", row.story, a.at("hub"), row.want)
		}
	}
}

func TestTimesAreAnsweredAsTheyAreKept(t *testing.T) {
	t.Parallel()
	w := newWard(t, func(o *api.Options) {
		o.Now = func() time.Time { return morning.Add(time.Hour + 123456789*time.Nanosecond) }
	})
	a := w.send("nurse", http.MethodPost, "/api/v1/patients", newcomer).expect(t, http.StatusCreated)
	if a.at("admitted") != "2026-03-01T09:00:00.123456Z" {
		t.Errorf("admitted %v", a.at("admitted"))
	}
	moved := fields{"device": strap, "patient": ben, "move": true, "from": "2026-03-01T08:30:00.123456789Z"}
	b := w.send("technician", http.MethodPost, "/api/v1/bindings", moved).expect(t, http.StatusCreated)
	if b.at("from") != "2026-03-01T08:30:00.123456Z" {
		t.Errorf("from %v", b.at("from"))
	}
}

func TestAPersonIsChanged(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	for _, p := range []vitals.Staff{
		{ID: "s-1", Login: "one", Name: "O. Ne", Role: vitals.Nurse, Units: []vitals.UnitID{"cardio"}},
		{ID: "s-2", Login: "two", Name: "T. Wo", Role: vitals.Admin},
	} {
		if err := w.store.SaveStaff(t.Context(), p, "hash"); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		story, id string
		body      fields
		want      int
		says      string
	}{
		{"a role alone", "s-1", fields{"role": "charge"}, http.StatusOK, "O. Ne"},
		{"everything", "s-1", fields{"name": "New", "role": "nurse", "units": []string{"neuro"}, "password": "long enough for all", "disabled": true}, http.StatusOK, `"disabled":true`},
		{"back again", "s-1", fields{"disabled": false}, http.StatusOK, "neuro"},
		{"nobody", "s-9", fields{"disabled": true}, http.StatusNotFound, "person"},
		{"an unknown unit", "s-1", fields{"units": []string{"nowhere"}}, http.StatusNotFound, "unit"},
		{"a short password", "s-1", fields{"password": "short"}, http.StatusUnprocessableEntity, "12 characters"},
		{"an empty password", "s-1", fields{"password": ""}, http.StatusUnprocessableEntity, "empty"},
		{"the last administrator locks the door", "s-2", fields{"disabled": true}, http.StatusConflict, "last administrator"},
		{"the last administrator becomes a nurse", "s-2", fields{"role": "nurse"}, http.StatusConflict, "last administrator"},
		{"a login cannot be changed", "s-1", fields{"login": "other"}, http.StatusUnprocessableEntity, ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			a := w.send("admin", http.MethodPatch, "/api/v1/staff/"+row.id, row.body).expect(t, row.want)
			if !strings.Contains(a.Body.String(), row.says) {
				t.Errorf("%q is not in %s", row.says, a.Body)
			}
		})
	}
}
