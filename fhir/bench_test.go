package fhir_test

import (
	"net/url"
	"testing"
	"time"

	"vigil/fhir"
	"vigil/vitals"
)

func benchmarkBundle(b *testing.B, all []fhir.Observation) {
	b.Helper()
	search, err := fhir.ParseSearch(fhir.Observations, fhir.Request{Base: base, Values: url.Values{"patient": {string(anna)}}})
	if err != nil {
		b.Fatal(err)
	}
	buffer := make([]byte, 0, 2000*len(all))
	b.ReportAllocs()
	for b.Loop() {
		bundle := fhir.NewBundle(&search, buffer)
		for i := range all {
			bundle.AddObservation(&all[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/observation")
}

// BenchmarkBundleOfHeartRates shows the cost of one Observation in a Bundle: the bar is 1 µs and no
// allocation. What is allocated is per Bundle.
func BenchmarkBundleOfHeartRates(b *testing.B) {
	rows := make([]vitals.Charted, 1000)
	for i := range rows {
		rows[i] = reading(vitals.HeartRate, "72", time.Duration(i)*time.Second)
	}
	benchmarkBundle(b, fhir.Group(rows, false))
}

func BenchmarkBundleOfBloodPressures(b *testing.B) {
	var rows []vitals.Charted
	for i := range 1000 {
		rows = append(rows, pressures(cuff, time.Duration(i)*time.Second, "128", "82", "97")...)
	}
	benchmarkBundle(b, fhir.Group(rows, false))
}

func BenchmarkECGOfTenSeconds(b *testing.B) {
	samples := make([]int16, 2500)
	for i := range samples {
		samples[i] = int16(i%400 - 200)
	}
	o := study(vitals.ECG, wave(vitals.ECGII, 0, hz250, samples...))
	buffer := fhir.AppendObservation(nil, o)
	b.ReportAllocs()
	for b.Loop() {
		buffer = fhir.AppendObservation(buffer[:0], o)
	}
}
