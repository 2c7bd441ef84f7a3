package alerts_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

func TestChangesAreWrittenAndReadWithEveryDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := alerts.Changes{}
		for _, s := range rapid.SliceOfDistinct(rapid.SampledFrom(alerts.Settings()), rapid.ID).Draw(t, "settings") {
			c[s] = vitals.NewDecimal(rapid.Int64Range(-1e6, 1e6).Draw(t, "mantissa"), -int8(rapid.IntRange(0, 3).Draw(t, "decimals")))
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var read alerts.Changes
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, read); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", text, diff)
		}
	})
}

func TestChangesOfALaterProgramArePassedOver(t *testing.T) {
	var c alerts.Changes
	if err := json.Unmarshal([]byte(`{"hr_high":"140","mood_low":"3"}`), &c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(alerts.Changes{alerts.HRHighLimit: vitals.Int(140)}, c); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, text := range []string{`{"hr_high":"fast"}`, `{"hr_high":140}`, `[]`} {
		if json.Unmarshal([]byte(text), &c) == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestAConflictOverNothingSaysSo(t *testing.T) {
	c := &alerts.LimitsConflictError{Current: alerts.LimitsVersion{Version: 3, Author: alerts.Author{Name: "K. Lee"}}}
	if got := c.Error(); got != "K. Lee has meanwhile made version 3: no other values" {
		t.Error(got)
	}
}
