package ecg_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"vigil/vitals/ecg"
)

func TestRatesOutsideOfWhatDevicesHaveAreRefused(t *testing.T) {
	for _, rateHz := range []float64{0, -250, 99.9, 513, math.Inf(1), math.NaN()} {
		if _, err := ecg.New(rateHz); !errors.Is(err, ecg.ErrRate) {
			t.Errorf("New(%v) gave error %v", rateHz, err)
		}
	}
	for _, rateHz := range []float64{100, 125, 128, 130, 250, 256, 300, 360, 500, 512} {
		newDetector(t, rateHz)
	}
}

func restingHeart(seconds float64) *heart {
	h := &heart{wander: 120, noise: 8}
	h.rhythm(0.5, seconds-1, 72, sinusBeat)
	return h
}

func TestEverySamplingRateFindsTheSameBeats(t *testing.T) {
	h := restingHeart(60)
	for _, rateHz := range []float64{100, 125, 128, 250, 300, 360, 500, 512} {
		t.Run(fmt.Sprint(rateHz), func(t *testing.T) {
			all := analyse(t, rateHz, h.sample(rateHz, 61))
			sameTimes(t, ofKind(all, ecg.BeatFound), h.times(), 0.02)
			noRhythm(t, all)
		})
	}
}

func TestGainAndPolarityDoNotMatter(t *testing.T) {
	h := restingHeart(60)
	samples := h.sample(250, 61) // the last beat has to be named
	for _, factor := range []float64{0.25, 0.5, 1, 2, 4, -0.25, -1, -4} {
		t.Run(fmt.Sprint(factor), func(t *testing.T) {
			scaled := make([]int32, len(samples))
			for i, v := range samples {
				scaled[i] = int32(float64(v) * factor)
			}
			all := analyse(t, 250, scaled)
			sameTimes(t, ofKind(all, ecg.BeatFound), h.times(), 0.03)
			noRhythm(t, all)
			for _, b := range ofKind(all, ecg.BeatFound) {
				if b.Beat != ecg.NormalBeat {
					t.Errorf("beat at %.2f s is %v", b.at, b.Beat)
				}
			}
		})
	}
}

// What became known up to a sample must not depend on what follows it.
func TestTheFutureChangesNothing(t *testing.T) {
	h := restingHeart(40)
	h.rhythm(40, 50, 170, ventricularBeat)
	samples := h.sample(360, 60)
	whole := analyse(t, 360, samples)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		n := random.IntN(len(samples))
		changed := slices.Clone(samples[:n])
		for range 2000 {
			changed = append(changed, int32(random.IntN(4000)-2000))
		}
		got := analyse(t, 360, changed)
		early := func(all []finding) []finding {
			return slices.DeleteFunc(slices.Clone(all), func(f finding) bool { return f.Known >= int64(n) })
		}
		if !slices.Equal(early(got), early(whole)) {
			t.Fatalf("the first %d samples gave other findings with another future", n)
		}
	}
}

func TestFindingsSpeakOfThePast(t *testing.T) {
	h := restingHeart(30)
	last := int64(-1)
	for _, f := range analyse(t, 250, h.sample(250, 30)) {
		if f.At > f.Known || f.At < 0 || f.Known < last {
			t.Fatalf("finding %+v behind one known at %d", f.Finding, last)
		}
		last = f.Known
	}
}

// What a beat is called may rest on the next one, but nobody waits for a beat that may never come.
func TestABeatIsNamedWithinTwoSeconds(t *testing.T) {
	h := restingHeart(30)
	for i := range 12 {
		at := 30 + 2.4*float64(i)
		h.beats = append(h.beats, placed{at, sinusBeat}, placed{at + 0.45, ventricularBeat})
	}
	named := ofKind(analyse(t, 250, h.sample(250, 70)), ecg.BeatFound)
	if len(named) < len(h.beats)-1 {
		t.Errorf("%d of %d beats were named", len(named), len(h.beats))
	}
	for _, b := range named {
		if b.at > 4 && b.known-b.at > 2 { // before that levels are learned
			t.Errorf("beat at %.2f s was named after %.2f s", b.at, b.known-b.at)
		}
	}
}

