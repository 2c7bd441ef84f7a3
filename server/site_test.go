package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/vitals"
)

// Two nodes own the patients of two units, in three partitions; the second takes one over from the first.
func TestWhatIsSeenOfAUnitIsWhatTheOwnersOfItsPatientsSay(t *testing.T) {
	noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	w := newSiteWatch(func() []vitals.UnitID { return []vitals.UnitID{"east", "west", "west", "west", "west"} })
	check := func(story string, at time.Time, want map[vitals.UnitID]alerts.Sight) {
		t.Helper()
		if diff := cmp.Diff(want, w.sites(at)); diff != "" {
			t.Errorf("%s: -want +got\n%s", story, diff)
		}
	}
	seen := func(partition int, epoch int64, units map[vitals.UnitID]alerts.Sight) journal.Sights {
		return journal.Sights{Seen: []journal.Seen{{Partition: partition, Epoch: epoch, Units: units}}}
	}
	lost := []time.Time{noon.Add(-10 * time.Second)}
	check("nobody says anything: they may all be lost", noon, map[vitals.UnitID]alerts.Sight{"east": {Unsure: 1}, "west": {Unsure: 4}})

	w.hear(seen(1, 7, map[vitals.UnitID]alerts.Sight{"west": {Patients: 2, Watched: 2, Quiet: lost}, "east": {Patients: 1}}), noon)
	w.hear(seen(2, 3, map[vitals.UnitID]alerts.Sight{"west": {Patients: 1, Watched: 1, Unsure: 1}}), noon.Add(2*time.Second))
	check("one is seen by nobody", noon.Add(2*time.Second), map[vitals.UnitID]alerts.Sight{
		"east": {Patients: 1}, "west": {Patients: 3, Watched: 3, Unsure: 2, Quiet: lost},
	})
	check("the owner of two more falls silent", noon.Add(4*time.Second), map[vitals.UnitID]alerts.Sight{
		"east": {Unsure: 1}, "west": {Patients: 1, Watched: 1, Unsure: 4},
	})
	w.hear(seen(2, 4, map[vitals.UnitID]alerts.Sight{"west": {Patients: 1, Watched: 1, Quiet: lost}}), noon.Add(4*time.Second))
	w.hear(seen(2, 3, map[vitals.UnitID]alerts.Sight{"west": {Patients: 1, Watched: 1}}), noon.Add(5*time.Second))
	check("who owned it before goes on speaking", noon.Add(5*time.Second), map[vitals.UnitID]alerts.Sight{
		"east": {Unsure: 1}, "west": {Patients: 1, Watched: 1, Unsure: 3, Quiet: lost},
	})
	w.hear(seen(2, 1, map[vitals.UnitID]alerts.Sight{"west": {Patients: 1, Watched: 1}}), noon.Add(time.Minute))
	check("the database was made anew, and counts from one", noon.Add(time.Minute), map[vitals.UnitID]alerts.Sight{
		"east": {Unsure: 1}, "west": {Patients: 1, Watched: 1, Unsure: 3},
	})
}

// The node that judges the sites is followed by another one, and goes on speaking for a while.
func TestWhatWasFoundOfTheSitesIsForgottenWithinSeconds(t *testing.T) {
	noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	w := newSiteWatch(func() []vitals.UnitID { return nil })
	found := func(epoch int64, alarm alerts.AlarmID) journal.Sights {
		return journal.Sights{Ruling: &journal.Ruling{Epoch: epoch, Outages: map[vitals.UnitID]alerts.Outage{"west": {Alarm: alarm}}}}
	}
	check := func(story string, at time.Time, want alerts.AlarmID, wantKnown bool) {
		t.Helper()
		if o, known := w.outages(at); o["west"].Alarm != want || known != wantKnown {
			t.Errorf("%s: %+v, %v", story, o, known)
		}
	}
	check("nobody says anything", noon, "", false)
	w.hear(found(7, "01A"), noon)
	check("somebody does", noon.Add(3*time.Second), "01A", true)
	check("and no longer", noon.Add(4*time.Second), "", false)
	w.hear(journal.Sights{Ruling: &journal.Ruling{Epoch: 8}}, noon.Add(5*time.Second))
	w.hear(found(7, "01A"), noon.Add(6*time.Second))
	check("the next one finds none, the first goes on", noon.Add(6*time.Second), "", true)
	w.hear(journal.Sights{}, noon.Add(7*time.Second))
	check("another node has found nothing, because it is not its to find", noon.Add(7*time.Second), "", true)
}
