package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"vigil/alerts"
)

// Two asystoles in the west: one acknowledged after 12 s, then called an artefact, and told again, one acknowledged
// when it had gone and found to be real; an oxygen alarm that cleared itself.
func TestWhatBecomesOfAlarmsIsCounted(t *testing.T) {
	raised := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	c := newAlarmCounts()
	said := alerts.AckReason("")
	tell := func(change alerts.Change, of alerts.Condition, count int, wait time.Duration, reason alerts.CloseReason) {
		c.count(alerts.Transition{Change: change, At: raised.Add(wait), Alarm: alerts.Alarm{
			Condition: of, Priority: of.Spec().Priority, Raised: raised, Count: count, Reason: reason, AckReason: said,
		}}, "west")
	}
	tell(alerts.Raised, alerts.Asystole, 1, 0, "")
	tell(alerts.Acknowledged, alerts.Asystole, 1, 12*time.Second, "")
	said = alerts.Artefact
	tell(alerts.Explained, alerts.Asystole, 1, 20*time.Second, "")
	tell(alerts.Rearmed, alerts.Asystole, 2, 2*time.Minute, "")
	tell(alerts.Acknowledged, alerts.Asystole, 2, 3*time.Minute, "")
	tell(alerts.Ceased, alerts.Asystole, 2, 4*time.Minute, alerts.ClosedResolved)
	said = ""
	tell(alerts.Raised, alerts.Asystole, 1, 0, "")
	tell(alerts.Latched, alerts.Asystole, 1, 5*time.Second, "")
	said = alerts.Actioned
	tell(alerts.Ceased, alerts.Asystole, 1, 40*time.Second, alerts.ClosedAck)
	said = ""
	tell(alerts.Raised, alerts.SpO2Low, 1, 0, "")
	tell(alerts.Ceased, alerts.SpO2Low, 1, 20*time.Second, alerts.ClosedSelf)

	registry := prometheus.NewRegistry()
	registry.MustRegister(c.collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			words := []string{family.GetName()}
			for _, label := range m.GetLabel() {
				words = append(words, label.GetValue())
			}
			name := strings.Join(words, " ")
			got[name] = m.GetCounter().GetValue() + m.GetHistogram().GetSampleSum()
			if h := m.GetHistogram(); h != nil {
				got[name+" count"] = float64(h.GetSampleCount())
			}
		}
	}
	want := map[string]float64{
		"vigil_alarms_raised_total high physiological west":           2,
		"vigil_alarms_raised_total medium physiological west":         1,
		"vigil_alarms_acked_total high physiological west":            3,
		"vigil_alarms_again_total high physiological west":            1,
		"vigil_alarms_self_cleared_total medium physiological west":   1,
		"vigil_alarms_reasons_total high artefact physiological west": 1,
		"vigil_alarms_reasons_total high actioned physiological west": 1,
		"vigil_alarm_ack_seconds high west":                           12 + 40,
		"vigil_alarm_ack_seconds high west count":                     2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
