package uplink_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigil/devices/sim/heart"
	"vigil/devices/uplink"
	"vigil/vitals"
	"vigil/vitals/wfdb"
)

// BenchmarkDayOfOneLead tells how many bytes a lead of 250 Hz sends in a day, in messages of 1 s.
func BenchmarkDayOfOneLead(b *testing.B) {
	const rateHz = 250
	made := heart.New(heart.Patient{Seed: 1, Rate: 72, SpO2: 97, Gain: 1}, nil, rateHz).ECG(600 * rateHz)
	b.Run("made", func(b *testing.B) { dayOf(b, made) })
	for name, records := range map[string][]string{
		"cudb/cu01": {"cu01"}, // half of it fibrillation
		"cudb":      nil,
		"vfdb":      nil,
	} {
		database, _, _ := strings.Cut(name, "/")
		b.Run(name, func(b *testing.B) { dayOf(b, recorded(b, database, records)) })
	}
}

// recorded is the first channel of records of 250 Hz, one behind the other; of all where none are named.
func recorded(b *testing.B, database string, records []string) (all []int16) {
	b.Helper()
	folder := os.Getenv("VIGIL_PHYSIONET")
	if folder == "" {
		b.Skip("VIGIL_PHYSIONET is not set: no recording")
	}
	folder = filepath.Join(folder, database)
	if records == nil {
		var err error
		if records, err = wfdb.Records(folder); err != nil {
			b.Fatal(err)
		}
	}
	const most = 10 * 60 * 250 // ten minutes of each
	for _, name := range records {
		record, err := wfdb.Open(folder, name)
		if err != nil {
			continue // a part of the database
		}
		samples, err := record.Microvolts(0)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, samples[:min(most, len(samples))]...)
	}
	return all
}

// dayOf sends all of a signal once, in messages of 1 s.
func dayOf(b *testing.B, samples []int16) {
	const rateHz = 250
	bytes, seconds := 0, 0
	send := func() {
		at := seconds * rateHz % (len(samples) - rateHz)
		begin := noon.Add(time.Duration(seconds) * time.Second)
		m := uplink.Message{
			Stream: 1 << 31, Seq: uint64(seconds + 1), HubTime: begin, Boot: 1 << 31, Clock: uplink.ClockQuality{Source: uplink.ClockNTP, Bound: 20 * time.Millisecond},
			Batch: vitals.Batch{Device: "a09e1a000001", Waveforms: []vitals.Waveform{{
				Kind: vitals.ECGII, Start: begin, Rate: vitals.Rate{Num: rateHz, Den: 1}, Scale: vitals.Int(1),
				First: uint64(seconds * rateHz), Samples: samples[at : at+rateHz],
			}}},
		}
		payload, err := m.Encode()
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(payload)
		seconds++
	}
	for b.Loop() {
		send()
	}
	for seconds*rateHz < len(samples)-rateHz { // however few it takes to time it
		send()
	}
	b.ReportMetric(float64(bytes)/float64(seconds)*86_400/1e6, "MB/day")
}
