package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// A hub that is away is told of by one alarm, which explains the silence of its devices, whoever watches.
func TestAHubThatIsAwayIsKnownToWhoeverTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.real("node-1")
		home := streamOf(ann).Hub
		w.connect(home, true)
		w.send(ann, 20, vitals.HeartRate, vitals.Int(70))
		w.connect(home, false)
		pass(30 * time.Second)
		w.stop()
		w.real("node-2")
		pass(2 * time.Minute)
		w.shows("HUB_OFFLINE active_unack", "NO_DATA active_unack")
		told := map[alerts.Condition]alerts.Alarm{}
		for _, a := range w.screen.alarms() {
			told[a.Condition] = a
		}
		if offline, silent := told[alerts.HubOffline], told[alerts.NoData]; offline.Truth != alerts.True || silent.Suppressor != offline.ID {
			t.Errorf("the hub's absence is %s, and explains the silence: %v", offline.Truth, silent.Suppressor == offline.ID)
		}
		w.connect(home, true)
		w.send(ann, 20, vitals.HeartRate, vitals.Int(70))
		w.shows("HUB_OFFLINE closed", "NO_DATA closed")
		w.settle()
	})
}
