package ecg_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/wfdb"
)

// realMinutes are the first minutes of every so many records of a database, in microvolts.
func realMinutes(t *testing.T, database string, minutes float64, every int) map[string]struct {
	hz      float64
	samples []int16
} {
	t.Helper()
	root := os.Getenv("VIGIL_PHYSIONET")
	if root == "" {
		t.Skip("VIGIL_PHYSIONET names no folder with PhysioNet databases")
	}
	dir := filepath.Join(root, database)
	names, err := wfdb.Records(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]struct {
		hz      float64
		samples []int16
	}{}
	for i := 0; i < len(names); i += every {
		r, err := wfdb.Open(dir, names[i])
		if err != nil {
			t.Fatal(err)
		}
		samples, err := r.Microvolts(0)
		if err != nil {
			t.Fatal(err)
		}
		v := out[names[i]]
		v.hz, v.samples = r.Rate, samples[:min(len(samples), int(minutes*60*r.Rate))]
		out[names[i]] = v
	}
	return out
}

// What became known of a real heart up to a sample must not depend on what follows it, fibrillation included.
func TestTheFutureOfRealHeartsChangesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 9))
	for _, database := range []string{"mitdb", "cudb"} {
		for name, r := range realMinutes(t, database, 8, 6) {
			push := func(samples []int16) []finding {
				d := newDetector(t, r.hz)
				var out []finding
				for _, v := range samples {
					for _, f := range d.Push(int32(v), v == vitals.Missing) {
						out = append(out, finding{Finding: f})
					}
				}
				return out
			}
			whole := push(r.samples)
			for range 3 {
				n := random.IntN(len(r.samples))
				early := slices.DeleteFunc(slices.Clone(whole), func(f finding) bool { return f.Known >= int64(n) })
				if !slices.Equal(push(r.samples[:n]), early) {
					t.Errorf("%s/%s: the first %d samples give other findings by themselves", database, name, n)
				}
			}
		}
	}
}

// What became known of any night, whatever happens in it, does not depend on what follows.
func TestTheFutureOfANightChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples, lost := night(t)
		until := rapid.IntRange(0, len(samples)).Draw(t, "until")
		after, lostAfter := night(t)
		push := func(samples []int32, lost []bool) (found []ecg.Finding) {
			d, err := ecg.New(250)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range samples {
				for _, f := range d.Push(v, lost[i]) {
					if f.Known < int64(until) {
						found = append(found, f)
					}
				}
			}
			return found
		}
		other := push(slices.Concat(samples[:until], after), slices.Concat(lost[:until], lostAfter))
		if whole := push(samples, lost); !slices.Equal(whole, other) {
			t.Fatalf("with another future %+v became known, else %+v", other, whole)
		}
	})
}

// eventful is a heart with all that is lethal: a tachycardia, a standstill, a fibrillation, and rest between.
func eventful() *heart {
	h := &heart{wander: 80, noise: 8, extra: fibrillate(160.3, 185)}
	h.rhythm(0.5, 60, 75, sinusBeat)
	h.rhythm(60, 80, 165, ventricularBeat)
	h.rhythm(80.8, 120, 75, sinusBeat)
	h.rhythm(130, 160, 75, sinusBeat)
	h.rhythm(186, 230, 75, sinusBeat)
	return h
}

// atRest leaves out the eventful times and some seconds around them.
func atRest(at float64) bool {
	return at > 5 && at < 58 || at > 88 && at < 119 || at > 132 && at < 157.5 || at > 195 && at < 228
}

// toll is what a night with a heart comes to: when it became known that the ventricles race or stand still and
// that they no longer do, and how many beats at rest had which name. The name of a race, VT or VF, may change with
// hardly anything.
type toll struct {
	races, stops []float64 // begins and ends take turns
	names        map[ecg.Beat]int
}

func tollOf(all []finding) toll {
	o := toll{names: map[ecg.Beat]int{}}
	stands := map[ecg.Rhythm]bool{}
	for _, f := range all {
		switch {
		case f.Kind == ecg.BeatFound && atRest(f.at):
			o.names[f.Beat]++
		case f.Kind != ecg.RhythmBegan && f.Kind != ecg.RhythmEnded:
		case f.Rhythm == ecg.Asystole:
			o.stops = append(o.stops, f.known)
		case f.Rhythm.Lethal():
			raced := stands[ecg.VT] || stands[ecg.VF]
			stands[f.Rhythm] = f.Kind == ecg.RhythmBegan
			if races := stands[ecg.VT] || stands[ecg.VF]; races != raced {
				o.races = append(o.races, f.known)
			}
		}
	}
	return o
}

// differs tells where two nights are not the same. Windows are judged once a second, so that a
// window's answer that hangs on a hair moves a time by one.
func (o toll) differs(other toll) string {
	near := func(a, b float64) bool { return math.Abs(a-b) < 1.25 }
	if !slices.EqualFunc(o.races, other.races, near) || !slices.EqualFunc(o.stops, other.stops, near) {
		return fmt.Sprintf("races %.2f and stops %.2f, else %.2f and %.2f", o.races, o.stops, other.races, other.stops)
	}
	if !maps.Equal(o.names, other.names) {
		return fmt.Sprintf("beats at rest %v, else %v", o.names, other.names)
	}
	return ""
}

// Another amplifier, electrodes that are swapped, another sampling rate: the same heart is told the same.
func TestRhythmsDoNotDependOnTheDevice(t *testing.T) {
	h := eventful()
	samples := h.sample(250, 230)
	plain := tollOf(analyse(t, 250, samples))
	if len(plain.races) != 4 || len(plain.stops) != 2 || plain.names[ecg.NormalBeat] < 150 {
		t.Fatalf("two races and a stop are told as %+v", plain)
	}
	for _, factor := range []float64{0.25, 0.5, 2, 4, -1, -0.25} {
		scaled := make([]int32, len(samples))
		for i, v := range samples {
			scaled[i] = int32(math.Round(float64(v) * factor))
		}
		if d := tollOf(analyse(t, 250, scaled)).differs(plain); d != "" {
			t.Errorf("at %v times the gain: %s", factor, d)
		}
	}
	for _, rateHz := range []float64{100, 125, 128, 300, 360, 500, 512} {
		if d := tollOf(analyse(t, rateHz, h.sample(rateHz, 230))).differs(plain); d != "" {
			t.Errorf("at %v Hz: %s", rateHz, d)
		}
	}
}
