package ppg_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"vigil/vitals/ecg"
	"vigil/vitals/ppg"
)

func TestRatesOutsideOfWhatDevicesHaveAreRefused(t *testing.T) {
	for _, rateHz := range []float64{0, -125, 24.9, 513, math.Inf(1), math.NaN()} {
		if _, err := ppg.New(rateHz); !errors.Is(err, ppg.ErrRate) {
			t.Errorf("New(%v) gave error %v", rateHz, err)
		}
	}
}

// settled is when a wave that begins with a pulse must have been learned, in seconds.
const settled = 5

// at is how near the onset of a pulse has to be found: a tenth of the shortest beat.
const near = 0.05

func TestEverySamplingRateFindsTheSamePulses(t *testing.T) {
	f := resting(60)
	for _, rateHz := range []float64{25, 50, 75, 100, 125, 128, 250, 500, 512} {
		t.Run(fmt.Sprint(rateHz), func(t *testing.T) {
			o := analyse(t, rateHz, f.sample(rateHz, 61), nil)
			sameTimes(t, o.since(ppg.PulseFound, settled), f.onsets(settled), near)
		})
	}
}

func TestEveryHeartRateIsCounted(t *testing.T) {
	for _, bpm := range []float64{32, 40, 55, 72, 100, 140, 180, 200} {
		t.Run(fmt.Sprint(bpm), func(t *testing.T) {
			f := &finger{breath: 100, noise: 4}
			f.pulses(0.5, 60, bpm, usualHeight)
			o := analyse(t, 125, f.sample(125, 60), nil)
			rates := o.since(ppg.RateMeasured, 10)
			if len(rates) < 48 {
				t.Fatalf("measured %d times in 50 s", len(rates))
			}
			for _, r := range rates {
				if math.Abs(r.RateBPM-bpm) > 0.05*bpm {
					t.Errorf("%.1f/min at %.0f s", r.RateBPM, r.at)
				}
			}
		})
	}
}

// What a device calls one step is its own business.
func TestGainAndOffsetDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gain := rapid.Float64Range(0.03, 30).Draw(t, "gain")
		offset := rapid.IntRange(-100_000, 100_000).Draw(t, "offset")
		bpm := rapid.Float64Range(40, 150).Draw(t, "pulse rate")
		f := &finger{breath: 100}
		f.pulses(0.5, 30, bpm, usualHeight)
		d, err := ppg.New(100)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range f.sample(100, 30) {
			d.Push(int32(float64(v)*gain)+int32(offset), false)
		}
		s, ok := d.Steady()
		if !ok || math.Abs(s.RateBPM-bpm) > 0.06*bpm {
			t.Fatalf("steady %v at %.1f/min, want %.1f", ok, s.RateBPM, bpm)
		}
	})
}

// Some devices send the light that arrives, which sinks with each pulse. Where in the beat the pulse
// is found differs then, how many there are does not.
func TestAWaveThatIsUpsideDownGivesTheSameRate(t *testing.T) {
	samples := resting(60).sample(125, 60)
	for i := range samples {
		samples[i] = -samples[i]
	}
	for _, r := range analyse(t, 125, samples, nil).since(ppg.RateMeasured, 10) {
		if math.Abs(r.RateBPM-72) > 4 {
			t.Errorf("%.1f/min at %.0f s", r.RateBPM, r.at)
		}
	}
}

// What became known up to a sample must not depend on what follows it.
func TestTheFutureChangesNothing(t *testing.T) {
	samples := resting(40).sample(100, 40)
	whole := analyse(t, 100, samples, nil)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		n := random.IntN(len(samples))
		changed := slices.Clone(samples[:n])
		for range 1000 {
			changed = append(changed, int32(random.IntN(4000)-2000))
		}
		early := func(o told) []finding {
			return slices.DeleteFunc(slices.Clone(o.all), func(f finding) bool { return f.Known >= int64(n) })
		}
		if got := analyse(t, 100, changed, nil); !slices.Equal(early(got), early(whole)) {
			t.Fatalf("the first %d samples gave other findings with another future", n)
		}
	}
}

