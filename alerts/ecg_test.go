package alerts_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// sinus appends seconds of a made-up ECG at 250 Hz with so many beats per minute, 0 for a
// standstill. The baseline moves a little, as on every electrode that is attached.
func sinus(samples []int16, seconds int, bpm float64) []int16 {
	noise := rand.New(rand.NewPCG(1, uint64(len(samples))))
	bump := func(t, at, width, height float64) float64 {
		return height * math.Exp(-(t-at)*(t-at)/(2*width*width))
	}
	for i := range seconds * 250 {
		s := float64(len(samples)) / 250
		uV := 60*math.Sin(2*math.Pi*0.3*s) + noise.NormFloat64()*6
		if bpm > 0 {
			period := 60 / bpm
			t := math.Mod(float64(i)/250, period)
			uV += bump(t, 0.16, 0.02, 100) + bump(t, 0.27, 0.008, -120) + bump(t, 0.3, 0.01, 1100) +
				bump(t, 0.33, 0.009, -200) + bump(t, 0.3+0.4*math.Sqrt(period)*0.75, 0.04, 250)
		}
		samples = append(samples, int16(uV))
	}
	return samples
}

// watch plays the ECG to an engine with the real detector, a fifth of a second at a time.
func watch(samples []int16) []alerts.Transition {
	e := alerts.NewEngine(patient)
	var told []alerts.Transition
	for i := 0; i+50 <= len(samples); i += 50 {
		w := vitals.Waveform{
			Kind: vitals.ECGII, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1),
			First: uint64(i), Samples: samples[i : i+50],
		}
		w.Start = start.Add(w.Rate.Span(i))
		d := delivered(w.End(), vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}})
		told = append(told, e.Observe(d).Transitions...)
	}
	return told
}

func TestTheRealDetectorRaisesWhatTheHeartDoes(t *testing.T) {
	tests := []struct {
		name     string
		then     float64 // beats per minute after half a minute at 72
		want     alerts.Condition
		atLatest time.Duration
	}{
		{name: "it goes on as it was", then: 72},
		{name: "it stands still", then: 0, want: alerts.Asystole, atLatest: 5 * time.Second},
		{name: "it races", then: 180, want: alerts.ExtremeTachy, atLatest: 10 * time.Second},
		{name: "it slows down", then: 25, want: alerts.ExtremeBrady, atLatest: 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			told := watch(sinus(sinus(nil, 30, 72), 40, tt.then))
			var first alerts.Transition
			for _, x := range told {
				if x.Change == alerts.Raised && first.Change == "" {
					first = x
				}
			}
			if first.Alarm.Condition != tt.want {
				t.Fatalf("raised %q first, want %q: %+v", first.Alarm.Condition, tt.want, told)
			}
			if after := first.At.Sub(start) - 30*time.Second; tt.want != "" && after > tt.atLatest {
				t.Errorf("raised %s after it began, want %s at most", after, tt.atLatest)
			}
			t.Logf("%q %s", first.Alarm.Detail, first.At.Sub(start))
		})
	}
}
