package main

import (
	"fmt"
	"math"
	"path/filepath"

	"vigil/vitals/wfdb"
)

// each is how far the values lie apart: the engine keeps one for each ten seconds.
const each = 10 // seconds

// day is a recording: a value for each ten seconds, NaN where there is none.
type day []float64

// patientDays is for how much of it there are values.
func (d day) patientDays() float64 {
	known := 0
	for _, v := range d {
		if !math.IsNaN(v) {
			known++
		}
	}
	return float64(known) * each / 86400
}

// databases whose beats are marked for ten hours and more.
var databases = []string{"afdb", "ltafdb"}

// readRecords reads the heart rates of all records, every other one of which is held out.
func readRecords(data string) (chosen, heldOut []day, err error) {
	n := 0
	for _, name := range databases {
		dir := filepath.Join(data, name)
		records, err := wfdb.Records(dir)
		if err != nil {
			return nil, nil, fmt.Errorf("list records of %s: %w", name, err)
		}
		for _, record := range records {
			d, err := heartRates(dir, record)
			if err != nil {
				return nil, nil, err
			}
			if n++; n%2 == 1 {
				chosen = append(chosen, d)
			} else {
				heldOut = append(heldOut, d)
			}
		}
	}
	return chosen, heldOut, nil
}

// A heart rate is that of eight intervals, as monitors average; it is none where the last beat is three seconds ago, or
// beats are missing among them.
const (
	averaged = 8
	recent   = 3.0  // seconds
	together = 16.0 // seconds: 30 beats a minute
)

// heartRates are the rates that the marked beats of a record make.
func heartRates(dir, record string) (day, error) {
	r, err := wfdb.Open(dir, record)
	if err != nil {
		return nil, fmt.Errorf("open record %s: %w", record, err)
	}
	marks, err := wfdb.Annotations(dir, record, "qrs")
	if err != nil {
		return nil, fmt.Errorf("read beats of record %s: %w", record, err)
	}
	var beats []float64 // seconds
	for _, m := range marks {
		if m.Code != "|" && m.Code != "~" && m.Code != "+" { // an artefact, a change of the signal, of the rhythm
			beats = append(beats, float64(m.Sample)/r.Rate)
		}
	}
	if len(beats) == 0 {
		return nil, nil
	}
	d := make(day, int(beats[len(beats)-1]/each))
	n := 0
	for i := range d {
		at := float64((i + 1) * each)
		for n < len(beats) && beats[n] <= at {
			n++
		}
		d[i] = math.NaN()
		if n > averaged && at-beats[n-1] <= recent && at-beats[n-1-averaged] <= together {
			d[i] = math.Round(60 * averaged / (beats[n-1] - beats[n-1-averaged]))
		}
	}
	return d, nil
}
