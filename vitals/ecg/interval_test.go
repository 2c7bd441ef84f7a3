package ecg_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"vigil/vitals/ecg"
	"vigil/vitals/wfdb"
)

// strap is a made-up list of beats, in milliseconds.
type strap struct {
	beats  []int64
	random *rand.Rand
}

func newStrap() *strap { return &strap{beats: []int64{500}, random: rand.New(rand.NewPCG(11, 12))} }

func (s *strap) now() int64 { return s.beats[len(s.beats)-1] }

// until adds beats until a time in seconds; the interval is in milliseconds.
func (s *strap) until(seconds float64, interval func(i int) float64) *strap {
	for i := 0; s.now() < int64(seconds*1000); i++ {
		s.beats = append(s.beats, s.now()+int64(interval(i)))
	}
	return s
}

func (s *strap) sinus(i int) float64 {
	return 830 + 50*math.Sin(float64(i)*0.4) + 8*s.random.NormFloat64()
}

func (s *strap) fibrillating(int) float64 { return max(330, 680+150*s.random.NormFloat64()) }

func pushAll(d *ecg.IntervalDetector, beats []int64, quality ecg.Quality) []finding {
	var out []finding
	for _, at := range beats {
		for _, f := range d.Push(at, quality) {
			out = append(out, finding{f, float64(f.At) / 1000, float64(f.Known) / 1000})
		}
	}
	return out
}

func TestFibrillationOfTheAtriaIsToldFromIntervals(t *testing.T) {
	s := newStrap()
	s.until(300, s.sinus).until(600, s.fibrillating).until(900, s.sinus)
	var d ecg.IntervalDetector
	all := pushAll(&d, s.beats, ecg.FullAnalysis)
	begins, ends := began(all, ecg.AtrialFibrillation), ended(all, ecg.AtrialFibrillation)
	if len(begins) != 1 || math.Abs(begins[0].at-300) > 25 || begins[0].known > 400 {
		t.Fatalf("fibrillation from 300 s on reported as %+v", begins)
	}
	if len(ends) != 1 || math.Abs(ends[0].at-600) > 35 || ends[0].known > 740 || d.Standing(ecg.AtrialFibrillation) {
		t.Errorf("fibrillation until 600 s ended as %+v", ends)
	}
}

func TestIrregularHeartsThatDoNotFibrillateRaiseNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	for story, interval := range map[string]func(i int) float64{
		"a steady rhythm":       func(int) float64 { return 800 },
		"the breath of a sinus": func(i int) float64 { return 900 + 160*math.Sin(float64(i)*1.2) },
		"every other beat comes early": func(i int) float64 {
			return 800 + 250*float64(i%2*2-1) + 10*random.NormFloat64()
		},
		"every third beat comes early": func(i int) float64 {
			return 800 + []float64{0, -280, 280}[i%3] + 10*random.NormFloat64()
		},
		"a rate that climbs": func(i int) float64 { return max(400, 900-float64(i)) },
	} {
		t.Run(story, func(t *testing.T) {
			one := newStrap()
			one.until(900, interval)
			var d ecg.IntervalDetector
			noRhythm(t, pushAll(&d, one.beats, ecg.FullAnalysis))
		})
	}
}

func TestWhatCannotBeTrustedEndsNoFibrillation(t *testing.T) {
	s := newStrap()
	s.until(400, s.fibrillating)
	var d ecg.IntervalDetector
	pushAll(&d, s.beats, ecg.FullAnalysis)
	if !d.Standing(ecg.AtrialFibrillation) {
		t.Fatal("fibrillation was not found")
	}
	steady := newStrap()
	steady.beats[0] = s.now() + 900
	steady.until(900, func(int) float64 { return 800 })
	if all := pushAll(&d, steady.beats, ecg.NoAnalysis); len(all) > 0 || !d.Standing(ecg.AtrialFibrillation) {
		t.Errorf("artefacts changed the rhythm: %+v", all)
	}
}

func TestAStrapTakesAnyBeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d ecg.IntervalDetector
		times := rapid.SliceOfN(rapid.Int64Range(-10, 3_000), 0, 400).Draw(t, "steps")
		at, known := int64(0), int64(math.MinInt64)
		for _, step := range times {
			at += step
			for _, f := range d.Push(at, ecg.Quality(1+step&1)) {
				if f.At > f.Known || f.Known < known {
					t.Fatalf("finding %+v", f)
				}
				known = f.Known
			}
		}
	})
}

func TestABeatOfAStrapAllocatesNothing(t *testing.T) {
	s := newStrap()
	s.until(500, s.fibrillating)
	var d ecg.IntervalDetector
	i, from := 0, int64(0)
	allocations := testing.AllocsPerRun(200, func() {
		d.Push(from+s.beats[i], ecg.FullAnalysis)
		if i++; i == len(s.beats) {
			i, from = 0, from+s.now()
		}
	})
	if size := unsafe.Sizeof(d); allocations != 0 || size > 2304 {
		t.Errorf("a beat allocates %v times, a strap holds %d bytes", allocations, size)
	}
}

