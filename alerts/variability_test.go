package alerts_test

import (
	"slices"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
)

// What a sample of the marked ECG says: nothing, a beat, or that nothing can be concluded; and whether atrial
// fibrillation stands.
const (
	markNormal      = 1
	markVentricular = 2
	markNoise       = 4
	markFibrillates = 8

	markedHz = 100
)

// marked is a detector of the marked ECG. It knows each beat a second later.
type marked struct {
	n       int64
	beats   []ecg.Finding
	told    []ecg.Finding
	quality ecg.Quality
	afib    bool
}

func newMarked(float64) (alerts.Analyser, error) { return &marked{quality: ecg.FullAnalysis}, nil }

func (m *marked) Standing(r ecg.Rhythm) bool { return r == ecg.AtrialFibrillation && m.afib }
func (m *marked) Quality() ecg.Quality       { return m.quality }
func (m *marked) Cause() ecg.Cause           { return ecg.NoCause }

func (m *marked) Push(mark int32, _ bool) []ecg.Finding {
	m.told = m.told[:0]
	m.quality, m.afib = ecg.FullAnalysis, mark&markFibrillates != 0
	if mark&markNoise != 0 {
		m.quality = ecg.NoAnalysis
	}
	switch {
	case mark&markNormal != 0:
		m.beats = append(m.beats, ecg.Finding{Kind: ecg.BeatFound, Beat: ecg.NormalBeat, At: m.n})
	case mark&markVentricular != 0:
		m.beats = append(m.beats, ecg.Finding{Kind: ecg.BeatFound, Beat: ecg.VentricularBeat, At: m.n})
	}
	for len(m.beats) > 0 && m.n-m.beats[0].At >= markedHz {
		f := m.beats[0]
		f.Known = m.n
		m.told, m.beats = append(m.told, f), m.beats[1:]
	}
	m.n++
	return m.told
}

// swinging are minutes of beats that come 790 and 810 ms after each other in turn, with the mark on each sample.
func swinging(minutes int, mark int16) []int16 {
	samples := make([]int16, minutes*60*markedHz)
	for at, long := 0, false; at < len(samples); long = !long {
		samples[at] = markNormal
		at += 79
		if long {
			at += 2
		}
	}
	for i := range samples {
		samples[i] |= mark
	}
	return samples
}

// charts plays the marked ECG from a time on, in chunks of so many samples, and gives what was derived of its
// variability, by kind and minute of the hour.
func charts(samples []int16, from time.Time, chunk int) map[string][]string {
	e := alerts.NewEngine(patient)
	e.Analyse(newMarked)
	told := map[string][]string{}
	for i := 0; i < len(samples); i += chunk {
		w := vitals.Waveform{
			Kind: vitals.ECGII, Rate: vitals.Rate{Num: markedHz, Den: 1}, Scale: vitals.Int(1),
			First: uint64(i), Samples: samples[i:min(i+chunk, len(samples))],
		}
		w.Start = from.Add(w.Rate.Span(i))
		for _, c := range e.Observe(delivered(w.End(), vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}})).Derived {
			if slices.Contains([]vitals.Kind{vitals.SDNN, vitals.RMSSD, vitals.AFBurden}, c.Kind) {
				told[c.Kind.String()] = append(told[c.Kind.String()], c.Time.Format("4:05 ")+c.Value.String())
			}
		}
	}
	return told
}

func TestTheVariabilityOfFiveMinutesIsCharted(t *testing.T) {
	join := func(parts ...[]int16) []int16 { return slices.Concat(parts...) }
	tests := []struct {
		name                  string
		samples               []int16
		from                  time.Duration
		sdnn, rmssd, afBurden []string
	}{
		{
			name: "a quarter of an hour of normal beats", samples: swinging(16, 0),
			sdnn: []string{"5:00 10", "10:00 10", "15:00 10"}, rmssd: []string{"5:00 20", "10:00 20", "15:00 20"},
			afBurden: []string{"5:00 0", "10:00 0", "15:00 0"},
		},
		{
			name: "a minute of atrial fibrillation: no interval of its window is a normal one", samples: join(swinging(6, 0), swinging(1, markFibrillates), swinging(4, 0)),
			sdnn: []string{"5:00 10"}, rmssd: []string{"5:00 20"}, afBurden: []string{"5:00 0", "10:00 20"},
		},
		{
			name: "three minutes of noise without beats: too little is left to speak for the window", samples: join(swinging(1, 0), slices.Repeat([]int16{markNoise}, 3*60*markedHz), swinging(2, 0)),
			sdnn: []string{"5:00 10"}, rmssd: []string{"5:00 20"},
		},
		{
			name: "nothing but noise", samples: slices.Repeat([]int16{markNoise}, 11*60*markedHz),
		},
		{
			name: "analysis begins in the fourth minute: two minutes of beats, and too little time for a burden", samples: swinging(3, 0), from: 3 * time.Minute,
			sdnn: []string{"5:00 10"}, rmssd: []string{"5:00 20"},
		},
		{
			name: "analysis begins in the last minute of the window", samples: swinging(2, 0), from: 4 * time.Minute,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, chunk := range []int{13, markedHz, 9 * markedHz} {
				got := charts(tt.samples, start.Add(tt.from), chunk)
				for kind, want := range map[string][]string{"sdnn": tt.sdnn, "rmssd": tt.rmssd, "af_burden": tt.afBurden} {
					if !slices.Equal(got[kind], want) {
						t.Errorf("%s in chunks of %d samples: %q, want %q", kind, chunk, got[kind], want)
					}
				}
			}
		})
	}
}

func TestBeatsThatAreNotNormalAddNothingToTheVariability(t *testing.T) {
	samples := swinging(6, 0)
	early := 0
	for i, mark := range samples {
		if mark == markNormal && i > 0 {
			if early++; early%20 == 0 { // each twentieth is ventricular, and comes early
				samples[i], samples[i-30] = 0, markVentricular
			}
		}
	}
	if got := charts(samples, start, markedHz); !slices.Equal(got["sdnn"], []string{"5:00 10"}) || !slices.Equal(got["rmssd"], []string{"5:00 20"}) {
		t.Errorf("%v", got)
	}
}
