package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/server/monitor"
	"vigil/vitals"
)

// alarmCounts counts what becomes of the alarms of the patients of this node, for Prometheus. The report over
// REST is exact; this may count what a crash repeats twice.
type alarmCounts struct {
	raised, acked, selfCleared, again, reasons *prometheus.CounterVec

	waited *prometheus.HistogramVec
}

func newAlarmCounts() *alarmCounts {
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		labels := append([]string{"unit", "priority", "type"}, more...)
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vigil_alarms_" + name + "_total", Help: help}, labels)
	}
	return &alarmCounts{
		raised:      counter("raised", "Alarms raised."),
		acked:       counter("acked", "Acknowledgements of alarms."),
		selfCleared: counter("self_cleared", "Alarms that were over before anybody acknowledged them."),
		again:       counter("again", "Times that an alarm asked for attention again: re-alarmed, recurred or worsened."),
		reasons:     counter("reasons", "What alarms turned out to be, as those said who acknowledged them.", "reason"),
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vigil_alarm_ack_seconds", Help: "Time from an alarm being raised to its first acknowledgement.",
			// Around the targets for HIGH, 15 s and 60 s, and the steps of escalation.
			Buckets: []float64{5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600},
		}, []string{"unit", "priority"}),
	}
}

func (c *alarmCounts) collectors() []prometheus.Collector {
	return []prometheus.Collector{c.raised, c.acked, c.selfCleared, c.again, c.reasons, c.waited}
}

// count takes one change of an alarm of a unit.
func (c *alarmCounts) count(t alerts.Transition, unit vitals.UnitID) {
	priority := t.Alarm.Priority.String()
	of := func(v *prometheus.CounterVec) prometheus.Counter {
		return v.WithLabelValues(string(unit), priority, t.Alarm.Condition.Spec().Type.String())
	}
	switch {
	case t.Change == alerts.Explained:
		c.explained(t.Alarm, unit)
	case t.Change == alerts.Raised:
		of(c.raised).Inc()
	case t.Change == alerts.Rearmed, t.Change == alerts.Recurred, t.Change == alerts.Worsened:
		of(c.again).Inc()
	case t.Change == alerts.Acknowledged, t.Change == alerts.Ceased && t.Alarm.Reason == alerts.ClosedAck:
		of(c.acked).Inc()
		if t.Alarm.Count == 1 { // later ones count from when it asked again
			c.explained(t.Alarm, unit)
			c.waited.WithLabelValues(string(unit), priority).Observe(max(0, t.At.Sub(t.Alarm.Raised).Seconds()))
		}
	case t.Change == alerts.Ceased && t.Alarm.Reason == alerts.ClosedSelf:
		of(c.selfCleared).Inc()
	}
}

// explained counts what an alarm turned out to be, where somebody has said it.
func (c *alarmCounts) explained(a alerts.Alarm, unit vitals.UnitID) {
	if a.AckReason != "" {
		c.reasons.WithLabelValues(string(unit), a.Priority.String(), a.Condition.Spec().Type.String(), string(a.AckReason)).Inc()
	}
}

// delayed tells how often a condition was over before anybody was told.
type delayed struct {
	counts func() map[monitor.Delayed]uint64
}

var delayedCount = prometheus.NewDesc("vigil_alarms_delayed_total",
	"Times that a condition was over before its on-delay was, so that nobody was told.", []string{"unit", "condition"}, nil)

func (d delayed) Describe(ch chan<- *prometheus.Desc) { ch <- delayedCount }

func (d delayed) Collect(ch chan<- prometheus.Metric) {
	for of, n := range d.counts() {
		ch <- prometheus.MustNewConstMetric(delayedCount, prometheus.CounterValue, float64(n), string(of.Unit), string(of.Condition))
	}
}

// countingFeed is the feed of the monitor, which counts what goes by. What is about Vigil itself it tells the
// screens of this node, and whoever calls people, without a way around: the journal that would carry it may be
// what is away.
type countingFeed struct {
	*journal.Journal

	counts *alarmCounts
	unitOf func(vitals.PatientID) vitals.UnitID
	tell   func(alerts.Transition)
}

// PublishAlarm tells everybody about a change of an alarm. One of a synthetic patient goes the same way, and does not count.
func (f countingFeed) PublishAlarm(t alerts.Transition) {
	if alerts.Synthetic(t.Alarm.Patient) {
		f.Journal.PublishAlarm(t)
		return
	}
	if !t.Retold {
		f.counts.count(t, f.unitOf(t.Alarm.Patient))
	}
	if t.Alarm.Patient == alerts.Nobody {
		f.tell(t)
	}
	f.Journal.PublishAlarm(t)
}
