package alerts_test

import (
	"testing"
	"time"

	"vigil/alerts"
)

func TestEvidenceReachesFromBeforeTheOnsetToAfterTheAlarm(t *testing.T) {
	noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		story                string
		delay, before, after time.Duration // before the onset, after it
	}{
		{"a call for help", 0, 10 * time.Second, 20 * time.Second},
		{"a heart rate after its delay of 15 s", 15 * time.Second, 10 * time.Second, 35 * time.Second},
		{"a cuff that measures every five minutes", 5 * time.Minute, -3 * time.Minute, 5*time.Minute + 20*time.Second},
	} {
		from, to := alerts.EvidenceSpan(alerts.Transition{Alarm: alerts.Alarm{Onset: noon, Evidence: noon.Add(row.delay)}})
		if noon.Sub(from) != row.before || to.Sub(noon) != row.after {
			t.Errorf("%s: from %v to %v", row.story, from.Sub(noon), to.Sub(noon))
		}
	}
}

func TestTheRulesHaveOneVersion(t *testing.T) {
	if v := alerts.RulesVersion(); len(v) != 8 || v != alerts.RulesVersion() {
		t.Errorf("version %q of the rules changes or has another length", v)
	}
}
