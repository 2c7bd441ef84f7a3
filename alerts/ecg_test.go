package alerts_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

// fibrillating appends seconds of a made-up fibrillation of the ventricles: waves that swell, fade and drift in pace.
func fibrillating(samples []int16, seconds int) []int16 {
	for range seconds * 250 {
		s := float64(len(samples)) / 250
		uV := 350*math.Sin(2*math.Pi*5.1*s+2*math.Sin(1.3*s)) + 200*math.Sin(2*math.Pi*4.3*s+1.5*math.Sin(0.7*s))
		samples = append(samples, int16(uV))
	}
	return samples
}

// watch plays the ECG to an engine with the real detector, in chunks of as many samples as next says.
func watch(samples []int16, next func() int) (told []alerts.Transition, derived []vitals.Charted) {
	e := alerts.NewEngine(patient)
	for i := 0; i < len(samples); {
		n := min(len(samples)-i, next())
		w := vitals.Waveform{
			Kind: vitals.ECGII, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1),
			First: uint64(i), Samples: samples[i : i+n],
		}
		w.Start = start.Add(w.Rate.Span(i))
		o := e.Observe(delivered(w.End(), vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}}))
		told, derived = append(told, o.Transitions...), append(derived, o.Derived...)
		i += n
	}
	return told, derived
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
			told, _ := watch(sinus(sinus(nil, 30, 72), 40, tt.then), func() int { return 50 })
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

// A bad night in four minutes: the heart races, stands still, slows down, fibrillates, and comes back each time. In
// whatever chunks the ECG arrives, the same alarms are told of the same samples, and the same rates are charted.
func TestChunkingChangesNothingThatTheRealDetectorTells(t *testing.T) {
	samples := sinus(sinus(sinus(nil, 30, 72), 30, 180), 30, 72)
	samples = sinus(sinus(samples, 15, 0), 30, 72)
	samples = sinus(sinus(samples, 30, 25), 30, 72)
	samples = sinus(fibrillating(samples, 20), 20, 72)
	told, rates := watch(samples, func() int { return 250 })
	for _, c := range []alerts.Condition{alerts.ExtremeTachy, alerts.Asystole, alerts.ExtremeBrady, alerts.VF} {
		if len(judged(told)[c]) == 0 {
			t.Errorf("%s was not told at all", c)
		}
	}
	if len(rates) < 150 {
		t.Errorf("%d rates were charted in %d s", len(rates), len(samples)/250)
	}
	same := func(t rapid.TB, chunks string, next func() int) {
		again, againRates := watch(samples, next)
		if diff := cmp.Diff(judged(told), judged(again)); diff != "" {
			t.Fatalf("%s (-seconds +otherwise):\n%s", chunks, diff)
		}
		if diff := cmp.Diff(rates, againRates); diff != "" {
			t.Fatalf("rates, %s (-seconds +otherwise):\n%s", chunks, diff)
		}
	}
	same(t, "tenths of a second", func() int { return 25 })
	same(t, "ten seconds", func() int { return 2500 })
	rapid.Check(t, func(t *rapid.T) {
		same(t, "chunks of any size", func() int { return rapid.IntRange(1, 2500).Draw(t, "samples") })
	})
}
