package uplink_test

import (
	"os"
	"path/filepath"
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
	b.Run("recorded", func(b *testing.B) {
		folder := os.Getenv("VIGIL_PHYSIONET")
		if folder == "" {
			b.Skip("VIGIL_PHYSIONET is not set: no recording")
		}
		record, err := wfdb.Open(filepath.Join(folder, "cudb"), "cu01") // 250 Hz, 12 bits over 10 mV
		if err != nil {
			b.Fatal(err)
		}
		samples, err := record.Microvolts(0)
		if err != nil {
			b.Fatal(err)
		}
		dayOf(b, samples)
	})
}

func dayOf(b *testing.B, samples []int16) {
	const rateHz = 250
	bytes, seconds := 0, 0
	for b.Loop() {
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
	b.ReportMetric(float64(bytes)/float64(seconds)*86_400/1e6, "MB/day")
}
