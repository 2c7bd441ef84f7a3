package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/vitals"
)

// Two nodes, two wards with patients; a station of the west is connected to the first node, one of a ward without
// patients to the second.
func TestTheInstallationIsAsItsNodesSay(t *testing.T) {
	noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	w := newSelfWatch(func() []vitals.UnitID { return []vitals.UnitID{"east", "west", "west"} })
	check := func(story string, at time.Time, want alerts.Health) {
		t.Helper()
		if diff := cmp.Diff(want, w.health(at)); diff != "" {
			t.Errorf("%s: -want +got\n%s", story, diff)
		}
	}
	silent := func(east, west bool) map[vitals.UnitID]bool {
		return map[vitals.UnitID]bool{"east": east, "west": west}
	}
	check("nobody said anything", noon, alerts.Health{Silent: silent(true, true)})
	w.hear(journal.Health{Node: "1", Lag: time.Second, Waiting: 7 * time.Second, Silent: 20 * time.Second, Audible: []vitals.UnitID{"west"}}, noon)
	w.hear(journal.Health{Node: "2", Lag: 9 * time.Second, Waiting: time.Second, Silent: time.Minute, Parts: 3, Away: time.Minute, Audible: []vitals.UnitID{"garden"}}, noon.Add(5*time.Second))
	check("the worst counts", noon.Add(9*time.Second), alerts.Health{Lag: 9 * time.Second, Waiting: 7 * time.Second, Unproven: time.Minute, Parts: 3, RecordsAway: true, Silent: silent(true, false)})
	check("the first node is gone", noon.Add(11*time.Second), alerts.Health{Lag: 9 * time.Second, Waiting: time.Second, Unproven: time.Minute, Parts: 3, RecordsAway: true, Silent: silent(true, true)})
	w.journal(errors.New("no answer"))
	check("so is the second, and the journal", noon.Add(time.Minute), alerts.Health{JournalAway: "the journal does not answer", Silent: silent(true, true)})
	w.journal(nil)
	check("the journal is back", noon.Add(time.Minute), alerts.Health{Silent: silent(true, true)})
}
