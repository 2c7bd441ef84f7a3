package api_test

import (
	"net/http"
	"testing"
	"time"

	"vigil/vitals"
)

func TestOtherLimitsAreTriedOnWhatIsStored(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil)
	at := func(after time.Duration, kind vitals.Kind, v int64) vitals.Charted {
		return vitals.Charted{Patient: anna, Device: cuff, Reading: vitals.Reading{Kind: kind, Time: morning.Add(after), Value: vitals.Int(v)}}
	}
	w.chart(
		at(-24*time.Hour, vitals.Weight, 74),
		at(10*time.Minute, vitals.Systolic, 170), at(10*time.Minute, vitals.Diastolic, 90), // 170 is high for nobody yet
		at(20*time.Minute, vitals.Systolic, 120), at(20*time.Minute, vitals.Diastolic, 80),
		at(30*time.Minute, vitals.Systolic, 185), at(30*time.Minute, vitals.Diastolic, 90),
		at(40*time.Minute, vitals.Systolic, 120), at(40*time.Minute, vitals.Diastolic, 80),
		at(50*time.Minute, vitals.Weight, 76),
	)
	const path = annasLimits + "/simulate"
	lower := w.send("nurse", http.MethodPost, path, fields{"changes": fields{"systolic_high": 160}, "hours": 1}).expect(t, http.StatusOK)
	if number(lower.at("before")) != "2" || number(lower.at("after")) != "3" || len(lower.list("missed")) != 0 || lower.at("added", 0, "detail") != "systolic 170 ≥ 160 mmHg" {
		t.Errorf("%s", lower.Body)
	}
	higher := w.send("charge", http.MethodPost, path, fields{"changes": fields{"systolic_high": 200, "weight_gain_day": 3, "weight_gain_3_days": 3, "weight_gain_week": 3}, "hours": 1}).expect(t, http.StatusOK)
	if number(higher.at("after")) != "0" || higher.at("missed", 0, "condition") != "BP_HIGH" || higher.at("missed", 1, "label") != "WEIGHT GAIN" {
		t.Errorf("%s", higher.Body)
	}
	if w.changes != 0 || number(w.get("nurse", annasLimits).at("version")) != "0" {
		t.Error("trying has changed something")
	}
	w.send("viewer", http.MethodPost, path, fields{"changes": fields{}}).expect(t, http.StatusForbidden)
	w.send("elsewhere", http.MethodPost, path, fields{"changes": fields{}}).expect(t, http.StatusNotFound)
	w.send("nurse", http.MethodPost, path, fields{"changes": fields{"systolic_high": 1}}).expect(t, http.StatusUnprocessableEntity)
	w.send("nurse", http.MethodPost, path, fields{"changes": fields{}, "hours": 100}).expect(t, http.StatusUnprocessableEntity)
}
