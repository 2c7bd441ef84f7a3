package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// A heart of 75/min beside a pulse of its own and a chest that breathes 15 times a minute; QRS, pulse and
// chest all show the breath.
func TestRatesOfTheSamePatientAgree(t *testing.T) {
	dir := t.TempDir()
	const seconds = 120
	name := "r"
	header := fmt.Sprintf("%s 3 %d %d\n%s.dat 16 1000/mV 16 0 0 0 0 II\n%s.dat 16 1/NU 16 0 0 0 0 PLETH\n%s.dat 16 1/NU 16 0 0 0 0 RESP\n",
		name, testRate, seconds*testRate, name, name, name)
	var data []byte
	for i := range seconds * testRate {
		at := float64(i) / testRate
		breath := math.Sin(2 * math.Pi * 0.25 * at)
		beat, pulse := math.Mod(at, 0.8)-0.3, math.Mod(at, 0.8)-0.55
		for _, v := range []float64{
			(1 + 0.1*breath) * 1000 * math.Exp(-beat*beat/(2*0.012*0.012)),
			(1+0.1*breath)*1000*math.Exp(-pulse*pulse/(2*0.08*0.08)) + 80*breath,
			500 * breath,
		} {
			data = binary.LittleEndian.AppendUint16(data, uint16(int16(v)))
		}
	}
	save(t, dir, name+".hea", []byte(header))
	save(t, dir, name+".dat", data)
	rec, err := wfdb.Open(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := lookAt(rec, model.Embedded())
	if err != nil {
		t.Fatal(filepath.Join(dir, name), err)
	}
	if len(b.rates) < 10 {
		t.Fatalf("%d rates in %d s", len(b.rates), seconds)
	}
	for _, r := range b.rates[2:] {
		near := func(got, want float64) bool { return math.Abs(got-want) <= 1 }
		if !near(r.heart, 75) || !near(r.pulse, 75) || !near(r.chest, 15) || !near(r.derived, 15) {
			t.Errorf("%+v", r)
		}
	}
}