func TestWhatABeatIsNamedByCanBeSeen(t *testing.T) {
	h := restingHeart(30)
	h.beats = append(h.beats, placed{30.2, ventricularBeat})
	d := newDetector(t, 250)
	seen := 0
	for _, v := range h.sample(250, 33) {
		found := ofKind(feed(d, 250, []int32{v}, nil), ecg.BeatFound)
		traits, at, ok := d.Evidence()
		switch {
		case !ok:
		case len(traits) == 0, !slices.ContainsFunc(found, func(f finding) bool { return f.At == at }):
			t.Fatalf("evidence of a beat at %d, with findings %+v", at, found)
		default:
			seen++
		}
	}
	if seen == 0 {
		t.Error("no beat was put to the model")
	}
}

func TestASampleAllocatesNothing(t *testing.T) {
	h := restingHeart(20)
	h.rhythm(20, 40, 170, ventricularBeat)
	samples := h.sample(250, 60)
	d := newDetector(t, 250)
	i := 0
	allocations := testing.AllocsPerRun(40, func() {
		for range 250 {
			d.Push(samples[i%len(samples)], i%1000 > 990)
			i++
		}
	})
	if allocations != 0 {
		t.Errorf("a second of signal allocates %v times", allocations)
	}
}

// A ward of thousands of patients is held in memory.
func TestTheStateOfAPatientIsSmall(t *testing.T) {
	size := unsafe.Sizeof(ecg.Detector{})
	t.Logf("a detector holds %d bytes", size)
	if size > 32<<10 {
		t.Errorf("a detector holds %d bytes, more than 32 KiB", size)
	}
}

func TestHeartRateFollowsWithinSeconds(t *testing.T) {
	for _, step := range []struct {
		from, to, within float64 // bpm, bpm, s
	}{
		{72, 72, 0.1},
		{80, 120, 6},
		{80, 40, 7},
		{40, 180, 7},
		{180, 60, 7},
	} {
		t.Run(fmt.Sprintf("%.0f to %.0f", step.from, step.to), func(t *testing.T) {
			h := &heart{noise: 5}
			h.rhythm(0.5, 40, step.from, sinusBeat)
			h.rhythm(40, 80, step.to, sinusBeat)
			rates := ofKind(analyse(t, 250, h.sample(250, 78)), ecg.RateMeasured)
			if len(rates) < 60 {
				t.Fatalf("measured %d times in 78 s", len(rates))
			}
			for _, r := range rates {
				want := step.from
				switch {
				case r.known > 40+step.within:
					want = step.to
				case r.known > 40:
					continue
				}
				if math.Abs(r.RateBPM-want) > 0.05*want {
					t.Errorf("%.1f/min at %.1f s, want %.0f", r.RateBPM, r.known, want)
				}
			}
		})
	}
}

func FuzzAnythingMayBePushed(f *testing.F) {
	f.Add(uint16(250), []byte{0, 1, 2, 255, 128, 7, 3, 9})
	f.Add(uint16(512), []byte("a plain text is a signal, too"))
	f.Fuzz(func(t *testing.T, rateHz uint16, data []byte) {
		d, err := ecg.New(float64(rateHz))
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

func TestExtremesDoNotDisturbForLong(t *testing.T) {
	h := restingHeart(60)
	samples := h.sample(250, 61) // the last beat has to be named
	for i := 20 * 250; i < 22*250; i++ {
		samples[i] = math.MaxInt32
		if i%2 == 0 {
			samples[i] = math.MinInt32
		}
	}
	all := analyse(t, 250, samples)
	late := slices.DeleteFunc(ofKind(all, ecg.BeatFound), func(f finding) bool { return f.at < 30 })
	want := slices.DeleteFunc(h.times(), func(at float64) bool { return at < 30 })
	sameTimes(t, late, want, 0.02)
}

func BenchmarkDetector(b *testing.B) {
	h := restingHeart(120)
	h.noise = 15
	samples := h.sample(250, 120)
	d := newDetector(b, 250)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.Push(samples[i], false)
		if i++; i == len(samples) {
			i = 0
		}
	}
}

// BenchmarkFibrillation is the worst case: every window is examined with all features.
func BenchmarkFibrillation(b *testing.B) {
	h := &heart{extra: fibrillate(0, math.Inf(1))}
	samples := h.sample(250, 120)
	d := newDetector(b, 250)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.Push(samples[i], false)
		if i++; i == len(samples) {
			i = 0
		}
	}
}
