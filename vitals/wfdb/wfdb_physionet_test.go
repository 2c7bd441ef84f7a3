package wfdb_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"vigil/vitals"
	"vigil/vitals/wfdb"
)

// recorded is one record of a PhysioNet database.
type recorded struct{ dir, name string }

func (r recorded) String() string { return filepath.Join(filepath.Base(r.dir), r.name) }

// has reports whether the record has a file of the extension.
func (r recorded) has(ext string) bool {
	_, err := os.Stat(filepath.Join(r.dir, r.name+"."+ext))
	return err == nil
}

// physionet lists every record of every database in the folder VIGIL_PHYSIONET.
func physionet(t *testing.T) []recorded {
	t.Helper()
	dir := os.Getenv("VIGIL_PHYSIONET")
	if dir == "" {
		t.Skip("VIGIL_PHYSIONET is not set: no PhysioNet records to read")
	}
	databases, err := filepath.Glob(filepath.Join(dir, "*", "RECORDS"))
	if err != nil || len(databases) == 0 {
		t.Fatalf("no databases in %s: %v", dir, err)
	}
	var all []recorded
	for _, list := range databases {
		names, err := wfdb.Records(filepath.Dir(list))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			all = append(all, recorded{filepath.Dir(list), name})
		}
	}
	return all
}

// openSignals opens the record, or returns nil where it has annotations only.
func openSignals(t *testing.T, rec recorded) *wfdb.Record {
	t.Helper()
	r, err := wfdb.Open(rec.dir, rec.name)
	if errors.Is(err, fs.ErrNotExist) || !rec.has("dat") && !rec.has("mat") {
		return nil
	}
	if err != nil {
		t.Errorf("%s: %v", rec, err)
		return nil
	}
	return r
}

func TestPhysioNetSignalsMatchTheirChecksums(t *testing.T) {
	read := 0
	for _, rec := range physionet(t) {
		r := openSignals(t, rec)
		if r == nil {
			continue
		}
		samples, err := r.Read()
		if err != nil {
			t.Errorf("%s: %v", rec, err)
			continue
		}
		if err := r.Verify(samples); err != nil {
			t.Errorf("%s: %v", rec, err)
		}
		for i, s := range samples {
			if len(s) != r.Samples {
				t.Errorf("%s: signal %d has %d samples, the header promises %d", rec, i, len(s), r.Samples)
			}
		}
		read++
	}
	t.Logf("%d records with signals", read)
	if read == 0 {
		t.Error("no record had signals")
	}
}

func TestPhysioNetVoltagesAreThoseOfAHeart(t *testing.T) {
	for _, rec := range physionet(t) {
		r := openSignals(t, rec)
		if r == nil {
			continue
		}
		uv, err := r.Microvolts(0)
		if err != nil {
			t.Errorf("%s: %v", rec, err)
			continue
		}
		beyond := 0
		for _, v := range uv {
			if v != vitals.Missing && (v > 20000 || v < -20000) {
				beyond++
			}
		}
		if len(uv) != r.Samples || beyond > len(uv)/100 {
			t.Errorf("%s: %d of %d samples are beyond 20 mV", rec, beyond, len(uv))
		}
	}
}

func TestPhysioNetAnnotationsAreInOrder(t *testing.T) {
	for _, rec := range physionet(t) {
		for _, ext := range []string{"atr", "qrs", "pwave"} {
			if !rec.has(ext) {
				continue
			}
			marks, err := wfdb.Annotations(rec.dir, rec.name, ext)
			if err != nil || len(marks) == 0 {
				t.Errorf("%s.%s: %d annotations, %v", rec, ext, len(marks), err)
				continue
			}
			last := int64(0)
			for i, a := range marks {
				if a.Sample < last || a.Code == "" || a.Code == "[15]" {
					t.Errorf("%s.%s: annotation %d is %+v, after sample %d", rec, ext, i, a, last)
				}
				last = a.Sample
			}
		}
	}
}

// The counts are those that the MIT-BIH Arrhythmia Database Directory prints for these records.
func TestPhysioNetBeatsAreAsManyAsTheDirectorySays(t *testing.T) {
	known := map[string]map[string]int{
		"mitdb/101": {"N": 1860, "A": 3, "Q": 2},
		"mitdb/119": {"N": 1543, "V": 444},
		"mitdb/122": {"N": 2476},
		"mitdb/102": {"/": 2028, "f": 56, "N": 99, "V": 4},
		"mitdb/118": {"R": 2166, "A": 96, "V": 16},
	}
	for _, rec := range physionet(t) {
		want, ok := known[rec.String()]
		if !ok {
			continue
		}
		marks, err := wfdb.Annotations(rec.dir, rec.name, "atr")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, a := range marks {
			got[a.Code]++
		}
		for code, n := range want {
			if got[code] != n {
				t.Errorf("%s: %d beats %s, want %d", rec, got[code], code, n)
			}
		}
	}
}
