package main

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"vigil/vitals/ecg/model"
)

func TestWhatForestsSayIsExported(t *testing.T) {
	var scores model.Scores
	scores.Beats = model.Counts{2: 40, 9: 2}
	scores.QRS = model.Counts{0: 100000} // nothing like what taught it
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(drift{scores: func() model.Scores { return scores }})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted, indexed := 0.0, map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "vigil_model_scores_total":
				counted += m.GetCounter().GetValue()
			case "vigil_model_drift_psi":
				indexed[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
			}
		}
	}
	if counted != 100042 {
		t.Errorf("%v answers are told, of 100042", counted)
	}
	if psi, told := indexed["qrs"]; model.Embedded().QRS.Spread != nil && (!told || psi < 0.25) {
		t.Errorf("the index of patients like no other is %v", psi)
	}
	if _, told := indexed["beats"]; told {
		t.Error("an index is told from 42 answers")
	}
}
