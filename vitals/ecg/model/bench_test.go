package model_test

import (
	"testing"

	"vigil/vitals/ecg/model"
)

func BenchmarkScore(b *testing.B) {
	for name, forest := range model.Embedded().Files() {
		b.Run(name, func(b *testing.B) {
			features := make([]int16, (*forest).Features)
			for i := range features {
				features[i] = int16(37 * i)
			}
			for b.Loop() {
				(*forest).Score(features)
			}
			b.ReportMetric(float64((*forest).Trees()), "trees")
		})
	}
}
