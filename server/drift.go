package main

import (
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"vigil/vitals/ecg/model"
)

// drift tells whether the patients of this node resemble those that the ECG detector's forests were
// grown from, forest by forest: docs/model-card.md says how to read it.
type drift struct{ scores func() model.Scores }

var (
	driftIndex = prometheus.NewDesc("vigil_model_drift_psi",
		"Population stability index of a forest's scores since the start against those that it was grown from: below 0.1 alike, from 0.25 on not.",
		[]string{"forest"}, nil)
	driftScores = prometheus.NewDesc("vigil_model_scores_total",
		"Answers of a forest by tenths of the scores that it was grown from.", []string{"forest", "bin"}, nil)
)

func (d drift) Describe(ch chan<- *prometheus.Desc) {
	ch <- driftIndex
	ch <- driftScores
}

func (d drift) Collect(ch chan<- prometheus.Metric) {
	scores := d.scores()
	forests := model.Embedded().Files()
	for file, seen := range scores.Files() {
		name := strings.TrimSuffix(file, ".forest")
		for bin, n := range seen {
			ch <- prometheus.MustNewConstMetric(driftScores, prometheus.CounterValue, float64(n), name, strconv.Itoa(bin))
		}
		if psi := (*forests[file]).Drift(seen); !math.IsNaN(psi) {
			ch <- prometheus.MustNewConstMetric(driftIndex, prometheus.GaugeValue, psi, name)
		}
	}
}
