package codec_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals"
	"vigil/vitals/codec"
)

// ramp is a waveform whose samples are their own index.
func ramp(start time.Time, rate vitals.Rate, first uint64, n int) vitals.Waveform {
	w := vitals.Waveform{Kind: vitals.ECG, Start: start, Rate: rate, Scale: vitals.Int(1), First: first, Samples: make([]int16, n)}
	for i := range w.Samples {
		w.Samples[i] = int16(first) + int16(i)
	}
	return w
}

var (
	hz250 = vitals.Rate{Num: 250, Den: 1}
	hz130 = vitals.Rate{Num: 130, Den: 1} // Polar H10: a sample each 7,692.3 µs
)

func TestSplitCutsAtTheBorder(t *testing.T) {
	at := func(d time.Duration) time.Time { return midnight.Add(d) }
	type part struct {
		Start time.Time
		First uint64
		N     int
	}
	tests := map[string]struct {
		wave vitals.Waveform
		want []part
	}{
		"within one block": {
			ramp(at(3*time.Second), hz250, 10, 250), []part{{at(3 * time.Second), 10, 250}},
		},
		"up to the border": {
			ramp(at(9*time.Second), hz250, 0, 250), []part{{at(9 * time.Second), 0, 250}},
		},
		"one sample over the border": {
			ramp(at(9*time.Second), hz250, 0, 251), []part{{at(9 * time.Second), 0, 250}, {at(10 * time.Second), 250, 1}},
		},
		"from the border on": {
			ramp(at(10*time.Second), hz250, 5, 10), []part{{at(10 * time.Second), 5, 10}},
		},
		"the border lies between two samples of 130 Hz": {
			ramp(at(9500*time.Millisecond), hz130, 100, 73),
			[]part{{at(9500 * time.Millisecond), 100, 65}, {at(10 * time.Second), 165, 8}},
		},
		"a sample that falls on the border but for a third of a microsecond": {
			ramp(at(10*time.Second-2*333_333*time.Microsecond), vitals.Rate{Num: 3, Den: 1}, 0, 3),
			[]part{{at(9_333_334 * time.Microsecond), 0, 2}, {at(10_000_000 * time.Microsecond), 2, 1}},
		},
		"twenty-five seconds": {
			ramp(at(0), hz250, 0, 6250),
			[]part{{at(0), 0, 2500}, {at(10 * time.Second), 2500, 2500}, {at(20 * time.Second), 5000, 1250}},
		},
		"one sample a minute": {
			ramp(at(0), vitals.Rate{Num: 1, Den: 60}, 0, 2), []part{{at(0), 0, 1}, {at(time.Minute), 1, 1}},
		},
		"no samples":                    {ramp(at(0), hz250, 0, 0), nil},
		"no rate":                       {ramp(at(0), vitals.Rate{Num: 0, Den: 1}, 0, 5), nil},
		"a rate that is no fraction":    {ramp(at(0), vitals.Rate{Num: 1}, 0, 5), nil},
		"longer than anybody's monitor": {ramp(at(0), vitals.Rate{Num: 1, Den: 1 << 31}, 0, 5), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []part
			for _, p := range codec.SplitWave(test.wave) {
				got = append(got, part{p.Start, p.First, len(p.Samples)})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func anyWave() *rapid.Generator[vitals.Waveform] {
	return rapid.Custom(func(t *rapid.T) vitals.Waveform {
		rate := vitals.Rate{
			Num: rapid.OneOf(rapid.Uint32Range(1, 1000), rapid.Uint32()).Draw(t, "num"),
			Den: rapid.OneOf(rapid.Just(uint32(1)), rapid.Uint32Range(1, 1001), rapid.Uint32()).Draw(t, "den"),
		}
		return ramp(anyTime().Draw(t, "start"), rate, rapid.Uint64().Draw(t, "first"), rapid.IntRange(0, 2000).Draw(t, "n"))
	})
}

func TestSplitPartsLieInOneBlockAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWave().Draw(t, "waveform")
		parts := codec.SplitWave(w)
		if len(parts) == 0 {
			return
		}
		var samples []int16
		for i, p := range parts {
			if p.First != w.First+uint64(len(samples)) {
				t.Fatalf("part %d begins at %d after %d samples", i, p.First, len(samples))
			}
			samples = append(samples, p.Samples...)
			last := p.Start.Add(p.Rate.Span(len(p.Samples) - 1))
			if slot := p.Start.Truncate(vitals.WaveBlock); !last.Before(slot.Add(vitals.WaveBlock)) {
				t.Fatalf("part %d reaches from %s to %s", i, p.Start, last)
			}
			if again := codec.SplitWave(p); len(again) != 1 || !cmp.Equal(again[0], p) {
				t.Fatalf("part %d, cut again, became %d", i, len(again))
			}
		}
		if !slices.Equal(samples, w.Samples) {
			t.Fatalf("%d samples became %d", len(w.Samples), len(samples))
		}
	})
}