// The records here have taught the model, so the floors only tell that nothing broke: how it does
// on others is in docs/model-card.md.
func TestFibrillationOfTheAtriaOnRecords(t *testing.T) {
	for _, name := range []string{"afdb", "ltafdb"} {
		var is, said, both float64
		dir := physionetFolder(t, name)
		records, err := wfdb.Records(dir)
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() || raceDetector {
			records = records[:3]
		}
		for _, record := range records {
			r := strapOf(t, dir, record)
			is, said, both = is+total(r.marked), said+total(r.found), both+overlap(r.marked, r.found)
		}
		t.Logf("%s: %.1f h marked, duration sensitivity %.2f %%, predictivity %.2f %%", name, is/3600, 100*both/is, 100*both/said)
		if both/is < 0.93 || both/said < 0.9 {
			t.Errorf("%s: atrial fibrillation fell below 93 %% sensitivity or 95 %% predictivity", name)
		}
	}
}

func physionetFolder(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("VIGIL_PHYSIONET")
	if root == "" {
		t.Skip("VIGIL_PHYSIONET names no folder with PhysioNet databases")
	}
	return filepath.Join(root, name)
}

// straps are the stretches of atrial fibrillation in a record.
type straps struct{ marked, found []span }

func strapOf(t *testing.T, dir, record string) (out straps) {
	t.Helper()
	r, err := wfdb.Open(dir, record)
	if err != nil {
		t.Fatal(err)
	}
	beats, err := wfdb.Annotations(dir, record, "qrs")
	if err != nil {
		t.Fatal(err)
	}
	marks, err := wfdb.Annotations(dir, record, "atr")
	if err != nil {
		t.Fatal(err)
	}
	end := float64(beats[len(beats)-1].Sample) / r.Rate
	for _, m := range marks {
		if m.Code != "+" {
			continue
		}
		if n := len(out.marked); n > 0 && out.marked[n-1].to == end {
			out.marked[n-1].to = float64(m.Sample) / r.Rate
		}
		if strings.TrimRight(m.Aux, "\x00 ") == "(AFIB" {
			out.marked = append(out.marked, span{float64(m.Sample) / r.Rate, end})
		}
	}
	var d ecg.IntervalDetector
	for _, b := range beats {
		for _, f := range d.Push(int64(float64(b.Sample)*1000/r.Rate), ecg.FullAnalysis) {
			if f.Kind == ecg.RhythmBegan {
				out.found = append(out.found, span{float64(f.At) / 1000, end})
			} else {
				out.found[len(out.found)-1].to = float64(f.At) / 1000
			}
		}
	}
	return out
}

func total(spans []span) (sum float64) {
	for _, s := range spans {
		sum += s.to - s.from
	}
	return sum
}

func overlap(a, b []span) (sum float64) {
	for _, s := range a {
		for _, o := range b {
			sum += max(0, min(s.to, o.to)-max(s.from, o.from))
		}
	}
	return sum
}

// In an ECG the same is told with ventricular beats left out.
func TestAnECGInFibrillationOfTheAtriaIsTold(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	h := &heart{wander: 60, noise: 8}
	h.rhythm(0.5, 60, 75, sinusBeat)
	for at := 60.5; at < 240; at += max(0.35, 0.68+0.15*random.NormFloat64()) {
		h.beats = append(h.beats, placed{at, sinusBeat[1:]}) // no P wave
	}
	all := analyse(t, 250, h.sample(250, 240))
	begins := began(all, ecg.AtrialFibrillation)
	if len(begins) != 1 || math.Abs(begins[0].at-60) > 45 || begins[0].known > 170 {
		t.Errorf("fibrillation from 60 s on reported as %+v", begins)
	}
	if slices.ContainsFunc(ofKind(all, ecg.RhythmBegan), func(f finding) bool { return f.Rhythm != ecg.AtrialFibrillation }) {
		t.Error("a dangerous rhythm was raised")
	}
}

// Sinus beats that come as irregularly as in fibrillation, as with many premature beats of the atria, have
// a P wave each, whichever way the electrodes are worn.
func TestIrregularBeatsWithPWavesAreNoFibrillation(t *testing.T) {
	for _, row := range []struct {
		story string
		waves []wave
		sign  int32
		told  int
	}{
		{"no P wave", sinusBeat[1:], 1, 1},
		{"a P wave before each beat", sinusBeat, 1, 0},
		{"the same with the electrodes swapped", sinusBeat, -1, 0},
	} {
		random := rand.New(rand.NewPCG(15, 16))
		h := &heart{wander: 60, noise: 8}
		for at := 0.5; at < 240; at += max(0.45, 0.75+0.15*random.NormFloat64()) {
			h.beats = append(h.beats, placed{at, row.waves})
		}
		samples := h.sample(250, 240)
		for i := range samples {
			samples[i] *= row.sign
		}
		if begins := began(analyse(t, 250, samples), ecg.AtrialFibrillation); len(begins) != row.told {
			t.Errorf("%s: fibrillation reported as %+v, want it %d times", row.story, begins, row.told)
		}
	}
}
