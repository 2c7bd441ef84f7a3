package ecg_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vigil/vitals"
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
