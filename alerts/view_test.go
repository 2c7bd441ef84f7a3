package alerts_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// outlast are the conditions whose on-delay outlasts a replay: single values are recalled, and fibrillation that
// goes on is found again.
var outlast = []alerts.Condition{alerts.TempHigh, alerts.TempLow, alerts.BPHigh, alerts.BPLow, alerts.AFOnset}

func TestEveryConditionIsSpecified(t *testing.T) {
	name := regexp.MustCompile(`^[A-Z0-9_]+$`)
	rank := map[alerts.Condition]int{}
	for i, c := range alerts.Conditions() {
		rank[c] = i
	}
	for _, c := range alerts.Conditions() {
		s := c.Spec()
		if !c.Valid() || !name.MatchString(string(c)) || s.Label == "" || s.Type == 0 || s.Priority == 0 {
			t.Errorf("%s is not fully specified: %+v", c, s)
		}
		if s.Latching != (s.Priority == alerts.High || c == alerts.NEWS2High) {
			t.Errorf("%s: HIGH latches and a high score, the others do not", c)
		}
		if s.OnDelay > 30*time.Second && !slices.Contains(outlast, c) {
			t.Errorf("%s: an on-delay of %s does not survive a replay of 45 s", c, s.OnDelay)
		}
		for _, by := range s.InhibitedBy {
			physiological := by.Spec().Type == alerts.Physiological
			if physiological && rank[by] > rank[c] {
				t.Errorf("%s inhibits %s but is judged after it", by, c)
			}
		}
	}
	if alerts.Condition("NONE").Valid() || alerts.Condition("NONE").Spec().Label != "" {
		t.Error("an unknown condition has a Spec")
	}
}

func TestAlarmIDsAreULIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		onset := time.UnixMicro(rapid.Int64Range(0, 4_000_000_000_000_000).Draw(t, "onset"))
		p := vitals.PatientID(rapid.String().Draw(t, "patient"))
		c := rapid.SampledFrom(alerts.Conditions()).Draw(t, "condition")
		site := rapid.String().Draw(t, "site")
		id := alerts.NewAlarmID(p, c, site, onset)
		parsed, err := ulid.ParseStrict(string(id))
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if got := parsed.Time(); got != uint64(onset.UnixMilli()) {
			t.Fatalf("%s says %d ms, want %d", id, got, onset.UnixMilli())
		}
		if again := alerts.NewAlarmID(p, c, site, onset.In(time.FixedZone("x", 3600))); again != id {
			t.Fatalf("the same episode is called %s and %s", id, again)
		}
		for _, other := range []alerts.AlarmID{
			alerts.NewAlarmID(p+"x", c, site, onset), alerts.NewAlarmID(p, c, site+"x", onset),
			alerts.NewAlarmID(p, c, site, onset.Add(time.Microsecond)),
			alerts.NewAlarmID(p+vitals.PatientID(c), "", site, onset),
		} {
			if other == id {
				t.Fatalf("two episodes are called %s", id)
			}
		}
	})
}

func TestViewIsTheShapeThatOthersSee(t *testing.T) {
	a := alerts.Alarm{
		ID: "01KJM5", Patient: patient, Condition: alerts.SpO2Low, Priority: alerts.Medium,
		State: alerts.ActiveUnack, Truth: alerts.True, Version: 1, Count: 1, Onset: start,
		Raised: start.Add(time.Second), Changed: start.Add(time.Second), Detail: "SpO₂ 84 < 88 %",
	}
	open := `{"id":"01KJM5","patient":"p-1","condition":"SPO2_LOW","label":"SpO₂ LOW","type":"physiological",` +
		`"priority":"medium","state":"active_unack","truth":"true","version":1,"onset":"2026-03-01T08:00:00Z",` +
		`"raised":"2026-03-01T08:00:01Z","ended":null,"changed":"2026-03-01T08:00:01Z","count":1,` +
		`"detail":"SpO₂ 84 \u003c 88 %","site":"","acked_by":null,"owner":"","acked_at":null,"reason":"",` +
		`"worst":"","suppressed_by":"","previous":"","chattering":false,"snooze_until":null}`
	if diff := cmp.Diff(open, asJSON(t, a)); diff != "" {
		t.Errorf("an open alarm (-want +got):\n%s", diff)
	}

	a.State, a.Truth, a.Reason, a.Ended = alerts.Closed, alerts.False, alerts.ClosedResolved, start.Add(time.Minute)
	a.AckedBy, a.AckedName, a.AckedAt = "s-7", "K. Lee", start.Add(2*time.Second)
	v := a.View()
	if v.State != "closed" || v.Truth != "false" || v.Ended == nil || v.AckedBy == nil || *v.AckedBy != "K. Lee" {
		t.Errorf("a closed alarm is seen as %+v", v)
	}
}

func asJSON(t *testing.T, a alerts.Alarm) string {
	t.Helper()
	b, err := json.Marshal(a.View())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNames(t *testing.T) {
	for p := alerts.Info; p <= alerts.High; p++ {
		if got, ok := alerts.PriorityByName(p.String()); !ok || got != p {
			t.Errorf("priority %s reads back as %s", p, got)
		}
	}
	if _, ok := alerts.PriorityByName("urgent"); ok {
		t.Error("urgent is no priority")
	}
	states := map[alerts.State]string{
		alerts.Pending: "pending", alerts.ActiveUnack: "active_unack", alerts.ActiveAck: "active_ack",
		alerts.LatchedUnack: "latched_unack", alerts.Closed: "closed",
	}
	for s, want := range states {
		if s.String() != want {
			t.Errorf("state %d is called %s, want %s", s, s, want)
		}
	}
	types := map[alerts.Type]string{
		alerts.Physiological: "physiological", alerts.Technical: "technical", alerts.System: "system",
	}
	for ty, want := range types {
		if ty.String() != want {
			t.Errorf("type %d is called %s, want %s", ty, ty, want)
		}
	}
}
