package main

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// drawTimes is how long the news of an alarm took from this server to being drawn on a screen.
func drawTimes() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "vigil_alarm_drawn_seconds",
		Help:    "Time from the news of an alarm at this node to its confirmation by a screen that drew it.",
		Buckets: []float64{0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10},
	})
}

// metrics serves what the parts count, for Prometheus.
func (a *app) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		a.drawn, a.dog.took,
	)
	registry.MustRegister(a.alarms.collectors()...)
	count := func(name, help string, value func() uint64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "vigil_" + name, Help: help},
			func() float64 { return float64(value()) }))
	}
	level := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "vigil_" + name, Help: help}, value))
	}
	count("ingest_received_total", "Messages published to the journal.", func() uint64 { return a.ingest.Counts().Received })
	count("ingest_duplicates_total", "Messages that were stored already.", func() uint64 { return a.ingest.Counts().Duplicates })
	count("ingest_refused_total", "Messages refused whole.", func() uint64 { return a.ingest.Counts().Refused })
	count("ingest_partial_total", "Messages of which a part was refused.", func() uint64 { return a.ingest.Counts().Partial })
	level("ingest_lag_seconds", "Age of the oldest thing that was received and is not in the journal.", func() float64 { return a.ingest.Lag().Seconds() })
	level("watchdog_silent_seconds", "How long no test alarm has come through, where that is longest; 20 is well.", func() float64 {
		silent, _ := a.dog.silent(time.Now())
		return silent.Seconds()
	})
	count("audit_notes_lost_total", "Notes of the audit that found no room while the database was away.", a.audit.Lost)
	level("hubs_online", "Hubs connected to this node.", func() float64 { return float64(a.ingest.Online()) })
	level("screens", "Screens connected to this node.", func() float64 { return float64(a.screens.Screens()) })
	count("monitor_deliveries_total", "Deliveries handled.", func() uint64 { return a.monitor.Stats().Deliveries })
	count("monitor_commits_total", "Transactions.", func() uint64 { return a.monitor.Stats().Commits })
	count("monitor_commit_failures_total", "Transactions that failed and were tried again.", func() uint64 { return a.monitor.Stats().Failures })
	count("monitor_fenced_total", "Partitions dropped because another node owns them.", func() uint64 { return a.monitor.Stats().Fenced })
	count("monitor_poison_total", "Calls of a patient's engine that panicked.", func() uint64 { return a.monitor.Stats().Poison })
	count("monitor_claims_failed_total", "Times that the leases could not be renewed.", func() uint64 { return a.monitor.Stats().ClaimsFailed })
	level("monitor_partitions", "Partitions owned by this node.", func() float64 { return float64(a.monitor.Stats().Partitions) })
	level("monitor_partitions_live", "Partitions that have read the journal to its end.", func() float64 { return float64(a.monitor.Stats().CaughtUp) })
	level("monitor_lag_seconds", "Age of the oldest delivery about to be handled.", func() float64 { return a.monitor.Stats().Lag.Seconds() })
	level("monitor_backlog_bytes", "Bytes that wait for the database.", func() float64 { return float64(a.monitor.Stats().Backlog) })
	level("monitor_database_away_seconds", "How long the database has not taken anything.", func() float64 { return a.monitor.Stats().Away.Seconds() })
	count("journal_poison_total", "Messages of the journal that did not decode.", func() uint64 { return a.journal.Stats().Poison })
	count("journal_feed_loss_total", "Feed messages that could not be handed on.", func() uint64 { return a.journal.Stats().FeedLoss })
	count("notices_sent_total", "Calls to people that the other side has taken.", func() uint64 { return a.calls.Stats().Sent })
	count("notices_failed_total", "Attempts to call people that failed.", func() uint64 { return a.calls.Stats().Failed })
	level("notices_waiting", "Calls to people that wait to be sent, or again.", func() float64 { return float64(a.calls.Stats().Waiting) })
	registry.MustRegister(drift{scores: a.monitor.Scores}, delayed{a.monitor.Delayed})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