func TestAPulseIsKnownWithinSixTenthsOfASecond(t *testing.T) {
	last := int64(-1)
	for _, f := range analyse(t, 250, resting(30).sample(250, 30), nil).all {
		if f.At > f.Known || f.At < 0 || f.Known < last || f.known-f.at > 0.6 {
			t.Fatalf("finding %+v behind one known at %d", f.Finding, last)
		}
		last = f.Known
	}
}

func TestTheHeightAndFootOfAPulseAreThoseOfTheWave(t *testing.T) {
	f := &finger{}
	f.pulses(0.5, 20, 60, 500)
	f.extra = func(float64) float64 { return 3000 }
	for _, p := range analyse(t, 125, f.sample(125, 20), nil).since(ppg.PulseFound, settled) {
		if math.Abs(p.Height-500) > 60 || math.Abs(p.Foot-3000) > 60 {
			t.Errorf("pulse at %.2f s rises by %.0f from %.0f", p.at, p.Height, p.Foot)
		}
	}
}

// The onsets are offered to the detector of rhythms that knows nothing but beats.
func TestAnIrregularPulseIsAtrialFibrillation(t *testing.T) {
	irregular := rand.New(rand.NewPCG(5, 6))
	f := &finger{breath: 60, noise: 4}
	for at := 0.5; at < 180; at += 0.45 + 0.65*irregular.Float64() {
		f.beats = append(f.beats, beat{at, usualHeight * (0.8 + 0.4*irregular.Float64())})
	}
	for _, tt := range []struct {
		name string
		f    *finger
		want bool
	}{{"regular", resting(180), false}, {"irregular", f, true}} {
		t.Run(tt.name, func(t *testing.T) {
			var rhythm ecg.IntervalDetector
			for _, p := range analyse(t, 125, tt.f.sample(125, 180), nil).ofKind(ppg.PulseFound) {
				rhythm.Push(int64(p.at*1000), ecg.Quality(p.Quality))
			}
			if got := rhythm.Standing(ecg.AtrialFibrillation); got != tt.want {
				t.Errorf("atrial fibrillation %v", got)
			}
		})
	}
}

func TestASampleAllocatesNothing(t *testing.T) {
	samples := resting(60).sample(125, 60)
	d := newDetector(t, 125)
	i := 0
	allocations := testing.AllocsPerRun(40, func() {
		for range 125 {
			d.Push(samples[i%len(samples)], i%1000 > 990)
			i++
		}
	})
	if allocations != 0 {
		t.Errorf("a second of wave allocates %v times", allocations)
	}
}

// A ward of thousands of patients is held in memory.
func TestTheStateOfAPatientIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(ppg.Detector{}); size > 6<<10 {
		t.Errorf("a detector holds %d bytes, more than 6 KiB", size)
	}
}

func FuzzAnythingMayBePushed(f *testing.F) {
	f.Add(uint16(125), []byte{0, 1, 2, 255, 128, 7, 3, 9})
	f.Add(uint16(25), []byte("a plain text is a wave, too"))
	f.Fuzz(func(t *testing.T, rateHz uint16, data []byte) {
		d, err := ppg.New(float64(rateHz))
		if err != nil {
			return
		}
		values := [...]int32{0, 1, -1, math.MaxInt32, math.MinInt32, 32767, -32768, 1000}
		for _, b := range data {
			for range 1 + int(b>>4)*20 {
				for _, f := range d.Push(values[b&7], b&8 != 0) {
					if f.At < 0 || f.At > f.Known {
						t.Fatalf("finding %+v", f)
					}
				}
			}
		}
	})
}

func BenchmarkDetector(b *testing.B) {
	samples := resting(120).sample(125, 120)
	d := newDetector(b, 125)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.Push(samples[i], false)
		if i++; i == len(samples) {
			i = 0
		}
	}
}
