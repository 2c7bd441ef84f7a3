package journal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/vitals"
)

// sightsOf are those of one unit, as a partition's owner sees it.
func sightsOf(partition int, s alerts.Sight) journal.Sights {
	return journal.Sights{Seen: []journal.Seen{{Partition: partition, Epoch: 1, Units: map[vitals.UnitID]alerts.Sight{"west": s}}}}
}

func TestSightsThatCannotBeAreRefused(t *testing.T) {
	for story, s := range map[string]journal.Sights{
		"a partition that there is not": sightsOf(vitals.Partitions, alerts.Sight{}),
		"more watched than there are":   sightsOf(1, alerts.Sight{Patients: 1, Watched: 2}),
		"fewer than none":               sightsOf(1, alerts.Sight{Patients: 1, Watched: 1, Unsure: -1}),
		"more lost than are watched":    sightsOf(1, alerts.Sight{Patients: 2, Watched: 1, Quiet: []time.Time{noon, noon}}),
		"more unsure than are watched":  sightsOf(1, alerts.Sight{Patients: 2, Watched: 1, Unsure: 2}),
	} {
		t.Run(story, func(t *testing.T) {
			data, err := journal.EncodeSights(s)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := journal.DecodeSights(data); !errors.Is(err, journal.ErrMalformed) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func FuzzDecodeSights(f *testing.F) {
	good, err := journal.EncodeSights(sightsOf(3, alerts.Sight{Patients: 3, Watched: 2, Unsure: 1, Quiet: []time.Time{noon}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0x9f, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := journal.DecodeSights(data)
		if err != nil {
			if !errors.Is(err, journal.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := journal.EncodeSights(s)
		if err != nil {
			t.Fatal(err)
		}
		same, err := journal.DecodeSights(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, same, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
