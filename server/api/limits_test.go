package api_test

import (
	"net/http"
	"strings"
	"testing"

	"vigil/vitals"
)

const annasLimits = "/api/v1/patients/" + string(anna) + "/limits"

// setting is the view of a setting in an answer.
func (a answer) setting(name string) fields {
	for _, s := range a.list("settings") {
		if view, _ := s.(map[string]any); view["name"] == name {
			return view
		}
	}
	return nil
}

func number(v any) string { n, _ := v.(interface{ String() string }); return n.String() }

func wanted(seen int, reason string, changes fields) fields {
	return fields{"seen_version": seen, "reason": reason, "changes": changes}
}

func TestLimitsSayWhoseTheyAre(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	before := w.get("viewer", annasLimits).expect(t, http.StatusOK)
	if s := before.setting("hr_high"); number(before.at("version")) != "0" || s["source"] != "default" || number(s["value"]) != "130" || s["title"] != "HR HIGH limit" {
		t.Errorf("%v", s)
	}
	after := w.send("nurse", http.MethodPut, annasLimits, wanted(0, "", fields{"hr_high": 140})).expect(t, http.StatusOK)
	s := after.setting("hr_high")
	if s["source"] != "patient" || number(s["value"]) != "140" || number(s["unit_value"]) != "130" || after.at("by") != "K. Lee" {
		t.Errorf("%v", after.json)
	}
	if w.changes != 1 {
		t.Errorf("the owner of the patient was told %d times", w.changes)
	}
	versions := w.get("viewer", annasLimits+"/versions").expect(t, http.StatusOK).list("versions")
	if len(versions) != 1 {
		t.Errorf("%v", versions)
	}
}

func TestWithinWhatANurseMayChooseNoReasonIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	change := fields{"seen_version": 0, "changes": fields{"hr_high": 140}}
	w.send("nurse", http.MethodPut, annasLimits, change).expect(t, http.StatusOK)
	beyond := fields{"seen_version": 1, "changes": fields{"hr_high": 160}}
	refused := w.send("charge", http.MethodPut, annasLimits, beyond).expect(t, http.StatusUnprocessableEntity)
	if detail, _ := refused.at("detail").(string); !strings.Contains(detail, "say why") {
		t.Errorf("%v", refused.json)
	}
}

func TestARefusalOfLimitsSaysWhatIsWrongWithThemAlone(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	a := w.send("charge", http.MethodPut, annasLimits, wanted(0, "x", fields{"hr_high": 350})).expect(t, http.StatusUnprocessableEntity)
	if a.at("detail") != "HR HIGH limit can be 80 to 200 /min, not 350" {
		t.Errorf("%v", a.json)
	}
}

func TestWhoMayChooseWhichLimits(t *testing.T) {
	t.Parallel()
	for story, tt := range map[string]struct {
		who     string
		reason  string
		changes fields
		want    int
		says    string
	}{
		"a nurse within the envelope":          {"nurse", "", fields{"hr_high": 150}, http.StatusOK, ""},
		"a nurse beyond":                       {"nurse", "please", fields{"hr_high": 151}, http.StatusForbidden, "HR HIGH limit 130 → 151 /min, where nurses choose 100 to 150"},
		"a charge nurse beyond, with a reason": {"charge", "a child", fields{"hr_high": 180}, http.StatusOK, ""},
		"a charge nurse beyond, without":       {"charge", " ", fields{"hr_high": 180}, http.StatusUnprocessableEntity, "say why"},
		"somebody who only looks":              {"viewer", "", fields{"hr_high": 140}, http.StatusForbidden, ""},
		"a technician":                         {"technician", "", fields{"hr_high": 140}, http.StatusForbidden, ""},
		"an administrator":                     {"admin", "", fields{"hr_high": 140}, http.StatusForbidden, ""},
		"somebody of another unit":             {"elsewhere", "", fields{"hr_high": 140}, http.StatusNotFound, ""},
		"low above high, by somebody who may":  {"charge", "x", fields{"hr_high": 80, "hr_low": 80}, http.StatusUnprocessableEntity, "HR LOW limit 80 must lie below HR HIGH limit 80"},
		"a setting that is none":               {"nurse", "", fields{"mood": 1}, http.StatusUnprocessableEntity, "no setting"},
		"half a beat":                          {"nurse", "", fields{"hr_high": 130.5}, http.StatusUnprocessableEntity, "more decimals"},
		"a number beyond all":                  {"nurse", "", fields{"hr_high": 1e300}, http.StatusUnprocessableEntity, ""},
		"nothing otherwise than the unit's":    {"nurse", "", fields{}, http.StatusOK, ""},
	} {
		w := newWard(t, nil)
		a := w.send(tt.who, http.MethodPut, annasLimits, wanted(0, tt.reason, tt.changes))
		if a.Code != tt.want || !strings.Contains(a.Body.String(), tt.says) {
			t.Errorf("%s: %d %.300s", story, a.Code, a.Body)
		}
		if (w.changes > 0) != (tt.want == http.StatusOK) {
			t.Errorf("%s: %d changes told", story, w.changes)
		}
	}
}

func TestWhoeverSawOlderLimitsIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	w.send("nurse", http.MethodPut, annasLimits, wanted(0, "", fields{"hr_high": 140})).expect(t, http.StatusOK)
	late := w.send("charge", http.MethodPut, annasLimits, wanted(0, "", fields{"hr_high": 120})).expect(t, http.StatusConflict)
	if late.at("code") != "limits_changed" || late.at("detail") != "K. Lee has meanwhile made version 1: HR HIGH limit 130 → 140 /min" {
		t.Errorf("%v", late.json)
	}
	w.send("charge", http.MethodPut, annasLimits, wanted(1, "", fields{"hr_high": 120})).expect(t, http.StatusOK)
}

func TestAUnitsLimitsNeedASecondPerson(t *testing.T) {
	t.Parallel()
	const limits = "/api/v1/units/cardio/limits"
	w := newWard(t, nil)
	w.send("nurse", http.MethodPost, limits+"/proposal", wanted(0, "x", fields{"hr_high": 120})).expect(t, http.StatusForbidden)
	w.send("charge", http.MethodPost, limits+"/proposal", wanted(0, "", fields{"hr_high": 120})).expect(t, http.StatusUnprocessableEntity)
	w.send("charge", http.MethodPost, "/api/v1/units/neuro/limits/proposal", wanted(0, "x", fields{})).expect(t, http.StatusNotFound)
	p := w.send("charge", http.MethodPost, limits+"/proposal", wanted(0, "older people", fields{"hr_high": 120})).expect(t, http.StatusCreated)
	id, _ := p.at("proposal", "id").(string)
	if p.at("proposal", "differences", 0) != "HR HIGH limit 130 → 120 /min" || p.setting("hr_high")["source"] != "default" {
		t.Errorf("%v", p.at("proposal"))
	}
	again := w.send("charge", http.MethodPost, limits+"/proposal", wanted(0, "x", fields{})).expect(t, http.StatusConflict)
	if again.at("detail") != string(vitals.ErrProposed) {
		t.Errorf("%v", again.json)
	}
	own := w.send("charge", http.MethodPost, limits+"/approve", fields{"proposal": id}).expect(t, http.StatusConflict)
	if own.at("detail") != string(vitals.ErrOwnProposal) || w.changes > 0 {
		t.Errorf("%v", own.json)
	}
	w.send("nurse", http.MethodPost, limits+"/approve", fields{"proposal": id}).expect(t, http.StatusForbidden)
	w.send("admin", http.MethodPost, limits+"/approve", fields{"proposal": "other"}).expect(t, http.StatusNotFound)
	done := w.send("admin", http.MethodPost, limits+"/approve", fields{"proposal": id}).expect(t, http.StatusOK)
	if done.at("by") != "C. Harge" || done.at("approved_by") != "A. Dmin" || done.at("proposal") != nil || w.changes != 1 {
		t.Errorf("%v", done.json)
	}
	if s := w.get("nurse", annasLimits).setting("hr_high"); s["source"] != "unit" || number(s["value"]) != "120" {
		t.Errorf("%v", s)
	}
	if s := w.get("admin", "/api/v1/patients/"+string(carl)+"/limits").setting("hr_high"); s["source"] != "default" {
		t.Errorf("a patient of another unit: %v", s)
	}
	w.send("charge", http.MethodPost, limits+"/proposal", wanted(1, "x", fields{"hr_high": 110})).expect(t, http.StatusCreated)
	id, _ = w.get("charge", limits).at("proposal", "id").(string)
	if left := w.send("charge", http.MethodPost, limits+"/withdraw", fields{"proposal": id}).expect(t, http.StatusOK); left.at("proposal") != nil {
		t.Errorf("%v", left.json)
	}
	w.get("elsewhere", limits).expect(t, http.StatusNotFound)
}
